"""Models to and from messages and bytes; what counts as edited."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import graphsurgeon as gs
from graphsurgeon.checks import check, verify
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Library
from graphsurgeon.ir.model import Model, SavedModelParts, check_message_size
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor
from proto_utils import schema
from proto_utils.errors import LimitError, UnsupportedError
from proto_utils.files import BytesSource, Span
from proto_utils.schema import MAX_MESSAGE_NBYTES
from proto_utils.splice import Piece
from proto_utils.wire import len_header
from tests import notation, strategies


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else b"".join(map(bytes, piece.chunks())) for piece in pieces)


def example() -> schema.GraphDef:
    """Two nodes, a function, versions."""
    message: schema.GraphDef = notation.model("w = Const {f32 [2000]}; r = Identity(w)").to_graph_def()
    message.library.function.add().signature.name = "f"
    message.versions.producer = 1882
    return message


@given(strategies.frozen_graphs())
@settings(max_examples=100)
def test_messages_there_and_back(graph_def: schema.GraphDef):
    before = schema.serialize(graph_def)
    model = Model.from_graph_def(graph_def)
    assert [finding for finding in verify(model) if finding.severity == "error"] == []
    assert model.to_graph_def() == graph_def
    model.graph.set_nodes([node.copy() for node in model.graph])
    assert schema.serialize(model.to_graph_def()) == before
    assert schema.serialize(graph_def) == before


@given(strategies.frozen_graphs())
@settings(max_examples=50)
def test_a_graph_rebuilt_node_by_node_is_the_same(graph_def: schema.GraphDef):
    """Whatever `attrs` gives, `Node.new` takes."""
    read = Model.from_graph_def(graph_def)
    nodes = [Node.new(n.name, n.op, n.inputs, device=n.device, attrs=dict(n.attrs)) for n in read.graph]
    again = Model(Graph(nodes))
    for node in read.graph:
        other = again.graph[node.name]
        assert (other.op, other.inputs, set(other.attrs)) == (node.op, node.inputs, set(node.attrs))
        if node.op == "Const":
            assert other.tensor.numpy().tobytes() == node.tensor.numpy().tobytes()


def test_meta_graphs_there_and_back():
    meta = schema.MetaGraphDef(graph_def=example())
    meta.collection_def["c"].node_list.value.append("w")
    model = Model.from_meta_graph_def(meta)
    assert model.meta is not None
    assert model.meta.collection_def["c"].node_list.value == ["w"]
    assert not model.meta.HasField("graph_def")
    assert model.to_meta_graph_def() == meta
    assert model.to_graph_def() == meta.graph_def


def test_a_bare_graph_becomes_a_meta_graph():
    made = Model.from_graph_def(example()).to_meta_graph_def()
    made.meta_info_def.ClearField("stripped_op_list")
    assert made == schema.MetaGraphDef(meta_info_def={}, graph_def=example())


def test_where_defaults_are_said_to_be_stripped_new_nodes_have_none():
    """What was read stays as it came, whatever it says."""
    text = "x = Placeholder {dtype: f32}; a = MatMul(x, x) {transpose_a: false}"
    body = notation.function("f", "x", "m:product:0", "m = MatMul(x, x) {T: f32}")
    for is_stripped in (True, False):
        meta = notation.model(text, body).to_meta_graph_def()
        meta.meta_info_def.stripped_default_attrs = is_stripped
        model = Model.from_meta_graph_def(meta)
        attrs = {"T": dtypes.FLOAT, "transpose_a": False, "transpose_b": True, "_mine": False}
        model.graph.append(Node.new("b", "MatMul", ["a", "x"], attrs=attrs))
        model.library.functions["f"].body["m"].attrs["grad_a"] = False
        made = model.to_meta_graph_def().graph_def
        assert "transpose_a" in made.node[1].attr
        assert ("transpose_a" in made.node[2].attr) is not is_stripped
        assert {"T", "transpose_b", "_mine"} <= set(made.node[2].attr)
        assert ("grad_a" in made.library.function[0].node_def[0].attr) is not is_stripped


def ops_of(model: Model) -> list[str]:
    """The ops that its MetaGraphDef lists."""
    return [op.name for op in model.to_meta_graph_def().meta_info_def.stripped_op_list.op]


def test_what_was_made_or_edited_lists_its_ops():
    model = notation.model("x = Placeholder; y = Relu(x); z = Custom(y)")
    assert ops_of(model) == ["Placeholder", "Relu"]
    meta = model.to_meta_graph_def()
    meta.meta_info_def.stripped_op_list.op.add(name="Custom", summary="ours")
    meta.meta_info_def.stripped_op_list.op.add(name="Gone")
    read = Model.from_meta_graph_def(meta)
    assert read.to_meta_graph_def() == meta
    read.graph.append(Node.new("w", "NoOp"))
    assert ops_of(read) == ["Custom", "NoOp", "Placeholder", "Relu"]
    assert read.to_meta_graph_def().meta_info_def.stripped_op_list.op[0].summary == "ours"


def test_two_graphs_in_a_meta_graph_are_refused():
    raw = schema.serialize(schema.MetaGraphDef(graph_def=example())) * 2
    with pytest.raises(UnsupportedError, match="several graphs"):
        Model.read_meta_graph_def(Span(BytesSource(raw), 0, len(raw)))


def _remove_node(model: Model) -> None:
    model.graph.set_nodes(list(model.graph)[:1])


def _replace_graph(model: Model) -> None:
    model.graph = Graph(list(model.graph)[:1])


def _remove_function(model: Model) -> None:
    del model.library.functions["f"]


def _replace_library(model: Model) -> None:
    model.library = Library()


def _add_to_function(model: Model) -> None:
    model.library.functions["f"].body.append(Node.new("n", "NoOp"))


def _replace_body(model: Model) -> None:
    model.library.functions["f"].body = Graph([Node.new("n", "NoOp")])


def _edit_signature(model: Model) -> None:
    model.library.functions["f"].proto.signature.is_stateful = True


def _edit_versions(model: Model) -> None:
    model.rest.versions.producer = 1


def _edit_node(model: Model) -> None:
    model.graph["r"].op = "Other"


def _edit_attr(model: Model) -> None:
    model.graph["r"].attrs["T"] = dtypes.INT32


def _add_gradient(model: Model) -> None:
    model.library.rest.gradient.add(function_name="f", gradient_func="f")


EDITS = [_remove_node, _replace_graph, _remove_function, _replace_library, _add_to_function, _replace_body]
EDITS += [_edit_signature, _edit_versions, _edit_node, _edit_attr, _add_gradient]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_every_edit_is_written(edit):
    model = Model.from_graph_def(example())
    edit(model)
    written = model.to_graph_def()
    assert written != example()
    again = Model.from_graph_def(example())
    edit(again)
    assert schema.parse(schema.GraphDef, joined(again.graph_def_pieces())) == written
    meta = Model.from_meta_graph_def(schema.MetaGraphDef(graph_def=example()))
    edit(meta)
    assert meta.to_meta_graph_def().graph_def == written


def test_what_surrounds_an_edited_graph_keeps_its_bytes():
    """Collections in an order that no serializer would choose."""
    late = len_header(4, 0) + len_header(4, 0)
    raw = late + schema.serialize(schema.MetaGraphDef(graph_def=example()))
    model = Model.read_meta_graph_def(Span(BytesSource(raw), 0, len(raw)))
    model.graph["r"].op = "Other"
    assert joined(model.meta_graph_def_pieces()).endswith(late)


def test_more_than_protobuf_takes_is_said_before_anything_is_made():
    model = notation.model("w = Const {f32 [4]}")
    model.graph["w"].attrs["value"] = FillTensor(dtypes.FLOAT, [1 << 29])
    with pytest.raises(LimitError) as caught:
        model.to_graph_def()
    assert caught.value.size > 1 << 31


def test_restore_puts_everything_back():
    model = Model.from_meta_graph_def(schema.MetaGraphDef(graph_def=example()))
    before = schema.serialize(model.to_meta_graph_def())
    parts = model.saved_model = SavedModelParts((), 0)
    snapshot = model.snapshot()
    model.saved_model = parts._replace(own=1)
    model.graph.set_nodes([node.copy() for node in model.graph][:1])
    model.graph.append(Node.new("n", "NoOp"))
    model.library.functions["f"].proto.signature.is_stateful = True
    model.library.functions["g"] = model.library.functions.pop("f")
    model.rest.versions.producer = 5
    assert model.meta is not None
    model.meta.collection_def["c"].node_list.value.append("w")
    model.variables["v"] = FillTensor(dtypes.FLOAT, [3])
    model.restore(snapshot)
    assert model.saved_model is parts
    assert schema.serialize(model.to_meta_graph_def()) == before
    assert model.variables == {}


def test_graphs_are_the_main_one_and_the_bodies():
    assert [name for name, _ in Model.from_graph_def(example()).graphs()] == [None, "f"]


@pytest.mark.parametrize(
    "call",
    [gs.verify, lambda path: gs.diff(path, path), lambda path: gs.prune(path, outputs=("a",))],
    ids=["verify", "diff", "prune"],
)
def test_a_path_is_no_model(call):
    with pytest.raises(TypeError, match=r"a Model is wanted, not a str: load\(path\) makes one"):
        call("x.pb")


class Huge:
    nbytes = MAX_MESSAGE_NBYTES

    def chunks(self, nbytes=0):
        raise AssertionError("read although it is too large")


def test_limit_is_said_before_anything_is_read():
    check_message_size("GraphDef", [Huge()])
    with pytest.raises(LimitError, match="the GraphDef, in bytes") as caught:
        check_message_size("GraphDef", [Huge(), b"x"])
    assert (caught.value.size, caught.value.limit) == (MAX_MESSAGE_NBYTES + 1, MAX_MESSAGE_NBYTES)
    assert caught.value.hint is not None
    assert "a checkpoint has no such limit" in caught.value.hint


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("name", ["mobile_cnn.ckpt", "partitioned.ckpt", "lstm_calls.pb", "dtypes.ckpt"])
def test_models_are_copied_and_pickled(fixtures: Path, copied, name: str):
    model = gs.load(fixtures / name)
    next(iter(model.graph)).attrs["_note"] = "edited"
    again = copied(model)
    assert joined(again.meta_graph_def_pieces()) == joined(model.meta_graph_def_pieces())
    assert list(again.variables) == list(model.variables)
    for key, tensor in model.variables.items():
        np.testing.assert_array_equal(again.variables[key].numpy(), tensor.numpy())
    before = len(model.graph)
    again.graph.append(Node.new("more", "NoOp"))
    assert len(model.graph) == before


def test_a_model_knows_whether_it_was_edited_since_it_was_checked():
    model = notation.model("x = Placeholder {dtype: f32}; y = Relu(x)", notation.function("f", "a", "a", "b = NoOp"))
    states = [model.is_unchecked]
    model.library.functions["f"].body["b"].device = "/cpu:0"
    states.append(model.is_unchecked)
    check(model)
    assert [*states, model.is_unchecked] == [False, True, False]


def test_the_graph_of_a_model_is_a_graph():
    nodes: Any = []
    with pytest.raises(TypeError, match="the graph of a model is a Graph, not a list"):
        Model(nodes)


@pytest.mark.parametrize("given", [b"bytes", None, schema.MetaGraphDef()])
def test_what_is_no_graph_def_is_told_what_is_wanted(given):
    with pytest.raises(TypeError, match=r"a GraphDef message is wanted, not (bytes|NoneType|MetaGraphDef)"):
        Model.from_graph_def(given)


def test_a_copy_is_independent():
    function = notation.function("f", "a", "r:activations:0", "r = Relu(a)")
    model = notation.model("x = Placeholder {dtype: f32}; y = f(x)", function)
    model.meta = schema.MetaGraphDef()
    model.variables = {"w": FillTensor(dtypes.FLOAT, (2,))}
    before = model.to_meta_graph_def()
    copy = model.copy()
    assert copy.to_meta_graph_def() == before
    copy.graph["y"].op = "Relu"
    copy.library.functions["f"].body["r"].op = "Elu"
    copy.library.functions.clear()
    copy.rest.versions.producer = 7
    assert copy.meta is not None
    copy.meta.saver_def.max_to_keep = 7
    copy.variables.clear()
    assert model.to_meta_graph_def() == before
    assert list(model.variables) == ["w"]
