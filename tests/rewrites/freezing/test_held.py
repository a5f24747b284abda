"""Variables that are there already, and where the checkpoint has them."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.freezing.held import held_variables, with_read
from graphsurgeon.tensors.values import as_tensor
from tests import notation

TEXT = """
    a = VariableV2 {dtype: f32, shape: shape[3]}
    b = VarHandleOp {dtype: f32, shape: shape[3], shared_name: "b"}
    r = ReadVariableOp(b) {dtype: f32}
    c = VarHandleOp {dtype: f32, shape: shape[3], shared_name: "c"}
"""


def held(*keys: str) -> tuple[Model, list[str]]:
    model = notation.model(TEXT)
    model.variables = {key: as_tensor([0.0] * 3) for key in keys}
    found = held_variables(model, Index(model.graph))
    return model, [each.variable.node for each in found if each.saved]


def test_those_with_a_value_are_saved():
    assert held("a", "c", "other")[1] == ["a", "c"]
    assert held()[1] == []


def test_a_graph_without_any():
    model = notation.model("x = Placeholder {dtype: f32}")
    assert held_variables(model, Index(model.graph)) == []


def test_the_key_is_the_variables_own_name():
    model, _ = held("a", "b")
    saved = [saved for each in held_variables(model, Index(model.graph)) for saved in each.saved]
    assert [(s.key, s.variable.node, s.slice) for s in saved] == [("a", "a", ""), ("b", "b", "")]


def test_a_read_is_made_only_where_it_is_needed():
    model, _ = held("b", "c")
    a, b, c = held_variables(model, Index(model.graph))
    taken = {node.name for node in model.graph} | {"c/Read/ReadVariableOp"}
    assert with_read(a, model, taken) is a  # its value is not known
    assert with_read(b, model, taken) is b  # it is read
    assert with_read(c, model, taken).variable.snapshot == "c/Read/ReadVariableOp_1:0"
    assert [node.name for node in model.graph][4:] == ["c/Read/ReadVariableOp_1"]
