"""Reports events to Mars: batched, retried with the same `event_id`, kept in a buffer until Mars has answered."""

from ._client import Mars, Message, Problem
from ._spool import BufferError

__all__ = ["BufferError", "Mars", "Message", "Problem"]
