"""Prune: new inputs, their dtypes and shapes."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.passes.prune import prune
from graphsurgeon.tensors.dtypes import FLOAT, INT32
from proto_utils import schema
from tests import notation
from tests.passes.harness import check_pass, model


def test_an_input_becomes_a_placeholder_and_what_was_behind_it_goes():
    report = check_pass(
        prune,
        model("file = Placeholder {dtype: str}\nx = DecodeRaw(file) {out_type: f32}\ny = Relu(x)\nout = Relu(y)"),
        "y = Placeholder\nout = Relu(y)",
        outputs=("out",),
        inputs=("y:0",),
    )
    assert [vars(row) for row in report.inputs] == [{"node": "y", "op": "Relu", "dtype": "float32", "shape": None}]
    assert [row.node for row in report.removed] == ["file", "x"]


def pruned_input(line: str, reader: str = "out = Identity(x)", **options: tuple[str, ...]) -> schema.NodeDef:
    pruned = model(f"i = Const {{i32 [2]}}\nf = Const {{f32 [2]}}\ns = Const {{str [2]}}\n{line}\n{reader}")
    prune(pruned, outputs=("out",), inputs=("x",), **options)
    return pruned.graph.node("x").proto


@pytest.mark.parametrize(
    ("line", "dtype"),
    [("x = Identity(f)", 1), ("x = Identity(i)", 3), ("x = Rank(f)", 3), ("x = Identity(s)", 7)],
)
def test_an_input_has_the_dtype_it_had(line: str, dtype: int):
    placeholder = pruned_input(line)
    assert placeholder.attr["dtype"].type == dtype
    assert sorted(placeholder.attr) == ["dtype"]


def test_a_variable_as_input_is_fed_by_value():
    assert pruned_input("x = VariableV2 {dtype: f32, shape: shape[2]}").attr["dtype"].type == FLOAT.number


def test_an_input_has_the_shape_that_is_known():
    pruned = model("f = Const {f32 [2]}\nx = Relu(f)\nout = Relu(x)")
    pruned.graph["x"].attrs["_output_shapes"] = [Shape([None, 3])]
    prune(pruned, outputs=("out",), inputs=("x",))
    assert pruned.graph["x"].attrs["shape"] == Shape([None, 3])
    assert pruned.graph["x"].attrs["_output_shapes"] == [Shape([None, 3])]


def test_a_placeholder_with_a_default_loses_the_default():
    pruned = model("f = Const {f32 [2]}\nx = PlaceholderWithDefault(f)\nout = Relu(x)")
    pruned.graph["x"].attrs["shape"] = Shape([2])
    report = prune(pruned, outputs=("out",), inputs=("x",))
    assert notation.show(pruned.graph) == "x = Placeholder\nout = Relu(x)"
    assert report.inputs[0].shape == [2]


def test_a_placeholder_stays_as_it_is():
    pruned = model("x = Placeholder {dtype: f32}\nout = Relu(x)")
    report = prune(pruned, outputs=("out",), inputs=("x",))
    assert not pruned.graph.is_edited
    assert report.inputs[0].op == "Placeholder"


@pytest.mark.parametrize(
    ("shape", "dims"),
    [("1,224,?,3", [1, 224, None, 3]), ("[]", []), ("7,", [7]), ("2x-1", [2, None]), ("(None, 4)", [None, 4])],
)
def test_the_shape_can_be_given(shape: str, dims: list[int | None]):
    pruned = model("x = Placeholder {dtype: f32}\nout = Relu(x)")
    report = prune(pruned, outputs=("out",), inputs=("x",), input_shape=(shape,))
    assert pruned.graph["x"].attrs["shape"] == Shape(dims)
    assert report.inputs[0].shape == dims


def test_the_shape_can_be_given_as_unknown():
    pruned = model("x = Const {f32 [2]}\nout = Relu(x)")
    prune(pruned, outputs=("out",), inputs=("x",), input_shape=("unknown",))
    assert "shape" not in pruned.graph["x"].attrs


def test_types_and_shapes_are_given_for_each_input():
    pruned = model(
        "a = Const {f32 [2]}\ni = Const {i32 [2]}\nb = UnknownOp(i)\nout = Merge(a, a)\nend = UnknownOp(b, out)"
    )
    options = {"input_type": ("float32,int32",), "input_shape": ("2", "3,3")}
    report = prune(pruned, outputs=("end",), inputs=("a", "b"), **options)
    assert [(row.node, row.dtype, row.shape) for row in report.inputs] == [
        ("a", "float32", [2]),
        ("b", "int32", [3, 3]),
    ]
    assert pruned.graph["b"].attrs["dtype"] is INT32


def test_an_unknown_op_has_the_dtype_that_its_reader_takes():
    assert pruned_input("x = UnknownOp", "out = Identity(x) {T: i32}").attr["dtype"].type == INT32.number


SPLIT = """
    i = Const {i32 []}
    x = Const {f32 [2]}
    s = Split(i, x) {num_split: 2}
    out = Mul(s, s:1)
    head = Relu(s)
