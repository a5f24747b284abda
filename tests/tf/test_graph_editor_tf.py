"""The graph editor beside TensorFlow 1.15's own: one program text, run on both, makes the same graph."""

from __future__ import annotations

import base64
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output
from proto_utils import schema
from tests.tf.judge import TensorFlow

#: Which nets, and a program of lines; the last is an expression. Beside ``ge`` it may name graph, op, t and new_graph.
CASES = [
    ("scopes", "ge.swap_ts(t('foo/b:0'), t('foo/d:0'))"),
    ("scopes", "ge.reroute_ts([t('a:0')], [t('foo/c:0')])"),
    ("scopes", "ge.reroute_ts(t('foo/d:0'), t('foo/c:0'), can_modify=op('foo/bar/e'))"),
    ("scopes", "ge.reroute_ts(t('foo/d:0'), t('foo/c:0'), cannot_modify=[op('foo/bar/e'), op('foo/bar/h')])"),
    ("scopes", "ge.reroute_ts([t('a:0'), t('foo/b:0')], t('foo/d:0'))"),
    ("scopes", "ge.detach(ge.sgv(op('foo/c'), op('a')), control_ios=ge.ControlOutputs(graph))"),
    ("scopes", "ge.detach(ge.sgv(op('foo/bar/h')), control_inputs=True)"),
    ("scopes", "ge.detach_inputs(ge.sgv_scope('foo/bar', graph))"),
    ("scopes", "ge.detach_outputs(op('foo/c'))"),
    ("scopes", "ge.detach_outputs(op('foo/c'), ge.ControlOutputs(graph))"),
    ("scopes", "ge.detach_control_inputs(op('foo/bar/h'))"),
    ("scopes", "ge.bypass(ge.sgv(op('foo/bar/f')).remap_inputs([0]))"),
    ("scopes", "ge.bypass(op('foo/bar/f'))"),
    ("scopes", "ge.connect(ge.sgv(op('foo/d')), ge.sgv(op('foo/bar/g')).remap_inputs([0]))"),
    ("scopes", "ge.connect(op('foo/c'), ge.sgv(op('foo/bar/h')).remap_inputs([1]), disconnect_first=True)"),
    ("scopes", "ge.swap_ios(ge.sgv(op('foo/bar/f')), ge.sgv(op('foo/d')))"),
    ("scopes", "ge.reroute_ios(ge.sgv(op('foo/bar/f')), ge.sgv(op('foo/bar/g')))"),
    ("pairs", "ge.swap_ios(ge.sgv(op('c0')), ge.sgv(op('c1')))"),
    ("scopes", "ge.swap_outputs(op('foo/bar/f'), op('foo/b'))"),
    ("scopes", "ge.reroute_outputs(op('foo/bar/f'), op('foo/bar/g'))"),
    ("scopes", "ge.swap_inputs(op('foo/bar/f'), op('foo/bar/g'))"),
    ("scopes", "ge.reroute_inputs(op('foo/bar/f'), op('foo/bar/g'))"),
    ("scopes", "ge.add_control_inputs(op('foo/bar/e'), [op('a'), op('foo/d')])"),
    ("scopes", "ge.add_control_inputs(op('foo/bar/h'), op('foo/c'))"),
    ("scopes", "ge.remove_control_inputs(op('foo/bar/h'), op('foo/c'))"),
    ("scopes", "ge.remove_control_inputs(op('foo/bar/h'), op('a'))"),
    ("scopes", "ge.sgv('^foo/bar/', graph=graph)"),
    ("scopes", "ge.sgv('^foo/bar/', '(?#ts)^foo/d', graph=graph)"),
    ("scopes", "ge.sgv(op('foo/bar/f'), t('a:0'))"),
    ("scopes", "ge.sgv(graph).remap_outputs([1]).remove_unused_ops()"),
    ("scopes", "ge.sgv(op('foo/c')).remap_outputs_to_consumers().remap_outputs_make_unique()"),
    ("scopes", "ge.sgv(op('foo/c')).remap_outputs([0, 0])"),
    ("scopes", "ge.sgv(op('foo/c')).remap_inputs([1, 0])"),
    ("scopes", "ge.sgv(op('foo/c')).remap_inputs([1, 1])"),
    ("scopes", "ge.sgv(op('foo/c')).remap_inputs([2])"),
    ("scopes", "ge.sgv(op('foo/c')).remap([], []).remap_default(remove_output_map=False)"),
    ("scopes", "sorted(o.name for o in ge.sgv(op('foo/c')).consumers())"),
    ("scopes", "ge.sgv('foo')"),
    ("scopes", "ge.sgv_scope('foo/bar', graph=graph)"),
    ("scopes", "ge.select_ops('a', '^foo/bar/', graph=graph)"),
    ("scopes", "ge.select_ts(r'.*/bar/[a-z]+:0', graph=graph)"),
    ("scopes", "ge.select_ops_and_ts('^foo/.*', '(?#ts)^foo/bar/.*', graph=graph)"),
    ("scopes", "ge.select_ops('^foo', graph=graph, positive_filter=lambda o: o.name.endswith('d'))"),
    ("scopes", "ge.select_ops('^foo', graph=graph, other=1)"),
    ("scopes", "ge.filter_ops_from_regex(graph, r'^.*\\b[abc]$')"),
    ("scopes", "ge.filter_ts_from_regex(graph, r'^.*/[fgh]:\\d$')"),
    ("scopes", "ge.get_name_scope_ops(graph, 'foo/')"),
    ("scopes", "ge.compute_boundary_ts([op('foo/bar/g'), op('foo/bar/h')])"),
    ("scopes", "ge.compute_boundary_ts([op('foo/c'), op('foo/bar/e')])"),
    ("scopes", "sorted(o.name for o in ge.get_ops_ios(op('foo/c'), control_ios=ge.ControlOutputs(graph)))"),
    ("scopes", "sorted(o.name for o in ge.get_ops_ios(op('foo/bar/h'), control_inputs=True))"),
    ("scopes", "ge.get_within_boundary_ops(graph, op('foo/bar/f'), [op('foo/c'), op('foo/bar/h')], inclusive=False)"),
    ("scopes", "ge.get_within_boundary_ops(graph, op('foo/bar/h'), [op('foo/bar/f'), op('foo/bar/g')])"),
    ("scopes", "ge.get_within_boundary_ops(graph, op('a'), op('a'))"),
    ("scopes", "sorted(o.name for o in ge.get_forward_walk_ops(op('foo/c')))"),
    ("scopes", "sorted(o.name for o in ge.get_forward_walk_ops(t('foo/d:0'), inclusive=False))"),
    ("scopes", "sorted(o.name for o in ge.get_forward_walk_ops(op('a'), stop_at_ts=t('foo/c:0')))"),
    ("scopes", "sorted(o.name for o in ge.get_forward_walk_ops(op('a'), within_ops=[op('a'), op('foo/c')]))"),
    ("scopes", "sorted(o.name for o in ge.get_forward_walk_ops(op('a'), within_ops_fn=lambda o: o.name != 'foo/c'))"),
    ("scopes", "sorted(o.name for o in ge.get_backward_walk_ops(t('foo/bar/f:0')))"),
    ("scopes", "sorted(o.name for o in ge.get_backward_walk_ops(op('foo/bar/h'), stop_at_ts=[t('foo/bar/g:0')]))"),
    ("scopes", "sorted(o.name for o in ge.get_walks_intersection_ops(op('foo/c'), op('foo/bar/g')))"),
    ("scopes", "sorted(o.name for o in ge.get_walks_union_ops([op('foo/bar/f')], [op('foo/bar/g')]))"),
    ("scopes", "ge.copy(graph, new_graph())[0]"),
    ("scopes", "ge.copy(ge.sgv_scope('foo/bar', graph), dst_scope='x', src_scope='foo')[0]"),
    ("scopes", "ge.copy(ge.sgv_scope('foo/bar', graph), dst_scope='x', src_scope='bar')[0]"),
    ("scopes", "ge.copy(op('foo/bar/h'), dst_scope='foo')[0]"),
    ("scopes", "ge.copy(op('foo/bar/h'), dst_scope='foo', reuse_dst_scope=True)[0]"),
    ("scopes", "ge.copy(op('foo/bar/h'))[0]"),
    ("scopes", "ge.copy([op('foo/bar/g'), op('foo/bar/h')], dst_scope='twice')[1].transformed(op('foo/bar/g'))"),
    ("scopes", "info = ge.copy([op('foo/c')], dst_scope='k')[1]; info.original(graph.get_tensor_by_name('k/foo/c:0'))"),
    ("scopes", "ge.copy_with_input_replacements(op('foo/c'), {t('a:0'): t('foo/d:0')})[0]"),
    ("scopes", "ge.graph_replace(t('foo/bar/h:0'), {t('a:0'): t('foo/d:0')})"),
    ("scopes", "ge.graph_replace([t('foo/d:0'), t('foo/bar/e:0')], {t('a:0'): t('foo/d:0')}, dst_scope='new')"),
    ("scopes", "ge.graph_replace({'y': t('foo/bar/f:0')}, {t('a:0'): t('foo/d:0')}, 'new', 'foo/')"),
    ("scopes", "ge.graph_replace(t('foo/d:0'), {t('a:0'): t('foo/d:0')})"),
    ("scopes", "ge.util.find_corresponding([t('a:0'), op('foo/c')], graph)"),
    ("scopes", "ge.util.find_corresponding_elem(op('a'), graph, dst_scope='none')"),
    ("scopes", "ge.placeholder_name(t('foo/c:0'))"),
    ("scopes", "ge.placeholder_name(t('foo/c:0'), scope='')"),
    ("scopes", "ge.placeholder_name(scope='a/b', prefix='p')"),
    ("scopes", "ge.get_generating_ops([t('a:0'), t('foo/c:0')])"),
    ("scopes", "ge.make_list_of_op(t('a:0'))"),
    ("scopes", "ge.make_list_of_t([t('a:0'), op('a')], ignore_ops=True)"),
    ("scopes", "ge.make_list_of_op(graph, allow_graph=False)"),
    ("scopes", "ge.ControlOutputs(graph).get_all()"),
    ("scopes", "ge.check_cios(control_ios=3)"),
    ("pairs", "ge.swap_ts([t('a0:0'), t('b0:0')], [t('a1:0'), t('b1:0')])"),
    ("pairs", "ge.reroute_ts([t('a0:0'), t('b0:0')], [t('a1:0'), t('b1:0')])"),
    ("pairs", "ge.reroute_ts(t('a0:0'), t('a2:0'))"),
    ("pairs", "ge.swap_outputs(ge.sgv(op('a0'), op('b0'), op('c0')), ge.sgv(op('c1')))"),
    ("pairs", "ge.connect(ge.sgv(op('a0'), op('b0')), ge.sgv(op('c1')))"),
    ("pairs", "ge.swap_inputs(op('c0'), op('c2'))"),
    ("sums", "ge.copy(graph, new_graph())[0]"),
    ("sums", "ge.copy_with_input_replacements(op('Add_2'), {t('Add_1:0'): t('Input:0')})[0]"),
    ("variables", "ge.graph_replace(t('c:0'), {t('a:0'): t('eps:0')})"),
    ("split", "ge.swap_ts(t('s:0'), t('s:1'), can_modify=op('z'))"),
    ("split", "ge.detach_inputs(op('z'))"),
    ("split", "ge.detach_control_outputs(op('y'), ge.ControlOutputs(graph))"),
    ("split", "ge.copy(graph, dst_scope='k')[0]"),
    ("split", "ge.graph_replace(t('m:0'), {t('s:0'): t('s:1')})"),
    ("loop", "ge.copy(graph, new_graph(), dst_scope='k')[0]"),
]  # fmt: skip


