"""Graphs that change variables while they run: frozen, repaired, or declined by name; TensorFlow runs the results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from tests.tf.judge import TensorFlow


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_batch_norm_in_a_branch(tf: TensorFlow, tmp_path: Path, kind: str):
    made = tf.call("updating:batch_norm", directory=str(tmp_path), resource=kind == "resource")
    model = gs.load(made["prefix"] + ".meta")
    report = gs.freeze(model, outputs=("net/output",))
    assert len(report.cut) == 1
    gs.save(model, tmp_path / "ours.pb")
    value, trained = tf.call("updating:run_batch_norm", pb=str(tmp_path / "ours.pb"))
    assert (value, trained) == (made["value"], made["trained"])


def test_debiased_averages(tf: TensorFlow, tmp_path: Path):
    made = tf.call("updating:batch_norm", directory=str(tmp_path), debias=True)
    model = gs.load(made["prefix"] + ".meta")
    report = gs.freeze(model, outputs=("net/output",))
    assert len(report.cut) >= 3
    gs.save(model, tmp_path / "ours.pb")
    assert tf.call("updating:run_batch_norm", pb=str(tmp_path / "ours.pb")) == [made["value"], made["trained"]]


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("debias", [False, True])
def test_what_tensorflow_froze_into_a_broken_graph_is_repaired(tf: TensorFlow, tmp_path: Path, debias: bool, kind: str):
    made = tf.call("updating:batch_norm", directory=str(tmp_path), resource=kind == "resource", debias=debias)
    assert not tf.call("updating:is_accepted", pb=made["broken"])
    model = gs.load(made["broken"])
    report = gs.fix(model)
    gs.save(model, tmp_path / "fixed.pb")
    assert {row.op for row in report.repairs} >= ({"AssignSub"} if kind == "ref" else {"AssignSubVariableOp"})
    assert tf.call("updating:run_batch_norm", pb=str(tmp_path / "fixed.pb")) == [made["value"], made["trained"]]


@pytest.mark.parametrize("keep_calls", [False, True])
def test_a_saved_model_of_tensorflow_2(tf2: TensorFlow, tmp_path: Path, keep_calls: bool):
    """Calls, a loop, a branch, a gather and an update in function bodies."""
    expected = tf2.call("updating:saved_model", directory=str(tmp_path / "model"))
    model = gs.load(tmp_path / "model")
    report = gs.freeze(model, signature="serve", keep_calls=keep_calls)
    assert len(report.constants) == 3
    # Flat, the update is there once for each call.
    assert [name.rpartition("/")[2] for name in report.cut] == ["AssignSubVariableOp"] * (1 if keep_calls else 3)
    assert not any(node.op == "VarHandleOp" for _, graph in model.graphs() for node in graph)
    gs.save(model, tmp_path / "ours.pb")
    found = tf2.call("updating:run_frozen", pb=str(tmp_path / "ours.pb"), output=report.outputs[0])
    np.testing.assert_allclose(found, expected["serve"], rtol=1e-6)


def test_a_counter_is_declined_by_name_or_counts_once(tf2: TensorFlow, tmp_path: Path):
    tf2.call("updating:saved_model", directory=str(tmp_path / "model"))
    with pytest.raises(PassError, match="ReadVariableOp") as caught:
        gs.freeze(gs.load(tmp_path / "model"), signature="number")
    assert "AssignAddVariableOp changed it" in str(caught.value)
    model = gs.load(tmp_path / "model")
    report = gs.freeze(model, signature="number", updates="compute")
    gs.save(model, tmp_path / "ours.pb")
    found = tf2.call("updating:run_frozen", pb=str(tmp_path / "ours.pb"), output=report.outputs[0])
    np.testing.assert_array_equal(found, np.arange(12).reshape(4, 3) + 1.0)


def test_a_checkpoint_of_objects_beside_a_graph(tf2: TensorFlow, tmp_path: Path):
    made = tf2.call("updating:object_checkpoint", directory=str(tmp_path))
    model = gs.load(made["pb"], checkpoint=made["prefix"])
    report = gs.freeze(model, outputs=("output",))
    assert report.constants[0].name == "weight/.ATTRIBUTES/VARIABLE_VALUE"
    gs.save(model, tmp_path / "ours.pb")
    assert tf2.call("updating:run_frozen", pb=str(tmp_path / "ours.pb"), output="output") == made["value"]


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_notes_do_not_disturb_tensorflow(tf: TensorFlow, tmp_path: Path, kind: str):
    made = tf.call("updating:batch_norm", directory=str(tmp_path), resource=kind == "resource")
    model = gs.load(made["prefix"] + ".meta")
    gs.freeze(model, outputs=("net/output",), remember=True)
    gs.save(model, tmp_path / "noted.pb")
    assert tf.call("updating:run_batch_norm", pb=str(tmp_path / "noted.pb")) == [made["value"], made["trained"]]
    again = gs.load(tmp_path / "noted.pb")
    gs.unfreeze(again)
    gs.save(again, tmp_path / "again.ckpt")
    before, after = (
        tf.call("judging:variables", prefix=str(prefix)) for prefix in (made["prefix"], tmp_path / "again.ckpt")
    )
    assert after["variables"] == before["variables"]


@pytest.mark.parametrize("kept", [("mean",), ("kernel",), ("mean", "kernel", "table")])
def test_a_saved_model_of_which_variables_stay(tf2: TensorFlow, tmp_path: Path, kept: tuple[str, ...]):
    expected = tf2.call("updating:saved_model", directory=str(tmp_path / "model"))
    model = gs.load(tmp_path / "model")
    report = gs.freeze(model, signature="serve", keep=kept)
    assert sorted(report.variables) == sorted(kept)
    gs.save(model, tmp_path / "kept", to="saved_model")
    found = tf2.call("updating:serve", directory=str(tmp_path / "kept"), signature="serve")
    np.testing.assert_allclose(found, expected["serve"], rtol=1e-6)


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_results_of_updates_are_those_of_the_first_run(tf: TensorFlow, tmp_path: Path, kind: str):
    made = tf.call("updating:results", directory=str(tmp_path), resource=kind == "resource")
    with pytest.raises(PassError) as caught:
        gs.freeze(gs.load(made["prefix"] + ".meta"), outputs=("late",))
    assert str(caught.value.hint).startswith('`updates="compute"` freezes what the first run gives')
    model = gs.load(made["prefix"] + ".meta")
    report = gs.freeze(model, outputs=("late,scattered,assigned,both",), updates="compute")
    assert report.notes[-1].startswith("changes of variables are computed from the frozen values at every run")
    gs.save(model, tmp_path / "ours.pb")
    assert tf.call("updating:run_results", pb=str(tmp_path / "ours.pb")) == [made["values"]] * 2
