"""A constant with control inputs stands in a branch, in a loop, or behind something that must run first."""

from __future__ import annotations

import pytest

from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests.passes.harness import FROZEN, KINDS, attrs, check_pass, definitions, model, shown

LOOP = """
    x = Placeholder {dtype: f32}
    start = Const {i32 []}
    limit = Const {i32 []}
    l/Enter = Enter(start) {frame_name: "l/frame", parallel_iterations: 7}
    l/Enter_1 = Enter(x) {frame_name: "l/frame", parallel_iterations: 7}
    l/Merge = Merge(l/Enter, l/Next)
    l/Merge_1 = Merge(l/Enter_1, l/Next_1)
    l/Limit = Enter(limit) {frame_name: "l/frame", is_constant: true, parallel_iterations: 7}
    l/Less = Less(l/Merge, l/Limit)
    l/Cond = LoopCond(l/Less)
    l/Switch = Switch(l/Merge, l/Cond)
    l/Switch_1 = Switch(l/Merge_1, l/Cond)
    l/Identity = Identity(l/Switch:1)
    one = Const(^l/Identity) {i32 []}
    w = Const(^l/Identity) {f32 [3]}
    l/Add = Add(l/Identity, one)
    l/Mul = Mul(l/Switch_1:1, w)
    l/Next = NextIteration(l/Add)
    l/Next_1 = NextIteration(l/Mul)
    l/Exit = Exit(l/Switch_1)
"""

NESTED = """
    x = Placeholder {dtype: f32}
    p = Placeholder {dtype: bool}
    o/Enter = Enter(x) {frame_name: "outer", parallel_iterations: 3}
    o/Merge = Merge(o/Enter, o/Next)
    o/P = Enter(p) {frame_name: "outer", is_constant: true, parallel_iterations: 3}
    o/Cond = LoopCond(o/P)
    o/Switch = Switch(o/Merge, o/Cond)
    o/Identity = Identity(o/Switch:1)
    i/Enter = Enter(o/Identity) {frame_name: "inner", parallel_iterations: 5}
    i/Merge = Merge(i/Enter, i/Next)
    i/P = Enter(o/P) {frame_name: "inner", is_constant: true, parallel_iterations: 5}
    i/Cond = LoopCond(i/P)
    i/Switch = Switch(i/Merge, i/Cond)
    i/Identity = Identity(i/Switch:1)
    w = Const(^i/Identity) {f32 [3]}
    i/Mul = Mul(i/Identity, w)
    i/Next = NextIteration(i/Mul)
    i/Exit = Exit(i/Switch)
    after = Const(^i/Exit) {f32 [3]}
    o/Mul = Mul(i/Exit, after)
    o/Next = NextIteration(o/Mul)
    o/Exit = Exit(o/Switch)
"""


