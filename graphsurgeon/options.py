"""The options of a function, read once from its signature and its docstring.

Nothing else declares what a pass or an edit takes: its decorator, its verb and the steps of recipes go by this.

==========================================  =================  ========================  ====================
annotation                                  kind               in a recipe               of a verb
==========================================  =================  ========================  ====================
``bool``                                    flag               true, false               ``--x``
``str``                                     text               a text or number          ``--x TEXT``
``int``, ``float``                          integer, number    a number                  ``--x INTEGER``
``str | float``                             value              a text or number          ``--x TEXT``
``Literal["a", "b"]``                       choice             one of them               ``--x [a|b]``
`Names`                                     list of texts      a text, or a list         ``--x VALUE``, again
``Names | Mapping[str, str]``               list of texts      also pairs of texts       ``--x VALUE``, again
``Names | Mapping[str, Any]``               list of texts      also names and values     ``--x VALUE``, again
``Names | float | Mapping[str, Any]``       list of texts      also a number             ``--x VALUE``, again
``tuple[int, ...]``, ``tuple[float, ...]``  list of numbers    a number, or a list       ``--x N,N...``
``Mapping[str, Tensor]``                    checkpoint         a path                    ``--x CHECKPOINT``
``Sequence[Mapping[str, Tensor]]``          checkpoints        a path, or a list         more SRCs
``*others: Model``                          models             a path, or a list         more SRCs
``Iterable[str]``                           lines              nothing                   ``--x FILE``
any other, as ``Model``                     other              nothing                   nothing
==========================================  =================  ========================  ====================

Each of them may be ``| None``. A text of a list of names or patterns may hold several, separated by commas, see
`graphsurgeon.names.split_patterns`. One without a default is required. Its help is in the Parameters section.
"""

from __future__ import annotations

import functools
import inspect
import re
import reprlib
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple

Item = Literal["flag", "text", "integer", "number", "value", "choice", "checkpoint", "model", "lines", "other"]

_SCALARS: dict[Any, Item] = {bool: "flag", str: "text", int: "integer", float: "number"}
_WORDS = {
    "flag": ("true or false", ""),
    "text": ("a text", "a list of texts"),
    "integer": ("an integer", "a list of integers"),
    "number": ("a number", "a list of numbers"),
    "value": ("a text", ""),
    "checkpoint": ("the path of a checkpoint", "a list of paths of checkpoints"),
    "model": ("the path of a model", "a list of paths of models"),
}
_PARAMETER = r"^(\w+) : .*$"


class Kind(NamedTuple):
    """The type of an option: what one item is, and whether it takes several, None, or pairs of texts as well.

    With `takes_values` the second of a pair may be any plain value, with `takes_numbers` a text a number.
    """

    item: Item
    is_list: bool = False
    choices: tuple[str, ...] = ()
    takes_none: bool = False
    takes_pairs: bool = False
    takes_values: bool = False
    takes_numbers: bool = False


