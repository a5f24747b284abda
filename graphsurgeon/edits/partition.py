"""Partition tensors into slices, as the partitioned variables of TensorFlow 1.

For: programs with ``tf.fixed_size_partitioner``, and parameter servers that each read their slice.

Leaves behind: tensors of the same names, dtypes, shapes and values, in slices along one axis: of as equal a length as
can be, the longer ones first. Slices along the first axis stay where they are and are linked.
"""

from __future__ import annotations

from graphsurgeon.edits._values import axis_of, value_edit
from graphsurgeon.tensors.sliced import DividedTensor
from graphsurgeon.tensors.tensor import Tensor


@value_edit
def partition(tensor: Tensor, *, shards: int, axis: int = 0) -> Tensor:
    """Partition tensors into slices, as the partitioned variables of TensorFlow 1.

    Parameters
    ----------
    shards : int
        How many slices.
    axis : int
        Along which axis.

    Raises
    ------
    UnsupportedError
        A tensor does not have this axis, or it is too short.
    """
    return DividedTensor(tensor, shards, axis_of(axis, len(tensor.shape)))
