"""Contexts of a whole graph: the collections, what cannot be made, and what a note says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.collections import messages
from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.rewrites.training.contexts import ContextRow, lost_conditionals, lost_loops, rebuild_all
from graphsurgeon.variables.unfreeze_note import UnfreezeNote
from proto_utils import schema
from tests import notation
from tests.counting import num_calls
from tests.rewrites.training.control_flow import COND, COND_IN_LOOP, LOOP, changed

BROKEN = LOOP + "other = LoopCond(while/Less)\n"
SECOND = COND.partition("w = Const {f32 [2,2]}")[2].replace("y =", "p = Placeholder {dtype: bool}\n z =")


def names(model: Model, key: str) -> list[str]:
    assert model.meta is not None
    return [each.context_name for each in messages(model.meta, key)]


def test_rows():
    assert rebuild_all(notation.model(LOOP)) == [ContextRow("while/ctx", "while", "", ["while/Exit"], "")]
    rows = rebuild_all(notation.model(COND_IN_LOOP))
    assert [(row.context, row.kind, row.around) for row in rows] == [
        ("while/ctx", "while", ""),
        ("while/cond_text", "cond", "while/ctx"),
        ("while/cond_text_1", "cond", "while/ctx"),
    ]


def test_without_any_nothing_is_done():
    model = notation.model("x = Placeholder {dtype: f32}")
    assert rebuild_all(model) == []
    assert model.meta is None


def test_twice_is_once():
    model = notation.model(COND_IN_LOOP)
    rebuild_all(model)
    before = model.to_meta_graph_def()
    assert [row.added for row in rebuild_all(model)] == [[], [], []]
    assert model.to_meta_graph_def() == before


def test_one_that_cannot_be_made_leaves_the_others():
    model = notation.model(BROKEN + SECOND)
    rows = rebuild_all(model)
    assert [row.context for row in rows if row.reason] == ["while/ctx"]
    assert names(model, "cond_context") == ["cond/cond_text", "cond/cond_text_1"]
    assert model.meta is not None
    assert "while_context" not in model.meta.collection_def
    assert "while/Exit" not in model.graph
    assert lost_loops(rows) == {"while/ctx": "the loop with frame 'while/ctx' has 2 LoopConds"}
    assert lost_conditionals(rows) == []


def test_a_conditional_that_can_have_none_is_told_once():
    rows = rebuild_all(notation.model(changed(COND, cond_Merge="cond/Merge = Merge(w, cond/MatMul)")))
    assert lost_conditionals(rows) == [
        "no context for the conditional on 'p': Merge 'cond/Merge' does not join the two branches of a conditional"
    ]


def test_of_one_that_cannot_be_made_the_older_one_stays():
    model = notation.model(BROKEN)
    model.meta = schema.MetaGraphDef()
    older = schema.serialize(schema.WhileContextDef(context_name="while/ctx", pivot_name="while/LoopCond:0"))
    model.meta.collection_def["while_context"].bytes_list.value.append(older)
    rebuild_all(model)
    assert list(model.meta.collection_def["while_context"].bytes_list.value) == [older]


def test_a_refusal_names_it():
    with pytest.raises(gs.PassError, match=r"no context for the loop with frame 'while/ctx': .* has 2 LoopConds"):
        rebuild_all(notation.model(BROKEN), declines="rebuild_contexts")


def test_as_many_lie_in_each_other_as_can_be_imported():
    """TensorFlow 1.15 and 2.21 import a `tf.case` of 50 branches, and export one of 51 that neither imports."""
    model = notation.model(notation.nested_conditionals(50))
    rows = rebuild_all(model)
    assert (len(rows), {row.reason for row in rows}) == (100, {""})
    assert model.meta is not None
    assert len(list(contexts(model.meta))) == 100
    model = notation.model(notation.nested_conditionals(51) + "\n" + SECOND)
    rows = rebuild_all(model)
    assert {row.reason for row in rows} == {"", "more than 50 lie in each other, which no TensorFlow imports"}
    assert len(lost_conditionals(rows)) == 1
    assert names(model, "cond_context") == ["cond/cond_text", "cond/cond_text_1"]


def frames(depth: int) -> str:
    """Return the lines of frames that lie in each other."""
    enters = [f'e{i} = Enter({f"e{i - 1}" if i else "x"}) {{T: f32, frame_name: "f{i}"}}' for i in range(depth)]
    return "\n".join(["x = Placeholder {dtype: f32}", *enters])


def test_so_do_loops():
    rows = rebuild_all(notation.model(frames(50)))
    assert {row.reason for row in rows} == {"the loop with frame 'f0' has no LoopCond"}
    rows = rebuild_all(notation.model(frames(51)))
    assert {row.reason for row in rows} == {"more than 50 lie in each other, which no TensorFlow imports"}
    assert len(rows) == 50


@pytest.mark.parametrize("text", [notation.nested_conditionals, frames])
def test_deep_nesting_costs_what_there_is(text: Callable[[int], str]):
    models = [notation.model(text(depth)) for depth in (200, 800)]
    costs = [num_calls(lambda model=model: rebuild_all(model)) for model in models]  # type: ignore[misc]
    assert costs[1] < 5 * costs[0]


def test_the_note():
    model = notation.model(changed(COND, cond_Merge="cond/Merge = Merge(cond/MatMul, cond/Neg)"))
    rebuild_all(model)
    assert UnfreezeNote.read(model.meta).swapped == ["cond/Merge"]
    assert UnfreezeNote.read(model.meta).contexts


def test_costs_what_there_is():
    def loops(count: int) -> Model:
        text = "x = Placeholder {dtype: f32}; zero = Const {i32 [] 0}; w = Const {f32 [2,2]}\n"
        body = LOOP.partition("w = Const {f32 [2,2]}")[2].replace("y =", "while/y =")
        return notation.model(text + "".join(body.replace("while/", f"w{i}/") for i in range(count)))

    few, many = loops(10), loops(100)
    costs = [num_calls(lambda model=model: rebuild_all(model)) for model in (few, many)]  # type: ignore[misc]
    assert costs[1] < 10.5 * costs[0]


def test_only_those_in_which_known_nodes_stand():
    model = notation.model(LOOP + SECOND)
    assert [row.context for row in rebuild_all(model, known={"cond/Neg"})] == ["cond/cond_text", "cond/cond_text_1"]
    assert "while/Exit" not in model.graph


def exits(model: Model) -> list[str]:
    assert model.meta is not None
    (context,) = messages(model.meta, "while_context")
    return list(context.loop_exit_names)


def test_passes_that_take_nodes_away_leave_them_true():
    """An Exit that nobody reads any more is where the gradient of its loop variable begins."""
    model = notation.model(changed(LOOP, y="while/Exit = Exit(while/Switch); y = Identity(while/Exit_1); z = Neg(y)"))
    rebuild_all(model)
    gs.prune(model, outputs="y")
    assert exits(model) == ["while/Exit:0", "while/Exit_1:0"]
    gs.remove_nodes(model, op="Identity", outputs="y")
    assert exits(model) == ["while/Exit:0", "while/Exit_1:0"]
    assert model.graph.index.tensor_consumers("while/Switch_1:1")[0][0].op == "Identity"
    gs.rename(model, add_scope="tower")
    assert exits(model) == ["tower/while/Exit:0", "tower/while/Exit_1:0"]


def test_freezing_in_part_leaves_them_true():
    more = "v = Const {f32 [2,2]}; m = MatMul(while/Exit_1, v); y = Identity(m)"
    model = notation.model(changed(LOOP, y=more))
    gs.unfreeze(model, select="[wv]")
    gs.freeze(model, outputs="y", keep="w")
    assert exits(model) == ["while/Exit:0", "while/Exit_1:0"]
