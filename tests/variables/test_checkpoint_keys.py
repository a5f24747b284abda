"""Which key holds which variable: as the savers say, by name, by parts, through the object graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.load import load
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.names import text_of
from graphsurgeon.tensors.dtypes import FLOAT
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.checkpoint_keys import (
    SavedAs,
    VariableValues,
    restored_by_objects,
    saved_keys,
)
from graphsurgeon.variables.layout import Variable
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saver import SavedVariable, new_saver
from proto_utils import schema
from proto_utils.errors import NotFoundError
from tests.models import shared
from tests.object_layers import checkpoint
from tests.passes.harness import model

TF2 = "uve+tensorflow/at-f1129b3/tensorflow/python/compiler/tensorrt/test/testdata/tftrt_2.0_saved_model"


def with_savers(*savers: dict[str, SavedVariable]) -> Model:
    """A graph with variables v and w and some savers; the last is the meta graph's own."""
    made = model(
        """
        v = VariableV2 {dtype: f32, shape: shape[2]}
        v/read = Identity(v)
        w = VariableV2 {dtype: f32, shape: shape[2]}
        w/read = Identity(w)
        """,
        meta=schema.MetaGraphDef(),
    )
    for saved in savers:
        saver = new_saver(made.graph, saved.values())
        for node in saver.nodes:
            made.graph.append(node)
        assert made.meta is not None
        made.meta.saver_def.CopyFrom(saver.saver_def)
    return made


def saved(name: str, key: str, part: str = "") -> SavedVariable:
    return SavedVariable(key, Variable(name, "ref", FLOAT, "", f"{name}/read:0"), part)


def test_the_saver_says_the_keys():
    made = with_savers({"v": saved("v", "other/v"), "w": saved("w", "w")})
    assert saved_keys(made, Index(made.graph)) == {"v": SavedAs("other/v"), "w": SavedAs("w")}


def test_the_models_own_saver_has_the_last_word():
    made = with_savers({"v": saved("v", "first")}, {"v": saved("v", "last")})
    assert saved_keys(made, Index(made.graph)) == {"v": SavedAs("last")}
    assert made.meta is not None
    made.meta.saver_def.restore_op_name = "save/restore_all"
    assert saved_keys(made, Index(made.graph)) == {"v": SavedAs("first")}


@pytest.mark.parametrize("part", ["10 4 0,5:0,4", "3 2,1"])
def test_a_slice_is_read_as_savers_write_it(part: str):
    made = with_savers({"v": saved("v", "whole", part)})
    assert saved_keys(made, Index(made.graph))["v"].slice == part


def test_slices_of_a_whole_tensor():
    assert SavedAs("k").slice == ""
    assert SavedAs("k", ((0, 5), (2, 3)), (10, 4)).slice == "10 4 0,5:2,1"


def test_a_saver_that_is_a_function_says_the_keys():
    made = load(shared(TF2))
    index = Index(made.graph)
    assert saved_keys(made, index) == {"Variable": SavedAs("v/.ATTRIBUTES/VARIABLE_VALUE")}
    assert VariableValues(made, index)[made.graph["Variable"]][0] == "v/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.mark.parametrize("key", [b"shared", b"sh\xffared"], ids=["text", "not UTF-8"])
def test_without_a_saver_the_name_is_the_key(key):
    made = model(
        'v = VariableV2 {dtype: f32, shape: shape[2], shared_name: ""}\nw = VarHandleOp {dtype: f32, shape: shape[2]}'
    )
    made.graph["w"].attrs["shared_name"] = key
    made.variables = {"v": as_tensor([1.0, 2.0]), text_of(key): as_tensor([3.0, 4.0])}
    values = VariableValues(made, Index(made.graph))
    assert values.place(made.graph["v"]) == SavedAs("v")
    assert values.place(made.graph["w"]) == SavedAs(text_of(key))


def test_parts_lie_one_behind_the_other():
    made = model(
        "v/part_0 = VariableV2 {dtype: f32, shape: shape[2]}\nv/part_1 = VariableV2 {dtype: f32, shape: shape[2]}"
    )
    made.graph["v/part_0"].attrs["shape"] = Shape([3, 2])
    made.graph["v/part_1"].attrs["shape"] = Shape([1, 2])
    made.variables = {"v": as_tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])}
    values = VariableValues(made, Index(made.graph))
    assert values.place(made.graph["v/part_1"]) == SavedAs("v", ((3, 4), (0, 2)), (4, 2))
    assert values[made.graph["v/part_1"]][1].numpy().tolist() == [[7.0, 8.0]]


def test_full_names_are_noted_in_the_object_graph():
    objects = schema.TrackableObjectGraph()
    objects.nodes.add().attributes.add(full_name="v", checkpoint_key="layer/kernel/.ATTRIBUTES/V")
    made = model("v = VariableV2 {dtype: f32, shape: shape[2]}")
    made.variables = {
        OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(objects)]),
        "layer/kernel/.ATTRIBUTES/V": as_tensor([1.0]),
    }
    assert VariableValues(made, Index(made.graph)).place(made.graph["v"]) == SavedAs("layer/kernel/.ATTRIBUTES/V")


def test_what_only_objects_restore():
    made = with_savers({"v": saved("v", "0/.ATTRIBUTES/VARIABLE_VALUE")})
    made.variables = {"v": as_tensor([1.0]), "w": as_tensor([1.0])}
    assert restored_by_objects(made, Index(made.graph)) == set()
    made.variables = checkpoint(v=1.0, w=2.0)
    assert restored_by_objects(made, Index(made.graph)) == {"w"}
    made.variables = checkpoint(v=1.0)
    assert restored_by_objects(made, Index(made.graph)) == set()


def test_a_missing_value_names_near_keys(fixtures: Path):
    made = load(fixtures / "mobile_cnn.ckpt.meta")
    name = next(node.name for node in made.graph if node.op == "VariableV2")
    made.variables[f"{name}_1"] = made.variables.pop(name)
    with pytest.raises(NotFoundError) as caught:
        VariableValues(made, Index(made.graph))[made.graph[name]]
    assert f"{name}_1" in caught.value.near
