"""Options of a step, checked against the signature of its edit and made what that takes.

========================================== ===========================================
parameter                                  what a recipe gives
========================================== ===========================================
``x: tuple[str, ...]``                     a text, or a list of texts
``x: tuple[int, ...]``, ``float``          a number, or a list of numbers
``x: str | float``                         a text or a number
``x: Literal["a", "b"]``                   one of them
``x: Mapping[str, Tensor]``                a checkpoint's path, relative to the recipe
``others: Sequence[Mapping[str, Tensor]]`` one such path, or a list
========================================== ===========================================
"""

from __future__ import annotations

import collections.abc
import inspect
import os
import reprlib
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from graphsurgeon.errors import did_you_mean, near_names
from graphsurgeon.tensors.tensor import Tensor

#: What an edit is given by whoever runs it, and not by the recipe.
INNER = ("model", "sources")

Load = Callable[[str], Mapping[str, Tensor]]


class OptionError(Exception):
    """An option that an edit does not take; the hint is what to try."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.hint = hint


def check_options(
    function: Callable[..., Any], given: Mapping[str, Any], load: Load, hidden: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the options of a step as its edit takes them.

    Parameters
    ----------
    function : callable
        The edit.
    given : mapping of str to object
        As the recipe has them; names with dashes or underscores.
    load : callable
        Opens a checkpoint.
    hidden : tuple of str
        Parameters that a recipe may not give.

    Raises
    ------
    OptionError
        An option is unknown, missing or of another kind.
    """
    hints = typing.get_type_hints(inspect.unwrap(function))
    known = dict(list(inspect.signature(function).parameters.items())[1:])
    for name in (*INNER, *hidden):
        known.pop(name, None)
    made = {}
    for text, value in given.items():
        name = text.replace("-", "_")
        if name not in known:
            hint = did_you_mean(near_names(name, known)) or f"it takes {', '.join(known)}"
            raise OptionError(f"no option {text!r}", hint)
        if name in made:
            raise OptionError(f"option {text!r} is given twice")
        try:
            made[name] = _converted(value, hints[name], load)
        except (TypeError, ValueError, OverflowError):
            raise OptionError(f"option {text!r} is {reprlib.repr(value)}", _spelled(hints[name])) from None
    missing = [name for name, each in known.items() if each.default is each.empty and name not in made]
    if missing:
        raise OptionError(f"option {missing[0]!r} is missing", _spelled(hints[missing[0]]))
    return made


def _converted(value: Any, hint: Any, load: Load) -> Any:
    """Return a value as a parameter of that type takes it; ValueError when it is none."""
    origin, kinds = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _one_of(value, kinds, load)
    if origin is typing.Literal:
        return _where(value, isinstance(value, str) and value in kinds)
    if origin is tuple:
        return tuple(_converted(each, kinds[0], load) for each in (value if isinstance(value, list) else [value]))
    if origin is collections.abc.Sequence:
        return [_converted(each, kinds[0], load) for each in (value if isinstance(value, list) else [value])]
    if origin is collections.abc.Mapping and kinds[1] is str:
        return _where(value, isinstance(value, dict) and all(isinstance(each, str) for each in value.values()))
    if origin is collections.abc.Mapping:
        return load(_where(value, isinstance(value, str)))
    return _scalar(value, hint)


def _one_of(value: Any, kinds: tuple[Any, ...], load: Load) -> Any:
    if value is None:
        return _where(value, types.NoneType in kinds)
    if set(kinds) - {types.NoneType} == {str, float}:
        return _where(value, isinstance(value, str | int | float))
    for kind in kinds:
        try:
            return _converted(value, kind, load)
        except (TypeError, ValueError, OverflowError):
            continue
    raise ValueError(value)


def _scalar(value: Any, kind: Any) -> Any:
    if kind is str:
        # A text that looks like a number is one in YAML: part: 3.
        return str(_where(value, isinstance(value, str | int | float) and not isinstance(value, bool)))
    if kind is float:
        return float(_where(value, not isinstance(value, bool)))
    if kind is int:
        return _where(value, isinstance(value, int) and not isinstance(value, bool))
    return _where(value, isinstance(value, kind))


def _where(value: Any, fits: bool) -> Any:
    if not fits:
        raise ValueError(value)
    return value


def _spelled(hint: Any) -> str:
    """Return what a type wants, in words."""
    origin, kinds = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _spelled(kinds[0])
    if origin is typing.Literal:
        return "wanted: " + ", ".join(kinds)
    numbers = {int: "integers", float: "numbers"}
    if origin is tuple:
        return f"wanted: a list of {numbers.get(kinds[0], 'texts')}"
    if origin is collections.abc.Mapping:
        return "wanted: the path of a checkpoint"
    if origin is collections.abc.Sequence:
        return "wanted: a list of paths of checkpoints"
    return f"wanted: {({str: 'a text', bool: 'true or false', int: 'an integer', float: 'a number'}).get(hint, hint)}"


def relative_to(directory: str, path: str) -> str:
    """Return a path that a recipe in a directory gives."""
    return os.path.join(directory, os.path.expanduser(path))
