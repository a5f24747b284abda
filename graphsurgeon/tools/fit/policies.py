"""Policies for tensors that do not fit, and their syntax.

========================  ===============================================================
``error``                 nothing; the tensor is listed (the default)
``skip``                  a mismatch is taken for missing
``reshape``               the same elements in the wanted shape; ``reshape:-1,10`` in another one, on the way to it
``slice``                 of axes that are too long, the first elements; ``slice:last`` the last
``pad``                   axes that are too short, filled up with zeros; ``pad:0.5`` with a number,
                          ``pad:init`` with what the graph's initializer gives there
``transpose``             the axes in another order: ``transpose:1,0``; of two axes, without saying so
``reverse``               the elements of axes in the other direction: ``reverse:2``. Without another change
                          it is done to values of the wanted shape, too, which it keeps
``cast``                  to the wanted dtype; what has no place there is an error. ``cast:saturate`` takes
                          the nearest that has
``zeros``, ``init``       for missing values: zeros, or what the graph's initializer gives
========================  ===============================================================

Changes are done one after the other when joined with ``+``: ``reverse:2+pad``. A policy with a pattern before it,
``conv1/.*=reverse:2``, is for keys that match; of several, the first that does. One without is for all others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from graphsurgeon.errors import PassError
from graphsurgeon.names import matches, split_patterns, unmatched
from graphsurgeon.tools.fit.requirements import OPERATION
from proto_utils.named_tuple import NamedTuple

T = TypeVar("T")

# Steps, and whether they take an argument.
_ARGUMENTS = {
    "reshape": "maybe", "slice": "maybe", "pad": "maybe", "transpose": "maybe", "reverse": "always", "cast": "maybe",
}  # fmt: skip
_EXAMPLES = (
    "reshape", "reshape:-1,10", "slice", "slice:last", "pad", "pad:0.5", "pad:init", "transpose:1,0", "reverse:2",
    "cast", "cast:saturate",
)  # fmt: skip
# int() refuses numbers of thousands of digits, which no axis has.
_NUMBERS = re.compile(r"-?\d{1,18}(,-?\d{1,18})*")
_FILLS = ("zeros", "init")


class Alteration(NamedTuple):
    """One change: a word, and its argument or the empty string."""

    name: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.argument}" if self.argument else self.name

    @property
    def numbers(self) -> list[int]:
        """The argument as numbers: of axes, or sizes."""
        return [int(number) for number in self.argument.split(",")] if self.argument else []


#: What `mismatch` may say: a refusal, or changes.
MismatchPolicy = str | tuple[Alteration, ...]


class Rules(Generic[T]):
    """Policies by pattern, None where a policy has no pattern; `what` names the option in errors."""

    def __init__(self, what: str, entries: Sequence[tuple[str | None, T]]) -> None:
        self._what = what
        self._entries = [(pattern, policy) for pattern, policy in entries if pattern is not None]
        self._default = [policy for pattern, policy in entries if pattern is None][-1:]

    def of(self, key: str) -> T | None:
        """Return the policy for a key, or None."""
        for pattern, policy in self._entries:
            if matches(pattern, key):
                return policy
        return self._default[0] if self._default else None

    def check(self, keys: Sequence[str]) -> None:
        """Raise NotFoundError for a pattern that is about none of the keys."""
        for pattern, _ in self._entries:
            if not any(matches(pattern, key) for key in keys):
                where = f"what `{self._what}` is about"
                raise unmatched("key that the graph restores", pattern, keys, where=where)


def parse_mismatch(texts: Sequence[str]) -> Rules[MismatchPolicy]:
    """Parse policies for values of another shape or dtype; one that is not understood is a PassError."""
    return _parse("mismatch", texts, lambda text: text if text in ("error", "skip") else parse_steps(text))


def parse_transforms(texts: Sequence[str]) -> Rules[tuple[Alteration, ...]]:
    """Parse changes that are made whether a value fits or not. Errors as `parse_mismatch`."""
    rules = _parse("transform", texts, parse_steps)
    if rules._default:
        raise PassError(OPERATION, "`transform` needs a pattern", hint="such as 'conv1/weights=reverse:2'")
    return rules


def parse_missing(texts: Sequence[str]) -> Rules[str]:
    """Parse policies for missing values. Errors as `parse_mismatch`."""

    def policy(text: str) -> str:
        if text not in ("error", *_FILLS):
            raise _not_understood(text, ("error", *_FILLS))
        return text

    return _parse("missing", texts, policy)


def parse_casts(patterns: Sequence[str]) -> Rules[tuple[Alteration, ...]]:
    """Make rules of patterns of keys whose dtype may be changed."""
    return Rules("cast", [(pattern, (Alteration("cast"),)) for pattern in split_patterns(patterns)])


def parse_steps(text: str) -> tuple[Alteration, ...]:
    """Parse changes that are joined with ``+``. Errors as `parse_mismatch`."""
    return tuple(_parse_step(part) for part in text.split("+"))


def _parse_step(text: str) -> Alteration:
    name, colon, argument = text.partition(":")
    is_complete = bool(colon) == bool(argument) and (argument or _ARGUMENTS.get(name) != "always")
    if name not in _ARGUMENTS or not is_complete or (argument and not _is_argument(name, argument)):
        raise _not_understood(text, (*_EXAMPLES, "error", "skip"))
    return Alteration(name, "" if argument == "zeros" else argument)


def _is_argument(name: str, text: str) -> bool:
    if name == "pad":
        return text in _FILLS or _is_number(text)
    if name in ("cast", "slice"):
        return text == ("saturate" if name == "cast" else "last")
    return _NUMBERS.fullmatch(text) is not None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse(what: str, texts: Sequence[str], policy: Callable[[str], T]) -> Rules[T]:
    entries = []
    for text in texts:
        pattern, equals, rest = text.rpartition("=")
        entries.append((pattern if equals else None, policy(rest)))
    return Rules(what, entries)


def _not_understood(text: str, known: Sequence[str]) -> PassError:
    return PassError(OPERATION, f"the policy {text!r} is not understood", hint=f"there are {', '.join(known)}")
