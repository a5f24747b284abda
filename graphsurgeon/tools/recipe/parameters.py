"""Parameters of a recipe: ``${name}`` in its options, and the values that are given for them.

An option that is ``${name}`` and nothing else is the value itself, whatever kind it is of; within a longer text it is
written out. ``$${`` stands for ``${``::

    - prune: {outputs: "${outputs}"}            set={"outputs": ["prob", "labels"]}
    - rename: {add_scope: "${owner}/body"}      set={"owner": "left"}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from graphsurgeon.errors import did_you_mean, near_names
from graphsurgeon.names import Names, texts_of
from graphsurgeon.tools.recipe.syntax import Step
from proto_utils.errors import UnsupportedError

_NAME = re.compile(r"\$?\$\{([^{}]*)\}")


def parameters_of(given: Names | Mapping[str, Any]) -> dict[str, Any]:
    """Return values by name, of ``name=value`` texts too, where numbers, flags and lists are as in JSON."""
    if isinstance(given, Mapping):
        return dict(given)
    found: dict[str, Any] = {}
    for text in texts_of(given, "set"):
        name, equals, value = text.partition("=")
        if not equals or not name or name in found:
            reason = f"{name!r} is given twice" if equals and name else f"{text!r} is no name=value"
            raise UnsupportedError(reason, hint="`set` gives values to the names in ${} of a recipe")
        found[name] = _plain(value)
    return found


def filled_in(steps: Iterable[Step], values: Mapping[str, Any], path: str | None = None) -> list[Step]:
    """Return the steps with values in the place of names; `path` is for errors.

    UnsupportedError, with the line, for a name without a value, and for a value that no step asks for.
    """
    asked: set[str] = set()
    made = [Step(step.name, _Filling(step, values, asked, path).fill(step.options), step.line) for step in steps]
    unused = [name for name in values if name not in asked]
    if unused:
        hint = did_you_mean(near_names(unused[0], asked)) or "each value is for a name in ${} of the recipe"
        raise UnsupportedError(f"no step asks for {', '.join(map(repr, unused))}", path=path, hint=hint)
    return made


class _Filling:
    """The values that go into one step."""

    def __init__(self, step: Step, values: Mapping[str, Any], asked: set[str], path: str | None) -> None:
        self._step, self._values, self._asked, self._path = step, values, asked, path

    def fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._text(key) if isinstance(key, str) else key: self.fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if not isinstance(value, str):
            return value
        whole = _NAME.fullmatch(value)
        is_one = whole is not None and not value.startswith("$$")
        return self._value(whole[1]) if is_one and whole is not None else self._text(value)

    def _text(self, text: str) -> str:
        return _NAME.sub(lambda found: found[0][1:] if found[0][:2] == "$$" else _spelled(self._value(found[1])), text)

    def _value(self, name: str) -> Any:
        self._asked.add(name)
        if name not in self._values:
            reason = f"line {self._step.line}: {self._step.name}: ${{{name}}} has no value"
            hint = did_you_mean(near_names(name, self._values)) or f'give `set="{name}=..."`'
            raise UnsupportedError(reason, path=self._path, hint=hint)
        return self._values[name]


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
