"""Variables that are there already, and where the checkpoint has them."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.freezing.held import HeldVariable, completed, held_variables
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
    assert completed(a, model, taken) is a  # its value is not known
    assert completed(b, model, taken).variable.snapshot == "r:0"
    assert completed(c, model, taken).variable.snapshot == "c/Read/ReadVariableOp_1:0"
    assert [node.name for node in model.graph][4:] == ["b/Initializer/zeros", "b/Assign", "c/Read/ReadVariableOp_1",
                                                       "c/Initializer/zeros", "c/Assign"]  # fmt: skip


NET = """
    x = Placeholder {dtype: f32}
    zero = Const {f32 [3] 0}
    state = VariableV2 {dtype: f32, shape: shape[3]}
    state/read = Identity(state) {_class: loc:@state}
    next = Add(x, state/read)
    Assign = Assign(state, next)
    Assign_1 = Assign(state, zero)
    k = VariableV2 {dtype: f32, shape: shape[3,3]}
    k/read = Identity(k) {_class: loc:@k}
    y = MatMul(x, k/read)
    h = VarHandleOp {dtype: f32, shape: shape[3,3]}
    h/Read/ReadVariableOp = ReadVariableOp(h) {dtype: f32}
    z = MatMul(y, h/Read/ReadVariableOp)
"""


def of_net(*keys: str) -> dict[str, HeldVariable]:
    model = notation.model(NET)
    model.variables = {key: as_tensor([0.0] * 3) for key in keys}
    return {each.variable.node: each for each in held_variables(model, Index(model.graph))}


def test_state_that_the_checkpoint_has_not_is_local():
    """As DeepSpeech keeps its cells' state: what resets it stands for the initializer that freezing left out."""
    state = of_net()["state"]
    assert (state.variable.initializer, state.variable.initial_value) == ("Assign_1", "zero:0")
    assert state.collections == ["local_variables"]
    assert of_net("state")["state"].collections == ["variables"]


def test_what_serves_as_a_weight_is_trained():
    for name in ("k", "h"):
        assert of_net()[name].collections == ["variables", "trainable_variables"]


def test_what_is_fed_initializes_nothing():
    model = notation.model(NET.replace("zero = Const {f32 [3] 0}", "zero = Placeholder {dtype: f32}"))
    assert held_variables(model, Index(model.graph))[0].variable.initializer == ""
