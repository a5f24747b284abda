"""Graphs in event files that TensorFlow wrote."""

from __future__ import annotations

from pathlib import Path

import graphsurgeon as gs
from tests.tf.judge import TensorFlow


def test_graphs_of_event_files(tf: TensorFlow, tmp_path: Path):
    names, written = tf.call("event_files:write", directory=str(tmp_path))
    for directory in written:
        model = gs.load(directory)
        assert [node.name for node in model.graph] == names
        assert gs.verify(model) == []
    first = gs.load(written[0])
    assert first.meta is not None
    assert "variables" in first.meta.collection_def
