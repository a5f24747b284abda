"""Training graphs: what TensorFlow 1.15 froze with training ops among the outputs runs again, bit for bit."""

from __future__ import annotations

from pathlib import Path

import graphsurgeon as gs
from tests import notation
from tests.tf.judge import TensorFlow

_NETS = {
    "batch_norm": ("prob,train", "prob,loss,train", "all"),
    "plain_norm": ("prob", "prob,train", "all"),
    "quantized": ("prob", "prob,train", "all"),
    "averaged": ("mean_prob,train", "all"),
}
_CASES = [
    (kind, optimizer, net, outputs)
    for kind in ("reference", "resource")
    for net, choices in _NETS.items()
    for optimizer in (("sgd", "momentum", "adam", "rmsprop") if net == "batch_norm" else ("sgd",))
    for outputs in choices
]


def test_frozen_training_graphs_compute_what_they_did(tf1: TensorFlow, tmp_path: Path):
    """Every optimizer, updates of batch norm, quantization-aware training; both kinds of variables alike."""
    made = tf1.call("frozen_training:freeze", directory=str(tmp_path), cases=_CASES)
    fixed = []
    for frozen in made:
        model = gs.load(frozen["pb"])
        weights = [node.name for node in model.graph if node.op == "Const" and node.tensor.size > 1]
        gs.fix(model)
        assert [name for name in weights if model.graph.get(name) is None] == []
        fixed.append(frozen["pb"] + ".fixed")
        gs.save(model, fixed[-1])
    found = tf1.call("frozen_training:run", pbs=fixed, names=[frozen["names"] for frozen in made])
    wrong = [case for case, frozen, bits in zip(_CASES, made, found, strict=True) if bits != frozen["values"]]
    assert wrong == []


def test_broken_nodes_run_again(tf1: TensorFlow, tmp_path: Path):
    """A repeated node, and a Const in a branch whose control input lost its ^."""
    text = """
        x = Placeholder {dtype: f32}
        training = Placeholder {dtype: bool}
        s = Switch(training, training)
        t = Identity(s:1)
        rate = Const(t:1) {f32 [] 2}
        version = Const {i32 []}
        version = Const {i32 []}
        xs = Switch(x, training)
        scaled = Mul(xs:1, rate)
        y = Merge(xs, scaled) {N: 2}
    """
    model = notation.model(text)
    gs.fix(model)
    gs.save(model, tmp_path / "fixed.pb")
    feeds = [{"x:0": [3.0], "training:0": flag} for flag in (False, True)]
    assert [tf1.call("frozen_training:fetch", pb=str(tmp_path / "fixed.pb"), feed=fed) for fed in feeds] == [[3], [6]]
