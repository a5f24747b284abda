"""What unfreezing does to a meta graph, as TensorFlow sees it: contexts, savers, versions, the note."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.variables.layout import VariableKind
from graphsurgeon.variables.unfreeze_note import COLLECTION
from proto_utils import schema
from tests.meta_graph.test_version import stamped
from tests.passes.harness import FROZEN, model
from tests.tf.judge import TensorFlow

KINDS = ("ref", "resource")


def meta_graph(prefix: Path) -> schema.MetaGraphDef:
    return schema.parse(schema.MetaGraphDef, Path(f"{prefix}.meta").read_bytes())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("control_flow", ["branch", "loop", "branch in a loop", "loop in a loop"])
def test_a_constant_of_a_loop_or_branch_trains(tf: TensorFlow, tmp_path: Path, control_flow: str, kind: VariableKind):
    """TensorFlow differentiates through imported contexts, and lets optimizers use the variable outside of them."""
    path, prefix = tmp_path / "frozen.meta", tmp_path / "thawed"
    tf.call("meta_graphs:with_contexts", path=str(path), control_flow=control_flow)
    of = gs.load(path)
    (name,) = [node.name for node in of.graph if node.op == "Const" and node.name.split("/")[-1] == "inside"]
    gs.unfreeze(of, select=(name,), variables=kind)
    gs.save(of, prefix)
    trained = tf.call("meta_graphs:trains", prefix=str(prefix), name=name)
    assert trained["before"] == tf.call("meta_graphs:frozen_output", path=str(path))
    assert trained["variable"] == name
    assert all(new < old for new, old in zip(trained["after"], [1.0, 2.0, 0.5], strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_variables_the_graph_had_are_restored_with_the_new_one(tf: TensorFlow, tmp_path: Path, kind: VariableKind):
    before, prefix = tmp_path / "half", tmp_path / "whole"
    tf.call("meta_graphs:half_frozen", prefix=str(before))
    of = gs.load(before)
    report = gs.unfreeze(of, variables=kind)
    assert [row.name for row in report.variables] == ["w"]
    gs.save(of, prefix)
    assert tf.call("meta_graphs:output", prefix=str(prefix)) == tf.call("meta_graphs:output", prefix=str(before))
    found = tf.call("judging:variables", prefix=str(prefix))["variables"]
    assert {name: facts["trainable"] for name, facts in found.items()} == {
        "parts/p/part_0": True, "parts/p/part_1": True, "renamed": True, "handle": False, "w": True,
    }  # fmt: skip
    saved = tf.call("judging:restore_by_name", prefix=str(prefix))
    assert sorted(saved) == ["handle", "other/name", "parts/p", "w"]
    assert meta_graph(prefix).saver_def.max_to_keep == 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_note_travels_and_disturbs_nothing(tf: TensorFlow, tmp_path: Path, kind: VariableKind):
    of, prefix = model(FROZEN + "z = Neg(w)"), tmp_path / "x"
    gs.unfreeze(of, variables=kind)
    gs.save(of, prefix)
    keys = tf.call("meta_graphs:exported_again", prefix=str(prefix))
    assert keys == sorted(meta_graph(prefix).collection_def)
    note = meta_graph(prefix).collection_def[COLLECTION]
    assert meta_graph(tmp_path / "x.again").collection_def[COLLECTION] == note
    again = gs.load(tmp_path / "x.again")
    gs.freeze(again, outputs=("y", "z"))
    assert [node.inputs for node in again.graph if node.name == "z"] == [("w",)]


def test_the_note_holds_under_a_name_scope_too(tf: TensorFlow, tmp_path: Path):
    of, prefix = model(FROZEN + "z = Neg(w)\nv = Const(^x) {f32 [3]}\nu = Neg(v)"), tmp_path / "x"
    gs.unfreeze(of, select=("w", "v"))
    gs.save(of, prefix)
    assert COLLECTION in tf.call("meta_graphs:exported_again", prefix=str(prefix), scope="a/b")
    again = gs.load(tmp_path / "x.again")
    gs.freeze(again, outputs=("a/b/y", "a/b/z", "a/b/u"))
    assert {node.name: node.inputs for node in again.graph if node.op in ("Neg", "Const")} == {
        "a/b/w": (), "a/b/z": ("a/b/w",), "a/b/v": ("^a/b/x",), "a/b/u": ("a/b/v",),
    }  # fmt: skip


def test_versions_that_stay_are_those_that_tensorflow_parses(tf: TensorFlow, tmp_path: Path):
    of, prefix = model(FROZEN), tmp_path / "x"
    gs.unfreeze(of)
    gs.save(of, prefix)
    candidates = ["1.15.0", "2.21.0", "0.12", "2", "1.0.0-rc2", "2.0.0-beta1", "2.4.0-dev20200901", "2.1.0+nv", "1.9"]
    candidates += ["1.15-mine", "1.x", "unknown", "1.9.0.post1", "1.12.0-rc.1"]
    good = tf.call("meta_graphs:versions", path=f"{prefix}.meta", candidates=candidates)
    assert {version for version in candidates if stamped(version) == (version, None)} <= set(good)


def test_a_signature_past_a_handle_gives_the_value(tf: TensorFlow, tmp_path: Path):
    meta, prefix = schema.MetaGraphDef(), tmp_path / "x"
    meta.signature_def["s"].outputs["weights"].name = "w:0"
    of = model(FROZEN, meta=meta)
    values = of.graph["w"].tensor.numpy()
    gs.unfreeze(of, variables="resource")
    gs.save(of, prefix)
    name = meta_graph(prefix).signature_def["s"].outputs["weights"].name
    dtype, shape, _ = tf.call("meta_graphs:output", prefix=str(prefix), name=name)
    assert (dtype, shape) == (str(values.dtype), list(values.shape))
