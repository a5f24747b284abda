"""The drop-ins for the Graph Transform Tool and optimize_for_inference, with the same strings, beside TensorFlow's own.

What they make computes the same, has no more nodes than what TensorFlow makes, keeps versions, and thaws.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.compat.graph_transforms import TransformGraph
from graphsurgeon.compat.optimize_for_inference_lib import optimize_for_inference
from proto_utils import schema
from tests.tf.judge import JudgeError, TensorFlow
from tests.tf.test_shared_models import recorded_feeds
from tests.tf.test_transforms_tf import ALL

FLOAT = 1
INPUTS = {"text": ["words"], "branches": ["flag", "input"], "normalized": ["data", "image"]}
NETS = ("mobile", "unfused", "transposed", "text", "loop", "branches", "awkward", "normalized")
CHAIN = "strip_unused_nodes fold_constants(ignore_errors=true) fold_batch_norms fold_old_batch_norms"
#: Strings, and whether the outputs stay the same to the last bit.
STRINGS = {
    'strip_unused_nodes remove_device set_device(device="/cpu:0", if_default=true) sort_by_execution_order': True,
    "merge_duplicate_nodes add_default_attributes obfuscate_names": True,
    "insert_logging(op=Relu, op=MatMul, message=seen, first_n=0) backport_concatv2": True,
    CHAIN: False,
}
#: As much of a difference as folding makes, relative to the greatest magnitude.
TOLERANCE = 1e-5


def written(graph_def: Any, path: Path) -> str:
    path.write_bytes(schema.serialize(graph_def))
    return str(path)


def weights(path: str) -> set[str]:
    return {row.name for row in gs.unfreeze(gs.load(path)).variables}


def is_near(differences: dict[str, Any]) -> bool:
    return all(each["relative"] is not None and each["relative"] <= TOLERANCE for each in differences.values())


def kept_on_purpose(graph_def: Any) -> int:
    """Count what TensorFlow takes out and may not: what tells a branch or a weight, and what makes loops go round."""
    ops = {node.name: node.op for node in graph_def.node}
    flow = sum(op in ("Enter", "Switch", "NextIteration") for op in ops.values())
    reads = [node for node in graph_def.node if node.op == "Identity" and node.input]
    return flow + sum(ops.get(node.input[0].partition(":")[0]) in ("Switch", "Const") for node in reads)


@pytest.mark.parametrize("net", NETS)
def test_nets(tf: TensorFlow, tmp_path: Path, net: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    outputs, inputs = [name.removesuffix(":0") for name in made["outputs"]], INPUTS.get(net, ["input"])
    before = gs.load(made["pb"]).to_graph_def()
    known = weights(made["pb"])
    for number, (string, is_exact) in enumerate(STRINGS.items()):
        after = TransformGraph(before, inputs, outputs, [string])
        path = written(after, tmp_path / f"{number}.pb")
        answer = tf.call("judging:compare_frozen", pb=made["pb"], others=[path], outputs=outputs)
        assert len(answer["compared"]) == len(outputs)
        assert answer[path] == {} if is_exact else is_near(answer[path]), string
        assert after.versions == before.versions
        if "obfuscate" not in string and "fold" not in string:
            assert weights(path) == known, string
        theirs = tf.call(
            "transforming:transform", pb=made["pb"], target=str(tmp_path / "gtt.pb"), outputs=outputs,
            transforms=[string], inputs=inputs,
        )  # fmt: skip
        assert len(after.node) <= len(gs.load(theirs).graph) + kept_on_purpose(after), string


@pytest.mark.parametrize("net", ["mobile", "unfused", "text", "awkward"])
def test_optimize_for_inference(tf: TensorFlow, tmp_path: Path, net: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    outputs, inputs = [name.removesuffix(":0") for name in made["outputs"]], INPUTS.get(net, ["input"])
    before = gs.load(made["pb"]).to_graph_def()
    after = optimize_for_inference(before, inputs, outputs, FLOAT)
    path = written(after, tmp_path / "optimized.pb")
    answer = tf.call("judging:compare_frozen", pb=made["pb"], others=[path], outputs=outputs)
    assert is_near(answer[path])
    assert (len(answer["compared"]), after.versions) == (len(outputs), before.versions)


def test_what_two_read_is_not_folded(tf: TensorFlow, tmp_path: Path):
    """TensorFlow's is wrong for the other one."""
    pb = tf.call("graph_transforming:read_twice", path=str(tmp_path / "twice.pb"))
    ours = written(
        optimize_for_inference(gs.load(pb).to_graph_def(), ["input"], ["output"], FLOAT), tmp_path / "ours.pb"
    )
    theirs = tf.call("transforming:for_inference", pb=pb, target=str(tmp_path / "theirs.pb"), outputs=["output"])
    answer = tf.call("judging:compare_frozen", pb=pb, others=[ours, theirs], outputs=["output"])
    assert answer[ours] == {}
    assert not is_near(answer[theirs])


def test_dilated_convolutions(tf: TensorFlow, tmp_path: Path):
    pb = tf.call("graph_transforming:dilated", path=str(tmp_path / "dilated.pb"))
    outputs = [f"out_{number}" for number in range(6)]
    model = gs.load(pb)
    report = gs.flatten_atrous_conv(model, outputs=outputs)
    assert [len(report.flattened), [row.node for row in report.kept]] == [4, ["out_4", "out_5"]]
    assert {row.reason.partition(" in TensorFlow")[0] for row in report.kept} == {
        "the kernel of DepthwiseConv2dNative takes no notice of dilations",
        "the image is padded by [[1, 0], [1, 0]], which is neither VALID nor SAME, [[2, 2], [2, 2]]",
    }
    path = str(tmp_path / "flat.pb")
    gs.save(model, path)
    answer = tf.call("judging:compare_frozen", pb=pb, others=[path], outputs=outputs)
    assert (len(answer["compared"]), is_near(answer[path])) == (6, True)
    assert weights(path) == weights(pb)
    again = TransformGraph(gs.load(pb).to_graph_def(), ["input"], outputs, ["flatten_atrous_conv"])
    assert [node.name for node in again.node] == [node.name for node in model.graph]


