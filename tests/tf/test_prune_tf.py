"""Pruned graphs hold what TensorFlow's own tools keep, and pruned models restore, run and train in TensorFlow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from tests import notation
from tests.tf.judge import JudgeError, TensorFlow
from tests.tf.test_graph_util_tf import CHUNKS, fixture_graphs, shared_graphs, some_nodes, theirs
from tests.tf.test_saved_model_tf import saved_models
from tests.tf.thawing import (
    assert_runs_equal,
    assert_same_variables,
    assert_sound,
    assert_trains,
)

NETS = ("mobile", "unfused", "text", "loop", "branches", "dtypes", "awkward")
KINDS = (False, True)


def pruned_graph(graph: schema.GraphDef, **options: Any) -> tuple[schema.GraphDef, Any]:
    model = Model.from_graph_def(graph)
    report = gs.prune(model, **options)
    return model.to_graph_def(), report


def check_extract(tf: TensorFlow, graphs: dict[Path, schema.GraphDef], directory: Path) -> None:
    """The nodes are TensorFlow's, apart from those it keeps for the sake of colocation only."""
    jobs: list[dict[str, Any]] = [{"path": path, "outputs": some_nodes(graph)[::2]} for path, graph in graphs.items()]
    compared = 0
    for job, expected in zip(jobs, theirs(tf, "extract_sub_graph", jobs, directory), strict=True):
        graph = graphs[job["path"]]
        try:
            ours, report = pruned_graph(graph, outputs=tuple(job["outputs"]))
        except gs.GraphError:
            continue  # TensorFlow would not import it either
        assert not isinstance(expected, str), (job, expected)
        needed = ancestors({node.name: node for node in Model.from_graph_def(graph).graph}, job["outputs"])
        edited = {row.node for row in report.colocations}
        kept = [node for node in expected.node if node.name in needed]
        assert [node.name for node in ours.node] == [node.name for node in kept], job
        assert [n for n in ours.node if n.name not in edited] == [n for n in kept if n.name not in edited], job
        assert ours.versions == graph.versions
        compared += 1
    assert compared > len(jobs) / 2


def check_strip(tf: TensorFlow, graphs: dict[Path, schema.GraphDef], directory: Path) -> None:
    """Placeholders and the rest are TensorFlow's when it is told the true dtypes."""
    jobs: list[dict[str, Any]] = []
    results = []
    for path, graph in graphs.items():
        outputs, inputs = some_nodes(graph)[:1], some_nodes(graph)[1:]
        try:
            ours, report = pruned_graph(graph, outputs=tuple(outputs), inputs=tuple(inputs))
        except gs.GraphSurgeonError:
            continue
        if not {row.node for row in report.inputs} <= {node.name for node in graph.node}:
            continue  # a further output of a node, which TensorFlow does not feed
        types = {row.node: DType.from_name(row.dtype).number for row in report.inputs}
        jobs.append({"path": path, "inputs": list(types), "outputs": outputs, "types": list(types.values())})
        results.append((ours, report, outputs))
    compared = 0
    for job, expected, (ours, report, outputs) in zip(
        jobs, theirs(tf, "strip_unused", jobs, directory), results, strict=True
    ):
        assert not isinstance(expected, str), (job, expected)
        replaced = {row.node for row in report.inputs}
        needed = ancestors({node.name: node for node in Model.from_graph_def(expected).graph}, outputs)
        edited = {row.node for row in report.colocations}
        kept = [node for node in expected.node if node.name in needed]
        assert [node.name for node in ours.node] == [node.name for node in kept], job
        for mine, other in zip(ours.node, kept, strict=True):
            if mine.name in replaced:
                assert (mine.op, mine.attr["dtype"]) == ("Placeholder", other.attr["dtype"]), job
            elif mine.name not in edited:
                assert mine == other, job
        compared += bool(replaced)
    assert compared > 0


@pytest.mark.parametrize("check", [check_extract, check_strip])
def test_fixtures(tf: TensorFlow, fixtures: Path, tmp_path: Path, check: Any):
    check(tf, fixture_graphs(fixtures), tmp_path)


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("check", [check_extract, check_strip])
def test_other_peoples_graphs(tf2: TensorFlow, shared_models: Path, tmp_path: Path, check: Any, chunk: int):
    check(tf2, shared_graphs(shared_models, chunk), tmp_path)


def test_a_frozen_graph_runs_equal_from_its_new_inputs(tf: TensorFlow, fixtures: Path, tmp_path: Path):
    """The whole graph fed at the cut, and the part, give the same bits."""
    whole, part = fixtures / "mobile_cnn.pb", tmp_path / "part.pb"
    model = gs.load(whole)
    middle = [node.name for node in model.graph if node.op == "Relu6"][2]
    output = list(model.graph)[-1].name
    report = gs.prune(model, outputs=(output,), inputs=(middle,), input_shape=("2,8,8,32",))
    gs.save(model, part)
    assert report.inputs[0].op == "Relu6"
    assert tf.call("graph_tools:same_outputs", whole=str(whole), part=str(part), outputs=[f"{output}:0"]) == []


def prune_file(source: str | Path, prefix: Path, **options: Any) -> Any:
    model = gs.load(source)
    report = gs.prune(model, **options)
    gs.save(model, prefix)
    return report