"""


@pytest.mark.parametrize(
    ("inputs", "outputs", "nodes"),
    [
        ("s", "out", ["s = Placeholder", "out = Mul(s, s_1)", "s_1 = Placeholder"]),
        ("s,s:1", "out", ["s = Placeholder", "out = Mul(s, s_1)", "s_1 = Placeholder"]),
        ("s", "head", ["s = Placeholder", "head = Relu(s)"]),
        (
            "s:1",
            "out",
            ["i = Const", "x = Const", "s = Split(i, x)", "out = Mul(s, s_1)", "s_1 = Placeholder"],
        ),
    ],
)
def test_each_output_that_is_read_becomes_a_placeholder(inputs: str, outputs: str, nodes: list[str]):
    pruned = model(SPLIT)
    report = prune(pruned, outputs=(outputs,), inputs=(inputs,))
    assert notation.show(pruned.graph).splitlines() == nodes
    made = [line.split()[0] for line in nodes if "Placeholder" in line]
    assert {(row.node, row.op) for row in report.inputs} == {(name, "Split") for name in made}


def test_dtypes_and_shapes_of_all_outputs():
    pruned = notation.model(
        """
        it = IteratorV2 {output_types: [f32, i32]}
        next = IteratorGetNext(it) {output_types: [f32, i32]}
        y = Cast(next:1) {SrcT: i32, DstT: f32}
        out = Mul(next, y) {T: f32}
        """
    )
    for name in ("it", "next"):
        pruned.graph[name].attrs["output_shapes"] = [Shape([5]), Shape([2])]
    report = prune(pruned, outputs=("out",), inputs=("next",))
    assert [(row.node, row.dtype, row.shape) for row in report.inputs] == [
        ("next", "float32", [5]),
        ("next_1", "int32", [2]),
    ]


def test_a_loose_end_becomes_a_placeholder():
    pruned = notation.model("w = Const {f32 [2]}; y = Mul(gone, w) {T: f32}; out = Sub(y, gone:1) {T: f32}")
    report = prune(pruned, outputs=("out",), inputs=("gone", "gone:1"), input_shape=("2", "1"))
    assert [(row.node, row.op, row.dtype, row.shape) for row in report.inputs] == [
        ("gone", "missing", "float32", [2]),
        ("gone_1", "missing", "float32", [1]),
    ]
    assert notation.show(pruned.graph).splitlines()[1:3] == ["y = Mul(gone, w)", "out = Sub(y, gone_1)"]


def test_inputs_that_are_not_needed_and_others_that_are_show_in_the_notes():
    pruned = model(
        "a = Placeholder {dtype: f32}\nb = Const {f32 [2]}\nc = Relu(b)\nd = Const {f32 [2]}\nout = Mul(a, c)"
    )
    report = prune(pruned, outputs=("out",), inputs=("c", "d"))
    assert report.notes == ["the outputs do not need the input 'd'", "the outputs also need a to be fed"]
    assert [row.node for row in report.inputs] == ["c"]
    assert "d" not in pruned.graph
