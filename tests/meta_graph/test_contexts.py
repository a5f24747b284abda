"""Contexts are found inside of each other, and follow where values go."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.meta_graph.contexts import (
    Moved,
    contexts,
    dissolve_contexts,
    needed_by_contexts,
    nested,
    retarget_contexts,
)
from proto_utils import schema


def parsed(meta: schema.MetaGraphDef, key: str, kind: Any) -> list[Any]:
    return [schema.parse(kind, data) for data in meta.collection_def[key].bytes_list.value]


def test_contexts_are_found_inside_of_each_other():
    loop = schema.WhileContextDef(context_name="loop")
    branch = loop.nested_contexts.add().cond_ctxt
    branch.context_name = "branch"
    branch.nested_contexts.add()
    branch.nested_contexts.add().while_ctxt.context_name = "inner"
    meta = schema.MetaGraphDef()
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(loop))
    meta.collection_def["cond_context"].bytes_list.value.append(
        schema.serialize(schema.CondContextDef(context_name="c"))
    )
    assert sorted(each.context_name for each in contexts(meta)) == ["branch", "c", "inner", "loop"]
    assert [each.context_name for each in nested(branch)] == ["inner"]
    assert list(contexts(schema.MetaGraphDef())) == []


def test_a_branch_takes_its_value_from_outside():
    meta = schema.MetaGraphDef()
    branch = schema.CondContextDef(context_name="c")
    branch.values_def.values.extend(["c/x:0", "w:0"])
    meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(branch))
    retarget_contexts(meta, {"w": Moved("w/read", [], "w/Identity")})
    (branch,) = parsed(meta, "cond_context", schema.CondContextDef)
    assert list(branch.values_def.values) == ["c/x:0", "w/Identity:0"]
    assert not branch.values_def.external_values


def test_a_branch_in_a_loop_is_entered_by_the_loop():
    meta = schema.MetaGraphDef()
    loop = schema.WhileContextDef(context_name="l")
    loop.values_def.values.append("l/x:0")
    loop.nested_contexts.add().cond_ctxt.values_def.values.append("w:0")
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(loop))
    retarget_contexts(meta, {"w": Moved("w/read", ["w/Enter"], "w/Identity")})
    (loop,) = parsed(meta, "while_context", schema.WhileContextDef)
    assert list(loop.nested_contexts[0].cond_ctxt.values_def.values) == ["w/Identity:0"]
    assert list(loop.values_def.values) == ["l/x:0", "w/Enter:0"]
    assert dict(loop.values_def.external_values) == {"w/read:0": "w/Enter:0"}


@pytest.mark.parametrize("moved", [{}, {"a": Moved("r", [], "i")}])
def test_contexts_that_hold_nothing_moved_keep_their_bytes(moved: dict[str, Moved]):
    meta = schema.MetaGraphDef()
    odd = b"\x0a\x01c\x0a\x01d"  # a name written twice: parsing and writing would change it
    meta.collection_def["cond_context"].bytes_list.value.append(odd)
    retarget_contexts(meta, moved)
    assert list(meta.collection_def["cond_context"].bytes_list.value) == [odd]


def branch(name: str, values: str = "", **external: str) -> schema.CondContextDef:
    made = schema.CondContextDef(context_name=name, pivot_name=f"{name}/pivot:0", pred_name="p:0")
    made.values_def.values.extend(values.split())
    made.values_def.external_values.update(external)
    return made


def test_what_is_inside_of_a_dissolved_branch_stands_in_the_context_around_it():
    outer, gone, inner = branch("outer"), branch("gone"), branch("inner", "x:0 gone/Switch:1")
    inner.values_def.external_values.update({"x:0": "inner/Switch:1", "gone/Switch:1": "gone/Switch:1"})
    gone.nested_contexts.add().cond_ctxt.CopyFrom(inner)
    gone.nested_contexts.add().while_ctxt.context_name = "loop"
    outer.nested_contexts.add().cond_ctxt.CopyFrom(gone)
    meta = schema.MetaGraphDef()
    meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(outer))
    assert dissolve_contexts(meta, {"gone/pivot"}, {"gone/Switch:1": "x:0"}) == 1
    (outer,) = parsed(meta, "cond_context", schema.CondContextDef)
    assert [each.context_name for each in nested(outer)] == ["inner", "loop"]
    assert list(nested(outer)[0].values_def.values) == ["x:0"]
    assert dict(nested(outer)[0].values_def.external_values) == {"x:0": "inner/Switch:1"}
    assert dissolve_contexts(meta, {"outer/pivot"}, {}) == 1
    assert [each.context_name for each in parsed(meta, "cond_context", schema.CondContextDef)] == ["inner"]
    assert [each.context_name for each in parsed(meta, "while_context", schema.WhileContextDef)] == ["loop"]
    assert dissolve_contexts(meta, {"inner/pivot"}, {}) == 1
    assert "cond_context" not in meta.collection_def


def test_what_contexts_need():
    inner = schema.CondContextDef(context_name="inner", pivot_name="switch_t:0", pred_name="pred_id:0")
    outer = schema.WhileContextDef(
        context_name="outer", loop_exit_names=["Exit:0", "Exit_1:0"], pivot_name="LoopCond:0"
    )
    outer.nested_contexts.add().cond_ctxt.CopyFrom(inner)
    meta = schema.MetaGraphDef()
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(outer))
    assert needed_by_contexts(meta) == {"Exit", "Exit_1", "LoopCond", "switch_t", "pred_id"}
    assert needed_by_contexts(None) == set()
