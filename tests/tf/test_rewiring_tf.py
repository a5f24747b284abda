"""Inserted, rerouted, bypassed, removed: what TensorFlow computes, differentiates, serves and restores afterwards."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from tests.tf.judge import JudgeError, TensorFlow

KINDS = ("ref", "resource")
BEFORE_FC1 = {"first"}
INSIDE = ("while/state", "cond/large", "while/Switch:1", "cond/Merge", "cond/pred_id", "while/Merge")
CHECKED = {"CheckNumerics": "message=bad", "Print": "message=fc2", "Cast": "DstT=float32", "Relu": "T=float32"}


class Nets(dict[tuple[str, str], dict[str, Any]]):
    """The nets of each TensorFlow and kind of variable, made once, in a directory that outlives the test that does."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Nets:
    return Nets(tmp_path_factory.mktemp("nets"))


def made(nets: Nets, tf: TensorFlow, kind: str) -> dict[str, Any]:
    key = (tf.version, kind)
    if key not in nets:
        directory = nets.directory / "-".join(key)
        directory.mkdir()
        found = tf.call("graph_edits:make", directory=str(directory), resource=kind == "resource")
        nets[key] = found | {"gradients": tf.call("graph_edits:gradients", prefix=found["prefix"], to=["fc1:0"])}
    found = nets[key]
    assert isinstance(found, dict)
    return found


def saved(model: gs.Model, tmp_path: Path) -> str:
    gs.save(model, tmp_path / "edited.ckpt")
    assert gs.verify(gs.load(tmp_path / "edited.ckpt.meta"), consistency=True) == []
    return str(tmp_path / "edited.ckpt")


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_stop_there_and_only_there(tf: TensorFlow, tmp_path: Path, nets, kind: str):
    net = made(nets, tf, kind)
    model = gs.load(net["prefix"] + ".meta")
    gs.insert(model, at=("fc1",), op="StopGradient", name="stop")
    prefix = saved(model, tmp_path)
    assert tf.call("graph_edits:run", prefix=prefix, fetches=["prob:0", "fc1:0"]) == net["values"]
    found = tf.call("graph_edits:gradients", prefix=prefix, to=["fc1:0", "stop:0"])
    before = net["gradients"]
    stopped = {name for name, size in found.items() if size is None and before.get(name) is not None}
    assert stopped == {*BEFORE_FC1, "fc1:0"}
    assert found.pop("stop:0") == pytest.approx(before["fc1:0"], rel=1e-5)
    rest = {name: size for name, size in found.items() if name not in stopped}
    assert rest == pytest.approx({name: before[name] for name in rest}, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "at", ["while/state", "cond/large", "while/Switch:1", "cond/Merge", "cond/pred_id", "while/Merge"]
)
def test_what_is_put_into_a_loop_or_branch_is_differentiated(tf: TensorFlow, tmp_path: Path, nets, kind: str, at: str):
    net = made(nets, tf, kind)
    model = gs.load(net["prefix"] + ".meta")
    report = gs.insert(model, at=(at,), op="Identity")
    assert report.inserted[0].readers
    prefix = saved(model, tmp_path)
    assert tf.call("graph_edits:run", prefix=prefix, fetches=["prob:0", "fc1:0"]) == net["values"]
    found = tf.call("graph_edits:gradients", prefix=prefix, to=["fc1:0"])
    assert {k: v for k, v in found.items() if v is not None} == pytest.approx(
        {k: v for k, v in net["gradients"].items() if v is not None}, rel=1e-5
    )


def test_other_ops(tf: TensorFlow, tmp_path: Path, nets):
    net = made(nets, tf, "ref")
    model = gs.load(net["prefix"] + ".meta")
    for op, attr in (
        ("CheckNumerics", "message=bad"),
        ("Print", "message=fc2"),
        ("Cast", "DstT=float32"),
        ("Relu", "T=float32"),
    ):
        gs.insert(model, at=("fc1",), op=op, attr=(attr,))
    prefix = saved(model, tmp_path)
    assert tf.call("graph_edits:run", prefix=prefix, fetches=["prob:0", "fc1:0"]) == net["values"]


def test_signatures_serve_what_is_inserted(tf: TensorFlow, tmp_path: Path, nets):
    net = made(nets, tf, "ref")
    model = gs.load(net["saved"])
    gs.insert(model, at=("prob",), op="Cast", attr={"DstT": "float64"})
    gs.save(model, tmp_path / "served", to="saved_model")
    found = tf.call("graph_edits:serve", path=str(tmp_path / "served"))
    assert (found["dtype"], found["said"]) == ("float64", "float64")
    assert np.asarray(found["value"]).tolist() == np.asarray(net["values"][0]).astype(np.float64).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_rerouted(tf: TensorFlow, tmp_path: Path, nets, kind: str):
    net = made(nets, tf, kind)
    model = gs.load(net["prefix"] + ".meta")
    gs.reroute(model, map=("fc2:0=fc1:0",))
    wanted = tf.call("graph_edits:run", prefix=net["prefix"], fetches=["fc1:0"])[0]
    fed = tf.call("graph_edits:run", prefix=net["prefix"], fetches=["prob:0"], feed={"fc2:0": wanted})
    assert tf.call("graph_edits:run", prefix=saved(model, tmp_path), fetches=["prob:0"]) == fed


