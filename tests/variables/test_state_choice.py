"""Which state of a model stays, and what is said about that which cannot."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.state_choice import StateChoice, is_other_state
from tests import notation
from tests.saved_tables import TABLE, table_model


def choice(model: Model, *drop: str) -> StateChoice:
    return StateChoice(model, Index(model.graph), drop, "freeze")


def test_what_the_saver_restores_stays():
    model = table_model()
    found = choice(model)
    assert [state.holder for state in found.of("counts")] == ["counts"]
    assert found.savable(model.graph, ()) == found.of("counts")
    assert not found.drops_any


@pytest.mark.parametrize("pattern", ["counts", "c.*", "counts-values", ".*-keys"])
def test_patterns_are_for_nodes_and_for_keys(pattern: str):
    found = choice(table_model(), pattern)
    assert found.of("counts") == []
    assert len(found.all_of("counts")) == 1
    assert found.drops_any
    assert found.drops("counts")


def test_a_pattern_that_matches_nothing_is_told():
    with pytest.raises(NotFoundError, match="state that is no variable") as caught:
        choice(table_model(), "count")
    assert "counts" in caught.value.near
    with pytest.raises(NotFoundError):
        choice(table_model(), "w")


def test_of_a_graph_without_a_saver_the_names_of_keys_tell():
    model = table_model("\n".join(line for line in TABLE.splitlines() if "save/" not in line))
    (state,) = choice(model).of("counts")
    assert state.keys == ["counts-keys", "counts-values"]
    model.variables = {"w": as_tensor([2.0])}
    assert choice(model).of("counts") == []


def test_what_no_new_saver_can_save_is_declined_by_its_keys():
    model = table_model("\n".join(line for line in TABLE.splitlines() if "save/SaveV2" not in line))
    with pytest.raises(PassError, match=r"has under 'counts-keys', 'counts-values' would be lost") as caught:
        choice(model).savable(model.graph, ())
    assert caught.value.node == "counts"
    assert caught.value.hint == '`drop_state="counts"` lets it go'
    with pytest.raises(PassError) as caught:
        StateChoice(model, Index(model.graph), None, "save").savable(model.graph, ())
    assert caught.value.hint is None


def test_variables_are_no_other_state():
    assert [node.name for node in notation.graph(TABLE) if is_other_state(node)] == ["counts"]


def test_nodes_of_one_shared_name_have_one_state():
    plain, shared = "value_dtype: f32}", 'value_dtype: f32, shared_name: "s"}'
    model = table_model(TABLE.replace(plain, shared) + f"twin = MutableHashTableV2 {{key_dtype: i64, {shared}")
    found = choice(model)
    (state,) = found.of("twin")
    assert (state.holder, state.keys) == ("twin", ["counts-keys", "counts-values"])
    assert len(found.savable(model.graph, ())) == 1
