"""What graphs of all kinds want of a checkpoint."""

from __future__ import annotations

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.tools.fit.requirements import Requirement
from graphsurgeon.variables.checkpoint_keys import VariableValues
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.models import floats
from tests.notation import model
from tests.tools.fit.targets import requirements, target, wanted, with_any_shape


def facts(of: Model, saver: str | None = None) -> dict[str, tuple[str, tuple[int | None, ...] | None]]:
    return {each.key: (each.dtype.name, each.shape) for each in requirements(of, saver=saver)}


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_the_saver_says(kind):
    of = target({"a/w": (2, 3), "b": ()}, kind=kind)
    assert facts(of) == {"a/w": ("float32", (2, 3)), "b": ("float32", ())}
    assert [each.parts for each in requirements(of)] == [[("a/w", None)], [("b", None)]]


def test_keys_of_the_saver_and_names_of_variables():
    of = target({"w": (2,)}, saved={"w": ("other/name", "")})
    (found,) = requirements(of)
    assert found.names == ["other/name", "w"]


def test_slices_make_up_one_tensor():
    saved = {"w/part_0": ("w", "5 2 0,3:0,2"), "w/part_1": ("w", "5 2 3,2:0,2")}
    of = target({"w/part_0": (3, 2), "w/part_1": (2, 2)}, saved=saved)
    (found,) = requirements(of)
    assert (found.key, found.shape, found.names) == ("w", (5, 2), ["w"])
    assert found.parts == [("w/part_0", ((0, 3), (0, 2))), ("w/part_1", ((3, 5), (0, 2)))]


def test_shapes_may_be_unknown():
    assert facts(with_any_shape(target({"w": (2,)}), "w")) == {"w": ("float32", None)}


def test_a_meta_graph_without_saver_wants_its_variables():
    of = target({"a": (2,), "b": (3,)}, saved={"a": ("renamed", "")})
    assert of.meta is not None
    of.meta.ClearField("saver_def")
    listed = of.meta.collection_def["variables"].bytes_list.value
    listed[:] = [data for data in listed if schema.parse(schema.VariableDef, data).variable_name == "a:0"]
    assert facts(of) == {"a": ("float32", (2,))}


def test_the_default_saver_knows_partitions_by_their_definitions():
    of = target({"w/part_0": (3, 2), "w/part_1": (2, 2)})
    assert of.meta is not None
    of.meta.ClearField("saver_def")
    values = of.meta.collection_def["variables"].bytes_list.value
    for i, (offset, size) in enumerate([(0, 3), (3, 2)]):
        definition = schema.parse(schema.VariableDef, values[i])
        part = definition.save_slice_info_def
        part.full_name = "w"
        part.full_shape.extend([5, 2])
        part.var_offset.extend([offset, 0])
        part.var_shape.extend([size, 2])
        values[i] = schema.serialize(definition)
    (found,) = requirements(of)
    assert (found.key, found.shape) == ("w", (5, 2))
    assert found.parts == [("w/part_0", ((0, 3), (0, 2))), ("w/part_1", ((3, 5), (0, 2)))]


def test_a_bare_graph_wants_what_its_savers_do_or_its_variables():
    of = target({"a": (2,)}, saved={"a": ("key", "")})
    of.meta = None
    assert set(facts(of)) == {"key"}
    assert facts(model('v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "said"}')) == {
        "said": ("float32", (2,))
    }


def test_a_shared_name_that_is_not_utf_8_is_the_key_that_the_checkpoint_has(tmp_path):
    of = model("v = VarHandleOp {dtype: f32, shape: shape[2]}")
    of.graph["v"].attrs["shared_name"] = b"sh\xffared"
    (key,) = facts(of)
    save_checkpoint({key: floats(1, 2)}, tmp_path / "m")
    of.variables = dict(load_checkpoint(tmp_path / "m"))
    assert VariableValues(of, Index(of.graph))[of.graph["v"]][0] == key


def test_another_saver_by_its_scope():
    of = target({"a": (2,)})
    second = target({"a": (2,)}, saved={"a": ("pretrained/a", "")})
    for node in list(second.graph):
        if node.name.startswith("save/"):
            copy = node.copy()
            copy.name = f"save_1/{node.name.removeprefix('save/')}"
            copy.inputs = [text.replace("save/", "save_1/") for text in copy.inputs]
            of.graph.append(copy)
    assert set(facts(of)) == {"a"}
    assert set(facts(of, "save_1")) == set(facts(of, "save_1/restore_all")) == {"pretrained/a"}
    with pytest.raises(NotFoundError, match="no saver 'save_2'") as caught:
        facts(of, "save_2")
    assert "save_1" in caught.value.near


def test_a_checkpoint_wants_what_it_has():
    of = Model()
    of.variables = {"w": np.zeros((2, 3)), OBJECT_GRAPH_KEY: as_tensor(b"")}
    assert facts(of) == {"w": ("float64", (2, 3))}


def test_nothing_to_restore():
    with pytest.raises(PassError, match="no variables"):
        requirements(model("x = Placeholder {dtype: f32}"))


@pytest.mark.parametrize("name", ["mobile_cnn", "lstm_loop", "partitioned", "resource_cnn", "dtypes"])
def test_real_graphs_want_what_was_saved_for_them(fixtures, name):
    of = gs.load(fixtures / f"{name}.ckpt")
    found = requirements(of)
    assert {each.key for each in found} == set(of.variables)
    for each in found:
        assert each.full_shape == of.variables[each.key].shape
        assert each.dtype is of.variables[each.key].dtype


@pytest.mark.parametrize(
    ("shape", "found", "takes"),
    [
        ((2, 3), (2, 3), True),
        ((2, 3), (3, 2), False),
        ((None, 3), (7, 3), True),
        ((None, 3), (3,), False),
        (None, (1,), True),
    ],
)
def test_shapes_that_are_taken(shape, found, takes):
    assert wanted("w", shape).takes_shape(found) is takes


def test_a_saver_that_reshapes_takes_as_many_elements():
    each = Requirement("w", wanted("w", (2, 3)).dtype, (2, 3), is_reshaped=True)
    assert each.takes_shape((6,))
    assert not each.takes_shape((5,))
    assert wanted("w", (None, 3)).full_shape is None
