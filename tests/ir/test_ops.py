"""Facts about ops: counts, names and types of outputs, references, state, functions."""

from __future__ import annotations

import pytest

from graphsurgeon.ir import ops
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from tests.counting import num_calls


def node(op, **attrs):
    return Node.new("n", op, attrs=attrs)


@pytest.mark.parametrize(
    ("made", "count"),
    [
        (node("Const"), 1),
        (node("NoOp"), 0),
        (node("Switch"), 2),
        (node("FusedBatchNorm"), 5),
        (node("FusedBatchNormV3"), 6),
        (node("Split", num_split=4), 4),
        (node("IdentityN", T=[dtypes.FLOAT, dtypes.INT32]), 2),
        (node("While", T=[]), 0),
        (node("ParseExample", Nsparse=2, sparse_types=[dtypes.INT64] * 2, Tdense=[dtypes.FLOAT]), 7),
    ],
)
def test_num_outputs(made, count):
    assert ops.num_outputs(made) == count


@pytest.mark.parametrize(
    "made",
    [node("MyCustomOp"), node("Split"), node("Split", num_split=-1), node("Split", num_split=b"4"), node("IdentityN")],
)
def test_num_outputs_of_an_unknown_op_or_without_the_attr_is_unknown(made):
    assert ops.num_outputs(made) is None


def test_an_absent_attr_has_its_default():
    # Nordering_token came with 2.x with default 0; ParseSequenceExample's lists default to empty.
    assert ops.num_outputs(node("ParseSequenceExample")) == 0
    assert ops.output_types(node("ArgMax")) == [dtypes.INT64]


def test_output_names_are_those_function_bodies_use():
    assert ops.output_names(node("MatMul")) == [("product", 1)]
    assert ops.output_names(node("TopKV2")) == [("values", 1), ("indices", 1)]
    assert ops.output_names(node("Unpack", num=3)) == [("output", 3)]
    assert ops.output_names(node("Unpack")) is None


def test_input_names_follow_the_order_of_the_inputs():
    assert ops.input_names(node("ConcatV2", N=2)) == [("values", 2), ("axis", 1)]
    assert ops.input_names(node("MyCustomOp")) is None


def test_types_come_from_attrs_or_are_fixed():
    assert ops.output_types(node("Cast", SrcT=dtypes.HALF, DstT=dtypes.FLOAT)) == [dtypes.FLOAT]
    assert ops.input_types(node("Cast", SrcT=dtypes.HALF, DstT=dtypes.FLOAT)) == [dtypes.HALF]
    assert ops.input_types(node("Pack", N=2, T=dtypes.INT8)) == [dtypes.INT8] * 2
    assert ops.output_types(node("Const")) is None


def test_a_type_that_is_not_set_is_unknown():
    assert ops.output_types(node("VariableV2", dtype=dtypes.INVALID)) is None


def test_references_are_marked():
    assign = ops.facts("Assign")
    assert assign is not None
    assert assign.ref_inputs == ("ref",)
    assert assign.ref_outputs == ("output_ref",)
    assert ops.output_types(node("VariableV2", dtype=dtypes.FLOAT)) == [dtypes.FLOAT.as_ref]


@pytest.mark.parametrize(
    ("op", "stateful", "functions"),
    [
        ("If", True, ("then_branch", "else_branch")),
        ("StatelessWhile", False, ("cond", "body")),
        ("Case", True, ("branches",)),
        ("VarHandleOp", True, ()),
        ("MatMul", False, ()),
    ],
)
def test_state_and_functions(op, stateful, functions):
    known = ops.facts(op)
    assert known is not None
    assert (known.is_stateful, known.functions) == (stateful, functions)


def test_ops_of_both_registries_are_known():
    # The first two are gone from TensorFlow 2, the third from tf.contrib, the last two are new in it.
    for op in ("AdjustContrast", "BatchFFT", "LSTMBlockCell", "StatelessCase", "UniformQuantizedDot"):
        assert ops.facts(op) is not None, op


def test_every_line_parses():
    for op in ops.known_ops():
        known = ops.facts(op)
        assert known is not None
        assert all(arg.name.isidentifier() and arg.type for arg in known.inputs + known.outputs), known


def test_counting_outputs_takes_few_calls():
    made = [node("Conv2D"), node("Const"), node("Split", num_split=2)]
    ops.num_outputs(made[0])
    assert num_calls(lambda: [ops.num_outputs(each) for each in made * 100]) < 10 * 300
