"""Rendering reports of passes: any report whose JSON consists of rows and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.cli.output import format_nbytes, note_lines
from graphsurgeon.display import Rows, cell_of, is_redundant

if TYPE_CHECKING:
    from graphsurgeon.cli.tables import TitledRows

Row = Mapping[str, Any]


def summarize(facts: Mapping[str, object]) -> Iterator[str]:
    """Yield a line per list of a report: how many, how many of them trainable, how large; then its notes."""
    for name, value in facts.items():
        if value is None:
            continue
        if not isinstance(value, (list, Rows)):
            yield f"{name}: {value}"
        elif name == "notes":
            yield from note_lines(value)
        else:
            yield f"{name}: {_describe(value)}"


def explain(facts: Mapping[str, object], before: str = "") -> Iterator[TitledRows]:
    """Yield a table per list of rows, with its name behind `before` as the title."""
    from graphsurgeon.cli.tables import TitledRows

    for name, value in facts.items():
        if isinstance(value, (list, Rows)) and value and isinstance(value[0], dict):
            keys = [key for key in value[0] if not is_redundant(key, value)]
            yield TitledRows(keys, [[cell_of(key, row[key]) for key in keys] for row in value], before + name)


def show_tables(reports: Mapping[str, Mapping[str, object]]) -> None:
    """Print the tables of reports, by what stands before their titles: rows of one scope together."""
    from graphsurgeon.cli.tables import emit_tables

    emit_tables((table for before, facts in reports.items() for table in explain(facts, before)), scoped=True)


def _describe(rows: Sequence[Any]) -> str:
    text = f"{len(rows):,}"
    details = []
    first = rows[0] if rows else None
    if isinstance(first, dict) and not first.keys().isdisjoint(("trainable", "nbytes")):
        # A row is made when it is looked at.
        pairs = [(row.get("trainable", False), row.get("nbytes", 0)) for row in rows]
        if "trainable" in first:
            details.append(f"{sum(is_trainable for is_trainable, _ in pairs):,} trainable")
        if "nbytes" in first:
            details.append(format_nbytes(sum(nbytes for _, nbytes in pairs)))
    return f"{text} ({', '.join(details)})" if details else text
