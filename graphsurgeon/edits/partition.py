"""Store tensors in slices, as the partitioned variables of TensorFlow 1 are.

For: programs with ``tf.fixed_size_partitioner``, and parameter servers that each read their slice.

Leaves behind: tensors of the same names, dtypes, shapes and values, in slices along one axis: of as equal a length as
can be, the longer ones first. Slices along the first axis stay where they are and are linked.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import axis_of, change, targets
from graphsurgeon.tensors.sliced import DividedTensor
from graphsurgeon.tensors.tensor import Tensor


@checkpoint_edit
def partition(
    tensors: MutableMapping[str, Tensor],
    *,
    shards: int,
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
    axis: int = 0,
) -> Remarks:
    """Store tensors in slices, as the partitioned variables of TensorFlow 1 are.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    shards : int
        How many slices.
    select : tuple of str
        Patterns of what to divide: names, or regular expressions that match the whole name.
    exclude : tuple of str
        Patterns of what not to.
    axis : int
        Along which axis.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor does not have this axis, or it is too short.
    """

    def divided(_name: str, base: Tensor) -> Tensor:
        return DividedTensor(base, shards, axis_of(axis, len(base.shape)))

    change("partition", tensors, targets(tensors, select, exclude), divided)
    return Remarks()
