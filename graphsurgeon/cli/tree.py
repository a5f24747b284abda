"""Rows as a tree of the scopes of their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_INDENT = "  "


@dataclass(slots=True)
class _Scope:
    """What is in a scope, in order: rows, other scopes, or both in one."""

    parts: dict[str, _Scope] = field(default_factory=dict)
    row: Sequence[object] | None = None
    count: int = 0
    nbytes: int = 0


def tree_rows(rows: Iterable[Sequence[object]], width: int, nbytes_at: int | None) -> Iterator[list[object]]:
    """Yield rows of `width` cells, the first a name, below rows of their scopes, by which their names are indented.

    A scope says how many rows are in it, and what they have together in the column of bytes. One that has nothing but
    another stands in one row with that. Costs O(rows and scopes), and holds them.
    """
    pending = [(0, name, scope) for name, scope in reversed(_scopes(rows, nbytes_at).parts.items())]
    while pending:
        level, name, scope = pending.pop()
        names = [name]
        while len(scope.parts) == 1 and scope.row is None:
            ((inner, scope),) = scope.parts.items()
            names.append(inner)
        label = _INDENT * level + "/".join(names)
        if scope.row is not None:
            yield [label, *scope.row[1:]]
        else:
            cells: list[object] = [f"{label}/ ({scope.count:,})", *[""] * (width - 1)]
            if nbytes_at is not None:
                cells[nbytes_at] = scope.nbytes
            yield cells
        pending += [(level + 1, inner, part) for inner, part in reversed(scope.parts.items())]


def _scopes(rows: Iterable[Sequence[object]], nbytes_at: int | None) -> _Scope:
    root = _Scope()
    for row in rows:
        nbytes = 0 if nbytes_at is None else row[nbytes_at]
        scope = root
        for part in str(row[0]).split("/"):
            scope = scope.parts.setdefault(part, _Scope())
            scope.count += 1
            scope.nbytes += nbytes if isinstance(nbytes, int) else 0
        scope.row = row
    return root
