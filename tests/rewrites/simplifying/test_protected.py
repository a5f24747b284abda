"""Which nodes no transform may take away."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError
from graphsurgeon.rewrites.simplifying.protected import Protected, named_around, results
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import model, variable_def

TEXT = "x = Placeholder {dtype: f32}; w = Relu(x); w/read = Identity(w); out = Neg(w/read); loss = Abs(w/read)"


def protected(of, outputs=(), inputs=()):
    return set(Protected(of, outputs, inputs, "test").of(None))


def test_what_is_asked_for_and_what_is_fed():
    assert protected(model(TEXT), ("out",), ("w",)) == {"x", "w", "out"}


def test_without_outputs_what_nobody_reads():
    assert protected(model(TEXT)) == {"x", "out", "loss"}


def test_what_is_named_around_the_graph():
    meta = meta_graph()
    del meta.graph_def.node[:]
    meta.signature_def.clear()
    meta.collection_def["variables"].bytes_list.value.append(variable_def("w"))
    assert {"w", "w/read"} <= protected(model(TEXT, meta=meta), ("out",))
    assert "w" not in set(named_around(meta, without=["variables"]))


def test_signatures_say_the_outputs():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model(TEXT, meta=meta)
    assert "out" in protected(of)
    assert "loss" not in protected(of)


def test_results_of_functions():
    body = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}; s = Abs(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    assert results(of.library.functions["f"]) == {"r"}
    assert set(Protected(of, (), (), "test").of("f")) == {"r"}


@pytest.mark.parametrize("side", ["outputs", "inputs"])
def test_names_that_mean_nothing(side):
    with pytest.raises(NotFoundError, match="nothing"):
        protected(model(TEXT), **{side: ("nothing",)})


def test_which_are_asked_for_and_by_which_output():
    meta = meta_graph()
    del meta.graph_def.node[:]
    meta.signature_def.clear()
    meta.collection_def["variables"].bytes_list.value.append(variable_def("w"))
    text = TEXT + "; s = Split(d, w) {num_split: 2}; d = Const {i32 []}"
    known = Protected(model(text, meta=meta), ("out", "s:1"), (), "test")
    assert {*known.asked_of(None)} == {"out", "s"}
    assert {*known.later_of(None)} == {"s"}
