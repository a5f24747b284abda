"""The report of fitting a checkpoint to a graph, row by row, as plain data."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from graphsurgeon.display import Displayed

#: ``copy``: as it is. ``change``: altered by `steps`. ``zeros``, ``init``: was missing and is filled.
#: ``missing``, ``mismatch``: unresolved. ``extra``: in the checkpoint, and nothing takes it.
Action = Literal["copy", "change", "zeros", "init", "missing", "mismatch", "extra"]

UNRESOLVED = ("missing", "mismatch")


@dataclass(frozen=True)
class FitRow:
    """What becomes of one tensor.

    `name` is the key that the graph restores, of an extra tensor its key in the checkpoint; `source` (``from`` in JSON)
    the key that it comes from. `dtype` and `shape` are what the graph wants, `found_dtype` and `found_shape` what was
    found, `steps` what is done to that. When it is unresolved or extra, `candidates` may be meant, the closest first,
    and `suggested` is the one that `why` suggests and that accepting suggestions would take.
    """

    name: str
    action: Action
    source: str | None
    why: str
    dtype: str | None
    shape: list[int | None] | None
    found_dtype: str | None = None
    found_shape: list[int] | None = None
    steps: list[str] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    suggested: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        facts = asdict(self)
        return {("from" if key == "source" else key): value for key, value in facts.items()}


@dataclass(frozen=True)
class FitReport(Displayed):
    """The result of fitting: a row per key that the graph restores, in its saver's order.

    `extra` are rows for tensors of the checkpoint that nothing takes.
    """

    rows: list[FitRow]
    extra: list[FitRow]
    notes: list[str] = field(default_factory=list)

    @property
    def unresolved(self) -> list[FitRow]:
        """The rows that keep the checkpoint from fitting."""
        return [row for row in self.rows if row.action in UNRESOLVED]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each action."""
        return dict(Counter(row.action for row in [*self.rows, *self.extra]))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types: ``rows``, ``extra``, ``counts``, ``notes``."""
        rows, extra = ([row.to_json() for row in each] for each in (self.rows, self.extra))
        return {"rows": rows, "extra": extra, "counts": self.counts, "notes": self.notes}
