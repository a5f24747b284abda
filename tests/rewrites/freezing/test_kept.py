"""Variables that stay among constants: parts, saver, collections, values."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import NotFoundError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.rewrites.freezing.kept import KeptVariables
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.state_choice import StateChoice
from proto_utils import schema
from tests import notation
from tests.passes.harness import listed

GRAPH = """
    v = VariableV2 {dtype: f32, shape: shape[2]}
    v/zeros = Const {f32 [2]}
    v/Assign = Assign(v, v/zeros)
    v/read = Identity(v)
    w = VariableV2 {dtype: f32, shape: shape[2]}
    w/zeros = Const {f32 [2]}
    w/Assign = Assign(w, w/zeros)
    y = Mul(v/read, w)
    init = NoOp(^v/Assign, ^w/Assign)
"""


def trained(*, meta: schema.MetaGraphDef | None = None, keys: str = "v w") -> Model:
    model = notation.model(GRAPH)
    model.meta = meta
    model.variables = {key: as_tensor(np.ones(2, np.float32)) for key in keys.split()}
    return model


def kept(model: Model) -> tuple[KeptVariables, list[str]]:
    """Keep `w`, and finish on what is left then; the notes."""
    index = Index(model.graph)
    staying = KeptVariables(model, index, ["w"], ["v"], ["y"], StateChoice(model, index, (), "freeze"))
    needed = ancestors(index.producers, ["y"], staying.also)
    needed.update(staying.init.cut(needed))
    model.graph.set_nodes(node for node in model.graph if node.name in needed)
    return staying, staying.finish()


def test_parts_are_found_without_collections():
    staying, notes = kept(model := trained())
    assert staying.also == {"w": ["w/Assign"]}
    assert notes == []
    assert [node.name for node in model.graph if not node.name.startswith("save/")] == [
        "v", "v/read", "w", "w/zeros", "w/Assign", "y", "w/read",
    ]  # fmt: skip


def test_those_with_all_parts_are_listed():
    model = trained()
    for node in notation.graph("w/read = Identity(w) {T: f32}"):
        model.graph.append(node)
    kept(model)
    assert listed(model, "variables") == ["w"]
    kept(other := trained())
    assert listed(other, "variables") == []


def test_the_saver_is_as_tensorflow_makes_one():
    kept(model := trained())
    assert model.meta is not None
    assert (model.meta.saver_def.max_to_keep, model.meta.saver_def.keep_checkpoint_every_n_hours) == (5, 10000)
    assert model.graph["save/SaveV2"].inputs[3:] == ("w",)
    assert model.graph["save/restore_all"].inputs == ("^save/Assign",)


def test_values_of_the_others_go():
    kept(model := trained(keys="v w slot"))
    assert list(model.variables) == ["w"]


def test_init_ops_of_collections_are_cut_down():
    meta = schema.MetaGraphDef()
    meta.collection_def["saved_model_main_op"].node_list.value.append("init")
    staying, _ = kept(trained(meta=meta))
    assert list(staying.init.cut({"w/Assign"}).values()) == [("^w/Assign",)]


def test_what_goes_is_noted():
    meta = schema.MetaGraphDef()
    meta.collection_def["summaries"].node_list.value.append("gone:0")
    definition = schema.VariableDef(variable_name="v:0", initializer_name="v/Assign", snapshot_name="v/read:0")
    meta.collection_def["variables"].bytes_list.value.append(schema.serialize(definition))
    _, notes = kept(model := trained(meta=meta))
    assert notes == ["1 entries went with their nodes, from: collection summaries"]
    assert model.meta is not None
    assert dict(model.meta.collection_def) == {}


def test_a_kept_variable_needs_a_value():
    with pytest.raises(NotFoundError, match="no value in the checkpoint for variable 'w'"):
        kept(trained(keys="v"))
