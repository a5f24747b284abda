"""One saver in the place of several."""

from __future__ import annotations

from graphsurgeon.checks import verify
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.joining.savers import give_saver, take_saver
from proto_utils import schema
from tests import notation
from tests.passes.harness import keys_saved
from tests.passes.harness import model as bare
from tests.passes.prune.models import trained, variable


def test_a_saver_is_taken_with_all_that_only_it_needs():
    model = trained(["w"], "\nout = Relu(w/read)", {"w": "key"})
    taken = take_saver(model, "join")
    assert [state.tensors[0].key for state in taken.states] == ["key"]
    assert [node.name for node in model.graph] == ["w", "w/zeros", "w/Assign", "w/read", "out"]
    assert model.meta is not None
    assert not model.meta.HasField("saver_def")


def test_what_others_name_stays():
    model = trained(["w"], "\nout = Relu(w/read)")
    model.graph.append(notation.node("both = NoOp(^save/restore_all)"))
    assert model.meta is not None
    model.meta.collection_def["names"].node_list.value.append("save/Const:0")
    take_saver(model, "join")
    names = {node.name for node in model.graph}
    assert {"save/restore_all", "save/Const"} <= names
    assert "save/SaveV2" not in names


def test_reads_that_only_the_saver_has_stay():
    model = trained(["w"], "")
    assert model.meta is not None
    del model.meta.collection_def["variables"]
    take_saver(model, "join")
    assert "w/read" in model.graph


def test_without_a_saver_the_variables_with_values_are_saved():
    model = bare(variable("w") + variable("v"))
    model.variables = {"w": model.graph["w/zeros"].tensor}
    assert [state.tensors[0].key for state in take_saver(model, "join").states] == ["w"]


def test_the_new_saver_saves_what_all_did():
    model = trained(["w", "v"], "")
    assert model.meta is not None
    model.meta.collection_def["savers"].bytes_list.value.append(schema.serialize(model.meta.saver_def))
    taken = take_saver(model, "join")
    assert "savers" not in model.meta.collection_def
    give_saver(model, [taken])
    assert verify(model, consistency=True) == []
    assert keys_saved(model) == [b"v", b"w"]
    assert model.meta.saver_def.max_to_keep == 3
    assert len(model.meta.collection_def["savers"].bytes_list.value) == 1


def test_nothing_to_save_is_no_saver():
    model = Model()
    give_saver(model, [take_saver(model, "join")])
    assert model.meta is None
