"""Reports events to Mars: batched, retried with the same `event_id`, kept in a buffer until Mars has answered."""

from ._buffer import BufferError
from ._client import Mars, Message, Problem

__all__ = ["BufferError", "Mars", "Message", "Problem"]
