"""What is around the graph: collections, signatures, versions, and the note for the way back."""

from __future__ import annotations

import json

import pytest

from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, RawTensor
from graphsurgeon.variables.unfreeze_note import COLLECTION, UnfreezeNote
from proto_utils import schema
from proto_utils.files import BytesSource, Span
from tests.notation import function
from tests.passes.harness import FROZEN, KINDS, definitions, listed, model


class TestMetaGraph:
    def test_a_bare_graph_gets_one(self):
        of = model(FROZEN)
        unfreeze(of)
        meta = of.to_meta_graph_def()
        assert meta.meta_info_def.tensorflow_version == "1.15.0"
        assert sorted(meta.collection_def) == [COLLECTION, "model_variables", "trainable_variables", "variables"]
        assert meta.saver_def.version == schema.SaverDef.V2
        assert len(meta.graph_def.node) == len(of.graph)

    def test_one_that_is_there_is_kept_and_added_to(self):
        meta = schema.MetaGraphDef()
        meta.meta_info_def.tensorflow_version = "2.4.1"
        meta.meta_info_def.tags.append("serve")
        meta.signature_def["s"].outputs["y"].name = "y:0"
        meta.collection_def["mine"].node_list.value.append("y:0")
        other = schema.VariableDef(variable_name="elsewhere:0", initializer_name="i", snapshot_name="s:0")
        meta.collection_def["variables"].bytes_list.value.append(schema.serialize(other))
        meta.asset_file_def.add(filename="f")
        of = model(FROZEN, meta=meta)
        assert unfreeze(of).notes == []
        assert of.meta is not None
        assert of.meta.meta_info_def.tensorflow_version == "2.4.1"
        assert list(of.meta.meta_info_def.tags) == ["serve"]
        assert of.meta.signature_def["s"] == meta.signature_def["s"]
        assert of.meta.collection_def["mine"] == meta.collection_def["mine"]
        assert of.meta.asset_file_def == meta.asset_file_def
        assert listed(of, "variables") == ["elsewhere", "w"]

    @pytest.mark.parametrize("version", ["unknown", "1.15-mine", "v2"])
    def test_a_version_that_tensorflow_cannot_parse_is_replaced(self, version):
        meta = schema.MetaGraphDef()
        meta.meta_info_def.tensorflow_version = version
        of = model(FROZEN, meta=meta)
        assert unfreeze(of).notes == [f"wrote tensorflow_version 1.15.0: no version is {version!r}"]
        assert of.meta is not None
        assert of.meta.meta_info_def.tensorflow_version == "1.15.0"

    def test_what_a_stale_collection_says_of_the_variable_is_replaced(self):
        stale = schema.VariableDef(variable_name="w:0", initializer_name="gone", snapshot_name="gone:0")
        meta = schema.MetaGraphDef()
        meta.collection_def["variables"].bytes_list.value.append(schema.serialize(stale))
        of = model(FROZEN, meta=meta)
        unfreeze(of)
        assert [d.initializer_name for d in definitions(of, "variables")] == ["w/Assign"]

    def named_by_others(self) -> schema.MetaGraphDef:
        meta = schema.MetaGraphDef()
        signature = meta.signature_def["s"]
        signature.outputs["plain"].name = "w:0"
        signature.outputs["sparse"].coo_sparse.values_tensor_name = "w:0"
        signature.outputs["parts"].composite_tensor.components.add(name="w:0")
        meta.collection_def["mine"].node_list.value.extend(["w:0", "w"])
        return meta

    def test_names_of_the_value_stay_with_reference_variables(self):
        of = model(FROZEN, meta=self.named_by_others())
        unfreeze(of)
        assert of.meta is not None
        assert of.meta.signature_def["s"] == self.named_by_others().signature_def["s"]

    def test_names_of_the_value_follow_it_past_a_handle(self):
        of = model(FROZEN, meta=self.named_by_others())
        report = unfreeze(of, variables="resource")
        assert of.meta is not None
        outputs, read = of.meta.signature_def["s"].outputs, "w/Read/ReadVariableOp:0"
        assert outputs["plain"].name == read
        assert outputs["sparse"].coo_sparse.values_tensor_name == read
        assert outputs["parts"].composite_tensor.components[0].name == read
        assert list(of.meta.collection_def["mine"].node_list.value) == [read, "w"]
        assert len(report.notes) == 4
        assert f"collection 'mine' now names {read!r} instead of 'w:0'" in report.notes

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_definition_names_the_nodes_that_are_there(self, kind):
        of = model(FROZEN)
        unfreeze(of, variables=kind)
        (definition,) = definitions(of, "trainable_variables")
        assert definition.is_resource is (kind == "resource")
        assert definition.trainable
        for name in (definition.variable_name, definition.initializer_name, definition.snapshot_name):
            assert node_of(name) in of.graph
        assert definitions(of, "variables") == definitions(of, "model_variables") == [definition]

    def test_collections_are_only_those_that_are_true(self):
        of = model("""
            x = Placeholder {dtype: f32}
            scale = Const {f32 [4]}
            offset = Const {f32 [4]}
            mean = Const {f32 [4]}
            variance = Const {f32 [4]}
            bn = FusedBatchNorm(x, scale, offset, mean, variance) {is_training: false}
            global_step = Const {i64 []}
            next = Identity(global_step)
        """)
        unfreeze(of, select=("global_step",))
        assert listed(of, "variables") == ["scale", "offset", "mean", "variance", "global_step"]
        assert listed(of, "trainable_variables") == ["scale", "offset"]
        assert listed(of, "model_variables") == ["scale", "offset", "mean", "variance"]
        assert listed(of, "global_step") == ["global_step"]
        assert "moving_average_variables" not in of.meta.collection_def  # type: ignore[union-attr]

    def test_the_meta_graph_weighs_the_same_whatever_the_weights_weigh(self):
        sizes = []
        for rows in (1 << 12, 1 << 24):
            of = model(FROZEN)
            nodes = list(of.graph)
            nodes[1] = Node.new(
                "w", "Const", attrs={"dtype": dtypes.FLOAT, "value": FillTensor(dtypes.FLOAT, (rows, 3))}
            )
            nodes[1].attrs["value"] = _unread(rows)
            of.graph.set_nodes(nodes)
            unfreeze(of)
            sizes.append(of.to_meta_graph_def().ByteSize())
        assert sizes[1] < sizes[0] + 50 < 5000