class TestControlInputs:
    """A constant with control inputs stands in a branch, a loop, or behind something that must run first."""

    def test_a_constant_in_a_branch(self):
        of = model("""
            p = Placeholder {dtype: bool}
            x = Placeholder {dtype: f32}
            Switch = Switch(x, p)
            pivot = Identity(Switch:1)
            w = Const(^pivot) {f32 [3]}
            y = Add(Switch:1, w:0)
            after = NoOp(^w)
            m = Merge(y, Switch)
        """)
        check_pass(unfreeze, of, """
            p = Placeholder
            x = Placeholder
            Switch = Switch(x, p)
            pivot = Identity(Switch:1)
            w = VariableV2
            w/Initializer/zeros = Const {_class: loc:@w}
            w/Assign = Assign(w, w/Initializer/zeros) {_class: loc:@w}
            w/read = Identity(w) {_class: loc:@w}
            w/Identity = Identity(w/read, ^pivot)
            y = Add(Switch:1, w/Identity:0)
            after = NoOp(^w/Identity)
            m = Merge(y, Switch)
        """, select=("w",), contexts=False)  # fmt: skip

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_constant_in_a_loop_enters_as_an_invariant(self, kind):
        of = model(LOOP)
        unfreeze(of, select=("w",), variables=kind, contexts=False)
        read = "w/read" if kind == "ref" else "w/Read/ReadVariableOp"
        assert of.graph["w"].inputs == ()
        assert of.graph["w/Enter"].inputs == (read,)
        assert attrs(of, "w/Enter") == {
            "T": dtypes.FLOAT, "frame_name": b"l/frame", "is_constant": True, "parallel_iterations": 7,
        }  # fmt: skip
        assert of.graph["w/Identity"].inputs == ("w/Enter", "^l/Identity")
        assert of.graph["l/Mul"].inputs == ("l/Switch_1:1", "w/Identity")
        assert of.graph["one"].inputs == ("^l/Identity",)

    def test_a_constant_in_nested_loops_enters_each(self):
        of = model(NESTED)
        unfreeze(of, select=("w", "after"))
        facts = [attrs(of, name) for name in ("w/Enter", "w/Enter_1", "after/Enter")]
        assert [(f["frame_name"], f["parallel_iterations"]) for f in facts] == [
            (b"outer", 3), (b"inner", 5), (b"outer", 3),
        ]  # fmt: skip
        assert of.graph["w/Enter"].inputs == ("w/read",)
        assert of.graph["w/Enter_1"].inputs == ("w/Enter",)
        assert of.graph["w/Identity"].inputs == ("w/Enter_1", "^i/Identity")
        assert of.graph["after/Identity"].inputs == ("after/Enter", "^i/Exit")
        assert "after/Enter_1" not in of.graph

    def test_the_read_inside_stays_inside(self):
        """Its readers rely on it to be there once per iteration."""
        of = model(
            LOOP.replace("l/Mul = Mul(l/Switch_1:1, w)", "w/read = Identity(w); l/Mul = Mul(l/Switch_1:1, w/read)")
        )
        unfreeze(of, select=("w",))
        assert of.graph["w/read"].inputs == ("w/Identity",)
        assert of.graph["w/Enter"].inputs == ("w/read_1",)
        assert definitions(of, "variables")[0].snapshot_name == "w/read_1:0"

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_frozen_read_inside_stays_an_identity(self, kind):
        read = "l/ReadVariableOp = Identity(w); l/Mul = Mul(l/Switch_1:1, l/ReadVariableOp)"
        of = model(LOOP.replace("l/Mul = Mul(l/Switch_1:1, w)", read))
        unfreeze(of, select=("w",), variables=kind)
        assert shown(of)[-5].startswith("l/ReadVariableOp = Identity(w/Identity)")

    def test_constants_that_wait_for_each_other(self):
        of = model(LOOP.replace("one = Const(^l/Identity)", "v = Const(^l/Identity, ^w) {f32 [3]}; one = Const(^v)"))
        unfreeze(of, select=("w", "v"))
        assert of.graph["v/Identity"].inputs == ("v/Enter", "^l/Identity", "^w/Identity")
        assert of.graph["one"].inputs == ("^v/Identity",)

    def test_waiting_for_a_constant_that_stood_free_needs_no_change(self):
        of = model(f"{FROZEN}\nv = Const(^w) {{f32 [3]}}\nz = Neg(v)")
        unfreeze(of, select=("w", "v"))
        assert of.graph["v/Identity"].inputs == ("v/read", "^w")

    def test_contexts_of_loops_know_what_left_and_what_came(self):
        meta = schema.MetaGraphDef()
        inner = schema.WhileContextDef(context_name="i")
        inner.values_def.values.extend(["i/Identity:0", "w:0"])
        outer = schema.WhileContextDef(context_name="o")
        outer.values_def.values.extend(["o/Identity:0"])
        outer.nested_contexts.add().while_ctxt.CopyFrom(inner)
        meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(outer))
        of = model(NESTED, meta=meta)
        unfreeze(of, select=("w",), contexts=False)
        assert of.meta is not None
        (data,) = of.meta.collection_def["while_context"].bytes_list.value
        outer = schema.parse(schema.WhileContextDef, data)
        inner = outer.nested_contexts[0].while_ctxt
        assert list(inner.values_def.values) == ["i/Identity:0", "w/Identity:0", "w/Enter_1:0"]
        assert dict(inner.values_def.external_values) == {"w/Enter:0": "w/Enter_1:0"}
        assert list(outer.values_def.values) == ["o/Identity:0", "w/Enter:0"]
        assert dict(outer.values_def.external_values) == {"w/read:0": "w/Enter:0"}
