"""What nodes take and give, with their attrs filled in."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.ir.attr_value import Placeholder
from graphsurgeon.ir.graph import Function, Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import UNKNOWN, OpSignature, OpSignatures
from graphsurgeon.tensors import dtypes
from proto_utils import schema

F, N, D = dtypes.FLOAT, dtypes.INT32, dtypes.DOUBLE


def of(op: str, **attrs: Any) -> OpSignature:
    return OpSignatures({}).of(Node.new("n", op, attrs=attrs))


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
        ("VariableV2", {"dtype": F}, [], [F.as_ref]),
        ("Assign", {"T": F}, [F.as_ref, F], [F.as_ref]),
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


def test_outputs_have_names():
    assert of("TopKV2", T=F).output_names == (("values", 1), ("indices", 1))
    assert of("Unpack", T=F, num=3).output_names == (("output", 3),)
    assert of("Split", T=F, num_split=Placeholder("n")).output_names is None


@pytest.mark.parametrize(
    ("op", "attrs", "problem"),
    [
        ("Identity", {}, "attr 'T' is missing"),
        ("Identity", {"T": 1}, "attr 'T' holds i, not type"),
        ("Identity", {"T": F.as_ref}, "attr 'T' is DT_FLOAT_REF, which no attr may be"),
        ("Identity", {"T": dtypes.INVALID}, "attr 'T' is DT_INVALID, which no attr may be"),
        ("Pack", {"T": F}, "attr 'N' is missing"),
        ("Pack", {"T": F, "N": -1}, "attr 'N' is -1"),
        ("Pack", {"T": F, "N": b"3"}, "attr 'N' holds s, not int"),
        ("IdentityN", {"T": F}, "attr 'T' holds type, not list(type)"),
        ("Identity", {"T": schema.AttrValue()}, "attr 'T' holds nothing, not type"),
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