class Option(NamedTuple):
    """One option of a pass or an edit; the default of a required one is `inspect.Parameter.empty`."""

    name: str
    kind: Kind
    default: Any
    help: str

    @property
    def word(self) -> str:
        """What users type: the name, but for the underscore behind a word that Python needs for itself."""
        return self.name.removesuffix("_")

    @property
    def is_required(self) -> bool:
        """Return whether it must be given."""
        return self.default is inspect.Parameter.empty

    @property
    def is_internal(self) -> bool:
        """Return whether a verb or recipe gives it by itself: the graph beside a checkpoint, the paths of sources."""
        return self.kind.item == "other" or self.name == "sources"

    def spell(self) -> str:
        """Return what it takes, in words."""
        words = ", ".join(self.kind.choices) or _WORDS.get(self.kind.item, ("", ""))[self.kind.is_list]
        pairs = "names to values" if self.kind.takes_values else "texts"
        return f"{words}, or a mapping of {pairs}" if self.kind.takes_pairs else words

    def normalize(self, value: Any) -> Any:
        """Return a value of a library call, where one text or number will do for a list of one.

        Else the letters of a text would be taken for texts. What holds no texts where texts are wanted, or is not one
        of the choices, is a TypeError.
        """
        if self.kind.is_list and isinstance(value, str | int | float):
            # Where a text says a number or more, as in NAME=0.5, a number is its text.
            value = (str(value) if self.kind.takes_numbers and not isinstance(value, bool) else value,)
        is_given = value is not None or not self.kind.takes_none
        if self.kind.item not in ("text", "choice") or not is_given or isinstance(value, Mapping):
            return value
        if self.kind.is_list and isinstance(value, Iterable) and not isinstance(value, bytes):
            value = tuple(value)
        each = value if self.kind.is_list and isinstance(value, tuple) else (value,)
        if not all(isinstance(one, str) and one in (self.kind.choices or (one,)) for one in each):
            wanted = f"{'one of ' if self.kind.choices else ''}{self.spell()}"
            raise TypeError(f"{self.name} is {wanted}; not {reprlib.repr(value)}")
        return value

    def convert(self, value: Any) -> Any:
        """Return a plain value as the function takes it, but for checkpoints, whose paths are returned.

        Raises
        ------
        UnsupportedError
            It is of another kind; the hint says what it takes.
        """
        if value is None and self.kind.takes_none:
            return None
        try:
            second = _plain_only if self.kind.takes_values else _text_only
            if self.kind.takes_pairs and isinstance(value, dict):
                return {name: second(each) for name, each in value.items()}
            if (
                self.kind.takes_pairs
                and isinstance(value, list)
                and value
                and all(e and isinstance(e, dict) for e in value)
            ):
                pairs = [pair for each in value for pair in each.items()]
                if len(dict(pairs)) < len(pairs):
                    raise ValueError(value)
                return {name: second(each) for name, each in pairs}
            if self.kind.is_list:
                return tuple(map(self._convert_one, value if isinstance(value, list) else [value]))
            return self._convert_one(value)
        except (TypeError, ValueError, OverflowError):
            reason = f"option {self.name!r} is {reprlib.repr(value)}"
            raise UnsupportedError(reason, hint=f"wanted: {self.spell()}") from None

    def _convert_one(self, value: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        match self.kind.item:
            case "flag" if isinstance(value, bool):
                return value
            case "text" if isinstance(value, str) or is_number:
                # A text that looks like a number is one in YAML: part: 3.
                return str(value)
            case "integer" if isinstance(value, int) and is_number:
                return value
            case "number" if not isinstance(value, bool):
                return float(value)
            case "value" if isinstance(value, str | int | float):
                return value
            case "choice" if value in self.kind.choices:
                return value
            case "checkpoint" | "model":
                return _text_only(value)
        raise TypeError(value)


def _text_only(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _plain_only(value: Any) -> Any:
    if not isinstance(value, str | bool | int | float | list):
        raise TypeError(value)
    return value


def options_of(function: Callable[..., Any]) -> Mapping[str, Option]:
    """Return the options of a pass or an edit: all its parameters but the first, by name."""
    return _options_of(inspect.unwrap(function))


@functools.cache
def _options_of(function: Callable[..., Any]) -> Mapping[str, Option]:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    descriptions = {name: " ".join(map(str.strip, lines[1:])) for name, lines in parameter_entries(function).items()}
    annotated = types.SimpleNamespace(__annotations__={each.name: each.annotation for each in parameters})
    hints = typing.get_type_hints(annotated, function.__globals__)
    return types.MappingProxyType(
        {
            each.name: Option(each.name, kind, default, descriptions.get(each.name, ""))
            for each in parameters
            for kind, default in [_declared(each, hints[each.name])]
        }
    )


def _declared(parameter: inspect.Parameter, hint: Any) -> tuple[Kind, Any]:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return Kind("model", is_list=True), ()
    return _kind_of(hint), parameter.default


def _kind_of(hint: Any) -> Kind:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _kind_of_union([each for each in arguments if each is not types.NoneType], types.NoneType in arguments)
    if origin in (tuple, Sequence):
        return _kind_of(arguments[0])._replace(is_list=True)
    if origin is Literal:
        return Kind("choice", choices=arguments)
    if origin is Mapping:
        return Kind("checkpoint")
    return Kind("lines" if origin is Iterable else _SCALARS.get(hint, "other"))


def _kind_of_union(hints: list[Any], takes_none: bool) -> Kind:
    # A list of texts that may also be one, see `graphsurgeon.names.Names`.
    first = Sequence[str] if Sequence[str] in hints else hints[0]
    kind = Kind("value") if set(hints) == {str, float} else _kind_of(first)
    pairs = [typing.get_args(each) for each in hints[1:] if typing.get_origin(each) is Mapping]
    return kind._replace(
        takes_none=takes_none,
        takes_pairs=bool(pairs),
        takes_values=any(each[1] is Any for each in pairs),
        takes_numbers=bool(pairs) and float in hints,
    )


def description_of(function: Callable[..., Any]) -> str:
    """Return the docstring of a function up to its Parameters section."""
    return (inspect.getdoc(function) or "").partition("\n\nParameters\n")[0]


def tell_result(function: Callable[..., Any], report: str, namespace: Mapping[str, Any]) -> None:
    """Add to the docstring of a pass or an edit what it returns: the class of its report, and the fields that it has.

    Parameters
    ----------
    function : callable
    report : str
        The name of the class in the `namespace`, where those of its rows are too.
    """
    text = inspect.getdoc(function)
    if not text or "\nReturns\n" in text or report not in namespace:
        return
    lines = ["Returns", "-------", report]
    for name, kind in _fields(namespace[report]).items():
        lines.append(f"    {name} : {kind}")
        classes = [namespace[each] for each in re.findall(r"\w+", kind) if isinstance(namespace.get(each), type)]
        rows = [list(_fields(each)) for each in classes]
        lines += [f"        Each has {', '.join(row)}." for row in rows if row]
    head, raises, tail = text.partition("\nRaises\n")
    parts = [head.rstrip("\n"), "\n".join(lines), *([f"{raises[1:]}{tail}"] if raises else [])]
    function.__doc__ = "\n\n".join(parts)


def _fields(report: Any) -> dict[str, str]:
    """Return the fields of a class of plain data and their types, in order."""
    fields = inspect.get_annotations(report) or getattr(report.__init__, "__annotations__", {})
    kinds = {name: str(kind) for name, kind in fields.items() if name != "return"}
    return {name: kind for name, kind in kinds.items() if name[:1] != "_" and "ClassVar" not in kind}


def parameter_entries(function: Callable[..., Any]) -> dict[str, list[str]]:
    """Return the entries of the Parameters section of a numpy-style docstring: their lines, by parameter."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    section = (inspect.getdoc(function) or "").partition("\nParameters\n")[2].partition("\n\n")[0]
    for line in section.splitlines():
        match = re.match(_PARAMETER, line)
        if match is not None:
            current = found.setdefault(match.group(1), [])
        if match is not None or line.strip("-"):
            current.append(line)
    return found
