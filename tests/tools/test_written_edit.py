"""What was edited, saved: the graph goes along while it fits, and what does not is told."""

from __future__ import annotations

from pathlib import Path

import graphsurgeon as gs
from graphsurgeon.tools.written_edit import stays
from tests.models import frozen


def test_a_graph_that_does_not_fit_stays_behind(tmp_path: Path):
    model = gs.Model.from_graph_def(frozen())
    gs.unfreeze(model)
    gs.save(model, tmp_path / "m")
    kept = gs.edit(tmp_path / "m", [{"scale": {"select": "w", "factor": 2.0}}], tmp_path / "kept", update_state=True)
    assert str(tmp_path / "kept.meta") in kept.outputs
    assert kept.notes == []
    (tmp_path / "left.meta").write_bytes((tmp_path / "m.meta").read_bytes())
    left = gs.edit(tmp_path / "m", [{"rename": {"add_scope": "my"}}], tmp_path / "left", force=True, update_state=True)
    assert str(tmp_path / "left.meta") not in left.outputs
    assert left.notes[0].startswith("the graph does not go along")
    assert left.notes[-1] == stays(str(tmp_path / "left"))
