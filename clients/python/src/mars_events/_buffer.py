"""Accepted events that Mars has not answered for: lines of JSON, in files or in memory."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from typing import Callable

_SEGMENT_BYTES_MAX = 1024 * 1024
_LEASE_SECONDS = 5.0
"""A file whose time has not changed for so long has no owner."""


class BufferError(Exception):
    """The event is not accepted: the buffer is full, closed, or cannot be written."""


class Segment:
    """A file, or `lines` in memory. `size` counts bytes of whole lines, `offset` those that are settled."""

    def __init__(self, path: str | None, size: int = 0, fd: int = -1) -> None:
        self.path, self.size, self.offset, self.fd, self.lines = path, size, 0, fd, bytearray()

    def read(self, count: int) -> bytes:
        if self.path is None:
            return bytes(self.lines[self.offset : self.offset + count])
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                return file.read(count)
        except FileNotFoundError:  # Adopted by another process.
            return b""


class EventBuffer:
    """A process appends to files of its own, and renews their time every second. It adopts the files of processes that ended:
    at once if their time is 0, else when it has not changed for 5 s. Adoption is a rename, so one process wins. A process that
    was suspended beyond its lease writes its line again, to a new file: Mars stores it once by its `event_id`.
    """

    def __init__(self, directory: str | None, bytes_max: int, on_adopted: Callable[[], None]) -> None:
        self._directory, self._bytes_max, self._on_adopted = directory, bytes_max, on_adopted
        self._lock = threading.RLock()
        self._segments: list[Segment] = []
        self._active: Segment | None = None
        self._seen: dict[str, tuple[float, float]] = {}
        self._renewed_at = 0.0
        self._bytes = self._bytes_of_others = 0
        self._released = threading.Event()
        if directory is not None:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            self._keep(directory)
            threading.Thread(target=self._keep_on, args=(directory,), name="mars-buffer", daemon=True).start()

    @property
    def bytes(self) -> int:
        """Bytes of all files in the directory, those of other processes included."""
        return self._bytes + self._bytes_of_others

    @property
    def empty(self) -> bool:
        with self._lock:
            return not self._segments

    def append(self, line: bytes) -> None:
        """Keeps a line, newline included; in the file when this returns."""
        with self._lock:
            if self.bytes + len(line) > self._bytes_max:
                raise BufferError(f"the buffer is full: {self.bytes} of {self._bytes_max} bytes")
            for _ in range(3):
                self._write(line)
                # Within the lease no other process has adopted the file: it will read this line.
                if self._directory is None or self._leased():
                    return
                self._seal()
            raise BufferError("the buffer's disk is too slow")

    def read(self, bytes_max: int) -> tuple[Segment, bytes] | None:
        """The next lines, or None where there are none; raises OSError where the disk cannot be read. `settle` moves on."""
        while True:
            with self._lock:
                if not self._segments:
                    return None
                segment = self._segments[0]
                chunk = segment.read(min(bytes_max, segment.size - segment.offset))
                end = chunk.rfind(b"\n") + 1
                if end > 0 or len(chunk) == bytes_max:
                    return segment, chunk[:end] if end > 0 else chunk
                # Empty, adopted by another process, or half a line: that call had not returned when its process was killed.
                self._remove(segment)

    def settle(self, segment: Segment, count: int) -> None:
        """Mars has answered for these bytes."""
        with self._lock:
            segment.offset += count
            if segment.offset >= segment.size:
                self._remove(segment)

    def release(self) -> None:
        """Lets other processes adopt what is left."""
        self._released.set()
        with self._lock:
            self._seal()
            for segment in self._segments:
                if segment.path is not None:
                    with contextlib.suppress(OSError):
                        os.utime(segment.path, (0, 0))

    def _write(self, line: bytes) -> None:
        if self._active is None or self._active.size + len(line) > _SEGMENT_BYTES_MAX:
            self._seal()
            self._active = self._open()
            self._segments.append(self._active)
        segment = self._active
        try:
            rest = memoryview(line)
            while segment.path is not None and rest:
                rest = rest[os.write(segment.fd, rest) :]
        except OSError as error:
            try:  # No other line may follow half a line.
                os.ftruncate(segment.fd, segment.size)
            except OSError:
                self._seal()
            raise BufferError("cannot write to the buffer") from error
        if segment.path is None:
            segment.lines += line
        segment.size += len(line)
        self._bytes += len(line)

    def _open(self) -> Segment:
        if self._directory is None:
            return Segment(None)
        path = os.path.join(self._directory, f"{uuid.uuid4()}.ndjson")
        try:
            self._renewed_at = time.time()
            return Segment(path, fd=os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise BufferError("cannot write to the buffer") from error

    def _seal(self) -> None:
        if self._active is not None and self._active.fd >= 0:
            os.close(self._active.fd)
            self._active.fd = -1
        self._active = None

    def _remove(self, segment: Segment) -> None:
        if segment is self._active:
            self._seal()
        self._segments.remove(segment)
        self._bytes -= segment.size
        if segment.path is not None:
            with contextlib.suppress(OSError):  # Another process may have adopted it.
                os.unlink(segment.path)

    def _leased(self) -> bool:
        return abs(time.time() - self._renewed_at) < _LEASE_SECONDS / 2

    def _keep_on(self, directory: str) -> None:
        while not self._released.wait(1.0):
            self._keep(directory)

    def _keep(self, directory: str) -> None:
        with self._lock:
            if self._released.is_set():
                return
            if not self._leased():
                self._seal()
            self._renewed_at = time.time()
            for segment in self._segments:
                with contextlib.suppress(OSError):
                    os.utime(segment.path or "")
            own = {segment.path for segment in self._segments}
            seen: dict[str, tuple[float, float]] = {}
            others = 0
            with contextlib.suppress(OSError):
                for name in os.listdir(directory):
                    path = os.path.join(directory, name)
                    if path in own or not name.endswith(".ndjson"):
                        continue
                    with contextlib.suppress(OSError):
                        status, now = os.stat(path), time.monotonic()
                        before, since = self._seen.get(name, (None, now))
                        since = since if before == status.st_mtime else now
                        if status.st_mtime == 0 or now - since >= _LEASE_SECONDS:
                            self._adopt(path, directory)
                        else:
                            seen[name] = (status.st_mtime, since)
                            others += status.st_size
            self._seen, self._bytes_of_others = seen, others

    def _adopt(self, found: str, directory: str) -> None:
        path = os.path.join(directory, f"{uuid.uuid4()}.ndjson")
        os.rename(found, path)
        os.utime(path)
        size = os.stat(path).st_size
        self._segments.append(Segment(path, size))
        self._bytes += size
        self._on_adopted()