@pytest.fixture(scope="module")
def nets(tf1: TensorFlow) -> dict[str, bytes]:
    found: Mapping[str, str] = tf1.call("graph_editing:nets")
    return {net: base64.b64decode(text) for net, text in found.items()}


@pytest.fixture(scope="module")
def theirs(tf1: TensorFlow) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tf1.call("graph_editing:judge", cases=CASES)
    return found


def load(data: bytes) -> Model:
    return Model.from_graph_def(schema.GraphDef.FromString(data))


def run(model: Model, text: str) -> Any:
    graph = model.graph
    graph.get_tensor_by_name = graph.tensor  # type: ignore[attr-defined]
    names = {"ge": ge, "graph": graph, "op": graph.node, "t": graph.tensor, "new_graph": Graph}
    try:
        for line in text.split(";")[:-1]:
            exec(line.strip(), names)
        return plain(eval(text.rsplit(";", maxsplit=1)[-1].strip(), names))
    except (ValueError, TypeError, KeyError) as error:
        return type(error).__name__.replace("NotFoundError", "KeyError")


def plain(value: Any) -> Any:
    if isinstance(value, ge.SubGraphView):
        return {
            "ops": sorted(op.name for op in value.ops),
            "inputs": plain(value.inputs),
            "outputs": plain(value.outputs),
        }
    if isinstance(value, ge.TransformerInfo):
        return None
    if isinstance(value, (Node, Output)):
        return value.name
    if isinstance(value, dict):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, ge.util.ListView)):
        return [plain(each) for each in value]
    return value


