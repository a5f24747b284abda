"""Parameters of a transform, made what our passes take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from graphsurgeon.errors import PassError


class Parameters:
    """What one transform was given, its name, inputs and outputs of all; notes, and what was left undone."""

    __slots__ = ("_given", "inputs", "name", "notes", "outputs", "undone")

    def __init__(
        self, name: str, given: Mapping[str, list[str]], inputs: Sequence[str] = (), outputs: Sequence[str] = ()
    ) -> None:
        self.name = name
        self._given = given
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.notes: list[str] = []
        self.undone: list[str] = []

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a parameter."""
        return tuple(self._given.get(name, ()))

    def text(self, name: str, default: str | None = None) -> str:
        """Return the one value of a parameter, or the default; without any it must be given."""
        values = self._given.get(name, ())
        if len(values) > 1:
            self.refuse(f"{name} is given {len(values)} times, and takes one value")
        if values:
            return values[0]
        if default is None:
            self.refuse(f"{name} is missing", hint=f"such as {self.name}({name}=...)")
        return default

    def integer(self, name: str, default: int) -> int:
        """Return the one value of a parameter that is a whole number."""
        text = self.text(name, str(default))
        try:
            return int(text)
        except ValueError:
            self.refuse(f"{name} is {text!r}, no whole number")

    def flag(self, name: str, default: bool) -> bool:
        """Return the one value of a parameter that is true or false."""
        text = self.text(name, "true" if default else "false")
        if text not in ("true", "false"):
            self.refuse(f"{name} is {text!r}, neither true nor false")
        return text == "true"

    def pairs(self, name: str, second: str) -> dict[str, str]:
        """Return what one parameter says for each value of another, none where the second is not given."""
        names, values = self.all(name), self.all(second)
        if values and len(values) != len(names):
            self.refuse(f"{second} is given {len(values)} times for {len(names)} times {name}")
        return dict(zip(names, values, strict=True)) if values else {}

    def refuse(self, reason: str, *, hint: str | None = None) -> NoReturn:
        """Say that what was given is wrong."""
        raise PassError("transform_graph", f"{self.name}: {reason}", hint=hint, is_usage=True)
