"""Nets whose inputs are set compute, to the last bit, what TensorFlow computes when it is fed the values."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

#: What stays in nets of which only some conditions are decided, or that have loops.
BRANCHES = {"Switch", "Merge", "If", "StatelessIf"}
STAYS = {**dict.fromkeys(("inner_only", "outer_only", "in_loop", "rnn"), BRANCHES), "functions": BRANCHES}
DECIDED = {"Switch", "Merge", "If", "StatelessIf", "Case", "StatelessCase", "RandomUniform", "Floor", "GreaterEqual"}


@pytest.mark.parametrize(("resource", "v2"), [(False, False), (True, False), (True, True)])
def test_as_fed(tf: TensorFlow, tmp_path: Path, resource: bool, v2: bool):
    for net, values in tf.call("setting_inputs:settings").items():
        before, after = str(tmp_path / f"{net}.ckpt"), str(tmp_path / f"{net}-set.ckpt")
        if net.startswith(("functions", "switch_case")) and tf.is_v1 and not (resource and v2):
            continue
        tf.call("setting_inputs:make", net=net, prefix=before, resource=resource, v2=v2)
        model = gs.load(before + ".meta")
        report = gs.set_inputs(model, set=values)
        assert [row.node for row in report.inputs] == list(values), net
        gs.save(model, after)
        ops = {node.op for _, graph in model.graphs() for node in graph if "Initializer" not in node.name}
        assert not ops & (DECIDED - STAYS.get(net.rstrip("+"), set())), net
        # TensorFlow does not differentiate what it has imported with conditions that are functions.
        with_gradients = not v2 and net != "functions"
        wanted = tf.call("setting_inputs:run", prefix=before, feeds=values, gradients=with_gradients)
        found = tf.call("setting_inputs:run", prefix=after, feeds={}, gradients=with_gradients)
        assert found == wanted, net


@pytest.mark.parametrize(
    ("path", "output", "values"),
    [
        ("cases/graphs/switches/keep_prob.pb", "b/BiasAdd", {"keep_prob": 1.0}),
        ("cases/graphs/switches/phase_train.pb", "b/BiasAdd", {"phase_train": False}),
        ("models/onnx+tensorflow-onnx/tests/models/lstm/frozen.pb", "output", {"keep_prob": 1.0}),
    ],
)
def test_graphs_that_others_froze(
    tf: TensorFlow, shared_models: Path, tmp_path: Path, path: str, output: str, values: dict[str, object]
):
    source, after = shared_models.parent / path, str(tmp_path / "after.pb")
    if not source.is_file():
        pytest.skip(f"{path} is not beside this checkout")
    model = gs.load(source)
    gs.set_inputs(model, set=values)
    gs.save(model, after)
    assert not {node.op for node in model.graph} & DECIDED
    wanted = tf.call("setting_inputs:frozen", path=str(source), output=output, feeds=values)
    assert tf.call("setting_inputs:frozen", path=after, output=output, feeds={}) == wanted
