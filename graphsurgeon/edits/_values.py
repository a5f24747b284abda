"""What edits that change values share: which tensors they are asked for, and all or none of them changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence

from graphsurgeon import names
from graphsurgeon.errors import PassError
from graphsurgeon.tensors.selection import selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils.errors import UnsupportedError

_MAX_LISTED = 10


def targets(tensors: Iterable[str], select: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    """Return the names that an edit of values is to work on, as `selected` does.

    The object graph of a TensorFlow 2 checkpoint, which is no variable, is not one of them.
    """
    return selected([name for name in tensors if name != OBJECT_GRAPH_KEY], select, exclude)


def change(
    operation: str,
    tensors: MutableMapping[str, Tensor],
    chosen: Iterable[str],
    make: Callable[[str, Tensor], Tensor],
) -> None:
    """Replace tensors by what is made of them, or none when one cannot be.

    Parameters
    ----------
    operation : str
        The edit, for errors.
    tensors : mapping of str to Tensor
        Edited in place.
    chosen : iterable of str
        The names.
    make : callable
        Of a name and a tensor; raises UnsupportedError when the tensor is not of the kind.

    Raises
    ------
    PassError
        One cannot be changed; all such are listed.
    """
    made: dict[str, Tensor] = {}
    problems = []
    for name in chosen:
        try:
            made[name] = make(name, tensors[name])
        except UnsupportedError as error:
            problems.append(f"{name}: {error.reason}")
    refuse(operation, problems)
    tensors.update(made)


def refuse(operation: str, problems: Sequence[str], hint: str | None = None) -> None:
    """Raise PassError with a list of problems, when there are any."""
    if not problems:
        return
    count = "" if len(problems) == 1 else f"{len(problems):,} tensors: "
    raise PassError(operation, count + names.some_of(problems, _MAX_LISTED, "; "), hint=hint, listed=problems)


def is_named(name: str, patterns: Sequence[str]) -> bool:
    """Return whether users ask for a tensor by its name, or a pattern of names, rather than for all there are."""
    return bool(patterns) and names.matches_any(patterns, name)


def axis_of(axis: int, rank: int) -> int:
    """Return an axis from 0, of one that may count from the end.

    Raises
    ------
    UnsupportedError
        There is none.
    """
    if not -rank <= axis < rank:
        raise UnsupportedError(f"no axis {axis} in a tensor of rank {rank}")
    return axis % rank
