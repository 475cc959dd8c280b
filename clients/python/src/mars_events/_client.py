"""The client: makes events, and sends them in the background."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
import weakref
from datetime import datetime, timezone
from typing import Any, Callable, Mapping, TypedDict

from ._buffer import BufferError, EventBuffer, Segment

_LINE_BYTES_MAX = 64 * 1024


class Problem(TypedDict):
    field: str
    message: str


class _RetryError(Exception):
    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET, and seem to succeed."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Mars:
    """Reports events. May be used by many threads, and in the children of `os.fork`.

    url, key: default `MARS_URL`, else `http://127.0.0.1:4000`; `MARS_KEY`, else none.
    app_id, attributes: of every event.
    buffer_dir: a directory that keeps events until Mars has them; default `MARS_BUFFER_DIR`, else memory alone.
    buffer_bytes_max: beyond it `event` raises `BufferError`.
    batch_events_max (at most 10,000), batch_bytes_max, batch_age: a batch goes out at the first of them; seconds.
    timeout, retry_max: seconds of one request, and of the longest pause between two tries.
    on_rejected(event, problems): Mars refused this event, and it is not sent again. Default: a line on stderr.
    on_error(error): a try failed, and there will be another. Callbacks run in the sending thread.
    """

    def __init__(
        self, *, url: str | None = None, key: str | None = None, app_id: str = "", attributes: Mapping[str, Any] | None = None,
        buffer_dir: str | None = None, buffer_bytes_max: int = 64 * 1024 * 1024, batch_events_max: int = 1_000,
        batch_bytes_max: int = 512 * 1024, batch_age: float = 0.2, timeout: float = 10.0, retry_max: float = 10.0,
        on_rejected: Callable[[Any, list[Problem]], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:  # fmt: skip
        self._url = (url or os.environ.get("MARS_URL") or "http://127.0.0.1:4000").rstrip("/") + "/api/event/bulk"
        key = key if key is not None else os.environ.get("MARS_KEY")
        self._headers = {"content-type": "application/x-ndjson", **({"authorization": f"Bearer {key}"} if key else {})}
        self._app_id, self._attributes = app_id, dict(attributes or {})
        self._directory = buffer_dir or os.environ.get("MARS_BUFFER_DIR") or None
        self._buffer_bytes_max, self._timeout, self._retry_max = buffer_bytes_max, timeout, retry_max
        self._events_max, self._bytes_max = min(batch_events_max, 10_000), max(batch_bytes_max, _LINE_BYTES_MAX)
        self._batch_age, self._on_error = batch_age, on_error
        self._on_rejected = on_rejected or _warn
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._closing = False
        self._start()
        atexit.register(self.close)
        weak = weakref.WeakMethod(self._start)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: (weak() or (lambda: None))())

    def message(
        self, message_id: str, *, app_id: str | None = None, attributes: Mapping[str, Any] | None = None,
        external_id: str | None = None, parent_id: str | None = None, traceparent: str | None = None,
    ) -> Message:  # fmt: skip
        """A message, and the fields that all of its events have. `traceparent`: the W3C trace context that they belong to."""
        fields = {"external_id": external_id, "parent_id": parent_id, "traceparent": traceparent}
        context = {"app_id": self._app_id if app_id is None else app_id, "message_id": message_id, **fields}
        return Message(self, context, {**self._attributes, **(attributes or {})})

    def flush(self, timeout: float = 5.0) -> bool:
        """Waits until everything accepted was delivered, or rejected; False if it took longer."""
        with self._changed:
            self._flushing += 1
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: self._buffer.empty, timeout)
            self._flushing -= 1
        return done

    def close(self, timeout: float = 5.0) -> bool:
        """Sends what waits, within the time; what remains is sent by the next process with this directory."""
        with self._changed:
            if self._closing:
                return self._buffer.empty
            self._closing = True
        atexit.unregister(self.close)
        done = self.flush(timeout)
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(0 if not done else 1.0)
        self._buffer.release()
        return done

    def _start(self) -> None:
        """Also in a child after a fork: it has no threads, and the files are its parent's."""
        self._changed = threading.Condition()
        self.counts = {"accepted": 0, "refused": 0, "delivered": 0, "rejected": 0, "failed": 0}
        """Since the start: in the buffer, refused by it, delivered to Mars, rejected by Mars, tries that failed."""
        self._waiting = self._waiting_bytes = self._flushing = self._failures = 0
        self._batch_max, self._stopped = self._events_max, self._closing
        self._buffer = EventBuffer(self._directory, self._buffer_bytes_max, self._wake)
        self._thread = threading.Thread(target=self._run, name="mars-events", daemon=True)
        self._thread.start()

    def _wake(self) -> None:
        """Without waiting for the lock: the sender looks again when its pause ends."""
        if self._changed.acquire(blocking=False):
            self._changed.notify_all()
            self._changed.release()

    def _event(self, context: Mapping[str, Any], attributes: Mapping[str, Any], fields: dict[str, Any]) -> str:
        created_at = fields["created_at"] or datetime.now(timezone.utc)
        if isinstance(created_at, datetime):
            if created_at.tzinfo is None:
                raise ValueError("created_at must have a time zone")
            created_at = created_at.isoformat()
        event = {**context, **{name: value for name, value in fields.items() if value is not None}}
        event.update(created_at=created_at, event_id=fields["event_id"] or str(uuid.uuid4()))
        if attributes:
            event["attributes"] = attributes
        if not all(isinstance(event[name], str) and event[name] for name in ("app_id", "message_id", "event")):
            raise ValueError("app_id, message_id and event must be strings that are not empty")
        text = json.dumps({name: value for name, value in event.items() if value is not None}, allow_nan=False, separators=(",", ":"))
        line = text.encode() + b"\n"
        if len(line) > _LINE_BYTES_MAX:
            raise ValueError(f"the event has {len(line)} bytes, {_LINE_BYTES_MAX} at most")
        with self._changed:
            if self._closing:
                raise BufferError("the client is closed")
            try:
                self._buffer.append(line)
            except BufferError:
                self.counts["refused"] += 1
                raise
            self.counts["accepted"] += 1
            self._waiting += 1
            self._waiting_bytes += len(line)
            if self._waiting == 1 or (self._failures == 0 and self._full()):
                self._changed.notify_all()
        return event["event_id"]

    def _full(self) -> bool:
        return self._flushing > 0 or self._waiting >= self._batch_max or self._waiting_bytes >= self._bytes_max

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._buffer.empty:
                    self._waiting = self._waiting_bytes = 0
                    self._changed.notify_all()
                    # A second at most: `_wake` does not wait for the lock.
                    self._changed.wait_for(lambda: self._stopped or not self._buffer.empty, 1.0)
                if not self._full() and not self._stopped:
                    self._changed.wait_for(lambda: self._stopped or self._full(), self._batch_age)
                if self._stopped:
                    return
            try:
                chunk = self._buffer.read(self._bytes_max)
                if chunk is not None:
                    self._send(chunk[0], chunk[1].split(b"\n", self._batch_max)[: self._batch_max])
                self._failures = 0
            except Exception as error:  # Every fault: the events are kept, and there is another try.
                self._retry(error)

    def _retry(self, error: Exception) -> None:
        self.counts["failed"] += 1
        if self._on_error is not None:
            self._call(self._on_error, error)
        pause = min(0.1 * 2 ** min(self._failures, 20), self._retry_max) * random.uniform(0.5, 1)
        self._failures += 1
        with self._changed:
            flushing = self._flushing
            after = error.retry_after if isinstance(error, _RetryError) else 0.0
            self._changed.wait_for(lambda: self._stopped or self._flushing > flushing, max(pause, after))

    def _send(self, segment: Segment, lines: list[bytes]) -> None:
        lines = [line for line in lines if line != b""]
        request = urllib.request.Request(self._url, b"\n".join(lines) + b"\n", self._headers, method="POST")
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                status, after, text = response.status, None, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, after, text = error.code, error.headers.get("retry-after"), error.read()
        answer = _answer(text)
        refused: dict[int, list[Problem]] = {}
        for problem in answer.get("errors") or []:
            if "index" in problem:
                of_event = Problem(field=problem.get("field", ""), message=problem.get("message", ""))
                refused.setdefault(problem["index"], []).append(of_event)
        if status == 200 or (refused and status in (207, 403, 422)):
            # Mars lists 100 problems at most: what follows them is sent again.
            known = max(refused) + 1 if len(refused) < answer.get("rejected", 0) else len(lines)
            for index, problems in refused.items():
                self._call(self._on_rejected, _answer(lines[index]), problems)
            self._settle(segment, lines[:known], len(refused))
            self._batch_max = min(self._events_max, self._batch_max * 2)
        elif status == 413 or (status in (400, 422) and answer.get("success") is False):
            # This body is refused as a whole: its half may not be.
            self._batch_max = max(1, len(lines) // 2)
            if len(lines) == 1:
                problem = Problem(field="", message=answer.get("detail") or f"status {status}")
                self._call(self._on_rejected, _answer(lines[0]), [problem])
                self._settle(segment, lines, 1)
        else:
            seconds = float(after) if after and after.isdigit() else 0.0
            raise _RetryError(f"Mars answered {status} {answer.get('detail', '')}".strip(), seconds)

    def _settle(self, segment: Segment, lines: list[bytes], rejected: int) -> None:
        count = sum(len(line) + 1 for line in lines)
        with self._changed:
            self._buffer.settle(segment, count)
            self.counts["delivered"] += len(lines) - rejected
            self.counts["rejected"] += rejected
            self._waiting = max(0, self._waiting - len(lines))
            self._waiting_bytes = max(0, self._waiting_bytes - count)
            self._changed.notify_all()

    def _call(self, callback: Callable[..., None], *arguments: Any) -> None:
        """A fault of a callback is the caller's, and must not stop the delivery."""
        try:
            callback(*arguments)
        except Exception:
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), self._thread)))


