"""Freeze: variables become constants, what read them reads values, and the rest stays or goes with a word."""

from __future__ import annotations

import json

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.formats.save import choose_kind, notes_on
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.tensors.dtypes import FLOAT
from tests.notation import function
from tests.passes.freeze.models import BOTH, REF, RESOURCE, TWO, Unreadable, of_size, surrounded, trained
from tests.passes.harness import check_pass, check_refusal, shown


def test_reference_variable():
    report = check_pass(
        freeze,
        trained(REF),
        """
        x = Placeholder
        v = Const
        v/read = Identity(v) {_class: loc:@v}
        y = Mul(x, v/read)
        """,
        outputs=("y:0",),
    )
    assert report.to_json() == {
        "outputs": ["y"],
        "constants": [{"name": "v", "node": "v", "dtype": "float32", "shape": [2], "nbytes": 8}],
        "variables": [],
        "removed": 3,
        "cut": [],
        "notes": [],
        "state": [],
        "initializer": None,
    }
    assert json.loads(json.dumps(report.to_json())) == report.to_json()


def test_resource_variable():
    check_pass(
        freeze,
        trained(RESOURCE),
        """
        x = Placeholder
        v = Const
        v/Read/ReadVariableOp = Identity(v)
        y = Mul(x, v/Read/ReadVariableOp)
        """,
        outputs=("y",),
    )


@pytest.mark.parametrize("op", ["Variable", "VariableV2", "AutoReloadVariable"])
def test_every_op_that_is_a_variable(op):
    frozen = trained(f'v = {op} {{dtype: f32, shape: shape[2], container: "", shared_name: ""}}; y = Neg(v) {{T: f32}}')
    freeze(frozen, outputs=("y",))
    assert shown(frozen) == ["v = Const", "y = Neg(v)"]
    assert frozen.graph["v"].tensor.numpy().tolist() == [5, 6]


def test_long_values_are_not_read():
    frozen = trained(of_size(500))
    frozen.variables["v"] = Unreadable(FLOAT, (500,))
    freeze(frozen, outputs=("y",))
    assert (frozen.variables, frozen.meta) == ({}, None)
    assert sum(len(piece) for piece in frozen.graph_def_pieces() if isinstance(piece, bytes)) < 500


def test_versions_and_an_empty_library_are_there_as_tensorflow_has_them():
    frozen = trained(REF)
    frozen.rest.versions.producer = 27
    freeze(frozen, outputs=("y",))
    graph_def = frozen.to_graph_def()
    assert graph_def.versions.producer == 27
    assert graph_def.HasField("library")


def test_a_graph_without_variables_is_cut_down():
    check_pass(
        freeze, trained("a = Const {f32 []}; b = Neg(a); c = Neg(a)", {}), "a = Const\nb = Neg(a)", outputs=("b",)
    )


def test_several_outputs_in_one_text():
    assert freeze(trained(TWO, BOTH), outputs=("y, z:0",)).outputs == ["y", "z"]


def test_a_signature_gives_the_outputs():
    frozen = trained(TWO, BOTH, meta=surrounded())
    report = freeze(frozen, signature="other")
    assert report.outputs == ["y"]
    assert report.notes == ["gone with the nodes that are not kept: signature serving_default"]
    assert frozen.meta is not None
    assert list(frozen.meta.signature_def) == ["other"]
    assert choose_kind(frozen, "frozen.pb") == "graph_def"
    assert notes_on(frozen, "graph_def") == ["a GraphDef has no signatures: dropped other"]


def test_the_only_signature_is_taken():
    meta = surrounded()
    del meta.signature_def["other"]
    meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    assert freeze(trained(TWO, BOTH, meta=meta)).outputs == ["z"]


def test_no_outputs():
    error = check_refusal(freeze, trained(REF), PassError, "no outputs were named")
    assert error.hint == 'name the nodes to keep: `outputs="loss"`'
    error = check_refusal(freeze, trained(TWO, BOTH, meta=surrounded()), PassError, "no outputs were named")
    assert "`signature` other | serving_default" in error.hint


def test_wrong_names():
    assert check_refusal(freeze, trained(REF), NotFoundError, "no node 'los'", outputs=("los",)).near == ("loss",)
    bad = trained(TWO, BOTH, meta=surrounded())
    assert check_refusal(freeze, bad, NotFoundError, "no signature 'othr'", signature="othr").near == ("other",)


def test_colocation_is_a_need_as_for_tensorflow():
    frozen = trained(REF + "near = Neg(x)\nz = Neg(y) {_class: loc:@near}")
    freeze(frozen, outputs=("z",))
    assert "near" in frozen.graph


@pytest.mark.parametrize("clear", [False, True])
def test_devices(clear):
    body = function("f", "a", "n:y:0", "n = Neg(a) {T: f32} on /gpu:1")
    frozen = trained(REF + "z = f(y) on /gpu:2", None, body)
    freeze(frozen, outputs=("z",), clear_devices=clear)
    devices = [node.device for node in (*frozen.graph, *frozen.library.functions["f"].body) if node.device]
    assert devices == ([] if clear else ["/gpu:2", "/gpu:1"])


def test_tables_are_pointed_out():
    text = "k = Placeholder {dtype: str}\nt = HashTableV2 {key_dtype: str, value_dtype: i64}\nd = Const {i64 []}"
    frozen = trained(text + "\ny = LookupTableFindV2(t, k, d) {Tin: str, Tout: i64}", {})
    report = freeze(frozen, outputs=("y",))
    assert report.notes == ["'t' starts empty, as no checkpoint holds what is in it"]


def test_functions_that_nothing_calls_stay_as_with_tensorflow():
    frozen = trained(REF, None, function("f", "a", "n:y:0", "n = Neg(a) {T: f32}"))
    freeze(frozen, outputs=("y",))
    assert list(frozen.library.functions) == ["f"]


def test_variables_in_function_bodies_are_named():
    body = function(
        "f",
        "a",
        "r:value:0",
        "h = VarHandleOp {dtype: f32, shape: shape[2]}\nr = ReadVariableOp(h:resource:0) {dtype: f32}",
    )
    error = check_refusal(
        freeze,
        trained(REF + "z = f(y)", None, body),
        PassError,
        "a variable in the body of function 'f'",
        outputs=("z",),
    )
    assert error.node == "h"
    freeze(trained(REF + "z = f(y)", None, body), outputs=("y",))
