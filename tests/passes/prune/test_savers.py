"""Prune: variables, what sets them up, and their saver."""

from __future__ import annotations

from pathlib import Path

from graphsurgeon.formats.load import load
from graphsurgeon.passes.prune import prune
from proto_utils import schema
from tests import notation
from tests.passes.harness import model, variable_def
from tests.passes.prune.models import listing, trained, variable


def test_a_variable_keeps_what_sets_it_up():
    rest = "\nout = Relu(w/read)\nelse = Relu(v/read)"
    meta = listing("variables", variable_def("v"), variable_def("w"))
    pruned = model(variable("v") + variable("w") + rest, meta=meta)
    report = prune(pruned, outputs=("out",))
    assert [each.name for each in pruned.graph] == ["w", "w/zeros", "w/Assign", "w/read", "out"]
    assert pruned.meta is not None
    assert list(pruned.meta.collection_def["variables"].bytes_list.value) == [variable_def("w")]
    assert [tuple(vars(row).values()) for row in report.references] == [("collection variables", "v", "")]


def test_without_a_meta_graph_only_the_outputs_count():
    pruned = model(variable("v") + "\nout = Relu(v/read)")
    prune(pruned, outputs=("out",))
    assert [each.name for each in pruned.graph] == ["v", "v/read", "out"]


def test_the_saver_stays_when_all_it_saves_stays():
    pruned = trained("vw", "\nboth = Mul(v/read, w/read)\nout = Relu(both)")
    saver = [each for each in pruned.graph if each.name.startswith("save/")]
    report = prune(pruned, outputs=("both",))
    assert report.saver == "kept"
    assert report.variables == []
    assert [each for each in pruned.graph if each.name.startswith("save/")] == saver
    assert [row.node for row in report.removed] == ["out"]


def test_the_saver_is_made_anew_for_what_is_left():
    pruned = trained("uvw", "\nout = Mul(v/read, w/read)", keys={"v": "other/v"})
    report = prune(pruned, outputs=("out",))
    assert report.saver == "remade"
    assert report.variables == ["u"]
    assert sorted(pruned.variables) == ["other/v", "w"]
    assert list(pruned.graph["save/SaveV2/tensor_names"].tensor.strings()) == [b"other/v", b"w"]
    assert pruned.graph["save/SaveV2"].inputs[3:] == ("v", "w")
    assert {each.inputs[0] for each in pruned.graph if each.name.startswith("save/Assign")} == {"v", "w"}
    assert pruned.meta is not None
    assert pruned.meta.saver_def.max_to_keep == 3
    assert pruned.meta.saver_def.restore_op_name in pruned.graph


def test_the_saver_goes_with_the_last_variable():
    pruned = trained("v", "\nx = Placeholder {dtype: f32}\nout = Relu(x)")
    report = prune(pruned, outputs=("out",))
    assert report.saver == "removed"
    assert notation.show(pruned.graph) == "x = Placeholder\nout = Relu(x)"
    assert pruned.meta is not None
    assert not pruned.meta.HasField("saver_def")
    assert pruned.variables == {}
    assert not pruned.meta.collection_def


def test_a_variable_that_is_fed_is_none_any_more():
    pruned = trained("vw", "\nout = Mul(v/read, w/read)")
    report = prune(pruned, outputs=("out",), inputs=("v",))
    assert (report.saver, report.variables) == ("remade", ["v"])
    assert list(pruned.variables) == ["w"]
    assert "v/Assign" not in pruned.graph


def test_a_saver_in_the_collection_is_replaced_there_too():
    pruned = trained("vw", "\nout = Relu(v/read)")
    assert pruned.meta is not None
    older = schema.SaverDef(filename_tensor_name="w:0", save_tensor_name="w/read:0", restore_op_name="w/Assign")
    listed = pruned.meta.collection_def["savers"].bytes_list.value
    listed.extend([schema.serialize(pruned.meta.saver_def), schema.serialize(older)])
    prune(pruned, outputs=("out",))
    assert list(pruned.meta.collection_def["savers"].bytes_list.value) == [schema.serialize(pruned.meta.saver_def)]


def test_values_that_belong_to_no_variable_stay():
    pruned = trained("vw", "\nout = Relu(v/read)")
    pruned.variables["_CHECKPOINTABLE_OBJECT_GRAPH"] = pruned.variables["w"]
    prune(pruned, outputs=("out",))
    assert sorted(pruned.variables) == ["_CHECKPOINTABLE_OBJECT_GRAPH", "v"]


def test_partitions_that_are_left_are_saved_as_slices(fixtures: Path):
    pruned = load(fixtures / "partitioned.ckpt.meta")
    part = next(each.name for each in pruned.graph if each.op == "VariableV2" and each.name.endswith("part_1"))
    spec = dict(
        zip(
            pruned.graph["save/SaveV2"].inputs[3:],
            pruned.graph["save/SaveV2/shape_and_slices"].tensor.strings(),
            strict=True,
        )
    )
    prune(pruned, outputs=(part,))
    assert list(pruned.graph["save/RestoreV2/shape_and_slices"].tensor.strings()) == [spec[f"{part}/read"]]
    assert pruned.graph["save/SaveV2"].inputs[3:] == (f"{part}/read",)
    assert list(pruned.variables) == [part.rpartition("/")[0]]


def test_a_saver_that_is_made_anew_stands_behind_what_was_made_after_the_old_one():
    pruned = trained("uv", "\nout = Mul(v/read, u/read)\nlater = Relu(v/read)")
    prune(pruned, outputs=("later",))
    names = [each.name for each in pruned.graph]
    assert names.index("later") < min(number for number, name in enumerate(names) if name.startswith("save/"))
