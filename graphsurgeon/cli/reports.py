"""Rendering reports of passes: any report whose JSON consists of rows and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.cli.output import format_nbytes, format_shape, note_lines

Row = Mapping[str, Any]


def summarize(facts: Mapping[str, object]) -> Iterator[str]:
    """Yield a line per list of a report: how many, how many of them trainable, how large; then its notes."""
    for name, value in facts.items():
        if value is None:
            continue
        if not isinstance(value, list):
            yield f"{name}: {value}"
        elif name == "notes":
            yield from note_lines(value)
        else:
            yield f"{name}: {_describe(value)}"


def explain(facts: Mapping[str, object]) -> Iterator[tuple[str, list[str], list[list[object]]]]:
    """Yield a table per list of rows: title, headers, cells."""
    for name, value in facts.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            keys = [key for key in value[0] if not _repeats(key, value)]
            yield name, keys, [[_cell(key, row[key]) for key in keys] for row in value]


def _describe(rows: Sequence[Any]) -> str:
    text = f"{len(rows):,}"
    details = []
    if rows and isinstance(rows[0], dict):
        if "trainable" in rows[0]:
            details.append(f"{sum(row['trainable'] for row in rows):,} trainable")
        if "nbytes" in rows[0]:
            details.append(format_nbytes(sum(row["nbytes"] for row in rows)))
    return f"{text} ({', '.join(details)})" if details else text


def _repeats(key: str, rows: Sequence[Row]) -> bool:
    """Whether a column is redundant: a variable's node of the same name."""
    return key == "node" and all(row.get("name") == row["node"] for row in rows)


def _cell(key: str, value: Any) -> object:
    if key == "shape":
        return format_shape(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return value
