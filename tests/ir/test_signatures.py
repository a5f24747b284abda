"""What nodes take and give, with their attrs filled in."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.ir import ops
from graphsurgeon.ir.attr_value import Placeholder, encode
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import (
    UNKNOWN,
    OpSignature,
    OpSignatures,
    input_types,
    num_outputs,
    output_number,
    output_types,
    signature_of,
)
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests.counting import num_calls
from tests.encodings import reference_to

F, N, D = dtypes.FLOAT, dtypes.INT32, dtypes.DOUBLE


def node(op: str, **attrs: Any) -> Node:
    return Node.new("n", op, attrs={key: encode(value) for key, value in attrs.items()})


def of(op: str, **attrs: Any) -> OpSignature:
    return OpSignatures({}).of(node(op, **attrs))


@pytest.mark.parametrize(
    ("op", "attrs", "inputs", "outputs"),
    [
        ("NoOp", {}, [], []),
        ("Identity", {"T": F}, [F], [F]),
        ("Cast", {"SrcT": F, "DstT": N}, [F], [N]),
        ("MatMul", {"T": D}, [D, D], [D]),
        ("Pack", {"T": F, "N": 3}, [F] * 3, [F]),
        ("Split", {"T": F, "num_split": 2}, [N, F], [F, F]),
        ("IdentityN", {"T": [F, N]}, [F, N], [F, N]),
        ("PartitionedCall", {"Tin": [], "Tout": [F]}, [], [F]),
        ("VariableV2", {"dtype": F}, [], [reference_to(F)]),
        ("Assign", {"T": F}, [reference_to(F), F], [reference_to(F)]),
        ("ReadVariableOp", {"dtype": F}, [dtypes.RESOURCE], [F]),
        ("ArgMax", {"T": F}, [F, N], [dtypes.INT64]),
        ("Pack", {"T": F, "N": 0}, [], [F]),
    ],
)
def test_attrs_are_filled_in(op: str, attrs: dict[str, Any], inputs: list[Any], outputs: list[Any]):
    found = of(op, **attrs)
    assert found.inputs == tuple(dtype.number for dtype in inputs)
    assert found.outputs == tuple(dtype.number for dtype in outputs)
    assert found.problem is None


@pytest.mark.parametrize(
    ("op", "attrs", "problem"),
    [
        ("Identity", {}, "attr 'T' is missing"),
        ("Identity", {"T": 1}, "attr 'T' holds i, not type"),
        ("Identity", {"T": reference_to(F)}, "attr 'T' is DT_FLOAT_REF, which no attr may be"),
        ("Identity", {"T": dtypes.INVALID}, "attr 'T' is DT_INVALID, which no attr may be"),
        ("Pack", {"T": F}, "attr 'N' is missing"),
        ("Pack", {"T": F, "N": -1}, "attr 'N' is -1"),
        ("Pack", {"T": F, "N": 10**12}, "its attrs tell of 1,000,000,000,000 tensors"),
        ("Pack", {"T": F, "N": b"3"}, "attr 'N' holds s, not int"),
        ("IdentityN", {"T": F}, "attr 'T' holds type, not list(type)"),
        ("Identity", {"T": schema.AttrValue()}, "attr 'T' is missing"),
        ("Identity", {"T": schema.AttrValue(type=99)}, "attr 'T' is type number 99, which TensorFlow does not have"),
    ],
)
def test_bad_attrs_are_a_problem(op: str, attrs: dict[str, Any], problem: str):
    found = of(op, **attrs)
    assert found.problem == problem
    assert (found.inputs, found.outputs) == (None, None)


def test_what_stands_for_an_attr_of_the_function_is_unknown():
    found = of("Identity", T=Placeholder("T"))
    assert (found.inputs, found.outputs, found.problem) == ((UNKNOWN,), (UNKNOWN,), None)
    found = of("Pack", T=F, N=Placeholder("N"))
    assert (found.inputs, found.outputs) == (None, (1,))
    assert of("IdentityN", T=Placeholder("T")).outputs is None


def test_unknown_ops_are_unknown():
    found = of("Custom", T=F)
    assert (found.inputs, found.outputs, found.output_names, found.problem) == (None, None, None, None)


def test_equal_nodes_share_one():
    signatures = OpSignatures({})
    first, second = (signatures.of(Node.new(name, "Identity", attrs={"T": F})) for name in "ab")
    assert first is second
    assert signatures.of(Node.new("c", "Identity", attrs={"T": N})) is not first


def test_functions_are_ops():
    proto = schema.FunctionDef()
    proto.signature.name = "f"
    proto.signature.input_arg.add(name="x", type=1)
    proto.signature.input_arg.add(name="many", type_attr="T", number_attr="N")
    proto.signature.output_arg.add(name="all", type_list_attr="types")
    proto.signature.output_arg.add(name="ref", type=3, is_ref=True)
    signatures = OpSignatures({"f": Function(proto, Graph())})
    found = signatures.of(Node.new("n", "f", attrs={"T": N, "N": 2, "types": [F, D]}))
    assert (found.inputs, found.outputs) == ((1, 3, 3), (1, 2, 103))
    assert found.output_names == (("all", 2), ("ref", 1))
    assert signatures.of(Node.new("n", "f")).problem == "attr 'N' is missing"


def test_every_op_has_a_signature():
    for op in ops.known_ops():
        known = ops.facts(op)
        assert known is not None
        args = known.inputs + known.outputs
        attrs: dict[str, Any] = {arg.type: [F, N] if arg.is_list else F for arg in args}
        made = node(op, **attrs, **{arg.number: 2 for arg in args if arg.number})
        counts = [tuple((arg.name, 2 if arg.is_list or arg.number else 1) for arg in side) for side in known[1:3]]
        found = signature_of(made)
        assert (found.problem, found.input_names, found.output_names) == (None, *counts), op
        types = input_types(made), output_types(made)
        assert [len(each or ()) for each in types] == [sum(size for _, size in side) for side in counts], op
        assert num_outputs(made) == len(types[1] or ()), op


@pytest.mark.parametrize(
    ("made", "count"),
    [
        (node("Const"), 1),
        (node("NoOp"), 0),
        (node("Switch"), 2),
        (node("FusedBatchNorm"), 5),
        (node("FusedBatchNormV3"), 6),
        (node("Split", num_split=4), 4),
        (node("IdentityN", T=[F, N]), 2),
        (node("While", T=[]), 0),
        (node("ParseExample", Nsparse=2, sparse_types=[dtypes.INT64] * 2, Tdense=[F]), 7),
    ],
)
def test_num_outputs(made: Node, count: int):
    assert num_outputs(made) == count


@pytest.mark.parametrize(
    "made",
    [node("MyCustomOp"), node("Split"), node("Split", num_split=-1), node("Split", num_split=b"4"), node("IdentityN")],
)
def test_num_outputs_of_an_unknown_op_or_without_the_attr_is_unknown(made: Node):
    assert num_outputs(made) is None


def test_an_absent_attr_has_its_default():
    # Nordering_token came with 2.x with default 0; ParseSequenceExample's lists default to empty.
    assert num_outputs(node("ParseSequenceExample")) == 0
    assert output_types(node("ArgMax", T=F)) == [dtypes.INT64]


def test_output_names_are_those_function_bodies_use():
    assert of("TopKV2", T=F).output_names == (("values", 1), ("indices", 1))
    assert of("Unpack", T=F, num=3).output_names == (("output", 3),)
    assert of("Split", T=F, num_split=Placeholder("n")).output_names is None


def test_input_names_follow_the_order_of_the_inputs():
    assert of("ConcatV2", T=F, N=2).input_names == (("values", 2), ("axis", 1))
    assert of("MyCustomOp").input_names is None


def test_arguments_are_counted_where_only_types_are_refused():
    found = of("Unpack", num=3)
    assert (found.input_names, found.output_names) == ((("value", 1),), (("output", 3),))
    assert of("Unpack", T=F).output_names is None


def test_types_come_from_attrs_or_are_fixed():
    assert output_types(node("Cast", SrcT=dtypes.HALF, DstT=F)) == [F]
    assert input_types(node("Cast", SrcT=dtypes.HALF, DstT=F)) == [dtypes.HALF]
    assert input_types(node("Pack", N=2, T=dtypes.INT8)) == [dtypes.INT8] * 2
    assert output_types(node("VariableV2", dtype=F)) == [reference_to(F)]
    assert output_types(node("Const")) is None


def test_a_type_that_is_not_set_is_unknown():
    assert output_types(node("VariableV2", dtype=dtypes.INVALID)) is None
    assert output_types(node("ArgMax", T=F, output_type=Placeholder("T"))) is None


@pytest.mark.parametrize(
    ("made", "output", "number"),
    [
        (node("Split", num_split=3), "", 0),
        (node("Split", num_split=3), "2", 2),
        (node("Split", num_split=3), "output:2", 2),
        (node("FusedBatchNorm"), "y:0", 0),
        (node("FusedBatchNorm"), "batch_variance:0", 2),
        (node("FusedBatchNorm"), "batch_variance", 2),
        (node("FusedBatchNorm"), "nothing:0", None),
        (node("FusedBatchNorm"), ":1", None),
        (node("FusedBatchNorm"), "y:x", None),
        (node("FusedBatchNorm"), "9" * 5000, None),
        (node("Unheard"), "1", 1),
        (node("Unheard"), "out:1", None),
    ],
)
def test_output_number(made: Node, output: str, number: int | None):
    assert output_number(made, output) == number


@pytest.mark.parametrize(
    ("output", "number"), [("", 0), ("a:0", 0), ("b:0", 1), ("b:1", 2), ("b:x", None), ("b:\N{SUPERSCRIPT TWO}", None)]
)
def test_output_number_of_a_call(output: str, number: int | None):
    """What calls a function of the library has the outputs of that; one that makes no sense is not known."""
    proto = schema.FunctionDef()
    proto.signature.name = "f"
    proto.signature.output_arg.add(name="a", type=1)
    proto.signature.output_arg.add(name="b", type=1, number_attr="N")
    call = node("f", N=2)
    signatures = OpSignatures({"f": Function(proto, Graph())})
    assert output_number(call, output, signatures) == number
    assert output_number(call, output) == (0 if output == "" else None)


def test_counting_outputs_takes_few_calls():
    made = [node("Conv2D"), node("Const"), node("Split", num_split=2)]
    num_outputs(made[0])
    assert num_calls(lambda: [num_outputs(each) for each in made * 100]) < 10 * 300
