"""State that is no variable, as savers restore and save it. That TensorFlow finds it again is in tests/tf."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.saved_state import SavedState, saved_states, state_by_name
from proto_utils import schema
from tests import notation
from tests.saved_tables import TABLE, table_model


def states(model: Model) -> dict[str, list[SavedState]]:
    return saved_states(model, Index(model.graph))


def test_a_table_is_restored_by_an_op_that_takes_its_handle():
    (state,) = states(table_model())["counts"]
    assert state.keys == ["counts-keys", "counts-values"]
    assert [(part.position, part.dtype, part.source) for part in state.tensors] == [
        (1, dtypes.INT64, "export"),
        (2, dtypes.FLOAT, "export:1"),
    ]
    assert state.is_main
    assert state.is_saved
    assert state.needs == ["export", "export", "counts"]


def test_the_op_can_be_made_again_of_other_tensors():
    (state,) = states(table_model())["counts"]
    (made,) = state.restore_from("counts/again", ["k", "v"])
    assert (made.op, made.inputs) == ("LookupTableImportV2", ("counts", "k", "v"))
    assert made.attrs["Tin"] is dtypes.INT64
    assert "_class" not in made.attrs
    assert state.local_name == "restore"


def through(op: str) -> str:
    """The graph, with an op between the keys that are read and the op that takes them."""
    return TABLE.replace("(counts, save/RestoreV2, ", "(counts, save/on/way, ") + f"save/on/way = {op}"


def test_what_prepares_the_values_on_the_way_is_made_again_too():
    (state,) = states(table_model(through("Neg(save/RestoreV2, ^w/read) {T: i64}")))["counts"]
    assert [node.name for node in state.between] == ["save/on/way"]
    assert [(part.node, part.position, part.key) for part in state.tensors] == [
        ("save/on/way", 0, "counts-keys"),
        ("save/restore", 2, "counts-values"),
    ]
    assert notation.show(state.restore_from("new", ["k", "v"])).splitlines() == [
        "new/way = Neg(k, ^w/read)",
        "new = LookupTableImportV2(counts, new/way, v)",
    ]
    assert (state.waits, "save/on/way" in state.needs) == (["w/read"], False)


@pytest.mark.parametrize("op", ["Neg(save/RestoreV2, ^save/RestoreV2) {T: i64}", "OfAnotherLibrary(save/RestoreV2)"])
def test_what_cannot_be_made_again_is_known_by_its_keys_alone(op: str):
    (state,) = states(table_model(through(op)))["counts"]
    assert state.restore is None
    assert not state.is_saved
    assert sorted(state.keys) == ["counts-keys", "counts-values"]


def test_an_identity_on_the_way_changes_nothing():
    text = TABLE.replace("(counts, save/RestoreV2, ", "(counts, same, ") + "same = Identity(save/RestoreV2) {T: i64}"
    (state,) = states(table_model(text))["counts"]
    assert state.restore is not None
    assert state.restore.inputs == ("counts", "", "")


def test_ops_of_other_libraries_are_found_alike():
    text = TABLE.replace("= MutableHashTableV2 {key_dtype: i64, value_dtype: f32}", "= OtherTable")
    text = text.replace(
        "LookupTableImportV2(counts, save/RestoreV2, save/RestoreV2:1) {Tin: i64, Tout: f32, _class: loc:@x}",
        "OtherImport(save/RestoreV2, counts, save/RestoreV2:1)",
    )
    (state,) = states(table_model(text))["counts"]
    assert state.restore is not None
    assert (state.restore.inputs, state.keys) == (("", "counts", ""), ["counts-keys", "counts-values"])


def test_variables_are_not_among_it():
    assert list(states(table_model())) == ["counts"]


def test_what_is_computed_from_a_variable_is_its_state():
    text = TABLE.replace("Assign(w, save/RestoreV2:2)", "Assign(w, save/root)") + "save/root = Neg(save/RestoreV2:2)"
    text = text.replace("export, export:1, w)", "export, export:1, neg)") + "\n    neg = Neg(w/read)"
    (state,) = states(table_model(text))["w"]
    assert [node.op for node in state.nodes] == ["Neg", "Assign"]
    assert [(part.key, part.source) for part in state.tensors] == [("w", "neg")]
    assert states(
        table_model(TABLE.replace("Assign(w, save/RestoreV2:2)", "Assign(w, c)") + "c = Identity(save/RestoreV2:2)")
    ).keys() == {"counts"}


def test_without_an_op_that_saves_there_is_no_source():
    model = table_model("\n".join(line for line in TABLE.splitlines() if "SaveV2" not in line))
    (state,) = states(model)["counts"]
    assert [part.source for part in state.tensors] == ["", ""]
    assert not state.is_saved


def test_other_savers_are_told_from_the_main_one():
    model = table_model()
    assert model.meta is not None
    model.meta.saver_def.restore_op_name = "other"
    assert not states(model)["counts"][0].is_main


def test_functions_restore_the_handles_that_they_are_given():
    strings = schema.FunctionDef()
    body = notation.function("restore", "file handle", "", """
        names = Const {str [2]}
        slices = Const {str [2]}
        read = RestoreV2(file, names:output:0, slices:output:0) {dtypes: [i64, f32]}
        set = LookupTableImportV2(handle, read:tensors:0, read:tensors:1) {Tin: i64, Tout: f32}
        """)  # fmt: skip
    body.proto.signature.input_arg[1].type = dtypes.RESOURCE.number
    for name, texts in {"names": [b"t/keys", b"t/values"], "slices": [b"", b""]}.items():
        body.body[name].attrs["value"] = StringTensor((2,), texts)
    model = notation.model("""
        file = Placeholder {dtype: str}
        counts = MutableHashTableV2 {key_dtype: i64, value_dtype: f32}
        call = StatefulPartitionedCall(file, counts) {f: fn:restore, Tin: [str, resource], Tout: []}
        """, body)  # fmt: skip
    model.meta = schema.MetaGraphDef()
    model.meta.saver_def.restore_op_name = "call"
    assert strings is not None
    (state,) = states(model)["counts"]
    assert state.restore is not None
    assert (state.restore.inputs, state.keys) == (("counts", "", ""), ["t/keys", "t/values"])


@pytest.mark.parametrize("name", ["counts", "scope/counts"])
def test_a_table_without_a_saver_is_known_by_its_name(name: str):
    table = notation.node(f"{name} = MutableHashTableV2 {{key_dtype: i64, value_dtype: f32}}")
    (state,) = state_by_name(table, ["w", "counts-keys", "counts-values"])
    assert state.restore is not None
    assert (state.restore.op, state.restore.inputs) == ("LookupTableImportV2", (name, "", ""))
    assert not state.is_saved


def test_other_state_without_a_saver_is_known_by_its_keys_alone():
    trees = notation.node("trees = BoostedTreesEnsembleResourceHandleOp")
    (state,) = state_by_name(trees, ["trees:0_stamp", "trees:0_serialized", "w"])
    assert (state.restore, state.keys) == (None, ["trees:0_stamp", "trees:0_serialized"])
    assert state_by_name(trees, ["w"]) == []


def test_tables_of_object_based_checkpoints_may_be_any_table():
    table = notation.node("t = MutableHashTableV2 {key_dtype: i64, value_dtype: f32}")
    (state,) = state_by_name(table, ["a/.ATTRIBUTES/table-keys", "a/.ATTRIBUTES/VARIABLE_VALUE"])
    assert (state.restore, state.keys) == (None, ["a/.ATTRIBUTES/table-keys"])
