"""What edits that change values share: which tensors they are asked for, and all or none of them changed.

One that makes one tensor of one is a function ``name(tensor, *, options...) -> Tensor`` under `value_edit`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence, Sized
from typing import Any, Concatenate, ParamSpec, TypeVar

from graphsurgeon import names
from graphsurgeon.edits._contract import EditReport, Remarks, checkpoint_edit
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.options import description_of, parameter_entries
from graphsurgeon.tensors.selection import Skipped, selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import require_mutable
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_names import with_keys_of
from proto_utils.errors import UnsupportedError

_MAX_LISTED = 10
_MAX_MOVED = 3
P = ParamSpec("P")
R = TypeVar("R")


def value_edit(function: Callable[Concatenate[Tensor, P], Tensor]) -> Callable[..., EditReport]:
    """Make a checkpoint edit of a function of one tensor, for all tensors that are selected, or none.

    Parameters
    ----------
    function : callable
        Returns what a tensor becomes; raises UnsupportedError when the tensor is not of the kind. The edit has its
        options and docstring, and the options ``select`` and ``exclude`` among them.
    """

    def edit(tensors: MutableMapping[str, Tensor], *, select: Names, exclude: Names = (), **options: Any) -> Remarks:
        bound(function.__name__, signature, tensors, select=select, exclude=exclude, **options)
        make: Callable[..., Tensor] = function
        change(function.__name__, tensors, targets(tensors, select, exclude), lambda _, base: make(base, **options))
        return Remarks()

    first, *added, _ = inspect.signature(edit).parameters.values()
    own = list(inspect.signature(function).parameters.values())[1:]
    required = [each for each in own if each.default is each.empty]
    optional = [each for each in own if each.default is not each.empty]
    signature = inspect.Signature([first, *required, *added, *optional])
    functools.update_wrapper(edit, function)
    del edit.__wrapped__  # type: ignore[attr-defined]
    edit.__signature__ = signature  # type: ignore[attr-defined]
    edit.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
    edit.__doc__ = _docstring(function, list(signature.parameters))
    return checkpoint_edit(edit)


def _docstring(function: Callable[..., Any], parameters: Sequence[str]) -> str:
    """Return the docstring of a function of one tensor as that of an edit with more parameters."""
    entries = parameter_entries(function) | {
        "tensors": ["tensors : mapping of str to Tensor", "    Edited in place."],
        "select": [
            "select : str or sequence of str",
            f"    Patterns of what to {function.__name__}: names, or regular expressions that match the whole name.",
        ],
        "exclude": ["exclude : str or sequence of str", "    Patterns of what not to."],
    }
    raised = (inspect.getdoc(function) or "").partition("\nUnsupportedError\n")[2]
    sections = {
        "Parameters": [line for name in parameters for line in entries.get(name, ())],
        "Raises": ["NotFoundError", "    A pattern matches nothing.", "PassError", *raised.splitlines()],
    }
    texts = ("\n".join([title, "-" * len(title), *lines]) for title, lines in sections.items())
    return "\n\n".join([description_of(function), *texts])


def bound(name: str, signature: inspect.Signature, /, *args: Any, **options: Any) -> Mapping[str, Any]:
    """Return the arguments of a call by name; a TypeError of what does not fit says whose call it is."""
    try:
        return signature.bind(*args, **options).arguments
    except TypeError as error:
        raise TypeError(f"{name}() {error}") from None


def asks_for(*options: str, hint: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse an edit when none of these options is given."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def run(*args: P.args, **given: P.kwargs) -> R:
            edited = next(iter(bound(function.__name__, signature, *args, **given).values()))
            if not isinstance(edited, Model):
                require_mutable(edited)
            if all(_is_nothing(given.get(name)) for name in options):
                raise PassError(function.__name__, "nothing is asked for", hint=hint, is_usage=True)
            return function(*args, **given)

        return run

    return decorate


def _is_nothing(value: object) -> bool:
    return (
        value is None or value is False or (isinstance(value, Sized) and not isinstance(value, str) and not len(value))
    )


def targets(tensors: Iterable[str], select: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    """Return the names that an edit of values is to work on, as `selected` does.

    The object graph of a TensorFlow 2 checkpoint, which is not a variable, is not one of them.
    """
    return selected([name for name in tensors if name != OBJECT_GRAPH_KEY], select, exclude)


def change(
    operation: str,
    tensors: MutableMapping[str, Tensor],
    chosen: Iterable[str],
    make: Callable[[str, Tensor], Tensor],
) -> None:
    """Replace tensors by what is made of them: all or none.

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
    problems, hint = [], None
    for name in chosen:
        try:
            made[name] = make(name, tensors[name])
        except UnsupportedError as error:
            problems.append(f"{name}: {error.reason}")
            hint = hint or error.hint
    refuse(operation, problems, hint)
    tensors.update(made)


def paired(
    tensors: Mapping[str, Tensor], others: Iterable[Mapping[str, Tensor]]
) -> tuple[list[Mapping[str, Tensor]], list[str]]:
    """Return other checkpoints under the keys that their variables have in the first, and notes where they had others.

    In TensorFlow 2 checkpoints a key may say a position; where keys and names disagree, names count.
    """
    found, notes = [], []
    for other in others:
        same_keys, moved = with_keys_of(tensors, other)
        found.append(same_keys)
        if moved:
            told = names.some_of(moved, _MAX_MOVED, "; ")
            notes.append(f"paired by the names of variables, which keys do not agree with ({len(moved):,}): {told}")
    return found, notes


def objectless(tensors: Mapping[str, Tensor], made: Iterable[str]) -> list[str]:
    """Return a note on new tensors in a TensorFlow 2 checkpoint, which no object of its graph has."""
    told = names.some_of(list(made), _MAX_MOVED) if OBJECT_GRAPH_KEY in tensors else ""
    return [f"tf.train.Checkpoint does not find by objects, only a reader by name: {told}"] if told else []


def refuse(operation: str, problems: Sequence[str], hint: str | None = None) -> None:
    """Raise PassError with a list of problems, when there are any."""
    if not problems:
        return
    count = "" if len(problems) == 1 else f"{len(problems):,} tensors: "
    raise PassError(operation, count + names.some_of(problems, _MAX_LISTED, "; "), hint=hint, listed=problems)


def is_named(name: str, patterns: Sequence[str]) -> bool:
    """Return whether users ask for a tensor by its name, or a pattern of names, rather than for all there are."""
    return names.matches_any(names.split_patterns(patterns, (name,)), name)


def refuse_unfit(
    operation: str, skipped: Sequence[Skipped], select: Sequence[str], chosen: Collection[str], why: str = ""
) -> None:
    """Refuse what cannot be changed, when users ask for it by its very name, or for nothing that can."""
    asked = [row for row in skipped if not chosen or row.name in names.split_patterns(select, (row.name,))]
    problems = [f"{row.name}: {row.reason.partition(';')[0]}{why}" for row in asked] if select else []
    refuse(operation, problems, "`exclude` leaves it out")


def axis_of(axis: int, rank: int) -> int:
    """Normalize an axis that may count from the end.

    Raises
    ------
    UnsupportedError
        The tensor does not have this axis.
    """
    if not -rank <= axis < rank:
        raise UnsupportedError(f"no axis {axis} in a tensor of rank {rank}")
    return axis % rank
