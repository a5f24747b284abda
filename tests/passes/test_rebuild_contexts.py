"""rebuild-contexts: loops and conditionals that lost their contexts get them, and freeze takes out what they needed."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.meta_graph.collections import messages
from graphsurgeon.passes.rebuild_contexts import rebuild_contexts
from graphsurgeon.variables.layout import VariableKind
from tests.passes.harness import KINDS, check_refusal, model
from tests.rewrites.training.control_flow import COND, COND_IN_LOOP, LOOP, changed
from tests.rewrites.training.test_contexts import BROKEN

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_an_exit_is_added():
    of = model(LOOP)
    report = rebuild_contexts(of)
    assert of.graph["while/Exit"].inputs == ("while/Switch",)
    assert report.to_json()["contexts"] == [
        {"context": "while/ctx", "kind": "while", "around": "", "added": ["while/Exit"], "reason": ""}
    ]


def test_what_tensorflow_would_not_differentiate_is_refused():
    check_refusal(rebuild_contexts, model(BROKEN), gs.PassError, match="no context for the loop with frame 'while/ctx'")


@pytest.mark.parametrize("name", ["lstm_loop", "cond"])
def test_those_that_tensorflow_wrote(name: str):
    """Names and pivots are its own; what freezing dropped is not needed where nothing was frozen."""
    of = gs.load(FIXTURES / f"{name}.ckpt")
    assert of.meta is not None
    keys = ("while_context", "cond_context")
    before = {key: list(messages(of.meta, key)) for key in keys}
    report = rebuild_contexts(of)
    assert not [row for row in report.contexts if row.added or row.reason]
    for key in keys:
        after = {each.context_name: each for each in messages(of.meta, key)}
        assert len(after) == len(before[key])
        for each in before[key]:
            made = after[each.context_name]
            assert made.pivot_name == each.pivot_name
            assert set(each.values_def.values) <= set(made.values_def.values)
            assert dict(made.values_def.external_values) == dict(each.values_def.external_values)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "text",
    [
        LOOP, COND, COND_IN_LOOP, changed(COND, cond_Merge="cond/Merge = Merge(cond/MatMul, cond/Neg)"),
        changed(COND, cond_Neg="cond/Neg = Neg(cond/MatMul/Switch)", cond_Neg_Switch=""),
        changed(COND, cond_MatMul_Switch_1="c = Const(^cond/switch_t) {f32 [2,2]}",
                cond_MatMul="cond/MatMul = MatMul(cond/MatMul/Switch:1, c)", w=""),
    ],
)  # fmt: skip
def test_freezing_takes_it_out_again(text: str, kind: VariableKind):
    without, of = model(text), model(text)
    gs.unfreeze(without, select=".*[wc]", variables=kind, contexts=False)
    gs.freeze(without, outputs="y")
    gs.unfreeze(of, select=".*[wc]", variables=kind)
    assert of.meta is not None
    assert {"while_context", "cond_context"} & set(of.meta.collection_def)
    again = gs.Model.from_meta_graph_def(of.to_meta_graph_def())
    again.variables = of.variables
    gs.freeze(again, outputs="y")
    assert again.to_graph_def() == without.to_graph_def()
