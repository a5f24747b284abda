"""What a checkpoint alone tells of layers."""

from __future__ import annotations

from pathlib import Path

import graphsurgeon as gs
from tests.models import floats
from tests.object_graphs import write_trained


def test_scopes_of_tensors(tmp_path: Path):
    tensors = {"net/a/w": floats(1, 2), "net/a/b": floats(1), "net/c": floats(1, 2, 3), "v": floats(2)}
    gs.save_checkpoint(tensors, tmp_path / "m")
    found = gs.summary(tmp_path / "m")
    assert [(row.depth, row.name, row.parameters, row.nbytes, row.trainable) for row in found.layers] == [
        (0, "net", 3, 12, None), (1, "net/a", 3, 12, None), (0, "v", 1, 4, None),
    ]  # fmt: skip
    assert (found.parameters, found.nbytes) == (7, 28)
    folded = gs.summary(tmp_path / "m", depth=1)
    assert [(row.name, row.parameters) for row in folded.layers] == [("net", 6), ("v", 1)]


def test_optimizer_state_is_left_out(tmp_path: Path):
    write_trained(tmp_path / "m")
    found = gs.summary(tmp_path / "m")
    assert found.notes[-1].endswith("that an optimizer keeps for itself are left out")
    assert not any("ATTRIBUTES" in row.name or "SLOT" in row.name for row in found.layers)
