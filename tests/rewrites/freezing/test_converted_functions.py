"""Functions that are given values for handles: one copy for all callers, signatures and bodies in step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.checks import check
from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.tensors.dtypes import FLOAT, INT32, RESOURCE, DType
from graphsurgeon.tensors.values import as_tensor
from tests import notation
from tests.notation import function
from tests.passes.harness import reloaded

VARIABLES = """
    x = Placeholder {dtype: f32}
    p = Placeholder {dtype: bool}
    v = VarHandleOp {dtype: f32, shape: shape[2]}
    w = VarHandleOp {dtype: f32, shape: shape[3]}
"""
READ = "r = ReadVariableOp(h) {dtype: f32}\n"
#: (handle, x) -> x * value
SCALE = ("h x", "m:z:0", READ + "m = Mul(r:value:0, x) {T: f32}")


def typed(made: Function, arguments: list[DType], results: list[DType]) -> Function:
    """Give a function other types than float32."""
    for arg, dtype in zip(made.proto.signature.input_arg, arguments, strict=True):
        arg.type = dtype.number
    for arg, dtype in zip(made.proto.signature.output_arg, results, strict=True):
        arg.type = dtype.number
    return made


def call(name: str, op: str, inputs: list[str], types: list[DType], results: list[DType], **functions: Any) -> Any:
    """A node that calls functions."""
    attrs: dict[str, Any] = {"Tin": types, "Tout": results}
    if op.endswith("While"):
        attrs = {"T": types}
    attrs |= {
        key: [Func(each, {}) for each in value] if isinstance(value, list) else Func(value, {})
        for key, value in functions.items()
    }
    if op.endswith("If"):
        attrs["Tcond"] = DType.from_name("bool")
    return Node.new(name, op, inputs, attrs=attrs)


def frozen(
    nodes: list[Any], functions: list[Function], outputs: tuple[str, ...] = ("y",), text: str = "", **options: Any
) -> Model:
    """A model with calls, frozen."""
    made = notation.model(VARIABLES + text)
    for node in nodes:
        made.graph.append(node)
    made.library.functions.update({each.name: each for each in functions})
    made = reloaded(made)
    made.variables = {"v": as_tensor(np.ones(2, np.float32)), "w": as_tensor(np.ones(3, np.float32))}
    check(made)
    freeze(made, outputs=outputs, **options)
    check(reloaded(made))
    return made


def body(model: Model, name: str) -> list[str]:
    return notation.show(model.library.functions[name].body).splitlines()


def scale(name: str = "f") -> Function:
    return typed(function(name, *SCALE), [RESOURCE, FLOAT], [FLOAT])


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_call(op):
    made = frozen([call("y", op, ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f")], [scale()])
    node = made.graph["y"]
    assert node.attrs["f"].name == "f_frozen_0"
    assert node.attrs["Tin"] == [FLOAT, FLOAT]
    assert list(made.library.functions) == ["f_frozen_0"]
    assert body(made, "f_frozen_0") == ["r = Identity(h)", "m = Mul(r:output:0, x)"]
    assert [arg.type for arg in made.library.functions["f_frozen_0"].proto.signature.input_arg] == [1, 1]


def test_a_function_called_by_its_name():
    made = frozen([Node.new("y", "f", ["v", "x"])], [scale()])
    assert made.graph["y"].op == "f_frozen_0"


def test_one_copy_serves_several_variables():
    calls = [
        call("a", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f"),
        call("b", "PartitionedCall", ["w", "x"], [RESOURCE, FLOAT], [FLOAT], f="f"),
    ]
    made = frozen(calls, [scale()], ("a", "b"))
    assert list(made.library.functions) == ["f_frozen_0"]
    assert {made.graph[name].attrs["f"].name for name in "ab"} == {"f_frozen_0"}


def test_callers_that_disagree_are_named():
    calls = [
        call("a", "PartitionedCall", ["v", "w"], [RESOURCE, RESOURCE], [FLOAT], f="g"),
        call("b", "PartitionedCall", ["w", "v"], [RESOURCE, RESOURCE], [FLOAT], f="g"),
    ]
    text = READ + "s = ReadVariableOp(i) {dtype: f32}\nm = Mul(r:value:0, s:value:0) {T: f32}"
    two = typed(function("g", "h i", "m:z:0", text), [RESOURCE, RESOURCE], [FLOAT])
    with pytest.raises(PassError, match=r"passes a variable for '[hi]' to 'g', which takes a constant from another"):
        frozen(calls, [two], ("a", "b"), keep=("w",))


def test_a_name_that_is_taken():
    made = frozen(
        [
            call("y", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f"),
            call("z", "PartitionedCall", ["x"], [FLOAT], [FLOAT], f="f_frozen_6"),
        ],
        [scale(), function("f_frozen_6", "a", "n:y:0", "n = Neg(a) {T: f32}")],
        ("y", "z"),
    )
    assert list(made.library.functions) == ["f_frozen_7", "f_frozen_6"]
    assert made.graph["z"].attrs["f"].name == "f_frozen_6"


def test_names_and_order_are_tensorflows():
    """By the number at the end, then by what is before it; each copy in the place of its function."""
    names = ["f_10", "f_9", "g", "a_10"]
    calls = [
        call(f"c{name}", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f=name) for name in sorted(names)
    ]
    made = frozen(calls, [scale(name) for name in names], tuple(node.name for node in calls))
    assert list(made.library.functions) == ["f_frozen_3", "f_frozen_1", "g_frozen_0", "a_frozen_2"]


def test_what_nothing_calls_stays_unless_it_would_call_what_is_gone():
    dead = typed(function("dead", "h x", "c:output:0", ""), [RESOURCE, FLOAT], [FLOAT])
    dead.body.append(call("c", "PartitionedCall", ["h", "x"], [RESOURCE, FLOAT], [FLOAT], f="f"))
    deader = typed(function("deader", "h x", "c:output:0", ""), [RESOURCE, FLOAT], [FLOAT])
    deader.body.append(call("c", "PartitionedCall", ["h", "x"], [RESOURCE, FLOAT], [FLOAT], f="dead"))
    made = frozen(
        [call("y", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f")],
        [deader, scale("other"), scale(), dead],
    )
    assert list(made.library.functions) == ["other", "f_frozen_2"]


def test_who_still_passes_a_handle_keeps_the_function():
    made = frozen(
        [
            call("y", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f"),
            call("z", "PartitionedCall", ["w", "x"], [RESOURCE, FLOAT], [FLOAT], f="f"),
        ],
        [scale()],
        ("y", "z"),
        keep=("w",),
    )
    assert list(made.library.functions) == ["f", "f_frozen_0"]


def test_calls_in_calls():
    inner = call("c", "PartitionedCall", ["h", "x"], [RESOURCE, FLOAT], [FLOAT], f="f")
    outer = typed(function("g", "h x", "c:output:0", ""), [RESOURCE, FLOAT], [FLOAT])
    outer.body.append(inner)
    made = frozen([call("y", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="g")], [scale(), outer])
    assert list(made.library.functions) == ["f_frozen_0", "g_frozen_1"]
    assert made.library.functions["g_frozen_1"].body["c"].attrs["f"].name == "f_frozen_0"


def test_calls_nested_deeper_than_pythons():
    outer = [typed(function(f"g{i}", "h x", "c:output:0", ""), [RESOURCE, FLOAT], [FLOAT]) for i in range(1100)]
    for number, each in enumerate(outer):
        inner = f"g{number - 1}" if number else "f"
        each.body.append(call("c", "PartitionedCall", ["h", "x"], [RESOURCE, FLOAT], [FLOAT], f=inner))
    made = frozen([call("y", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="g1099")], [scale(), *outer])
    assert made.graph["v"].op == "Const"
    assert body(made, "f_frozen_0") == ["r = Identity(h)", "m = Mul(r:output:0, x)"]


def test_what_was_read_of_a_reference_is_followed_too():
    """As with TensorFlow; who hands the function something else keeps it, and there is nothing to disagree on."""
    text = "u = VariableV2 {dtype: f32, shape: shape[2]}\nr = Identity(u) {T: f32}"
    inner = typed(function("f", "a x", "m:z:0", "m = Mul(a, x) {T: f32}"), [FLOAT, FLOAT], [FLOAT])
    calls = [
        call("y", "PartitionedCall", ["r", "x"], [FLOAT, FLOAT], [FLOAT], f="f"),
        call("z", "PartitionedCall", ["x", "r"], [FLOAT, FLOAT], [FLOAT], f="f"),
        call("o", "PartitionedCall", ["x", "x"], [FLOAT, FLOAT], [FLOAT], f="f"),
    ]
    made = notation.model(VARIABLES + text, inner)
    for each in calls:
        made.graph.append(each)
    made.variables = {"u": as_tensor(np.ones(2, np.float32))}
    freeze(made, outputs=("y", "z", "o"))
    assert [made.graph[name].attrs["f"].name for name in "yzo"] == ["f_frozen_0", "f_frozen_0", "f"]
    assert list(made.library.functions) == ["f", "f_frozen_0"]


def test_recursion():
    again = typed(
        function("f", "h x", "c:output:0", READ + "m = Mul(r:value:0, x) {T: f32}"), [RESOURCE, FLOAT], [FLOAT]
    )
    again.body.append(call("c", "PartitionedCall", ["h", "m:z:0"], [RESOURCE, FLOAT], [FLOAT], f="f"))
    made = frozen([call("y", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f")], [again])
    copy = made.library.functions["f_frozen_0"].body["c"]
    assert copy.attrs["f"].name == "f_frozen_0"
    assert copy.attrs["Tin"] == [FLOAT, FLOAT]


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
def test_branches(op):
    other = typed(function("g", "h x", "n:y:0", READ + "n = Neg(x) {T: f32}"), [RESOURCE, FLOAT], [FLOAT])
    node = call("y", op, ["p", "v", "x"], [RESOURCE, FLOAT], [FLOAT], then_branch="f", else_branch="g")
    made = frozen([node], [scale(), other])
    attrs = made.graph["y"].attrs
    assert (attrs["then_branch"].name, attrs["else_branch"].name, attrs["Tin"]) == (
        "f_frozen_0",
        "g_frozen_1",
        [FLOAT] * 2,
    )


@pytest.mark.parametrize("op", ["Case", "StatelessCase"])
def test_cases(op):
    node = call("y", op, ["i", "v", "x"], [RESOURCE, FLOAT], [FLOAT], branches=["f", "f"])
    made = frozen([node], [scale()], text="i = Placeholder {dtype: i32}")
    assert [each.name for each in made.graph["y"].attrs["branches"]] == ["f_frozen_0", "f_frozen_0"]


def loop(text: str, results: str = "h m:z:0") -> list[Function]:
    """The condition and the body of a loop over (handle, x)."""
    cond = typed(
        function("cond", "h x", "k:output:0", "k = Const {bool []}"), [RESOURCE, FLOAT], [DType.from_name("bool")]
    )
    return [cond, typed(function("body", "h x", results, text), [RESOURCE, FLOAT], [RESOURCE, FLOAT])]


@pytest.mark.parametrize("op", ["While", "StatelessWhile"])
def test_loops(op):
    node = call("y", op, ["v", "x"], [RESOURCE, FLOAT], [], cond="cond", body="body")
    node.attrs["output_shapes"] = [Shape(()), Shape((2,))]
    made = frozen([node], loop(SCALE[2]), ("y", "z"), text="z = Neg(x)")
    attrs = made.graph["y"].attrs
    assert (attrs["cond"].name, attrs["body"].name, attrs["T"]) == ("cond_frozen_1", "body_frozen_0", [FLOAT, FLOAT])
    assert attrs["output_shapes"] == [Shape((2,)), Shape((2,))]
    assert [arg.type for arg in made.library.functions["body_frozen_0"].proto.signature.output_arg] == [1, 1]


def test_a_handle_that_a_loop_returns_is_followed():
    node = call("l", "While", ["v", "x"], [RESOURCE, FLOAT], [], cond="cond", body="body")
    made = frozen([node, Node.new("y", "ReadVariableOp", ["l"], attrs={"dtype": FLOAT})], loop(SCALE[2]))
    assert made.graph["y"].op == "Identity"


def test_a_handle_that_branches_return_is_followed():
    """Two variables of different shapes: what comes back has none that is known."""
    first = typed(function("f", "h i", "h", ""), [RESOURCE, RESOURCE], [RESOURCE])
    second = typed(function("g", "h i", "i", ""), [RESOURCE, RESOURCE], [RESOURCE])
    node = call("b", "If", ["p", "v", "w"], [RESOURCE, RESOURCE], [RESOURCE], then_branch="f", else_branch="g")
    node.attrs["output_shapes"] = [Shape(())]
    made = frozen([node, Node.new("y", "ReadVariableOp", ["b"], attrs={"dtype": FLOAT})], [first, second])
    assert made.graph["b"].attrs["Tout"] == [FLOAT]
    assert made.graph["b"].attrs["output_shapes"] == [Shape()]
    assert made.graph["y"].op == "Identity"


GATHER = "g = ResourceGather(h, x) {dtype: f32, Tindices: i32}"


def test_gathering_in_a_body():
    """TensorFlow leaves it as it is, and the function does not load."""
    gather = typed(function("f", "h x", "g:output:0", GATHER), [RESOURCE, INT32], [FLOAT])
    node = call("y", "PartitionedCall", ["v", "i"], [RESOURCE, INT32], [FLOAT], f="f")
    made = frozen([node], [gather], text="i = Placeholder {dtype: i32}")
    assert body(made, "f_frozen_0") == ["g = GatherV2(h, x, g/axis:output:0)", "g/axis = Const"]


def test_gathering_by_indices_that_are_a_variable_too():
    """The read of the indices is rewritten first, and who reads it in the body has to follow."""
    text = "r = ReadVariableOp(j) {dtype: i32}\ng = ResourceGather(h, r:value:0) {dtype: f32, Tindices: i32}"
    gather = typed(function("f", "h j", "g:output:0", text), [RESOURCE, RESOURCE], [FLOAT])
    made = notation.model("j = VarHandleOp {dtype: i32, shape: shape[1]}" + VARIABLES, gather)
    made.graph.append(call("y", "PartitionedCall", ["v", "j"], [RESOURCE, RESOURCE], [FLOAT], f="f"))
    made.variables = {"v": as_tensor(np.ones(2, np.float32)), "j": as_tensor(np.ones(1, np.int32))}
    freeze(made, outputs=("y",))
    assert body(made, "f_frozen_0")[:2] == ["r = Identity(j)", "g = GatherV2(h, r:output:0, g/axis:output:0)"]


COUNT = "c = ResourceCountUpTo(h) {T: i32, limit: 3}\nd = Cast(c:output:0) {SrcT: i32, DstT: f32}"
WRITE = "s = Sub(r:value:0, x) {T: f32}\nu = AssignSubVariableOp(h, s:z:0) {dtype: f32}\nn = Neg(x, ^u) {T: f32}\n"


def test_updates_in_a_body_are_cut_with_what_served_them():
    update = typed(function("f", "h x", "n:y:0", READ + WRITE), [RESOURCE, FLOAT], [FLOAT])
    update.proto.control_ret["done"] = "u"
    update.proto.control_ret["other"] = "n"
    update.proto.signature.control_output.extend(["done", "other"])
    made = frozen([call("y", "StatefulPartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f")], [update])
    assert body(made, "f_frozen_0") == ["n = Neg(x)"]
    proto = made.library.functions["f_frozen_0"].proto
    assert (dict(proto.control_ret), list(proto.signature.control_output)) == ({"other": "n"}, ["other"])


@pytest.mark.parametrize(
    ("text", "result", "message"),
    [
        (READ.replace("(h)", "(h, ^u)") + "u = AssignAddVariableOp(h, x) {dtype: f32}", "r:value:0", "after u changed"),
        (COUNT, "d:y:0", "op ResourceCountUpTo needs the variable"),
    ],
)  # fmt: skip
def test_what_a_body_truly_changes_is_named(text, result, message):
    update = typed(function("f", "h x", result, text), [RESOURCE, FLOAT], [FLOAT])
    with pytest.raises(PassError, match=f"in function 'f': .*{message}"):
        frozen([call("y", "StatefulPartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f")], [update])


def test_a_call_that_reads_after_a_call_that_changes_is_named():
    update = typed(function("f", "h x", "n:y:0", READ + WRITE), [RESOURCE, FLOAT], [FLOAT])
    first = call("a", "StatefulPartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f")
    second = call("y", "StatefulPartitionedCall", ["v", "x", "^a"], [RESOURCE, FLOAT], [FLOAT], f="g")
    with pytest.raises(PassError, match="node 'y': reads variable 'v' after a changed it"):
        frozen([first, second], [update, scale("g")])


def test_a_loop_that_changes_what_it_reads_is_named():
    text = SCALE[2] + "\nu = AssignAddVariableOp(h, m:z:0) {dtype: f32}"
    node = call("y", "While", ["v", "x"], [RESOURCE, FLOAT], [], cond="cond", body="body")
    with pytest.raises(PassError, match="node 'y': changes variable 'v' in a loop that reads it"):
        frozen([node], loop(text))


def test_more_arguments_than_the_function_takes():
    short = typed(function("f", "x", "n:y:0", "n = Neg(x) {T: f32}"), [FLOAT], [FLOAT])
    with pytest.raises(GraphError, match="node 'y': passes argument 1 to function 'f', which takes 1"):
        frozen([call("y", "PartitionedCall", ["x", "v"], [FLOAT, RESOURCE], [FLOAT], f="f")], [short])


def test_a_loop_may_change_what_it_reads_for_that_alone():
    """TensorFlow 2 lets results wait for reads and writes alike."""
    text = READ + WRITE.replace("^u", "^g") + "g = NoOp(^u, ^r)"
    node = call("y", "While", ["v", "x"], [RESOURCE, FLOAT], [], cond="cond", body="body")
    made = frozen([node], loop(text, "h n:y:0"))
    assert body(made, "body_frozen_0") == ["r = Identity(h)", "n = Neg(x, ^g)", "g = NoOp(^r)"]


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_callees_are_settled_before_their_callers(names):
    """Whichever of the functions was met first: what the inner one reads for its update alone is no reading."""
    inner = typed(function("f", "h x", "n:y:0", READ + WRITE), [RESOURCE, FLOAT], [FLOAT])
    outer = typed(function("g", "h x", "n:y:0", "n = Neg(x, ^c) {T: f32}"), [RESOURCE, FLOAT], [FLOAT])
    outer.body.append(call("c", "StatefulPartitionedCall", ["h", "x"], [RESOURCE, FLOAT], [FLOAT], f="f"))
    calls = {
        "a": call("a", "StatefulPartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f"),
        "b": call("b", "StatefulPartitionedCall", ["v", "x", "^a"], [RESOURCE, FLOAT], [FLOAT], f="g"),
    }
    made = frozen([calls[name] for name in names], [inner, outer], ("a", "b"))
    assert body(made, "f_frozen_0") == ["n = Neg(x)"]


def test_shapes_that_were_inferred_for_handles_are_unknown_now():
    made_function = scale()
    proto = made_function.proto
    proto.attr["_input_shapes"].list.shape.add()
    proto.attr["_input_shapes"].list.shape.add()
    proto.arg_attr[0].attr["_output_shapes"].list.shape.add()
    proto.attr["api_implements"].s = b"lstm"
    made = frozen([call("y", "PartitionedCall", ["v", "x"], [RESOURCE, FLOAT], [FLOAT], f="f")], [made_function])
    copy = made.library.functions["f_frozen_0"].proto
    assert [shape.unknown_rank for shape in copy.attr["_input_shapes"].list.shape] == [True, False]
    assert copy.arg_attr[0].attr["_output_shapes"].list.shape[0].unknown_rank
    assert "api_implements" not in copy.attr
