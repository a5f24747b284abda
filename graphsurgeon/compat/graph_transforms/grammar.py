"""The transform strings of the Graph Transform Tool.

::

    strip_unused_nodes(type=float, shape="1,299,299,3")
    remove_nodes(op=Identity, op=CheckNumerics) fold_constants(ignore_errors=true)

Names, each with parameters in parentheses or without, with blanks and line breaks between. A value is in quotes, or of
letters, digits and ``-./_``. A parameter may be given several times.

Source: transform_graph.cc of TensorFlow 1.15.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from graphsurgeon.errors import PassError
from graphsurgeon.names import Names, texts_of
from proto_utils.named_tuple import NamedTuple

# A backslash before the end of a line is what a shell script leaves inside of quotes.
_BLANK: Final = re.compile(r"(?:\s|\\\r?\n)*")
_NAME: Final = re.compile(r"[A-Za-z0-9_]+")
_VALUE: Final = re.compile(r'"([^"]*)"|([-./A-Za-z0-9_]+)')


class TransformCall(NamedTuple):
    """A transform by its name, and the values that each of its parameters was given, in their order."""

    name: str
    parameters: Mapping[str, list[str]]


def parse_transforms(texts: Names) -> list[TransformCall]:
    """Parse a transform string, or several as one; a PassError says where one is not of the grammar."""
    return _Parser(" ".join(texts_of(texts, "transforms"))).calls()


class _Parser:
    """A recursive descent over one string."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def calls(self) -> list[TransformCall]:
        found = []
        self._take(_BLANK)
        while self._at < len(self._text):
            name = self._wanted(_NAME, "the name of a transform")[0]
            self._take(_BLANK)
            found.append(TransformCall(name, self._parameters()))
            self._take(_BLANK)
        return found

    def _parameters(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        if not self._literal("("):
            return found
        while not self._literal(")"):
            name = self._wanted(_NAME, "the name of a parameter, or )")[0]
            if not self._literal("="):
                self._fail(f"= behind {name!r}")
            value = self._wanted(_VALUE, f"a value of {name!r}, in quotes if it has other signs than letters and -./_")
            found.setdefault(name, []).append(value[1] if value[1] is not None else value[2])
            # TensorFlow, too, takes blanks for commas.
            self._literal(",")
        return found

    def _literal(self, sign: str) -> bool:
        self._take(_BLANK)
        if not self._text.startswith(sign, self._at):
            return False
        self._at += 1
        self._take(_BLANK)
        return True

    def _wanted(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        return self._take(pattern) or self._fail(what)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def _fail(self, wanted: str) -> re.Match[str]:
        rest = self._text[self._at :]
        where = f"{rest[:20]!r} stands" if rest else "the string ends"
        reason = f"{where} where {wanted} is wanted, at {self._at} of {self._text!r}"
        hint = 'such as strip_unused_nodes(type=float, shape="1,299,299,3") fold_constants'
        raise PassError("transform_graph", reason, hint=hint, is_usage=True)
