"""Findings: the rules that a model breaks, as data."""

from __future__ import annotations

from typing import Any, Final, Literal

from graphsurgeon.display import Displayed
from proto_utils.named_tuple import NamedTuple

Severity = Literal["error", "warning"]

ERROR: Final = "error"
WARNING: Final = "warning"


class Finding(NamedTuple):
    """One broken rule."""

    severity: Severity  # ``"error"`` where TensorFlow refuses the graph, else ``"warning"``
    rule: str  # as in the table of `graphsurgeon.checks`
    node: str | None  # where it shows
    function: str | None  # the one whose body the node is in; None for the graph itself
    message: str  # what was found against what was wanted; names neither node nor function

    def to_json(self) -> dict[str, object]:
        """Return the finding as JSON types."""
        return self._asdict()


class Findings(list[Finding], Displayed):
    """The findings of a check, a list; none of them, which is well, prints as that."""

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON types, in a table."""
        return {"findings": [finding.to_json() for finding in self]}
