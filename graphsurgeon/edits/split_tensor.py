r"""Split tensors along an axis into several under names of their own.

For: one kernel of query, key and value for a model that has them apart; the gates of a recurrent cell.

Leaves behind: the parts; what they are of is gone. For slices that a partitioned variable restores, see `partition`.
"""

from __future__ import annotations

import itertools
from collections.abc import MutableMapping, Sequence

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import axis_of, objectless, refuse, targets
from graphsurgeon.names import Names, split_names, split_patterns
from graphsurgeon.rewrites.renaming.name_map import expansions
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError


@checkpoint_edit
def split_tensor(
    tensors: MutableMapping[str, Tensor],
    *,
    select: Names,
    to: Names,
    axis: int = 0,
    sizes: tuple[int, ...] = (),
) -> Remarks:
    r"""Split tensors along an axis into several under names of their own.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    select : str or sequence of str
        What to split: names, or regular expressions that match the whole name.
    to : str or sequence of str
        The names of the parts, in their order; ``\1`` is the first group of the expression.
    axis : int
        Along which axis; a negative one counts from the end.
    sizes : tuple of int
        The lengths of the parts, of which one may be -1 for what is left; by default all are equal.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor does not divide so, or a name is taken.
    """
    texts = split_names(to)
    made: dict[str, Tensor] = {}
    reasons: dict[str, str] = {}
    problems = []
    for pattern in split_patterns(select, tensors.keys()):
        finds = [expansions(pattern, text, "split_tensor") for text in texts]
        for name in targets(tensors, (pattern,)):
            new = [find(name) for find in finds]
            if name in reasons:
                continue
            reasons[name] = f"split into {', '.join(new)}"
            twice = [each for number, each in enumerate(new) if each in made or each in new[:number]]
            problems += [f"{each}: two parts would get that name" for each in twice]
            try:
                made.update(zip(new, _parts(tensors[name], len(new), axis, sizes), strict=True))
            except UnsupportedError as error:
                problems.append(f"{name}: {error.reason}")
    problems += [f"{each}: that name is taken" for each in made if each in tensors and each not in reasons]
    refuse("split_tensor", problems, "`to` has one name for each part, `sizes` their lengths")
    for name in reasons:
        del tensors[name]
    tensors.update(made)
    return Remarks(reasons=reasons, notes=objectless(tensors, made))


def _parts(tensor: Tensor, count: int, axis: int, sizes: Sequence[int]) -> list[Tensor]:
    number = axis_of(axis, len(tensor.shape))
    lengths = _lengths(tensor.shape[number], count, sizes)
    if lengths is None:
        told = f"parts of {list(sizes)}" if sizes else f"{count} equal parts"
        raise UnsupportedError(f"axis {axis} of shape {list(tensor.shape)} does not divide into {told}")
    bounds = itertools.pairwise(itertools.accumulate(lengths, initial=0))
    boxes = [tuple(bound if i == number else (0, dim) for i, dim in enumerate(tensor.shape)) for bound in bounds]
    return [SlicedTensor.of_box(tensor, box) for box in boxes]


def _lengths(length: int, count: int, sizes: Sequence[int]) -> list[int] | None:
    if not sizes:
        return None if not count or length % count else [length // count] * count
    rest = length - sum(size for size in sizes if size != -1)
    found = [rest if size == -1 else size for size in sizes]
    is_whole = len(sizes) == count and list(sizes).count(-1) < 2 and min(found) >= 0 and sum(found) == length
    return found if is_whole else None
