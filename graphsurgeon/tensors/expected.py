"""How much is going to be read, told to who observes payload (`proto_utils.meter`) before it is."""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor
from proto_utils import meter


def expect_reading(*tensors: Iterable[Tensor]) -> None:
    """Announce that all values of these tensors are read.

    Strings are not counted, whose sizes would have to be read, nor a value that repeats, which no file has.

    Costs nothing when nobody observes; iterators are not even begun.
    """
    if meter.observer is not None:
        meter.observer.expect(
            sum(
                each.size * each.dtype.itemsize
                for group in tensors
                for each in group
                if not isinstance(each, FillTensor)
            ),
            written=False,
        )
