"""Statistics of values in a table or in lines, with the histogram as blocks, or letters where stdout has no blocks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from graphsurgeon.tensors.shown_statistics import sparkline

#: Columns of a table, and the keys that they show.
_COLUMNS = {
    "min": "minimum", "max": "maximum", "mean": "mean", "std": "standard_deviation",
    "zeros": "num_zeros", "nan": "num_nan", "inf": "num_infinite",
}  # fmt: skip
_WORDS = {
    "minimum": "minimum", "maximum": "maximum", "mean": "mean", "standard_deviation": "std",
    "norm": "norm", "num_zeros": "zeros", "num_nan": "NaN", "num_infinite": "infinite",
}  # fmt: skip
HEADERS = [*_COLUMNS, "histogram"]


def stats_cells(stats: Mapping[str, Any] | None) -> list[object]:
    """Return the cells of a table, empty ones where there are no statistics."""
    if stats is None:
        return [""] * len(HEADERS)
    return [*(_shown(stats[key]) for key in _COLUMNS.values()), blocks(stats["histogram"])]


def stats_lines(stats: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each number, and last the histogram."""
    width = max(map(len, (*_WORDS.values(), "histogram")))
    for key, word in _WORDS.items():
        yield f"{word:<{width}}  {_shown(stats[key])}"
    yield f"{'histogram':<{width}}  {blocks(stats['histogram'])}"


def blocks(counts: list[int]) -> str:
    """Return a histogram as a line."""
    line = sparkline(counts)
    try:
        line.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return sparkline(counts, is_plain=True)
    return line


def _shown(number: float | None) -> str | int:
    if number is None:
        return ""
    return number if isinstance(number, int) else f"{number:.4g}"
