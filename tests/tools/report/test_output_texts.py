"""What outputs are: types and shapes, in functions as their calls agree on them."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.tools.report.output_texts import MAX_OUTPUTS, OutputTexts
from graphsurgeon.tools.report.texts import StringTable
from tests import notation


def outputs(model: Model, name: str, function: str = "") -> list[str]:
    strings = StringTable()
    texts = OutputTexts(model, Index(model.graph), strings)
    graph = model.library.functions[function].body if function else model.graph
    return [strings.texts[number] for number in texts.of(function, graph, Index(graph), graph[name])]


def test_shapes_are_inferred():
    model = notation.model("x = Placeholder {dtype: f32, shape: shape[?,3]}; w = Const {f32 [3,4]}; y = MatMul(x, w)")
    assert outputs(model, "y") == ["float32 [?, 4]"]


def test_every_output():
    model = notation.model("x = Const {f32 [4,6]}; a = Const {i32 [] 1}; s = Split(a, x) {num_split: 2}")
    assert outputs(model, "s") == ["float32 [4, 3]", "float32 [4, 3]"]


def test_of_an_op_that_nobody_knows_those_that_are_read():
    model = notation.model("x = Strange; y = Identity(x:2) {T: f32}")
    assert outputs(model, "x") == ["? ?", "? ?", "? ?"]


def test_very_many_outputs_are_counted():
    model = notation.model("x = Const {f32 [900]}; a = Const {i32 [] 0}; s = Split(a, x) {num_split: 900}")
    found = outputs(model, "s")
    assert len(found) == MAX_OUTPUTS + 1
    assert found[-1] == "... 800 more outputs"


def body() -> Function:
    return notation.function("f", "a", "y:activations:0", "y = Relu(a) {T: f32}")


def test_a_body_has_the_shapes_of_its_call():
    model = notation.model("x = Const {f32 [2,3]}; c = PartitionedCall(x) {f: fn:f, Tin: [f32], Tout: [f32]}", body())
    assert outputs(model, "y", "f") == ["float32 [2, 3]"]


def test_sizes_that_calls_do_not_agree_on_are_not_known():
    calls = "x = Const {f32 [2,3]}; z = Const {f32 [5,3]}" + "".join(
        f"; c{arg} = PartitionedCall({arg}) {{f: fn:f, Tin: [f32], Tout: [f32]}}" for arg in "xz"
    )
    assert outputs(notation.model(calls, body()), "y", "f") == ["float32 [?, 3]"]
