"""functionalize: loops and branches of version 1 become nodes with functions."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.functionalize import functionalize
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests.notation import show
from tests.passes.harness import attrs, check_pass, check_refusal, model

LOOP = """
    x = Placeholder {dtype: f32, shape: shape[2,2]}
    w = Const {f32 [2,2]}
    zero = Const {i32 []}
    ready = NoOp
    loop/Enter = Enter(zero, ^ready) {frame_name: "loop/while_context", parallel_iterations: 7}
    loop/Enter_1 = Enter(x) {frame_name: "loop/while_context", parallel_iterations: 7}
    loop/MatMul/Enter = Enter(w) {frame_name: "loop/while_context", is_constant: true, parallel_iterations: 7}
    loop/Merge = Merge(loop/Enter, loop/NextIteration) {N: 2, T: i32}
    loop/Merge_1 = Merge(loop/Enter_1, loop/NextIteration_1) {N: 2, T: f32}
    loop/Less/y = Const(^loop/Merge) {i32 [] 3}
    loop/Less = Less(loop/Merge, loop/Less/y)
    loop/LoopCond = LoopCond(loop/Less)
    loop/Switch = Switch(loop/Merge, loop/LoopCond)
    loop/Switch_1 = Switch(loop/Merge_1, loop/LoopCond)
    loop/Identity = Identity(loop/Switch:1)
    loop/Identity_1 = Identity(loop/Switch_1:1)
    loop/one = Const(^loop/Identity) {i32 [] 1}
    loop/add = AddV2(loop/Identity, loop/one)
    loop/MatMul = MatMul(loop/Identity_1, loop/MatMul/Enter) {_class: loc:@x} on /cpu:0
    loop/NextIteration = NextIteration(loop/add)
    loop/NextIteration_1 = NextIteration(loop/MatMul)
    loop/Exit_1 = Exit(loop/Switch_1) on /cpu:1
    y = Neg(loop/Exit_1)
"""
FLAT = """
    x = Placeholder
    w = Const
    zero = Const
    ready = NoOp
    loop/loop_counter = Const
    loop/maximum_iterations = Const
    loop = StatelessWhile(loop/loop_counter, loop/maximum_iterations, zero, x, w, ^ready)
    loop/Exit_1 = Identity(loop:3) on /cpu:1
    y = Neg(loop/Exit_1)
"""
BODY = """
    loop/Identity = Identity(loop_merge)
    loop/Identity_1 = Identity(loop_merge_1)
    loop/one = Const(^loop/Identity)
    loop/add = AddV2(loop/Identity:output:0, loop/one:output:0)
    loop/MatMul = MatMul(loop/Identity_1:output:0, loop_matmul_enter) on /cpu:0
    loop_counter/one = Const
    loop_counter/add = AddV2(loop_counter, loop_counter/one:output:0)
"""
COND = """
    x = Placeholder {dtype: f32, shape: shape[2]}
    p = Placeholder {dtype: bool, shape: shape[]}
    c/pivot = Switch(p, p)
    c/t = Identity(c/pivot:1)
    c/f = Identity(c/pivot)
    c/pred_id = Identity(p)
    c/two = Const(^c/t) {f32 [2] 2}
    c/Mul/Switch = Switch(x, c/pred_id)
    c/Mul = Mul(c/Mul/Switch:1, c/two)
    c/zero = Const(^c/f) {f32 [2] 0}
    c/Merge = Merge(c/zero, c/Mul) {N: 2, T: f32}
    y = Neg(c/Merge)
