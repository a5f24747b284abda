"""A head: its layer, gradients and initial values."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.training.features import Features
from graphsurgeon.rewrites.training.heads import GRAPH_SEED, HeadMaker
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.rewrites.training.new_variables import NewVariables
from graphsurgeon.tensors import dtypes
from tests.passes.harness import model

RATE = {"learning_rate": 0.1}


@pytest.mark.parametrize(
    ("dims", "layer", "gradient"),
    [([None, 6], "MatMul", "MatMul"), ([None, 2, 2, 6], "Conv2D", "Conv2DBackpropFilter")],
)
def test_a_head(dims: list[int | None], layer: str, gradient: str):
    of = model("x = Placeholder {dtype: f32}")
    new = NewVariables(of, "test")
    features = Features(of.graph.tensor("x"), dims, dtypes.FLOAT, [])
    maker = HeadMaker(NewNodes(of.graph, "head", new.taken, "test"), new, features, 2, "ref")
    head = maker.add("softmax", "sparse", "sgd", RATE, 5, is_conv=len(dims) == 4)
    assert of.graph[f"head/{layer}"].inputs == ("x", "head/kernel/read")
    assert of.graph["head/gradients/kernel"].op == gradient
    random = of.graph["head/kernel/Initializer/random_uniform/RandomUniform"]
    assert (random.attrs["seed"], random.attrs["seed2"]) == (GRAPH_SEED, 5)
    limit = of.graph["head/kernel/Initializer/random_uniform/max"].tensor.numpy()
    assert limit == pytest.approx((3 / 4) ** 0.5)
    assert (head.init_head.name, head.train_op.name) == ("init_head", "train_op")
