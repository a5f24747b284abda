"""Values spread forward from what is known, as far as they are exact, and no further."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.evaluator import evaluate
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.rewrites.specializing.known_values import KnownValues, is_all, truth
from graphsurgeon.tensors.values import as_tensor
from tests import notation


def known(text: str, **values: object) -> KnownValues:
    made = KnownValues(Index(notation.graph(text)), OpSignatures({}), evaluate, lambda *_: ())
    made.add({name: as_tensor(value) for name, value in values.items()})
    return made


def value(of: KnownValues, text: str) -> object:
    found = of.value(text)
    return None if found is None else found.numpy().tolist()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("y = LogicalNot(p)", False),
        ("q = Placeholder {dtype: bool}; y = LogicalOr(q, p)", True),
        ("q = Placeholder {dtype: bool}; y = LogicalAnd(q, p)", None),
        ("y = Cast(p) {DstT: f32}", 1.0),
        ("q = Placeholder {dtype: bool}; s = Switch(p, q); y = Identity(s:1)", True),
        ("y = PlaceholderWithDefault(p) {dtype: bool}", None),
        ('e = Enter(p) {frame_name: "f"}; y = LogicalNot(e)', False),
        ("m = Merge(p, p); y = Identity(m)", None),
    ],
)
def test_predicates_are_followed(text: str, wanted: object):
    assert value(known(f"p = Placeholder {{dtype: bool}}; {text}", p=np.bool_(True)), "y") == wanted


def test_constants_beside_the_way_are_evaluated():
    text = "k = Placeholder {dtype: f32}; a = Const {f32 [] 2}; b = Const {f32 [] 1}; c = Sub(a, b); y = Sub(c, k)"
    made = known(text, k=np.float32(1))
    assert value(made, "y") == 0.0
    assert is_all(made.value("c"), 1)
    assert not is_all(made.value("c"), 0)
    assert not is_all(None, 0)


def test_a_merge_is_known_when_its_input_is_chosen():
    text = "p = Placeholder {dtype: bool}; q = Placeholder {dtype: bool}; m = Merge(q, p); y = LogicalNot(m)"
    made = known(text, p=np.bool_(False))
    assert value(made, "y") is None
    made.choose({"m": 1})
    assert (value(made, "y"), value(made, "m:1")) == (True, 1)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(True, True), (0, False), (0.5, True), ("", False), ("a", True), ([0], True), (np.zeros((0, 2)), False)],
)
def test_truth_of_a_condition(given: object, wanted: bool):
    assert truth(as_tensor(given)) is wanted
