"""set_trainable: collections and definitions say who trains; `tests/rewrites/training` has the rules."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.set_trainable import TrainableRow, set_trainable
from graphsurgeon.passes.unfreeze import unfreeze
from proto_utils import schema
from tests.passes.harness import FROZEN, KINDS, check_refusal, definitions, listed, model

NET = """
    x = Placeholder {dtype: f32}
    a = Const {f32 [3,3]}
    b = Const {f32 [3,3]}
    y = MatMul(x, a)
    z = MatMul(y, b)
"""


def net(kind="ref"):
    of = model(NET)
    unfreeze(of, variables=kind)
    return of


@pytest.mark.parametrize("kind", KINDS)
def test_collections_and_definitions(kind):
    of = net(kind)
    report = set_trainable(of, trainable=("b",), not_trainable=(".*",))
    assert listed(of, "trainable_variables") == ["b"]
    assert [each.trainable for each in definitions(of, "variables")] == [False, True]
    assert report.variables == [TrainableRow("a", False, True, ".*"), TrainableRow("b", True, True, "b")]
    assert report.num_trainable == 1


def test_objects_of_tensorflow_2():
    of = model(FROZEN, meta=schema.MetaGraphDef())
    assert of.meta is not None
    of.meta.object_graph_def.nodes.add().variable.CopyFrom(
        schema.SavedVariable(name="dense/kernel", dtype=1, trainable=True)
    )
    set_trainable(of, not_trainable=("dense/.*",))
    assert not of.meta.object_graph_def.nodes[0].variable.trainable


def test_refusals():
    check_refusal(set_trainable, net(), PassError, "nothing is said")
    check_refusal(set_trainable, net(), NotFoundError, "no variable 'c'", trainable=("c",))
    check_refusal(set_trainable, model(FROZEN), PassError, "no collection lists a variable", trainable=("w",))
