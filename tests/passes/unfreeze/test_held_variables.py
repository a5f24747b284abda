"""Graphs that were frozen in part, or never."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.layout import existing_variables
from graphsurgeon.variables.saver import SavedVariable, new_saver
from proto_utils import schema
from tests.passes.harness import FROZEN, KINDS, check_refusal, definitions, keys_saved, listed, model, reloaded


class TestHeldVariables:
    """Graphs that were frozen in part, or never."""

    REF = """
        v = VariableV2 {dtype: f32, shape: shape[3]}
        zeros = Const {f32 [3]}
        v/Assign = Assign(v, zeros) {_class: loc:@v}
        v/read = Identity(v) {_class: loc:@v}
        z = Neg(v/read)
    """
    RESOURCE = """
        v = VarHandleOp {dtype: f32, shape: shape[3]}
        zeros = Const {f32 [3]}
        v/Assign = AssignVariableOp(v, zeros)
        op/ReadVariableOp = ReadVariableOp(v) {dtype: f32}
        z = Neg(op/ReadVariableOp)
    """

    @pytest.mark.parametrize(("text", "read"), [(REF, "v/read"), (RESOURCE, "op/ReadVariableOp")], ids=KINDS)
    @pytest.mark.parametrize("kind", KINDS)
    def test_with_its_value_it_is_saved_too(self, text, read, kind):
        of = model(FROZEN + text)
        of.variables["v"] = as_tensor([1.0, 2.0, 3.0])
        report = unfreeze(of, variables=kind)
        assert report.notes == []
        assert [row.name for row in report.variables] == ["w"]
        assert keys_saved(of) == [b"v", b"w"]
        assert list(of.variables) == ["v", "w"]
        assert listed(of, "variables") == ["w", "v"]
        held = definitions(of, "variables")[1]
        assert (held.initializer_name, held.snapshot_name, held.initial_value_name) == (
            "v/Assign",
            f"{read}:0",
            "zeros:0",
        )
        assert not held.trainable  # nothing says that it is
        assert listed(of, "trainable_variables") == ["w"]

    @pytest.mark.parametrize("text", [REF, RESOURCE], ids=KINDS)
    def test_without_its_value_it_is_not_saved_and_that_is_said(self, text):
        of = model(FROZEN + text)
        report = unfreeze(of)
        assert report.notes == [
            "the value of variable 'v', which the graph had, is not known: it is not saved; "
            "tf.local_variables_initializer runs 'v/Assign'"
        ]
        assert keys_saved(of) == [b"w"]
        assert listed(of, "variables") == ["w"]
        assert listed(of, "local_variables") == ["v"]

    def test_without_anything_that_sets_it_no_collection_can_list_it(self):
        of = model(FROZEN + "v = VariableV2 {dtype: f32, shape: shape[3]}; v/read = Identity(v); z = Neg(v/read)")
        assert unfreeze(of).notes == [
            "the value of variable 'v', which the graph had, is not known: it is not saved, and nothing initializes it"
        ]
        assert "local_variables" not in of.to_meta_graph_def().collection_def

    def test_one_that_serves_as_a_weight_is_trained_and_initialized(self):
        of = model(
            FROZEN + "k = VariableV2 {dtype: f32, shape: shape[3,3]}; k/read = Identity(k); z = MatMul(y, k/read)"
        )
        of.variables["k"] = as_tensor([[1.0, 2.0, 3.0]] * 3)
        unfreeze(of)
        assert listed(of, "variables") == listed(of, "trainable_variables") == ["w", "k"]
        assert definitions(of, "variables")[1].initializer_name == "k/Assign"
        assert of.graph["k/Assign"].inputs == ("k", "k/Initializer/zeros")

    def test_one_that_nothing_reads_gets_a_read_to_be_saved_by(self):
        of = model(FROZEN + "v = VarHandleOp {dtype: f32, shape: shape[3]}")
        of.variables["v"] = as_tensor([1.0, 2.0, 3.0])
        unfreeze(of)
        assert of.graph["v/Read/ReadVariableOp"].inputs == ("v",)
        assert of.graph["save/SaveV2"].inputs[3:] == ("v/Read/ReadVariableOp", "w")

    def with_saver(self, key: str, spec: str = "") -> Model:
        """A graph whose saver has `v` under another key."""
        of = model(FROZEN + self.REF)
        (variable,) = existing_variables(of.graph, Index(of.graph))
        saver = new_saver(of.graph, [SavedVariable(key, variable, spec)], max_to_keep=9)
        meta = schema.MetaGraphDef(saver_def=saver.saver_def)
        meta.saver_def.keep_checkpoint_every_n_hours = 2.5
        meta.collection_def["local_variables"].bytes_list.value.append(
            schema.serialize(variable.to_proto(trainable=False))
        )
        for node in saver.nodes:
            of.graph.append(node)
        of.meta = meta
        return reloaded(of)

    def test_keys_of_the_earlier_saver_stay(self):
        of = self.with_saver("other/name")
        of.variables["other/name"] = as_tensor([1.0, 2.0, 3.0])
        unfreeze(of)
        assert keys_saved(of, "save_1") == [b"other/name", b"w"]
        assert of.graph["save_1/SaveV2"].inputs[3:] == ("v", "w")
        assert of.graph["save_1/Assign"].inputs == ("v", "save_1/RestoreV2")

    def test_parts_of_a_whole_stay_parts(self):
        of = self.with_saver("whole", "6 3,3")
        of.variables["whole"] = as_tensor([0.0] * 6)
        unfreeze(of)
        assert keys_saved(of, "save_1") == [b"w", b"whole"]
        assert list(of.graph["save_1/RestoreV2/shape_and_slices"].tensor.strings()) == [b"", b"6 3,3"]
        assert of.graph["save_1/SaveV2"].inputs[3:] == ("w", "v/read")

    def test_what_the_earlier_saver_kept_of_checkpoints_stays(self):
        of = self.with_saver("v")
        of.variables["v"] = as_tensor([1.0, 2.0, 3.0])
        unfreeze(of)
        assert of.meta is not None
        assert of.meta.saver_def.max_to_keep == 9
        assert of.meta.saver_def.keep_checkpoint_every_n_hours == 2.5

    def test_a_variable_of_another_collection_is_not_made_a_global_one(self):
        of = self.with_saver("v")
        unfreeze(of)
        assert listed(of, "variables") == ["w"]
        assert listed(of, "local_variables") == ["v"]

    def test_a_key_that_another_variable_has_is_refused(self):
        of = self.with_saver("w")
        of.variables["w"] = as_tensor([1.0, 2.0, 3.0])
        error = check_refusal(unfreeze, of, PassError, "the checkpoint has variable 'v' under this name")
        assert error.node == "w"
