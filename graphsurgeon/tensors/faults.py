"""What is wrong with the values of a tensor: told by reading them once."""

from __future__ import annotations

from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import CorruptionError, GraphSurgeonError, NotFoundError, UnsupportedError


def find_fault(tensor: Tensor) -> GraphSurgeonError | None:
    """Return what keeps a tensor from being read, None of a sound one.

    What the sizes of files tell is told without reading; else all values are read, whose checksums are verified.
    """
    if tensor.fault is not None:
        return tensor.fault
    try:
        tensor.read_through()
    except (CorruptionError, NotFoundError, UnsupportedError) as error:
        return error
    return None
