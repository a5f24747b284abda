"""The messages of contexts."""

from __future__ import annotations

from typing import Any

from graphsurgeon.meta_graph.collections import messages
from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.rewrites.training.contexts import rebuild_all
from proto_utils import schema
from tests import notation
from tests.rewrites.training.control_flow import COND, COND_IN_LOOP, LOOP
from tests.rewrites.training.test_context_places import NESTED


def made(text: str, meta: schema.MetaGraphDef | None = None) -> dict[str, Any]:
    model = notation.model(text)
    model.meta = meta
    rebuild_all(model)
    assert model.meta is not None
    return {each.context_name: each for each in contexts(model.meta)}


def test_a_loop():
    (context,) = made(LOOP).values()
    assert (context.parallel_iterations, context.back_prop, context.swap_memory) == (10, True, False)
    assert [context.pivot_name, context.pivot_for_pred_name, context.pivot_for_body_name] == [
        "while/LoopCond:0", "while/Merge:0", "while/Identity:0",
    ]  # fmt: skip
    assert list(context.loop_enter_names) == ["while/Enter:0", "while/Enter_1:0"]
    assert list(context.loop_exit_names) == ["while/Exit:0", "while/Exit_1:0"]
    assert dict(context.values_def.external_values) == {"w:0": "while/MatMul/Enter:0"}
    values = set(context.values_def.values)
    assert {
        "w:0",
        "while/Exit:0",
        "while/Merge:1",
        "while/Switch:0",
        "while/Switch:1",
        "while/MatMul/Enter:0",
    } <= values
    assert not {"x:0", "zero:0", "y:0"} & values


def test_a_conditional():
    found = made(COND)
    assert set(found) == {"cond/cond_text", "cond/cond_text_1"}
    (true,) = (each for each in found.values() if each.branch)
    assert (true.pred_name, true.pivot_name) == ("cond/pred_id:0", "cond/switch_t:0")
    assert dict(true.values_def.external_values) == {
        "cond/pred_id:0": "cond/pred_id:0", "x:0": "cond/MatMul/Switch:1", "w:0": "cond/MatMul/Switch_1:1",
    }  # fmt: skip
    assert set(true.values_def.values) == {
        "cond/pred_id:0", "x:0", "w:0", "cond/MatMul:0", "cond/switch_t:0", "cond/MatMul/Switch:0",
        "cond/MatMul/Switch:1", "cond/MatMul/Switch_1:0", "cond/MatMul/Switch_1:1",
    }  # fmt: skip


def test_a_conditional_in_a_loop_is_listed_in_both():
    found = made(COND_IN_LOOP)
    loop = found.pop("while/ctx")
    assert len(loop.nested_contexts) == len(found) == 2
    assert "while/cond/Neg:0" in loop.values_def.values
    (true,) = (each for each in found.values() if each.branch)
    assert "while/cond/Neg:0" in true.values_def.values


def test_of_a_loop_in_a_loop_the_outer_one_lists_the_exits():
    text = LOOP.replace("MatMul(while/Identity_1", "MatMul(i/Exit") + NESTED
    found = made(text)
    assert "i/Exit:0" in found["while/ctx"].values_def.values
    assert "i/Mul:0" not in found["while/ctx"].values_def.values
    assert "i/Enter_1:0" not in found["while/ctx"].values_def.values
    assert dict(found["i"].values_def.external_values) == {"w:0": "i/Enter:0"}


def test_outputs_that_only_gradients_read_are_listed():
    norm = "n = FusedBatchNormV3(while/MatMul, while/MatMul, while/MatMul, while/MatMul, while/MatMul)"
    assert "n:5" in made(LOOP + norm)["while/ctx"].values_def.values


def test_what_older_ones_said_stays():
    meta = schema.MetaGraphDef()
    older = schema.WhileContextDef(context_name="while/ctx", swap_memory=True, maximum_iterations_name="zero:0")
    branch = schema.CondContextDef(context_name="mine", pred_name="cond/pred_id:0", branch=1)
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(older))
    meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(branch))
    found = made(
        LOOP + COND.partition("w = Const {f32 [2,2]}")[2].replace("y =", "p = Placeholder {dtype: bool}; z ="), meta
    )
    loop = found["while/ctx"]
    assert (loop.swap_memory, loop.back_prop, loop.maximum_iterations_name) == (True, False, "zero:0")
    assert set(found) == {"while/ctx", "mine", "cond/cond_text"}
    assert [each.context_name for each in messages(meta, "while_context")] == ["while/ctx"]
