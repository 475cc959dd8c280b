"""The client: makes events, and sends them in the background."""

from __future__ import annotations

import atexit
import json
import os
import random
import sys
import threading
import urllib.error
import urllib.request
import uuid
import weakref
from datetime import datetime, timezone
from typing import Any, Callable, Mapping, TypedDict

from ._spool import BufferError, Spool


class Problem(TypedDict):
    field: str
    message: str


class _BusyError(Exception):
    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Mars:
    """Reports events. May be used by many threads, and in the children of `os.fork`.

    url, key: default `MARS_URL`, else `http://127.0.0.1:4000`; `MARS_KEY`, else none.
    app_id, attributes: of every event.
    buffer_dir: a directory that keeps events until Mars has them; default `MARS_BUFFER_DIR`, else memory alone.
    buffer_bytes_max: beyond it `event` raises `BufferError`.
    retry_max: seconds of the longest pause between two tries.
    on_rejected(event, problems): Mars refused this event, and it is not sent again. Default: a line on stderr.
    on_error(error): a try failed, and there will be another. Callbacks run in the sending thread.
    """

    def __init__(
        self, *, url: str | None = None, key: str | None = None, app_id: str = "", attributes: Mapping[str, Any] | None = None,
        buffer_dir: str | None = None, buffer_bytes_max: int = 64 * 1024 * 1024, retry_max: float = 2.0,
        on_rejected: Callable[[Any, list[Problem]], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:  # fmt: skip
        self._url = (url or os.environ.get("MARS_URL") or "http://127.0.0.1:4000").rstrip("/") + "/api/event/bulk"
        key = key if key is not None else os.environ.get("MARS_KEY")
        self._headers = {"content-type": "application/x-ndjson", **({"authorization": f"Bearer {key}"} if key else {})}
        self._app_id, self._attributes = app_id, dict(attributes or {})
        self._directory = buffer_dir or os.environ.get("MARS_BUFFER_DIR") or None
        self._buffer_bytes_max, self._retry_max = buffer_bytes_max, retry_max
        self._on_rejected, self._on_error = on_rejected or _warn, on_error or (lambda _: None)
        self._start()
        weak = weakref.WeakMethod(self._start)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: (weak() or (lambda: None))())

    def message(
        self, message_id: str, *, app_id: str | None = None, attributes: Mapping[str, Any] | None = None,
        external_id: str | None = None, parent_id: str | None = None, traceparent: str | None = None,
    ) -> Message:  # fmt: skip
        """A message, and the fields that all of its events have."""
        common = {"external_id": external_id, "parent_id": parent_id, "traceparent": traceparent}
        common.update(app_id=self._app_id if app_id is None else app_id, message_id=message_id)
        return Message(self, common, {**self._attributes, **(attributes or {})})

    def flush(self, timeout: float = 5.0) -> bool:
        """Waits until everything accepted was delivered, or rejected; False if it took longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._spool.queue, timeout)

    def close(self, timeout: float = 5.0) -> bool:
        """Sends what waits, within the time; what remains is sent by the next process with this directory."""
        atexit.unregister(self.close)
        with self._changed:
            self._spool.bytes_max = 0
        done = self.flush(timeout)
        self._stopped.set()
        self._sender.join(1.0 if done else 0)
        return done

    def _start(self) -> None:
        """Also in a child after a fork: it has no threads, and the files are its parent's."""
        self.counts = {"accepted": 0, "refused": 0, "delivered": 0, "rejected": 0, "failed": 0}
        """Since the start: in the buffer, refused by it, delivered to Mars, rejected by Mars, tries that failed."""
        atexit.unregister(self.close)
        atexit.register(self.close)
        self._changed, self._stopped = threading.Condition(), threading.Event()
        self._spool = Spool(self._directory, self._buffer_bytes_max)
        self._sender = threading.Thread(target=self._every, args=(0.2, self._send), name="mars-sender", daemon=True)
        self._sender.start()
        if self._directory is not None:
            threading.Thread(target=self._every, args=(1.0, self._keep), name="mars-buffer", daemon=True).start()

    def _every(self, seconds: float, do: Callable[[], None]) -> None:
        while not self._stopped.wait(seconds):
            do()

    def _keep(self) -> None:
        with self._changed:
            self._spool.keep()

    def _accept(self, event: dict[str, Any]) -> None:
        if not all(isinstance(event[name], str) and event[name] for name in ("app_id", "message_id", "event")):
            raise ValueError("app_id, message_id and event must be strings that are not empty")
        text = json.dumps({name: value for name, value in event.items() if value is not None}, allow_nan=False)
        with self._changed:
            try:
                self._spool.append(text.encode() + b"\n")
            except BufferError:
                self.counts["refused"] += 1
                raise
            self.counts["accepted"] += 1

    def _send(self) -> None:
        """Sends batch after batch until none is left."""
        while True:
            with self._changed:
                batch = self._spool.next()
            if batch is None or not self._deliver(batch.lines):
                return
            with self._changed:
                self._spool.remove()
                self._changed.notify_all()

    def _deliver(self, lines: list[bytes]) -> bool:
        """Returns when Mars has answered for each line, or False if the client is closed before."""
        most, failures = len(lines), 0
        while lines:
            try:
                answered = self._post(lines[:most])
                # This part is refused as a whole: its half may not be.
                most = most if answered > 0 else len(lines[:most]) // 2
                lines, failures = lines[answered:], 0
            except Exception as error:  # Every fault: the events are kept, and there is another try.
                self.counts["failed"] += 1
                self._call(self._on_error, error)
                pause = min(0.1 * 2 ** min(failures, 20), self._retry_max) * random.uniform(0.5, 1)
                failures += 1
                if self._stopped.wait(max(pause, getattr(error, "retry_after", 0.0))):
                    return False
        return True

    def _post(self, lines: list[bytes]) -> int:
        """Makes one request. Returns how many lines Mars has answered for; 0 if a part of them may be accepted."""
        request = urllib.request.Request(self._url, b"".join(lines), self._headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                status, after, text = response.status, None, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, after, text = error.code, error.headers.get("retry-after"), error.read()
        answer = _object(text)
        refused: dict[int, list[Problem]] = {}
        for problem in answer.get("errors") or []:
            if "index" in problem:
                refused.setdefault(problem.pop("index"), []).append(problem)
        if (status == 200 and answer.get("success") is True) or (refused and status in (207, 403, 422)):
            # Mars lists 100 problems at most: what follows them is sent again.
            answered = max(refused) + 1 if len(refused) < answer.get("rejected", 0) else len(lines)
        elif status == 413 or (status in (400, 422) and answer.get("success") is False):
            if len(lines) > 1:
                return 0
            refused, answered = {0: [Problem(field="", message=answer.get("detail") or f"status {status}")]}, 1
        else:
            seconds = float(after) if after and after.isdigit() else 0.0
            raise _BusyError(f"Mars answered {status} {answer.get('detail', '')}".strip(), seconds)
        self.counts["delivered"] += answered - len(refused)
        self.counts["rejected"] += len(refused)
        for index, problems in refused.items():
            self._call(self._on_rejected, _object(lines[index]), problems)
        return answered

    def _call(self, callback: Callable[..., None], *arguments: Any) -> None:
        """A fault of a callback is the caller's, and must not stop the delivery."""
        try:
            callback(*arguments)
        except Exception:
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), self._sender)))


