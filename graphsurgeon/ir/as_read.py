"""Whether a message still is what was read, and the bytes that it is written as then."""

from __future__ import annotations

from typing import Any

from proto_utils import schema


class AsRead:
    """What a message was when it was read: a hash of its bytes, which beside the message would be there twice.

    Parameters
    ----------
    message : Message or None
    read : bytes or None
        What it was read from; None of what was not, or was edited since.
    """

    def __init__(self, message: Any, read: bytes | None) -> None:
        data = None if read is None else schema.serialize(message)
        self._hash = None if data is None else hash(data)
        # Most often it is written as it was read.
        self._read = None if data == read else read

    def is_of(self, message: Any) -> bool:
        """Whether the message still is what it was."""
        return self._hash is not None and message is not None and hash(schema.serialize(message)) == self._hash

    def bytes_of(self, message: Any) -> bytes:
        """Return the bytes that the message is written as: those it was read from, until it is edited."""
        if self._read is not None and self.is_of(message):
            return self._read
        return b"" if message is None else schema.serialize(message)

    def source_of(self, message: Any) -> bytes | None:
        """Return what makes the same of a copy of the message, where hashes may be others."""
        return self.bytes_of(message) if self.is_of(message) else None