def _unread(rows: int) -> Tensor:
    """A large tensor of which nobody may read a byte."""

    class Untouched(BytesSource):
        def read(self, start: int, end: int) -> bytes:
            pytest.fail("a payload was read")

    source = Untouched(b"")
    source.size = rows * 12
    return RawTensor(dtypes.FLOAT, (rows, 3), Span(source, 0, source.size))


class TestGradients:
    FUNCTION = 'g = IdentityN(a) {_gradient_op_type: "CustomGradient-12"}'

    def test_names_of_gradients_that_are_gone_are_dropped_and_noted(self):
        dead = {"a": "CustomGradient-7", "b": "PartitionedCall-1234", "c": "StatefulPartitionedCall-5"}
        live = {"d": "MyGradient", "e": "CustomGradient", "f": "CustomGradient-x"}
        text = FROZEN + "".join(
            f'\n{name} = Identity(y) {{_gradient_op_type: "{value}"}}' for name, value in {**dead, **live}.items()
        )
        of = model(
            text, function("body", "a", "g:output:0", 'g = Identity(a) {T: f32, _gradient_op_type: "CustomGradient-9"}')
        )
        report = unfreeze(of)
        assert ["_gradient_op_type" in of.graph[name].attrs for name in "abcdef"] == [False] * 3 + [True] * 3
        assert "_gradient_op_type" not in of.library.functions["body"].body["g"].attrs
        assert UnfreezeNote.read(of.meta).gradient_op_type == {**dead, "body/g": "CustomGradient-9"}
        assert len(report.notes) == 4
        assert report.notes[3] == (
            "dropped the attr _gradient_op_type (CustomGradient-9) of 'body/g': that gradient function is gone, "
            "so TensorFlow differentiates the op itself"
        )


class TestNote:
    def test_it_is_json_and_says_what_freezing_cannot_see(self):
        of = model(FROZEN + """
            z = Neg(w)
            v = Const(^x) {f32 [3]}
            u = Neg(v)
        """)  # fmt: skip
        unfreeze(of, select=("v", "w"))
        assert of.meta is not None
        (data,) = of.meta.collection_def[COLLECTION].bytes_list.value
        assert json.loads(data) == {
            "version": 1,
            "constants": {
                "w": {"rewired": [["z", 0]]},
                "v": {"read": "v/read", "controls": ["^x"], "anchors": ["v/Identity"]},
            },
            "gradient_op_type": {},
        }
        assert b"\n" not in data