@pytest.mark.parametrize("resource", KINDS, ids=["ref", "resource"])
@pytest.mark.parametrize("net", NETS)
def test_a_trained_net_without_its_training(tf: TensorFlow, tmp_path: Path, net: str, resource: bool):
    """Slots, step and gradients go; what is left is, file by file, what was never trained with an optimizer."""
    made = tf.call("making:make", net=net, directory=str(tmp_path), resource=resource, trained=net != "dtypes")
    prefix = tmp_path / "pruned.ckpt"
    outputs = tuple(name.removesuffix(":0") for name in made["outputs"])
    report = prune_file(f"{made['prefix']}.meta", prefix, outputs=outputs)
    assert report.saver == ("remade" if report.variables else "kept")
    left = {name: facts for name, facts in made["variables"].items() if name not in report.variables}
    assert_runs_equal(tf, made["pb"], prefix, made["outputs"])
    assert_same_variables(tf, prefix, left, "resource" if resource else "ref")
    assert_sound(tf, prefix, left)
    if net != "dtypes":
        assert_trains(tf, prefix, made["outputs"], optimizer="adam")


@pytest.mark.parametrize("kept", ["output_0", "output_3", "output_5"])
def test_one_head_of_several_keeps_its_variables(tf2: TensorFlow, fixtures: Path, tmp_path: Path, kept: str):
    prefix = tmp_path / "pruned.ckpt"
    report = prune_file(fixtures / "dtypes.ckpt.meta", prefix, outputs=(kept,))
    assert report.saver == "remade"
    assert report.variables
    frozen = gs.load(fixtures / "dtypes.pb")
    gs.prune(frozen, outputs=(kept,))
    gs.save(frozen, tmp_path / "frozen.pb")
    assert_runs_equal(tf2, tmp_path / "frozen.pb", prefix, [f"{kept}:0"])
    assert_sound(tf2, prefix, gs.load_checkpoint(prefix))


def test_parts_of_variables_are_restored_by_their_slices(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="text", directory=str(tmp_path), partitions=2, trained=True)
    prefix = tmp_path / "pruned.ckpt"
    outputs = tuple(name.removesuffix(":0") for name in made["outputs"])
    report = prune_file(f"{made['prefix']}.meta", prefix, outputs=outputs)
    assert report.saver == "remade"
    assert_runs_equal(tf, made["pb"], prefix, made["outputs"])
    parts = {name: facts for name, facts in made["variables"].items() if re.search(r"/part_\d$", name)}
    assert len(parts) > 10
    assert_same_variables(tf, prefix, parts, "ref")


def first_signature(model: Model) -> str:
    assert model.meta is not None
    return min((key for key in model.meta.signature_def if not key.startswith("__")), default="")


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_saved_models_serve_what_is_left(tf2: TensorFlow, shared_models: Path, tmp_path: Path, chunk: int):
    """Pruned to one signature, with tables, assets, partitioned and sharded savers, and savers that are functions."""
    compared = 0
    for number, path in enumerate(saved_models(shared_models)[chunk::CHUNKS]):
        model = gs.load(path)
        key = first_signature(model)
        if not key or model.meta is None:
            continue
        outputs = tuple(info.name for info in model.meta.signature_def[key].outputs.values() if info.name)
        gs.prune(model, outputs=outputs)
        assert key in model.meta.signature_def
        try:
            gs.save(model, tmp_path / str(number), to="saved_model")
        except (gs.NotFoundError, gs.UnsupportedError):
            continue  # its checkpoint was not kept, or is of version 1
        tags = list(model.meta.meta_info_def.tags)
        try:
            whole = tf2.call("saved_models:run_in_session", directory=str(path), tags=tags)
        except JudgeError:
            continue  # of a TensorFlow that is long gone
        part = tf2.call("saved_models:run_in_session", directory=str(tmp_path / str(number)), tags=tags)
        left = tuple(f"{key}/" for key in model.meta.signature_def)
        expected = {name: bits for name, bits in whole.items() if name.startswith(left)}
        assert part == expected, path
        compared += any(isinstance(bits, list) for bits in expected.values())
    assert compared > 0


def test_each_output_of_an_iterator_is_fed(tf1: TensorFlow, tmp_path: Path):
    """TensorFlow runs what is left of a net behind a dataset with its labels, and behind a loose end."""
    model = notation.model(
        """
        it = IteratorV2 {output_types: [f32, i32]}
        next = IteratorGetNext(it) {output_types: [f32, i32]}
        label = Cast(next:1) {SrcT: i32, DstT: f32}
        scaled = Mul(next, factor) {T: f32}
        y = Sub(scaled, label)
        """
    )
    model.graph["next"].attrs["output_shapes"] = [Shape([2]), Shape([2])]
    report = gs.prune(model, outputs=("y",), inputs=("next", "factor"))
    assert [row.node for row in report.inputs] == ["next", "factor", "next_1"]
    gs.save(model, tmp_path / "pruned.pb")
    feed = {"next:0": [1.0, 2.0], "next_1:0": [1, 1], "factor:0": 3.0}
    assert tf1.call("frozen_training:fetch", pb=str(tmp_path / "pruned.pb"), feed=feed) == [2, 5]


def test_what_a_queue_gives_has_the_shape_that_tensorflow_knows(tf: TensorFlow, tmp_path: Path):
    for path, (dequeue, shapes) in tf.call("queues:build", directory=tmp_path).items():
        report = gs.prune(gs.load(path), outputs=("y",), inputs=(dequeue,))
        assert [row.shape for row in report.inputs] == shapes, path