def edges(graph: Graph) -> dict[str, list[str]]:
    return {node.name: [node.op, *node.data_inputs, *sorted(node.control_inputs)] for node in graph}


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{net}: {text}" for net, text in CASES])
def test_the_same_program_makes_the_same_graph(nets: dict[str, bytes], theirs: list[dict[str, Any]], number: int):
    net, text = CASES[number]
    model = load(nets[net])
    result = run(model, text)
    assert result == theirs[number]["result"]
    assert edges(model.graph) == theirs[number]["edges"]


def values(tf: TensorFlow, model: Model, fetches: list[str], feeds: Mapping[str, float]) -> list[float]:
    data = base64.b64encode(model.to_graph_def().SerializeToString()).decode()
    found: list[float] = tf.call("graph_editing:values", graph_def=data, fetches=fetches, feeds=feeds)
    return found


def test_a_copied_loop_runs_beside_its_original(tf1: TensorFlow, nets: dict[str, bytes]):
    """TensorFlow's copy has the inputs of Merge the wrong way round, in the frame of the original."""
    model = load(nets["loop"])
    _, info = ge.copy(model.graph, dst_scope="k")
    assert info.transformed("last:0").name == "k/last:0"
    assert model.graph["k/while/Merge"].inputs == ("k/while/Enter", "k/while/NextIteration")
    feeds = {"last:0": 10, "k/last:0": 5}
    assert values(tf1, model, ["total:0", "k/total:0"], feeds) == [55, 15]


