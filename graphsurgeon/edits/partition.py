"""Partition tensors into slices, as the partitioned variables of TensorFlow 1.

For: programs with ``tf.fixed_size_partitioner``, and parameter servers that each read their slice.

Leaves behind: tensors of the same names, dtypes, shapes and values, in slices along one axis: of as equal a length as
can be, the longer ones first. Slices along the first axis stay where they are and are linked. With `names`, each slice
is a tensor ``w/part_0``, ``w/part_1`` ... of its own, and that of a slot is named after its part, ``w/part_0/Adam``.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import axis_of, change, objectless, refuse, targets
from graphsurgeon.names import Names
from graphsurgeon.tensors.sliced import DividedTensor, SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.named_parts import part_name


@checkpoint_edit
def partition(
    tensors: MutableMapping[str, Tensor],
    *,
    shards: int,
    select: Names,
    exclude: Names = (),
    axis: int = 0,
    names: bool = False,
) -> Remarks:
    """Partition tensors into slices, as the partitioned variables of TensorFlow 1.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    shards : int
        How many slices.
    select : str or sequence of str
        Patterns of what to partition: names, or regular expressions that match the whole name.
    exclude : str or sequence of str
        Patterns of what not to.
    axis : int
        Along which axis; a negative one counts from the end.
    names : bool
        Give each slice a name of its own, w/part_0, w/part_1 and so on, instead of keeping them under one.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor does not have this axis, or it is too short; a name is taken.
    """
    chosen = targets(tensors, select, exclude)
    known, before = set(chosen), dict(tensors)
    change("partition", tensors, chosen, lambda _, base: DividedTensor(base, shards, axis_of(axis, len(base.shape))))
    if not names:
        return Remarks()
    made: dict[str, Tensor] = {}
    for name in chosen:
        # The slot of a variable that is partitioned too.
        scopes = [scope for scope in _scopes(name) if scope in known and before[scope].shape == before[name].shape]
        whole = scopes[0] if scopes else name
        for number, (box, _) in enumerate(tensors[name].parts or ()):
            made[part_name(whole, number, name[len(whole) :])] = SlicedTensor.of_box(before[name], box)
        del tensors[name]
    refuse("partition", [f"{name}: that name is taken" for name in made if name in tensors])
    tensors.update(made)
    reasons = dict.fromkeys(chosen, f"in {shards} parts of their own")
    return Remarks(reasons=reasons, notes=objectless(tensors, made))


def _scopes(name: str) -> list[str]:
    """Return the scopes of a name, the innermost first."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]
