"""Slices put together."""

from __future__ import annotations

import numpy as np

from graphsurgeon.edits.partition import partition
from graphsurgeon.edits.unpartition import unpartition
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from tests.edits.values import tensors

WHOLE = np.arange(35, dtype=np.int16).reshape(7, 5)


def test_what_is_partitioned_is_put_together(tmp_path):
    given = tensors(w=WHOLE, v=WHOLE, u=WHOLE)
    partition(given, shards=3, select=("w", "v"), axis=1)
    save_checkpoint(given, tmp_path / "a")
    stored = dict(load_checkpoint(tmp_path / "a"))
    u = stored["u"]
    report = unpartition(stored, exclude=("v",))
    assert [row.name for row in report.changes] == ["w"]
    assert stored["u"] is u
    save_checkpoint(stored, tmp_path / "b")
    made = load_checkpoint(tmp_path / "b")
    assert (made["w"].parts, made["u"].parts) == (None, None)
    assert made["v"].parts is not None
    assert all(tensor.numpy().tolist() == WHOLE.tolist() for tensor in made.values())