def test_a_loop_is_computed_once_more_from_other_tensors(tf1: TensorFlow, nets: dict[str, bytes]):
    """TensorFlow's raises a ValueError."""
    model = load(nets["loop"])
    new = ge.graph_replace(model.graph["total:0"], {model.graph["zero:0"]: model.graph["start:0"]})
    assert values(tf1, model, ["total:0", new.name], {"last:0": 4}) == [10, 11]
    last = model.graph.add("Const", dtype="int32", value=3, name="three")
    newer = ge.graph_replace([new], {model.graph["last:0"]: last.outputs[0]})[0]
    assert values(tf1, model, ["total:0", new.name, newer.name], {"last:0": 4}) == [10, 11, 7]


def test_a_loop_is_copied_from_any_order_of_nodes(tf1: TensorFlow, nets: dict[str, bytes]):
    model = load(nets["loop"])
    model.graph.set_nodes(list(model.graph)[::-1])
    into = Model()
    into.rest.CopyFrom(model.rest)
    ge.copy(model.graph, into.graph, "k")
    assert values(tf1, into, ["k/total:0"], {"k/last:0": 10}) == [55]


def test_a_copied_branch_leaves_no_placeholders(tf1: TensorFlow, nets: dict[str, bytes]):
    model = load(nets["branch"])
    ge.copy(model.graph, dst_scope="k")
    assert model.graph.select(name=".*geph.*") == []
    assert values(tf1, model, ["y:0", "k/y:0"], {"x:0": 2, "k/x:0": -2}) == [3, -3]


def test_copies_are_colocated_with_copies(tf1: TensorFlow, nets: dict[str, bytes]):
    """TensorFlow's are with the originals."""
    model = load(nets["split"])
    assert model.graph["m"].attrs["_class"] == [b"loc:@y"]
    ge.copy(model.graph, dst_scope="k")
    assert model.graph["k/m"].attrs["_class"] == [b"loc:@k/y"]
    alone = Model()
    ge.copy(model.graph["m"], alone.graph)
    assert "_class" not in alone.graph["m"].attrs
    assert values(tf1, model, [], {}) == []


def test_an_op_that_reads_both_of_what_is_swapped(nets: dict[str, bytes]):
    """TensorFlow's reads one of them twice then."""
    graph = load(nets["scopes"]).graph
    ge.swap_outputs(graph["foo/bar/f"], graph["foo/bar/g"])
    assert graph["foo/bar/h"].data_inputs == ("foo/bar/g", "foo/bar/f")


@pytest.mark.parametrize("resource", [False, True])
def test_a_copied_net_computes_the_same(tf1: TensorFlow, tmp_path: Path, resource: bool):
    """A net with a batch norm, a loop and a branch, as it is, copied, and computed from another input."""
    made = tf1.call("graph_edits:make", directory=str(tmp_path), resource=resource)
    model = gs.load(made["prefix"] + ".meta")
    gs.freeze(model, outputs=("prob",))
    graph = model.graph
    ge.copy(graph, dst_scope="k")
    new = ge.graph_replace(graph["prob:0"], {graph["x:0"]: ge.ph("float32", [None, 4], graph=graph)}, dst_scope="new")
    data = base64.b64encode(model.to_graph_def().SerializeToString()).decode()
    names = ["prob:0", "k/prob:0", new.name]
    first, *others = tf1.call(
        "graph_editing:arrays", graph_def=data, fetches=names, rows=[[1, -2, 3, 0.5], [0, 1, 0, -1]]
    )
    assert [others[0], others[1]] == [first, first]
    assert gs.verify(model) == []


def test_every_name_is_there(tf1: TensorFlow):
    theirs: dict[str, dict[str, list[str]]] = tf1.call("graph_editing:names")
    assert len(theirs[""]) > 50
    for module, found in theirs.items():
        ours = getattr(ge, module) if module else ge
        for name, parameters in found.items():
            known = list(inspect.signature(getattr(ours, name)).parameters)
            assert known[: len(parameters)] == parameters or name == "TransformerInfo", name
