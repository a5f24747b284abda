"""Graphs without masks: what reads, sets and reports masks goes, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.training.without_masks import (
    PruningUsers,
    WithoutMasks,
    behind,
    computes_nothing,
    is_gradient,
    readers_of,
)
from graphsurgeon.tensors.values import as_tensor
from tests.passes.harness import model

TEXT = """
    x = Placeholder {dtype: f32}
    w = VariableV2 {dtype: f32, shape: shape[2,3]}
    w/read = Identity(w)
    mask = VariableV2 {dtype: f32, shape: shape[2,3]}
    mask/read = Identity(mask)
    mask/ones = Const {f32 [2,3] 1}
    mask/Assign = Assign(mask, mask/ones)
    w/masked_weight = Mul(mask/read, w/read)
    y = MatMul(x, w/masked_weight)
    grad = Mul(y, y)
    w/masked_weight_grad/Mul_1 = Mul(mask/read, w/read)
    limit = Const {f32 [] 2}
    large = GreaterEqual(w/read, limit)
    new = Cast(large) {SrcT: bool, DstT: f32}
    update = Assign(mask, new)
    updates = NoOp(^update)
"""


def _model(text=TEXT, mask=(1, 0, 1, 1, 0, 1)):
    of = model(text)
    of.variables = {
        "w": as_tensor(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "mask": as_tensor(np.array(mask, np.float32).reshape(2, 3)),
    }
    return of


def test_what_updates_masks_goes_along():
    of = _model(TEXT.replace("    w/masked_weight_grad/Mul_1 = Mul(mask/read, w/read)\n", ""))
    run = WithoutMasks(of, (), "strip_masks")
    run.fold()
    removed = run.take_out()
    assert {"mask", "mask/read", "mask/Assign", "mask/ones", "update", "updates", "new", "large"} <= set(removed)
    assert {node.name for node in of.graph} == {"x", "w", "w/read", "w/masked_weight", "y", "grad"}
    assert (of.graph["w/masked_weight"].op, of.graph["w/masked_weight"].inputs) == ("Identity", ("w/read",))
    assert of.variables.keys() == {"w"}
    assert of.variables["w"].numpy().tolist() == [[0, 0, 2], [3, 0, 5]]
    assert (run.stripped, run.lost, run.kept) == ([("w", "mask")], ["mask"], {})


@pytest.mark.parametrize(
    ("more", "mask", "reason"),
    [
        ("decay = L2Loss(w/read)", (1,) * 6, "'decay' reads 'w' beside the product"),
        ("share = Abs(mask/read)", (1,) * 6, None),
        ("", (1, 0, 0.5, 1, 1, 1), "its values are not zeros and ones"),
    ],
)
def test_what_stays(more, mask, reason):
    of = _model(TEXT + f"    {more}\n", mask)
    run = WithoutMasks(of, (), "strip_masks")
    run.fold()
    assert run.kept == ({} if reason is None else {"mask": reason})
    assert reason is None or "Mul" in of.graph.ops


def test_what_is_computed_from_data_too():
    of = _model(TEXT + "    loss = Mul(y, mask/read)\n")
    run = WithoutMasks(of, (), "strip_masks")
    run.fold()
    if run.stripped:
        with pytest.raises(PassError, match="is computed from a mask"):
            run.take_out()


def test_only_what_outputs_need_counts():
    of = _model(TEXT + "    decay = L2Loss(w/read)\n")
    run = WithoutMasks(of, "y", "strip_masks")
    run.fold()
    assert run.stripped == [("w", "mask")]


def test_parts():
    of = _model()
    index = Index(of.graph)
    assert is_gradient(of.graph["w/masked_weight_grad/Mul_1"])
    assert computes_nothing(of.graph["mask/Assign"])
    assert behind(index, ["w/read"]) == {"w", "w/read"}
    assert "w/masked_weight" in {node.name for node, _ in readers_of(index, of.graph["w"])}
    assert "update" in PruningUsers(of, index, ["mask"]).all()
