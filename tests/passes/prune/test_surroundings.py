"""Prune: tables, init ops, signatures, assets and notes go with what they are about."""

from __future__ import annotations

import pytest

from graphsurgeon.passes.prune import prune
from graphsurgeon.variables.unfreeze_note import ConstantNote, UnfreezeNote
from proto_utils import schema
from tests import notation
from tests.passes.harness import model
from tests.passes.prune.models import NET, listing, variable

TABLES = """
    k = Const {i64 [2]}
    t = HashTableV2
    u = HashTableV2
    t/init = LookupTableImportV2(t, k, k)
    u/init = LookupTableImportV2(u, k, k)
    tables = NoOp(^t/init, ^u/init)
    locals = NoOp
    main = NoOp(^tables, ^locals, ^out)
    x = Placeholder {dtype: i64}
    out = LookupTableFindV2(t, x, k)
    other = LookupTableFindV2(u, x, k)
"""


def test_a_table_keeps_its_initializer():
    pruned = model(TABLES, meta=listing("table_initializer", "t/init", "u/init"))
    report = prune(pruned, outputs=("out",))
    assert [each.name for each in pruned.graph] == ["k", "t", "t/init", "tables", "x", "out"]
    assert pruned.graph["tables"].inputs == ("^t/init",)
    assert [row.name for row in report.references] == ["u/init"]


def test_main_ops_are_cut_down_to_what_is_left():
    pruned = model(TABLES.replace(", ^out", ""), meta=listing("saved_model_main_op", "main"))
    report = prune(pruned, outputs=("out",))
    assert pruned.graph["tables"].inputs == ("^t/init",)
    assert pruned.graph["main"].inputs == ("^tables", "^locals")
    assert report.references == []


def test_main_ops_with_nothing_left_go():
    pruned = model(TABLES.replace(", ^locals, ^out", ""), meta=listing("saved_model_main_op", "main"))
    report = prune(pruned, outputs=("x",))
    assert notation.show(pruned.graph) == "x = Placeholder"
    assert [(row.where, row.name) for row in report.references] == [("collection saved_model_main_op", "main")]


def test_signatures_and_assets_go_with_their_tensors():
    meta = schema.MetaGraphDef()
    for name in ("out", "loss"):
        meta.signature_def[name].inputs["in"].name = "x:0"
        meta.signature_def[name].outputs["out"].name = f"{name}:0"
    meta.asset_file_def.add(filename="vocabulary").tensor_info.name = "loss:0"
    pruned = model(NET, meta=meta)
    report = prune(pruned, outputs=("out",))
    assert pruned.meta is not None
    assert list(pruned.meta.signature_def) == ["out"]
    assert [(row.where, row.name) for row in report.references] == [("signature", "loss"), ("asset", "vocabulary")]


@pytest.mark.parametrize(
    ("cut", "stays"), [((), True), (("w/read",), True), (("x",), True), (("decoded",), False), (("y",), False)]
)
def test_inputs_that_outputs_never_needed_stay_in_signatures(cut: tuple[str, ...], stays: bool):
    meta = schema.MetaGraphDef()
    for name in ("x", "labels"):
        meta.signature_def["both"].inputs[name].name = f"{name}:0"
    meta.signature_def["both"].outputs["out"].name = "out:0"
    before = (
        NET.replace("y = Mul(x,", "decoded = Relu(x)\n    y = Mul(decoded,") + "\nlabels = Placeholder {dtype: f32}"
    )
    pruned = model(before, meta=meta)
    prune(pruned, outputs=("out",), inputs=cut)
    assert pruned.meta is not None
    assert ("both" in pruned.meta.signature_def) is stays
    assert ("labels" in pruned.graph) is stays


def test_the_note_of_unfreezing_speaks_of_what_is_left():
    note = UnfreezeNote({"v": ConstantNote(read="v/read"), "w": ConstantNote(read="w/read")})
    meta = schema.MetaGraphDef()
    note.write(meta)
    pruned = model(variable("v") + variable("w") + "\nout = Relu(w/read)", meta=meta)
    prune(pruned, outputs=("out",))
    assert list(UnfreezeNote.read(pruned.meta).constants) == ["w"]