def test_a_string_without_its_end_does_nothing_in_tensorflow(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="unfused", directory=str(tmp_path))
    how: dict[str, Any] = {"pb": made["pb"], "target": str(tmp_path / "gtt.pb"), "outputs": ["output"]}
    string = "remove_nodes(op=Identity"
    tf.call("transforming:transform", transforms=[string], **how)
    assert len(gs.load(how["target"]).graph) == len(gs.load(made["pb"]).graph)
    with pytest.raises(gs.PassError, match="the string ends where"):
        TransformGraph(gs.load(made["pb"]).to_graph_def(), ["input"], ["output"], [string])


def test_tensorflow_drops_versions_and_ours_stay(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="unfused", directory=str(tmp_path))
    before = gs.load(made["pb"]).to_graph_def()
    before.versions.producer = 26
    pb = written(before, tmp_path / "versioned.pb")
    for string in ("sort_by_execution_order", "strip_unused_nodes", "remove_device"):
        how: dict[str, Any] = {"pb": pb, "target": str(tmp_path / "gtt.pb"), "outputs": ["output"]}
        theirs = gs.load(tf.call("transforming:transform", transforms=[string], **how)).to_graph_def()
        ours = TransformGraph(before, ["input"], ["output"], [string])
        assert (theirs.versions.producer, ours.versions.producer) == (0, 26)


def test_transforms_that_are_not_there(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="awkward", directory=str(tmp_path))
    how: dict[str, Any] = {"pb": made["pb"], "target": str(tmp_path / "gtt.pb"), "outputs": ["output"]}
    with pytest.raises(JudgeError, match="not recognized"):
        tf.call("transforming:transform", transforms=["fold_constant"], **how)
    with pytest.raises(gs.NotFoundError, match="no transform 'fold_constant'"):
        TransformGraph(gs.load(made["pb"]).to_graph_def(), ["input"], ["output"], ["fold_constant"])


#: A string for each transform that leaves what a graph gives as it was, and how far apart it may be, relatively.
EACH = {
    'strip_unused_nodes(type=float, shape="1,2,2,3")': 0.0,
    "remove_device": 0.0,
    "sort_by_execution_order": 0.0,
    "merge_duplicate_nodes": 0.0,
    "remove_nodes(op=Identity, op=CheckNumerics)": 0.0,
    "fold_constants(ignore_errors=true)": TOLERANCE,
    "fold_batch_norms fold_old_batch_norms": TOLERANCE,
    "add_default_attributes": 0.0,
    "remove_control_dependencies(ignore_errors=true)": 0.0,
    "backport_concatv2": 0.0,
    "flatten_atrous_conv": TOLERANCE,
}


def assert_no_more(tf: TensorFlow, path: Path, ours: Path, inputs: list[str], outputs: list[str]) -> None:
    """Require no more nodes than TensorFlow leaves, where it leaves any and each op there has a kernel of ours."""
    report = gs.fold_constants(gs.load(path), outputs=outputs, inputs=inputs, approximate=True, weights="fold")
    if any("is not computed here" in row.reason for row in report.kept):
        return
    theirs, names = str(ours.with_suffix(".gtt.pb")), sorted({name.partition(":")[0] for name in outputs})
    try:
        tf.call(
            "transforming:transform", pb=str(path), target=theirs, inputs=inputs, outputs=names,
            transforms=["fold_constants(ignore_errors=true)"],
        )  # fmt: skip
    except JudgeError:
        return
    assert len(gs.load(ours).graph) <= len(gs.load(theirs).graph), path


def test_each_transform_of_graphs_of_others(tf: TensorFlow, shared_models: Path, tmp_path: Path):
    found = sorted(path for path in shared_models.rglob("*.pb") if path.name != "saved_model.pb")
    # Others in the other TensorFlow.
    chosen = found if ALL else [path for path in found if path.stat().st_size < 50_000][tf.is_v1 + 7 :: 40]
    num_run = 0
    for number, path in enumerate(chosen):
        feeds = recorded_feeds(path, tmp_path / "feeds.npz")
        accepted = tf.call("judging:accepts", path=str(path), feeds=feeds)
        if "refused" in accepted:
            continue
        graph_def, outputs = gs.load(path).to_graph_def(), accepted["outputs"]
        inputs = [node.name for node in graph_def.node if node.op in ("Placeholder", "PlaceholderWithDefault")]
        paths = {}
        for place, transform in enumerate(EACH):
            made = TransformGraph(graph_def, inputs, outputs, [transform])
            paths[written(made, tmp_path / f"{number}-{place}.pb")] = transform
        answer = tf.call(
            "judging:compare_frozen", pb=str(path), others=list(paths), outputs=accepted["outputs"],
            dimension=accepted["dimension"], feeds=feeds,
        )  # fmt: skip
        for made, transform in paths.items():
            past = {
                name: told for name, told in answer[made].items()
                if told["relative"] is None or told["relative"] > EACH[transform]
            }  # fmt: skip
            assert past == {}, (path, transform)
            if transform.startswith("fold_constants"):
                assert_no_more(tf, path, Path(made), inputs, outputs)
        num_run += 1
    assert num_run > 5
