"""Attrs that name gradient functions of another process."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.freezing.dead_gradients import drop_dead_gradients
from tests.notation import function
from tests.passes.harness import model


@pytest.mark.parametrize("name", ["CustomGradient-12", "PartitionedCall-3", "StatefulPartitionedCall-45678"])
def test_dropped_from_graph_and_bodies(name):
    body = function("f", "a", "g:output:0", f'g = Identity(a) {{T: f32, _gradient_op_type: "{name}"}}')
    of = model(f'x = Placeholder {{dtype: f32}}\ny = Neg(x) {{_gradient_op_type: "{name}"}}', body)
    assert drop_dead_gradients(of) == {"y": name, "f/g": name}
    assert drop_dead_gradients(of) == {}
    assert sorted(of.graph["y"].attrs) == ["T"]
    assert of.graph["x"].origin is not None


@pytest.mark.parametrize("name", ["CustomGradient", "MyGradient-1", "CustomGradient-", "xCustomGradient-1", "Relu"])
def test_names_that_may_be_registered_stay(name):
    of = model(f'x = Placeholder {{dtype: f32}}\ny = Neg(x) {{_gradient_op_type: "{name}"}}')
    assert drop_dead_gradients(of) == {}
    assert not of.graph.is_edited
