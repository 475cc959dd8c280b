"""Accepted events that Mars has not answered for: batches of lines of JSON, in memory, and in files where there is a directory."""

from __future__ import annotations

import contextlib
import os
import time
import uuid

_BATCH_EVENTS_MAX = 1_000
_BATCH_BYTES_MAX = 512 * 1024
_LEASE_SECONDS = 5.0
"""A file whose time is so far from now has no owner: each process renews the time of its files every second."""


class BufferError(Exception):
    """The event is not accepted: the buffer is full, closed, or cannot be written."""


class Batch:
    """It is sent in one request. Its file has the same lines, until Mars has answered for them."""

    def __init__(self, path: str, lines: list[bytes]) -> None:
        self.path, self.lines, self.bytes = path, lines, sum(map(len, lines))


class Spool:
    """The queue of batches, the oldest first. The client's lock is held in each call."""

    def __init__(self, directory: str | None, bytes_max: int) -> None:
        self._directory, self.bytes_max = directory, bytes_max
        self.queue: list[Batch] = []
        self._open: Batch | None = None
        self._bytes = self._bytes_of_others = 0
        if directory is not None:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            self.keep()

    def append(self, line: bytes) -> None:
        """Keeps a line, newline included; it is in the file when this returns."""
        used = self._bytes + self._bytes_of_others
        if used + len(line) > self.bytes_max:
            raise BufferError(f"the buffer is full, or closed: it has {used} of {self.bytes_max} bytes")
        batch = self._open
        if batch is None or len(batch.lines) == _BATCH_EVENTS_MAX or batch.bytes + len(line) > _BATCH_BYTES_MAX:
            batch = Batch(self._new_path(), [])
        if self._directory is not None:
            _write(batch, line)
        if batch is not self._open:
            self.queue.append(batch)
            self._open = batch
        batch.lines.append(line)
        batch.bytes += len(line)
        self._bytes += len(line)

    def next(self) -> Batch | None:
        """The oldest batch, which grows no more."""
        self._open = None
        return self.queue[0] if self.queue else None

    def remove(self) -> None:
        """Mars has answered for the oldest batch."""
        batch = self.queue.pop(0)
        self._bytes -= batch.bytes
        if self._directory is not None:
            with contextlib.suppress(OSError):  # Another process may have adopted it.
                os.unlink(batch.path)

    def keep(self) -> None:
        """Renews the time of the own files, and adopts those that have no owner by renaming them, so one process wins."""
        own = {batch.path for batch in self.queue}
        for path in own:
            with contextlib.suppress(OSError):  # Another process may have adopted it.
                os.utime(path)
        self._bytes_of_others = 0
        directory = self._directory or ""
        with contextlib.suppress(OSError):  # A fault of the disk shows in append.
            for path in (os.path.join(directory, name) for name in os.listdir(directory) if name.endswith(".ndjson")):
                with contextlib.suppress(OSError):  # Another process was faster.
                    if path not in own:
                        self._look_at(path)

    def _look_at(self, found: str) -> None:
        status = os.stat(found)
        if abs(time.time() - status.st_mtime) < _LEASE_SECONDS:
            self._bytes_of_others += status.st_size
            return
        path = self._new_path()
        os.rename(found, path)
        os.utime(path)
        with open(path, "rb") as file:
            # A line without its end: that call had not returned when its process ended.
            batch = Batch(path, [line for line in file if line.endswith(b"\n")])
        self.queue.append(batch)
        self._bytes += batch.bytes

    def _new_path(self) -> str:
        return os.path.join(self._directory or "", f"{uuid.uuid4()}.ndjson")


def _write(batch: Batch, line: bytes) -> None:
    """If this process was suspended, another may have adopted and read the file before the line was in it. Then the line is
    written again: Mars stores it once, by its `event_id`.
    """
    try:
        while True:
            with open(batch.path, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(line)
            if os.path.exists(batch.path):
                return
    except OSError as error:
        with contextlib.suppress(OSError):
            os.truncate(batch.path, batch.bytes)  # No other line may follow half a line.
        raise BufferError("cannot write to the buffer") from error
