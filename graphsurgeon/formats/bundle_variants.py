"""The variant tensors of a V2 checkpoint: state of tf.data iterators, lists of tensors.

Their elements are C++ objects, serialized one by one, which only a TensorFlow that knows their types can read; so
they are carried as they are. Their bytes are checked all the same::

    element = varint length | bytes (VariantTensorDataProto) | masked CRC32C of all before, 4 bytes

The CRC is one for the whole tensor, and goes on over the checksums: of each element it covers the length as a
uint64, the bytes, and the checksum as it is stored. What it is at the end, masked, is the entry's ``crc32c``.

Source: TensorFlow's ``core/util/tensor_bundle/tensor_bundle.cc``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from graphsurgeon.formats.bundle_tensors import StoredTensor
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.tensors import dtypes
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from proto_utils.varint import MAX_NBYTES, decode_varint

if TYPE_CHECKING:
    import numpy as np

_CHECKSUM_NBYTES = 4


class BundleVariantTensor(StoredTensor):
    """A variant tensor, or one of resources, which no TensorFlow writes: it can be copied, not read."""

    __slots__ = ()

    @property
    def nbytes(self) -> int:
        """Bytes in the file."""
        return self._entry.nbytes

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes]:  # noqa: ARG002 -- there is nothing to yield
        """Raise UnsupportedError, naming the tensor."""
        raise self._unreadable()

    def _array(self) -> np.ndarray[Any, Any]:
        raise self._unreadable()

    def encoded(self) -> Iterator[bytes | memoryview]:
        """Yield the elements as they are in the file.

        Raises
        ------
        NotFoundError
            The shard is missing.
        CorruptionError
            A checksum differs, or the lengths do not add up: said before the last piece is yielded.
        """
        if self.dtype is not dtypes.VARIANT:
            raise self._unreadable()
        entry = self._entry
        position, end, crc = entry.offset, entry.offset + entry.nbytes, 0
        last = b""
        for _ in range(self.size):
            yield last
            head, length = self._length(position, end)
            crc = crc32c(length.to_bytes(8, self._byteorder), crc)
            yield head
            position += len(head)
            for chunk in self._source.chunks(position, position + length):
                crc = crc32c(chunk, crc)
                yield chunk
            position += length
            last = self._source.read(position, position + _CHECKSUM_NBYTES)
            if mask(crc) != int.from_bytes(last, self._byteorder):
                raise self._corrupt("the checksum of an element differs from that of its bytes")
            crc = crc32c(last, crc)
            position += _CHECKSUM_NBYTES
        if position != end:
            raise self._corrupt(f"its elements take {position - entry.offset} bytes")
        self._verify(crc)
        yield last

    def _length(self, position: int, end: int) -> tuple[bytes, int]:
        """Return the length of the element that begins at a position, as it is written and as a number."""
        head = self._source.read(position, min(end, position + MAX_NBYTES))
        try:
            length, nbytes = decode_varint(head, 0)
        except CorruptionError as error:
            raise self._corrupt(f"the length of an element: {error.reason}") from None
        if length > end - position - nbytes - _CHECKSUM_NBYTES:
            raise self._corrupt(f"an element of {length} bytes goes past its end")
        return head[:nbytes], length

    def _unreadable(self) -> UnsupportedError:
        reason = f"tensor {self._name!r} is a {self.dtype.name}, whose values only TensorFlow can read"
        return UnsupportedError(reason, path=self._source.path)

    @property
    def _byteorder(self) -> Literal["little", "big"]:
        return "big" if self._shards.is_big_endian else "little"
