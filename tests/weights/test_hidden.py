"""What was left although it may be a weight is named beside what was found."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.weights import find_weights
from graphsurgeon.weights.hidden import hidden_notes
from tests import notation
from tests.passes.harness import model

MARKED = """
    x = Placeholder
    b = Const {f32 [2]}
    b/read = Identity(b)
"""
HIDDEN = f"""{MARKED}
    k = Const {{f32 [3,2]}}
    q = FixNeuron(k)
    y = MatMul(x, q)
    out = BiasAdd(y, b/read)
"""
ADVICE = "; to take it: `select=('k')`"


def notes(text: str, *asked: str) -> list[str]:
    of = notation.model(text)
    index = Index(of.graph)
    return hidden_notes(find_weights(of, index), index, of.library.functions, asked)


def test_an_op_that_tensorflow_does_not_have_hides_a_weight():
    why = "may be weights: TensorFlow does not have FixNeuron, which hides what they are for"
    assert notes(HIDDEN) == [f"constant k float32 [3, 2], left as it is, {why}{ADVICE}"]


def test_through_what_passes_it_on():
    assert len(notes(HIDDEN.replace("FixNeuron(k)", "FixNeuron(c); c = Cast(k)"))) == 1


def test_also_where_roles_decide():
    assert len(notes(HIDDEN.replace("b/read", "b").replace("b = Identity(b)", ""))) == 1


def test_what_somebody_asked_for_is_not_told():
    assert notes(HIDDEN, "k") == []


def test_integers_and_numbers_are_no_weights():
    assert notes(HIDDEN.replace("f32 [3,2]", "i32 [3,2]")) == notes(HIDDEN.replace("f32 [3,2]", "f32 []")) == []


def test_several_are_one_note_that_offers_the_largest():
    more = "".join(f"\nk{n} = Const {{f32 [{n},2]}}\nq{n} = Other(k{n})" for n in range(4, 8))
    (note,) = notes(HIDDEN + more)
    assert note.startswith(
        "5 constants left as they are (k7 float32 [7, 2], k6 float32 [6, 2], k5 float32 [5, 2] and 2"
    )
    assert "TensorFlow does not have FixNeuron, Other" in note
    assert note.endswith("to take the largest: `select=('k7', 'k6', 'k5')`")


def test_kernels_without_a_mark_that_outweigh_those_with_one():
    text = HIDDEN.replace("q = FixNeuron(k)", "").replace("MatMul(x, q)", "MatMul(x, k)")
    why = "may be weights: more bytes than all that bear a mark of freezing"
    assert notes(text) == [f"constant k float32 [3, 2], left as it is, {why}{ADVICE}"]
    assert notes(text.replace("b = Const {f32 [2]}", "b = Const {f32 [50,2]}")) == []


def test_unfreeze_tells():
    of = model("x = Placeholder {dtype: f32}; b = Const {f32 [2]}; b/read = Identity(b); k = Const {f32 [2,2]}\n"
               "y = MatMul(x, k); z = BiasAdd(y, b/read)")  # fmt: skip
    (note,) = unfreeze(of).notes
    assert note.endswith(ADVICE)
    assert unfreeze(model("x = Placeholder {dtype: f32}; k = Const {f32 [2,2]}; y = MatMul(x, k)")).notes == []
