r"""Concatenate several tensors to one along an axis.

For: query, key and value kernels of a model that has them apart, for one that has them in one; the kernels of gates.

Leaves behind: the new tensors; those that went into them are gone. A group in the patterns makes one new tensor for
each text that it takes: ``select=(r"block_(\d+)/q", r"block_(\d+)/k"), to=r"block_\1/qk"``.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import axis_of, objectless, refuse, targets
from graphsurgeon.names import Names, split_patterns
from graphsurgeon.rewrites.renaming.name_map import expansions
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.named_parts import boxes_of, joined_shape
from proto_utils.errors import UnsupportedError

_NUMBER = re.compile(r"(\d{1,18})")


@checkpoint_edit
def concat(tensors: MutableMapping[str, Tensor], *, select: Names, to: str, axis: int = 0) -> Remarks:
    r"""Concatenate several tensors to one along an axis.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    select : str or sequence of str
        What to join, in this order: names, or regular expressions that match the whole name. What one expression takes
        is in natural order, part 2 before part 10.
    to : str
        The name of the result; ``\1`` is the first group of the expression. What gets the same name is joined.
    axis : int
        Along which axis; a negative one counts from the end.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        Tensors differ in dtype or in another axis, a name is taken, or there is one tensor alone.
    """
    groups: dict[str, list[str]] = {}
    seen: set[str] = set()
    for pattern in split_patterns(select, tensors.keys()):
        find = expansions(pattern, to, "concat")
        for name in sorted(targets(tensors, (pattern,)), key=_natural):
            if name not in seen:
                seen.add(name)
                groups.setdefault(find(name), []).append(name)
    made: dict[str, Tensor] = {}
    problems = []
    for new, members in groups.items():
        try:
            made[new] = _joined(new, {name: tensors[name] for name in members}, axis)
        except UnsupportedError as error:
            problems.append(f"{new}: {error.reason}")
        if new in tensors and new not in seen:
            problems.append(f"{new}: that name is taken")
    refuse("concat", problems, "`select` names the tensors in their order, `to` what they become")
    reasons = {name: f"joined to {new}" for new, members in groups.items() for name in members}
    for name in seen:
        del tensors[name]
    tensors.update(made)
    return Remarks(reasons=reasons, notes=objectless(tensors, made))


def _joined(new: str, members: dict[str, Tensor], axis: int) -> Tensor:
    shapes = [tensor.shape for tensor in members.values()]
    listed = ", ".join(f"{name} {tensor.dtype.name} {list(tensor.shape)}" for name, tensor in members.items())
    if len(members) < 2:
        raise UnsupportedError(f"one tensor alone, {listed}")
    number = axis_of(axis, len(shapes[0]))
    shape = joined_shape(shapes, number)
    if shape is None or len({tensor.dtype for tensor in members.values()}) > 1:
        raise UnsupportedError(f"these do not lie one behind the other along axis {axis}: {listed}")
    joined = JoinedTensor(shape, list(zip(boxes_of(shapes, number), members.values(), strict=True)), name=new)
    # In one piece, not in slices.
    return ReshapedTensor(joined, shape)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return the sort key of natural order."""
    return [(int(part), "") if number % 2 else (0, part) for number, part in enumerate(_NUMBER.split(name))]
