"""obfuscate_names: short names that say nothing."""

from __future__ import annotations

from graphsurgeon.passes.obfuscate_names import ObfuscatedRow, _short_names, obfuscate_names
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import FROZEN, check_pass, model


def test_all_but_inputs_and_outputs():
    after = """
        x = Placeholder
        0 = Const
        0/read = Identity(0) {_class: loc:@0}
        y = MatMul(x, 0/read)
    """
    report = check_pass(obfuscate_names, model(FROZEN), after)
    assert report.renamed == [ObfuscatedRow("0", "w"), ObfuscatedRow("0/read", "w/read")]
    of = model(FROZEN)
    obfuscate_names(of, outputs=("w",))
    assert [node.name for node in of.graph] == ["x", "w", "0", "1"]
    of = model(FROZEN)
    obfuscate_names(of, inputs=("w",))
    assert [node.name for node in of.graph] == ["0", "w", "1", "y"]


def test_signatures_follow():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32}; out = Abs(x)", meta=meta)
    obfuscate_names(of)
    assert of.meta is not None
    outputs = of.meta.signature_def["serving_default"].outputs
    assert [info.name for info in outputs.values()] == ["1:0"]


def test_digits_of_base_36_without_names_that_are_taken_in_whatever_case():
    names = _short_names({"1", "10", "1A"})
    found = [next(names) for _ in range(45)]
    assert found[:3] == ["0", "2", "3"]
    assert found[34:] == ["z", *(f"1{digit}" for digit in "123456789b")]


def test_functions_are_named():
    body = notation.function("f", "a", "r:y:0", "r = Neg(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x); z = Neg(y) {T: f32}", body)
    assert obfuscate_names(of).notes == ["functions and the nodes inside of them keep their names: 'f'"]
