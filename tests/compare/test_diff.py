"""`gs.diff`: models, checkpoints, and one beside the other."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.compare import DiffReport, diff
from graphsurgeon.compare.report import CollectionDiff, Difference, GraphDiff, LibraryDiff, NodeRow, TensorsDiff
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation
from tests.counting import num_calls
from tests.models import frozen, meta_graph, shared_files
from tests.object_layers import checkpoint, key

TWINS = ["cond", "dtypes", "lstm_calls", "lstm_loop", "mobile_cnn", "resource_cnn"]


def test_is_at_the_top_level():
    assert gs.diff is diff


def test_equal_models():
    assert gs.diff(Model.from_graph_def(frozen()), Model.from_graph_def(frozen())).is_equal
    assert gs.diff(Model.from_meta_graph_def(meta_graph()), Model.from_meta_graph_def(meta_graph())).is_equal


def test_what_is_around_the_graph():
    other = meta_graph()
    other.graph_def.versions.producer = 7
    other.signature_def["serving_default"].method_name = "predict"
    other.collection_def["c"].node_list.value.append("x")
    report = gs.diff(Model.from_meta_graph_def(meta_graph()), Model.from_meta_graph_def(other))
    assert [(c.field, c.key, c.b) for c in report.model] == [
        ("graph_def", "versions/producer", 7),
        ("meta_graph_def", "signature_def/serving_default/method_name", "predict"),
    ]
    assert [row.name for row in report.collections] == ["c"]
    assert report.graph is not None
    assert report.graph.is_equal
    assert not report.is_equal


def test_gradients_of_functions():
    other = frozen()
    other.library.gradient.add(function_name="f", gradient_func="g")
    (change,) = gs.diff(Model.from_graph_def(frozen()), Model.from_graph_def(other)).model
    assert (change.field, change.key) == ("library", "gradient/0")


def test_neither_is_modified():
    a, b = Model.from_graph_def(frozen()), Model.from_meta_graph_def(meta_graph())
    gs.diff(a, b)
    assert a.to_graph_def() == frozen()
    assert b.to_meta_graph_def() == meta_graph()


def test_two_checkpoints():
    report = gs.diff({"w": as_tensor([1.0])}, {"w": as_tensor([2.0]), "v": as_tensor([1])})
    assert report.graph is None
    assert [row.name for row in report.tensors.changed] == ["w"]
    assert [row.name for row in report.tensors.extra] == ["v"]


def test_model_beside_a_checkpoint():
    model = notation.model("w = VariableV2 {dtype: f64, shape: shape[1]}; v = VariableV2 {dtype: f64, shape: shape[2]}")
    report = gs.diff(model, {"w": as_tensor([1.0]), "v": as_tensor([1.0]), "more": as_tensor([1])})
    assert (report.tensors.not_compared, [row.name for row in report.tensors.extra]) == (["w"], ["more"])
    assert [(row.name, row.a_shape, row.b_shape) for row in report.tensors.changed] == [("v", [2], [1])]
    assert report.notes
    model.variables = {"w": as_tensor([1.0])}
    assert gs.diff(model, {"w": as_tensor([1.0])}).is_equal
    assert gs.diff({"w": as_tensor([1.0])}, model).is_equal


@pytest.mark.parametrize("name", TWINS)
def test_fixture_beside_its_checkpoint(fixtures: Path, name: str):
    """The constants of a frozen graph are the values in the checkpoint, and only the graphs differ."""
    constants, checkpoint = gs.load(fixtures / f"{name}.pb"), gs.load_checkpoint(fixtures / f"{name}.ckpt")
    report = gs.diff(constants, checkpoint)
    assert report.is_equal
    assert report.tensors.num_equal == len(checkpoint)
    thawed = gs.load(fixtures / f"{name}.ckpt")
    assert gs.diff(thawed, checkpoint).is_equal
    whole = gs.diff(constants, thawed)
    assert whole.graph is not None
    assert {(c.a, c.b) for row in whole.graph.changed for c in row.changes if c.field == "op"} >= {
        ("Const", thawed.graph[next(iter(checkpoint))].op)
    }


def test_real_files_equal_themselves():
    paths = [path for path in shared_files(".pb") if path.name != "saved_model.pb"]
    if not paths:
        pytest.skip("no real files beside the project")
    for path in paths:
        try:
            models = gs.load(path), gs.load(path)
        except gs.GraphSurgeonError:
            continue
        assert gs.diff(*models).is_equal, path


def chain(num_nodes: int, scope: str = "", inserted: int = -1) -> Model:
    """A long chain of layers."""
    graph = schema.GraphDef()
    graph.node.add(name=f"{scope}x", op="Placeholder").attr["dtype"].type = 1
    last = f"{scope}x"
    for i in range(num_nodes // 2):
        weight = graph.node.add(name=f"{scope}{i}/w", op="Const")
        weight.attr["dtype"].type = weight.attr["value"].tensor.dtype = 1
        layer = graph.node.add(name=f"{scope}{i}/Add", op="AddV2", input=[last, f"{scope}{i}/w"])
        layer.attr["T"].type = 1
        last = layer.name
        if i == inserted:
            graph.node.add(name=f"{scope}{i}/Relu", op="Relu", input=[last]).attr["T"].type = 1
            last = f"{scope}{i}/Relu"
    return Model.from_graph_def(graph)


def test_the_cost_is_linear_in_nodes_even_when_all_are_renamed():
    def cost(num_nodes: int) -> int:
        a, b = chain(num_nodes), chain(num_nodes, "import/", inserted=num_nodes // 4)
        reports: list[DiffReport] = []
        calls = num_calls(lambda: reports.append(gs.diff(a, b)))
        graph = reports[0].graph
        assert graph is not None
        assert len(graph.renamed) == len(a.graph)
        assert [row.name for row in graph.added] == [f"import/{num_nodes // 4}/Relu"]
        assert len(graph.changed) == 1
        return calls

    cost(100)  # what is made once
    assert cost(10_000) < 4.25 * cost(2_500)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_memory_is_flat_in_values(root: Path, tmp_path: Path):
    """Two checkpoints of 160 MB each, one element apart, within what numpy itself takes and some buffers."""
    values = np.zeros(40_000_000, np.float32)
    gs.save_checkpoint({"w": values}, tmp_path / "a")
    values[-1] = 1
    gs.save_checkpoint({"w": values}, tmp_path / "b")
    code = (
        "import re, sys, graphsurgeon as gs\n"
        "report = gs.diff(gs.load_checkpoint(sys.argv[1]), gs.load_checkpoint(sys.argv[2]))\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())\n"
        "print(report.tensors.changed[0].values.num_different, peak[1])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a"), str(tmp_path / "b")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    num_different, peak = map(int, done.stdout.split())
    assert num_different == 1
    assert peak * 1024 < 128 << 20


NO_TENSORS = TensorsDiff([], [], [], [], 0)


def test_what_counts_as_a_difference():
    equal = GraphDiff([], [], [], [], 5, True)
    assert DiffReport(equal, LibraryDiff([], [], [], [], 0), [], [], NO_TENSORS).is_equal
    assert DiffReport(None, None, [], [], NO_TENSORS, ["a note"]).is_equal
    assert not DiffReport(GraphDiff([NodeRow("a", "X")], [], [], [], 0, False), None, [], [], NO_TENSORS).is_equal
    assert not DiffReport(None, None, [Difference("saver_def", "version", 1, 2)], [], NO_TENSORS).is_equal
    assert not DiffReport(None, None, [], [CollectionDiff("c", [], [], True)], NO_TENSORS).is_equal
    assert not DiffReport(None, LibraryDiff(["f"], [], [], [], 0), [], [], NO_TENSORS).is_equal


def test_keys_of_the_whole():
    report = diff(notation.model("a = NoOp"), notation.model("b = NoOp; c = NoOp"))
    facts = json.loads(json.dumps(report.to_json()))
    assert list(facts) == ["equal", "graph", "functions", "model", "collections", "tensors", "notes"]
    assert (facts["equal"], facts["graph"]["removed"]) == (False, [{"name": "a", "op": "NoOp"}])
    assert [row["name"] for row in facts["graph"]["added"]] == ["b", "c"]


def test_text_is_its_lines():
    report = diff(notation.model("a = NoOp"), notation.model("b = NoOp; c = NoOp"))
    assert str(report).splitlines() == list(report.lines())


def test_objects_are_compared_by_the_names_of_variables():
    report = diff(checkpoint(a=1, b=3), checkpoint(a=1, new=5, b=3))
    assert [row.name for row in report.tensors.extra] == [f"{key('1')} (new)"]
    assert report.tensors.num_equal == 2
    assert report.notes[0].startswith("compared by the names of variables, which keys do not agree with (2)")


def test_numbers_within_a_tolerance_are_equal_wherever_they_are():
    a, b = (notation.model(f"w = Const {{f32 [2] {value}}}; y = Relu(w)") for value in (2, 2.0001))
    assert not gs.diff(a, b).is_equal
    report = gs.diff(a, b, rtol=1e-3)
    assert report.is_equal
    assert report.notes == ["numbers within 0 + 0.001 * |b| count as equal, and NaN as NaN"]
    assert not gs.diff(a, b, atol=1e-5).is_equal
    one, other, nan = (as_tensor(np.float32(each)) for each in (1, 1.5, math.nan))
    assert gs.diff({"v": one}, {"v": other}, atol=1).is_equal
    assert gs.diff({"v": nan}, {"v": as_tensor(-np.float32(math.nan))}, atol=0).is_equal


@pytest.mark.parametrize("wrong", [{"rtol": -1}, {"atol": math.inf}, {"rtol": math.nan}])
def test_a_tolerance_that_is_none(wrong):
    with pytest.raises(PassError, match="tol is"):
        gs.diff({}, {}, **wrong)