def test_bypassed_and_removed(tf: TensorFlow, tmp_path: Path, nets):
    net = made(nets, tf, "ref")
    model = gs.load(net["prefix"] + ".meta")
    gs.bypass(model, nodes=("fc1",))
    report = gs.remove(model, nodes=("fc1",))
    assert [row.where for row in report.references] == []
    prefix = saved(model, tmp_path)
    assert tf.call("graph_edits:run", prefix=prefix, fetches=["prob:0"]) == net["values"][:1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_goes_with_its_variables(tf: TensorFlow, tmp_path: Path, nets, kind: str):
    net = made(nets, tf, kind)
    model = gs.load(net["prefix"] + ".meta")
    product = model.graph["prob"].inputs[0]
    report = gs.remove(model, nodes=("prob", f"{product}(/.*)?", "last(/.*)?"))
    assert (report.saver, report.variables) == ("remade", ["last"])
    prefix = saved(model, tmp_path)
    assert tf.call("graph_edits:run", prefix=prefix, fetches=["fc1:0"]) == net["values"][1:]


def in_bodies(model: gs.Model, name: str) -> list[str]:
    """The nodes of a name in function bodies, as people call them."""
    return [f"{key}/{name}" for key, each in model.library.functions.items() if name in each.body]


def test_bodies_of_functions(tf2: TensorFlow, tmp_path: Path):
    tf2.call("graph_edits:save_module", path=str(tmp_path / "saved"))
    before = tf2.call("graph_edits:module_gradients", path=str(tmp_path / "saved"))
    model = gs.load(tmp_path / "saved")
    for name in in_bodies(model, "first"):
        gs.insert(model, at=(name,), op="StopGradient")
    for name in in_bodies(model, "state"):
        gs.insert(model, at=(name,), op="Identity")
    gs.set_trainable(model, not_trainable=("kernel2",))
    gs.save(model, tmp_path / "edited", to="saved_model")
    after = tf2.call("graph_edits:module_gradients", path=str(tmp_path / "edited"))
    assert after["value"] == before["value"]
    assert after["gradients"][0] == 0.0 != before["gradients"][0]
    assert after["gradients"][1] == pytest.approx(before["gradients"][1], rel=1e-5)
    # A tape watches what is trained.
    assert after["gradients"][2] == 0.0
    assert after["trainable"] == [True, True, False]


def test_tensorflow_2_serves_what_its_signature_says(tf2: TensorFlow, tmp_path: Path):
    tf2.call("graph_edits:save_module", path=str(tmp_path / "saved"))
    before = tf2.call("graph_edits:module_value", path=str(tmp_path / "saved"))
    model = gs.load(tmp_path / "saved")
    report = gs.insert(model, at=("prob",), op="Cast", attr={"DstT": "float64"})
    assert len(report.notes) == 1
    gs.save(model, tmp_path / "edited", to="saved_model")
    after = tf2.call("graph_edits:module_value", path=str(tmp_path / "edited"))
    assert (after["dtype"], after["value"]) == ("float64", before["value"])


def frozen_graphs(directory: Path, limit: int = 30) -> list[Path]:
    """Other people's frozen graphs that are small, spread over them all."""
    files = sorted(path for path in directory.rglob("*.pb") if path.name != "saved_model.pb")
    found = [path for path in files if path.stat().st_size < 200_000]
    return found[:: max(1, len(found) // limit)]


def test_identities_everywhere_change_nothing(tf: TensorFlow, tmp_path: Path, shared_models: Path):
    compared = 0
    for path in frozen_graphs(shared_models):
        model = gs.load(path)
        if any(finding.severity == "error" for finding in gs.verify(model)):
            continue
        outputs = [output.name for output in model.graph.outputs]
        for node in list(model.graph):
            for output in node.outputs:
                is_value = output.dtype is not None and not output.dtype.is_ref and output.consumers()
                with contextlib.suppress(gs.PassError):
                    if is_value:
                        gs.insert(model, at=(output.name,), op="Identity")
        gs.save(model, tmp_path / "edited.pb", force=True)
        try:
            wanted = tf.call("graph_tools:same_outputs", whole=str(path), part=str(path), outputs=outputs)
        except JudgeError:
            continue  # what does not run as it is
        if wanted == []:
            part = str(tmp_path / "edited.pb")
            found = tf.call("graph_tools:same_outputs", whole=str(path), part=part, outputs=outputs)
            assert found == [], path
            compared += 1
    assert compared > 10