"""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def body(of: Model, name: str) -> list[str]:
    return show(of.library.functions[name].body).splitlines()


def test_a_loop_becomes_a_while():
    of = model(LOOP)
    report = check_pass(functionalize, of, FLAT)
    assert [row._asdict() for row in report.raised] == [
        {"node": "loop", "op": "StatelessWhile", "functions": ["loop_cond_0", "loop_body_1"]}
    ]
    assert body(of, "loop_body_1") == lines(BODY)
    assert body(of, "loop_cond_0") == ["loop/Less/y = Const", "loop/Less = Less(loop_merge, loop/Less/y:output:0)"]
    assert dict(of.library.functions["loop_body_1"].proto.ret) == {
        "result": "loop_counter/add:z:0",
        "result_1": "maximum_iterations",
        "result_2": "loop/add:z:0",
        "result_3": "loop/MatMul:product:0",
        "result_4": "loop_matmul_enter",
    }


def test_a_while_is_as_tensorflow_2_has_it():
    of = model(LOOP)
    functionalize(of)
    found = attrs(of, "loop")
    assert found["T"] == [dtypes.INT32] * 3 + [dtypes.FLOAT] * 2
    assert found["output_shapes"] == [Shape(())] * 3 + [Shape([2, 2])] * 2
    assert (found["parallel_iterations"], found["_num_original_outputs"]) == (7, 5)
    assert found["_lower_using_switch_merge"] is True
    assert [of.graph[f"loop/{name}"].tensor.numpy() for name in ("loop_counter", "maximum_iterations")] == [0, -1]


def test_a_branch_becomes_an_if():
    of = model(COND)
    after = """
        x = Placeholder
        p = Placeholder
        c = StatelessIf(p, x)
        c/Merge = Identity(c)
        y = Neg(c/Merge)
    """
    report = check_pass(functionalize, of, after)
    assert report.raised[0].functions == ["c_true_0", "c_false_1"]
    assert body(of, "c_true_0") == ["c/two = Const", "c/Mul = Mul(x, c/two:output:0)"]
    assert body(of, "c_false_1") == ["c/zero = Const"]


def test_which_branch_was_taken_may_be_read():
    of = model(COND + "\nz = Neg(c/Merge:1)")
    functionalize(of)
    assert of.graph["z"].inputs == ("c:1",)
    values = [of.library.functions[name].body["value_index"].tensor.numpy() for name in ("c_true_0", "c_false_1")]
    assert values == [1, 0]


def test_nothing_to_do_is_said():
    of = model("x = Placeholder {dtype: f32}\ny = Neg(x)")
    report = functionalize(of)
    assert (report.raised, report.lists) == ([], [])
    assert report.notes == ["none of 2 nodes is of a loop, branch or TensorArray of version 1"]


def test_contexts_go_with_what_they_describe():
    meta = schema.MetaGraphDef()
    context = schema.CondContextDef(context_name="c/cond_text", pred_name="c/pred_id:0", pivot_name="c/t:0")
    meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(context))
    meta.collection_def["kept"].node_list.value.extend(["y:0"])
    meta.collection_def["more"].node_list.value.extend(["c/Mul:0"])
    of = model(COND, meta=meta)
    report = functionalize(of)
    assert of.meta is not None
    assert sorted(of.meta.collection_def) == ["kept"]
    assert report.notes == ["collection more no longer has 'c/Mul:0', which is inside of a function now"]


def test_exits_that_only_contexts_need_go():
    """`unfreeze` makes them for what nobody reads; they are no outputs."""
    text = LOOP.replace(
        "    y = Neg",
        """    loop/Exit = Exit(loop/Switch)
    y = Neg""",
    )
    meta = schema.MetaGraphDef()
    context = schema.WhileContextDef(
        context_name="loop/while_context", loop_exit_names=["loop/Exit:0", "loop/Exit_1:0"]
    )
    context.pivot_name = "loop/LoopCond:0"
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(context))
    of = model(text, meta=meta)
    functionalize(of)
    assert "loop/Exit" not in of.graph
    assert "loop/Exit_1" in of.graph
    bare = model(text)
    functionalize(bare)
    assert "loop/Exit" in bare.graph


def test_refusals():
    dead = "\np = Placeholder {dtype: bool}\nswitch = Switch(x, p)\nz = Neg(switch:1)"
    check_refusal(functionalize, model(LOOP + dead), PassError, "'z': it is in a branch, and no Merge needs it")
    meta = schema.MetaGraphDef()
    meta.signature_def["serve"].outputs["y"].name = "c/Mul:0"
    check_refusal(functionalize, model(COND, meta=meta), PassError, "signature 'serve' names what is inside")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("Exit(loop/Switch_1)", "Exit(loop/Switch_1, ^loop/Identity)", "something else than a variable"),
        ("loop/Less = Less(loop/Merge, loop/Less/y)", "loop/Less = Less(loop/Merge:1, loop/Less/y)", "read inside of"),
    ],
)
def test_loops_that_are_declined(old: str, new: str, match: str):
    error = check_refusal(functionalize, model(LOOP.replace(old, new)), PassError, match)
    assert "v1 mode" in str(error.hint)