class Message:
    """One message: `mars.message("order-1").event("paid")`."""

    def __init__(self, mars: Mars, common: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
        self._mars, self._common, self._attributes = mars, common, attributes

    def event(
        self, event: str, *, attributes: Mapping[str, Any] | None = None, external_id: str | None = None,
        parent_id: str | None = None, traceparent: str | None = None, created_at: datetime | str | None = None,
        event_id: str | None = None,
    ) -> str:  # fmt: skip
        """Accepts an event, and never waits for the network. Returns its `event_id`.

        `traceparent` is the W3C trace context that it belongs to. Raises BufferError if the buffer is full or cannot be written;
        ValueError or TypeError for what is no event.
        """
        created_at = created_at or datetime.now(timezone.utc)
        if isinstance(created_at, datetime):
            if created_at.tzinfo is None:
                raise ValueError("created_at must have a time zone")
            created_at = created_at.isoformat()
        event_id = event_id or str(uuid.uuid4())
        given = {"external_id": external_id, "parent_id": parent_id, "traceparent": traceparent}
        fields = {name: value for name, value in given.items() if value is not None}
        fields.update(event=event, created_at=created_at, event_id=event_id)
        all_attributes = {**self._attributes, **(attributes or {})} or None
        self._mars._accept({**self._common, **fields, "attributes": all_attributes})
        return event_id


def _object(text: bytes) -> Any:
    """A proxy's answer, and a damaged line, may be no JSON object: then nothing is known of it."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"detail": text[:200].decode(errors="replace")}


def _warn(event: Any, problems: list[Problem]) -> None:
    print(f"Mars refused {event}: {problems}", file=sys.stderr)
