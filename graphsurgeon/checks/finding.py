"""Findings: the rules that a model breaks, as data."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Severity = Literal["error", "warning"]

ERROR: Final = "error"
WARNING: Final = "warning"


class Finding(NamedTuple):
    """One broken rule.

    Attributes
    ----------
    severity : str
        ``"error"`` where TensorFlow refuses the graph, else ``"warning"``.
    rule : str
        As in the table of `graphsurgeon.checks`.
    node : str or None
        The node where it shows.
    function : str or None
        The function whose body the node is in; None for the graph itself.
    message : str
        What was found against what was wanted; names neither node nor function.
    """

    severity: Severity
    rule: str
    node: str | None
    function: str | None
    message: str

    def to_json(self) -> dict[str, object]:
        """Return the finding as JSON types."""
        return self._asdict()