class Message:
    """One message: `mars.message("order-1").event("paid")`."""

    def __init__(self, mars: Mars, context: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
        self._mars, self._context, self._attributes = mars, context, attributes

    def event(
        self, event: str, *, attributes: Mapping[str, Any] | None = None, external_id: str | None = None,
        parent_id: str | None = None, traceparent: str | None = None, created_at: datetime | str | None = None,
        event_id: str | None = None,
    ) -> str:  # fmt: skip
        """Accepts an event, and never waits for the network. Returns its `event_id`.

        Raises BufferError if the buffer is full or cannot be written; ValueError or TypeError for what is no event.
        """
        fields = {"event": event, "external_id": external_id, "parent_id": parent_id, "traceparent": traceparent}
        fields.update(created_at=created_at, event_id=event_id)
        return self._mars._event(self._context, {**self._attributes, **(attributes or {})}, fields)


def _answer(text: bytes) -> Any:
    """A proxy's answer, and a damaged line, are no JSON object: then nothing is known of it."""
    with contextlib.suppress(ValueError):
        answer = json.loads(text)
        if isinstance(answer, dict):
            return answer
    return {"detail": text[:200].decode(errors="replace")}


def _warn(event: Any, problems: list[Problem]) -> None:
    print(f"Mars refused {event}: {problems}", file=sys.stderr)
