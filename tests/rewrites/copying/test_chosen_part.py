"""What belongs to chosen nodes, and what cannot be copied."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.copying.chosen_part import ChosenPart, part_of
from tests import notation
from tests.passes.prune.models import trained, variable


def part(model: Model, *chosen: str, share: bool = False) -> ChosenPart:
    return part_of(model, Index(model.graph), chosen, (), share=share, operation="copy")


def test_a_variable_takes_along_its_initializer_and_reads():
    found = part(notation.model(variable("w") + "\n w/Adam = Identity(w/read)"), "w")
    assert found.names == ["w", "w/zeros", "w/Assign", "w/read"]
    assert (found.variables, found.shared, found.frames) == (["w"], [], set())


def test_shared_variables_stay_with_what_belongs_to_them():
    found = part(notation.model(variable("w") + "\n y = Relu(w/read)"), "w", "w/Assign", "y", share=True)
    assert (found.names, found.shared) == (["y"], ["w"])


def test_a_table_takes_along_what_fills_it():
    text = """
        t = HashTableV2 {key_dtype: str, value_dtype: f32}
        k = Const {str [2]}
        v = Const {f32 [2]}
        fill = LookupTableImportV2(t, k, v)
    """
    assert part(notation.model(text), "t").names == ["t", "fill"]


def test_functions_that_know_variables_by_name():
    body = notation.graph('v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "v"}')
    function = notation.function("f", "a", "r:activations:0", "r = Relu(a)")
    function.body.set_nodes([*function.body, *body])
    text = 'v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "v"}; x = Placeholder {dtype: f32}; y = f(x)'
    model = notation.model(text, function)
    with pytest.raises(PassError, match="knows 'v' by its name"):
        part(model, "v", "y")
    assert part(model, "v", "y", share=True).names == ["y"]


def test_state_of_a_saver_that_is_no_variable():
    text = """
        t = MutableHashTableV2 {key_dtype: str, value_dtype: f32}
    """
    model = trained(["w"], text)
    model.variables = {**model.variables, "t-keys": model.variables["w"], "t-values": model.variables["w"]}
    with pytest.raises(PassError, match="its state, which the checkpoint has under t-keys, t-values, cannot be copied"):
        part(model, "t")
