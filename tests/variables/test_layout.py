"""The nodes of a variable, and variables found by their nodes."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor
from graphsurgeon.variables.layout import Variable, VariableKind, can_hold, existing_variables, new_read, new_variable
from tests import notation

KINDS: tuple[VariableKind, ...] = ("ref", "resource")
VALUE = FillTensor(dtypes.INT8, (2, 0, 3))


def found(text: str) -> list[Variable]:
    graph = notation.graph(text)
    return list(existing_variables(graph, Index(graph)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_variable_is_found_again(kind):
    made = new_variable("a/b", VALUE, kind, {"a/b"}, device="/gpu:1")
    graph = Graph(made.nodes)
    assert list(existing_variables(graph, Index(graph))) == [made.variable]


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_free_and_taken_afterwards(kind):
    taken = {"v", "v/Assign", "v/Initializer/zeros", "v/read", "v/Read/ReadVariableOp"}
    before = set(taken)
    made = new_variable("v", VALUE, kind, taken)
    others = {node.name for node in made.nodes[1:]}
    assert not others & before
    assert taken == before | others


@pytest.mark.parametrize("kind", KINDS)
def test_a_given_read_is_used(kind):
    made = new_variable("v", VALUE, kind, {"v"}, read="mine")
    assert made.read == "mine"
    assert made.variable.snapshot == "mine:0"
    assert not any(node.op in ("Identity", "ReadVariableOp") for node in made.nodes)


@pytest.mark.parametrize("kind", KINDS)
def test_further_attrs_are_the_variables_alone(kind):
    made = new_variable("v", VALUE, kind, {"v"}, attrs={"_class": [b"loc:@x"], "_a": 1})
    assert made.nodes[0].attrs["_class"] == [b"loc:@x"]
    assert [node.name for node in made.nodes if "_a" in node.attrs] == ["v"]


def test_the_initial_value_costs_nothing():
    made = new_variable("v", FillTensor(dtypes.FLOAT, (1 << 20, 1 << 20)), "ref", {"v"})
    assert sum(node.proto.ByteSize() for node in made.nodes) < 700


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("shape", "dtype", "ops"),
    [
        ((999,), dtypes.FLOAT, ["Const"]),
        ((2, 500), dtypes.FLOAT, ["Const", "Const", "Fill"]),
        ((2, 500), dtypes.QINT16, ["Const"]),  # no TensorFlow fills with these
        ((1 << 40,), dtypes.BOOL, ["Const", "Const", "Fill"]),
    ],
)
def test_the_initial_value(shape, dtype, ops, kind):
    nodes = [n for n in new_variable("v", FillTensor(dtype, shape), kind, {"v"}).nodes if "/Initializer/" in n.name]
    assert [node.op for node in nodes] == ops
    assert [node.attrs["_class"] for node in nodes] == [[b"loc:@v"]] * len(ops)
    of = Graph(nodes)
    if len(ops) > 1:
        assert tuple(of["v/Initializer/zeros/shape_as_tensor"].tensor.numpy()) == shape
        assert nodes[-1].attrs["index_type"] == nodes[0].attrs["dtype"]
        assert (nodes[0].attrs["dtype"] is dtypes.INT64) == (max(shape) > 1 << 31)


def test_definitions():
    definition = new_variable("v", VALUE, "resource", {"v"}).variable.to_proto(trainable=True)
    assert (definition.variable_name, definition.initializer_name) == ("v:0", "v/Assign")
    assert (definition.snapshot_name, definition.initial_value_name) == (
        "v/Read/ReadVariableOp:0",
        "v/Initializer/zeros:0",
    )
    assert definition.is_resource
    assert definition.trainable


def test_the_read_of_that_name_is_preferred():
    (variable,) = found("""
        v = VariableV2 {dtype: f32, shape: shape[2]}
        other = Identity(v)
        v/read = Identity(v)
    """)
    assert variable.snapshot == "v/read:0"


def test_a_read_that_waits_for_something_is_none():
    (variable,) = found("x = NoOp; v = VariableV2 {dtype: f32, shape: shape[2]}; v/read = Identity(v, ^x)")
    assert variable.snapshot == ""


def test_the_initializer_is_the_one_beside_it():
    (variable,) = found("""
        v = VarHandleOp {dtype: f32, shape: shape[2]}
        c = Const {f32 [2]}
        save/AssignVariableOp = AssignVariableOp(v, c)
        v/Assign = AssignVariableOp(v, c)
    """)
    assert (variable.initializer, variable.initial_value) == ("v/Assign", "c:0")


def test_a_variable_read_by_reference_only():
    """What is assigned to another variable is not the initializer of this one."""
    first, second = found("""
        v = VariableV2 {dtype: f32, shape: shape[2]}
        v/u = VariableV2 {dtype: f32, shape: shape[2]}
        v/u/Assign = Assign(v/u, v)
    """)
    assert (first.initializer, second.initializer, second.initial_value) == ("", "v/u/Assign", "v:0")


def test_handles_without_a_type_are_passed_over():
    assert found("v = VarHandleOp") == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_of_its_own(kind):
    read = new_read("v", kind, dtypes.HALF, taken := set[str](), device="/cpu:0")
    assert (read.inputs, read.device, taken) == (("v",), "/cpu:0", {read.name})


def test_types_by_kind():
    assert all(can_hold(kind, dtype) for kind in KINDS for dtype in (dtypes.FLOAT, dtypes.STRING, dtypes.BFLOAT16))
    assert not can_hold("ref", dtypes.INT4)
    assert can_hold("resource", dtypes.INT4)
    assert can_hold("ref", dtypes.QUINT16)
    assert not can_hold("resource", dtypes.QUINT16)
