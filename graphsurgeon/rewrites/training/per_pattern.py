"""Numbers that are given alone, for all, or for what matches a pattern: ``0.9``, ``block1/.*=0.99``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from graphsurgeon.names import Names, matches, texts_of
from proto_utils.named_tuple import NamedTuple


class PerPattern(NamedTuple):
    """A number for all, and others by pattern, of which the last that matches counts."""

    default: float | None
    patterns: Mapping[str, float]

    def of(self, names: Sequence[str]) -> float | None:
        """Return the number of what goes by these names."""
        found = [number for pattern, number in self.patterns.items() if any(matches(pattern, name) for name in names)]
        return found[-1] if found else self.default


def parse_per_pattern(
    given: Names | float | Mapping[str, Any],
    option: str,
    number: Callable[[Any], float],
    twice: Exception,
) -> PerPattern:
    """Return the numbers of an option, each as `number` takes it; for two that stand alone `twice` is raised."""
    if isinstance(given, Mapping):
        return PerPattern(None, {name: number(value) for name, value in given.items()})
    texts: Iterable[Any] = (given,) if isinstance(given, int | float) else texts_of(given, option)
    default: float | None = None
    patterns: dict[str, float] = {}
    for text in texts:
        name, equals, value = str(text).rpartition("=")
        if equals and name.strip():
            patterns.pop(name.strip(), None)
            patterns[name.strip()] = number(value)
        elif default is not None:
            raise twice
        else:
            default = number(text)
    return PerPattern(default, patterns)
