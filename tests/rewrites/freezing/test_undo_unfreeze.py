"""What unfreezing had put in is taken out, as its note says."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.freezing.undo_unfreeze import undo_contexts, undo_unfreeze
from graphsurgeon.variables.unfreeze_note import ConstantNote, UnfreezeNote
from tests import notation
from tests.notation import function

GRAPH = """
    x = Placeholder {dtype: f32}
    v = Const {f32 [2]}
    v/read = Identity(v)
    v/Identity = Identity(v/read, ^x)
    a = Neg(v/read:0)
    b = Neg(v/Identity, ^v/Identity)
    c = Mul(x, v/read)
"""


def undone(note: ConstantNote, *frozen: str) -> list[str]:
    model = notation.model(GRAPH)
    undo_unfreeze(model, UnfreezeNote({"v": note}), frozen or ("v",))
    return notation.show(model.graph).splitlines()[1:]


def test_a_read_that_was_made():
    nodes = undone(ConstantNote(read="v/read"))
    assert nodes[3:] == ["a = Neg(v:0)", "b = Neg(v/Identity, ^v/Identity)", "c = Mul(x, v)"]


def test_readers_that_were_put_on_a_read_the_graph_had():
    assert undone(ConstantNote(rewired=[["c", 1]]))[3:] == [
        "a = Neg(v/read:0)",
        "b = Neg(v/Identity, ^v/Identity)",
        "c = Mul(x, v)",
    ]


def test_control_inputs_and_anchors():
    nodes = undone(ConstantNote(read="v/read", controls=["^x"], anchors=["v/Identity"]))
    assert (nodes[0], nodes[4]) == ("v = Const(^x)", "b = Neg(v, ^v)")


def test_notes_on_variables_that_stay_are_left_alone():
    assert undone(ConstantNote(read="v/read"), "other") == notation.show(notation.graph(GRAPH)).splitlines()[1:]


def test_gradients_come_back():
    model = Model(notation.graph("a = Neg(x) {T: f32}"))
    model.library.functions["f"] = function("f", "a", "n:y:0", "n = Neg(a) {T: f32}")
    before = list(model.graph)
    undo_unfreeze(model, UnfreezeNote(gradient_op_type={"a": "G-1", "f/n": "G-2"}), ())
    assert model.graph["a"].attrs["_gradient_op_type"] == b"G-1"
    assert model.library.functions["f"].body["n"].attrs["_gradient_op_type"] == b"G-2"
    assert "_gradient_op_type" not in before[0].attrs


def test_nothing_noted_nothing_done():
    model = notation.model(GRAPH)
    nodes = list(model.graph)
    undo_unfreeze(model, UnfreezeNote(), ("v",))
    assert list(model.graph) == nodes


def test_the_name_that_constant_folding_gave_the_constant():
    nodes = undone(ConstantNote(name="v/read"))
    assert nodes[1:4] == ["v/read = Const", "v/Identity = Identity(v/read, ^x)", "a = Neg(v/read:0)"]


def test_what_contexts_needed_is_bypassed():
    graph = notation.graph("""
        x = Placeholder {dtype: f32}
        p = Placeholder {dtype: bool}
        s = Switch(x, p)
        i = Identity(s:1)
        j = Identity(i)
        a = Neg(j:0)
        m = Merge(a, i)
    """)
    note = UnfreezeNote()
    assert not undo_contexts(graph, note)
    note.passed, note.swapped = {"i": "s:1", "j": "i"}, ["m"]
    assert undo_contexts(graph, note)
    assert notation.show(graph).splitlines()[4:] == ["j = Identity(s:1)", "a = Neg(s:1)", "m = Merge(s:1, a)"]
    note.passed = {"s": "x"}
    note.swapped = []
    assert not undo_contexts(graph, note)
