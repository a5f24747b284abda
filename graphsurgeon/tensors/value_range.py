"""The range of a tensor's values: least and greatest, found in one pass over them, in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.elementwise import has_values
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np


class ValueRange(NamedTuple):
    """Least and greatest value, scalars of the tensor's own dtype; NaN where any value is."""

    low: Any
    high: Any

    @property
    def is_finite(self) -> bool:
        """Whether all values are finite numbers."""
        import numpy as np

        return bool(np.isfinite(self.low) and np.isfinite(self.high))


def value_range(tensor: Tensor) -> ValueRange:
    """Return the range of a tensor's values, which are read once; of one without elements, 0 and 0.

    Raises
    ------
    UnsupportedError
        The elements are no real numbers.
    """
    import numpy as np

    if not has_values(tensor.dtype) or tensor.dtype.is_complex:
        raise UnsupportedError(f"elements of dtype {tensor.dtype.name} are in no order")
    kind = tensor.dtype.numpy()
    if isinstance(tensor, FillTensor) and tensor.size:
        head = np.frombuffer(tensor.head or bytes(kind.itemsize), kind)
        return ValueRange(head.min(), head.max())
    # numpy compares types of 16 bits one by one, and float32 many at a time.
    wide = np.dtype(np.float32) if tensor.dtype.is_floating and tensor.dtype.itemsize < 4 else kind
    reader = ElementReader(tensor, kind)
    lows, highs = [], []
    step = CHUNK_NBYTES // kind.itemsize
    for start in range(0, tensor.size, step):
        piece: np.ndarray[Any, Any] = reader.read(min(step, tensor.size - start)).astype(wide, copy=False)
        lows.append(piece.min())
        highs.append(piece.max())
    reader.end()
    if not lows:
        return ValueRange(kind.type(0), kind.type(0))
    return ValueRange(kind.type(np.min(lows)), kind.type(np.max(highs)))
