"""An edited checkpoint, or the edited constants of a frozen graph, saved: what was done, and what was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.edits._contract import EditReport
from graphsurgeon.formats.linked_shards import Links
from graphsurgeon.formats.output_names import check_output_name
from graphsurgeon.formats.save import save
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint, EditedConstants
from proto_utils import places


@dataclass(frozen=True)
class WrittenEdit(Displayed):
    """What an edit of a file did, and what was written.

    Attributes
    ----------
    report : EditReport
        The changes.
    outputs : list of str
        The paths written.
    linked : list of str
        Those of them that share their bytes with files of the source.
    notes : list of str
        Those of the report, and what of the source does not go along.
    """

    report: EditReport
    outputs: list[str]
    linked: list[str]
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        written = {"outputs": self.outputs, "linked": self.linked}
        return {**written, **self.report.to_json(), "notes": self.notes}


def save_edited(
    edited: EditedCheckpoint | EditedConstants,
    report: EditReport,
    output: str,
    *,
    operation: str,
    links: Links,
    force: bool,
    update_state: bool,
    sync: bool,
    **how: Any,
) -> WrittenEdit:
    """Save what was edited; the graph beside a checkpoint goes along while it fits. Errors as `save`."""
    options: dict[str, Any] = {"force": force, "update_state": update_state, "sync": sync}
    if isinstance(edited, EditedConstants):
        saved = save(edited.edited_graph(operation), output, **options)
        return WrittenEdit(report, list(saved), [], [*report.notes, *saved.notes])
    check_output_name(output, "checkpoint")
    model, note = edited.fitting_graph()
    saved = edited.save(output, model=model, links=links, **options, **how)
    notes = [*report.notes, *edited.notes, *([note] if note else []), *saved.notes]
    if model is None and places.exists(f"{output}.meta"):
        notes.append(stays(output))
    return WrittenEdit(report, list(saved), saved.linked, notes)


def stays(output: str) -> str:
    """Return the note on a graph that is beside a checkpoint without belonging to it any more."""
    return f"{output}.meta, which was there before, stays as it is"
