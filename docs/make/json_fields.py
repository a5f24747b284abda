"""What JSON a report becomes: the fields of its class with their types and meanings, and those of its rows.

The types are those of the annotations. A meaning is what the class's docstring says of the attribute, or what
`docs.make.json_words` has for it.
"""

from __future__ import annotations

import ast
import collections.abc
import dataclasses
import importlib
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from docs.make.json_words import MEANINGS, NOT_ALWAYS
from graphsurgeon.ir.model import Model

_SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}
_LISTS = (list, tuple, collections.abc.Sequence)
_ENTRY = re.compile(r"^(\w+(?:, \w+)*)(?: : .*)?$")


class Type(NamedTuple):
    """What JSON a value is: any of these words, and what is in its arrays, its objects by name, its other objects."""

    words: tuple[str, ...]
    items: Type | None = None
    fields: tuple[Field, ...] = ()
    values: Type | None = None

    def spell(self) -> str:
        """Return it in words."""
        return " or ".join(
            f"array of {self.items.plural}" if word == "array" and self.items else word for word in self.words
        )

    @property
    def plural(self) -> str:
        """Return it in words, for several."""
        return " or ".join(word if word in ("null", "anything") else f"{word}s" for word in self.words)


class Field(NamedTuple):
    """A key of an object; `is_always` says whether the object is never without it."""

    name: str
    type: Type
    meaning: str
    is_always: bool = True


ANYTHING = Type(("anything",))


def text(name: str, meaning: str, *, is_always: bool = True) -> Field:
    """Return a field that is a text."""
    return Field(name, Type(("string",)), meaning, is_always)


def fields_of(report: type) -> tuple[Field, ...]:
    """Return the fields of a class: a dataclass, a NamedTuple, or one whose attributes are what it is made with."""
    documented = _documented(report)
    return tuple(
        Field(name, type_of(hint), _meaning(report, name, documented), f"{report.__name__}.{name}" not in NOT_ALWAYS)
        for name, hint in _annotated(report).items()
    )


def type_of(hint: Any) -> Type:
    """Return what an annotation is in JSON."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in (Any, object):
        return ANYTHING
    if origin in (typing.Union, types.UnionType):
        return _union([type_of(each) for each in arguments])
    if origin is Literal:
        return Type(("string",))
    if origin in _LISTS or hint in _LISTS:
        return Type(("array",), items=type_of(arguments[0]) if arguments else ANYTHING)
    if origin in (dict, collections.abc.Mapping):
        return Type(("object",), values=type_of(arguments[1]))
    if hint in _SCALARS:
        return Type((_SCALARS[hint],))
    if isinstance(hint, type) and not issubclass(hint, (bytes, set, dict)):
        return Type(("object",), fields=fields_of(hint))
    return ANYTHING


def flattened(fields: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Yield all keys with their paths: ``variables[].name`` for a key of the rows of ``variables``."""
    for field in fields:
        yield f"{prefix}{field.name}", field
        inner, path = field.type, f"{prefix}{field.name}"
        while inner.items is not None or inner.values is not None:
            path += "[]" if inner.items is not None else ".*"
            inner = typing.cast("Type", inner.items or inner.values)
        yield from flattened(inner.fields, f"{path}.")


def _union(types_: list[Type]) -> Type:
    """Return the union: of several objects, what is not in all of them is not always there."""
    words = tuple(dict.fromkeys(word for each in types_ for word in each.words))
    if "anything" in words:
        return ANYTHING
    objects = [each.fields for each in types_ if each.fields]
    fields = {field.name: field for each in objects for field in each}
    is_in_all = {name: all(any(field.name == name for field in each) for each in objects) for name in fields}
    return Type(
        words,
        items=next((each.items for each in types_ if each.items), None),
        fields=tuple(field._replace(is_always=is_in_all[name]) for name, field in fields.items()),
        values=next((each.values for each in types_ if each.values), None),
    )


def _annotated(report: type) -> Mapping[str, Any]:
    if dataclasses.is_dataclass(report) or hasattr(report, "_fields"):
        hints = typing.get_type_hints(report)
        return {
            name: hint
            for name, hint in hints.items()
            if typing.get_origin(hint) is not ClassVar and hint is not Model and not name.startswith("_")
        }
    hints = typing.get_type_hints(report.__init__, localns=_imported_late(report))  # type: ignore[misc]
    return {name: hint for name, hint in hints.items() if name != "return"}


def _imported_late(report: type) -> dict[str, Any]:
    """Return what the module of a class imports for type checkers alone, as it takes time."""
    tree = ast.parse(inspect.getsource(sys.modules[report.__module__]))
    guarded = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [each for node in guarded for each in node.body if isinstance(each, ast.ImportFrom) and each.module]
    return {
        name.asname or name.name: getattr(importlib.import_module(each.module or ""), name.name)
        for each in imports
        for name in each.names
    }


def _documented(report: type) -> dict[str, str]:
    """Return what the sections Attributes and Parameters of a class's docstring say of each name."""
    found: dict[str, str] = {}
    names: list[str] = []
    sections = re.split(r"^(?:Attributes|Parameters)\n-+\n", inspect.getdoc(report) or "", flags=re.MULTILINE)[1:]
    for line in "\n".join(sections).splitlines():
        if match := _ENTRY.match(line):
            names = match[1].split(", ")
        elif line.startswith(" "):
            found |= {name: f"{found.get(name, '')} {line.strip()}".strip() for name in names}
    return found


def _meaning(report: type, name: str, documented: Mapping[str, str]) -> str:
    """Return what a key means; empty where nothing says it, which a test finds."""
    of_class = f"{report.__name__}.{name}"
    return MEANINGS.get(of_class) or documented.get(name) or MEANINGS.get(name) or ""
