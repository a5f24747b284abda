"""The refusal of a graph without weights offers only what would help."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.weights import find_weights
from graphsurgeon.weights.refusal import nothing_qualifies
from tests.passes.harness import FROZEN, model


def refusal(of: Model, *exclude: str) -> PassError:
    index = Index(of.graph)
    return nothing_qualifies(find_weights(of, index, exclude=exclude), index, exclude)


def constants() -> Model:
    of = model("x = Placeholder {dtype: f32}; k = Const {i32 [2]}; l = Const {i32 [3]}; y = Reshape(x, k)")
    of.graph.append(Node.new("s", "Const", attrs={"dtype": dtypes.STRING, "value": as_tensor(["long", "words"])}))
    return of


def test_the_largest_first_and_how_to_take_them():
    error = refusal(constants())
    assert "The largest: l int32 [3]: " in error.reason
    assert "; s string [2]: " in error.reason
    assert error.hint == "to take them: `select=('l', 'k')`"


@pytest.mark.parametrize("pattern", ["l", "[lm]"])
def test_what_is_excluded_is_not_offered(pattern):
    assert refusal(constants(), pattern).hint == "to take them: `select=('k')`"


def test_nothing_to_offer():
    assert refusal(constants(), ".*").hint is None


def test_what_serves_variables_is_not_mentioned():
    of = model(FROZEN)
    unfreeze(of)
    assert refusal(of).reason == "the graph has no constant of more than one element; it has 1 variable already"
    of.graph.append(Node.new("k", "Const", attrs={"dtype": dtypes.INT32, "value": as_tensor([1, 2])}))
    reason = "no constant qualifies as a weight; the graph has 1 variable already. The largest: k int64 [2]: "
    assert refusal(of).reason.startswith(reason)
    assert "save/" not in refusal(of).reason
    hint = refusal(of).hint
    assert hint is not None
    assert hint.startswith("its weights may be those variables")
    assert hint.endswith(". Or, to take them: `select=('k')`")
