"""What an object graph notes is there."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.checks.consistency.object_graph import object_graph_findings
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema


def checkpoint(*keys: str, noted: tuple[str, ...]) -> dict[str, Tensor]:
    message = schema.TrackableObjectGraph()
    message.nodes.add()
    for number, key in enumerate(noted, 1):
        message.nodes[0].children.add(node_id=number, local_name=f"part{number}")
        message.nodes.add().attributes.add(name="VARIABLE_VALUE", checkpoint_key=key)
    graph = as_tensor(np.array(message.SerializeToString(), object))
    return {OBJECT_GRAPH_KEY: graph, **dict.fromkeys(keys, as_tensor(1))}


@pytest.mark.parametrize("keys", [("a", "b"), ("a", "b-keys", "b-values"), ("a", "b", "more")])
def test_everything_is_there(keys):
    assert list(object_graph_findings(checkpoint(*keys, noted=("a", "b")))) == []


def test_a_missing_key_is_an_error_that_names_the_object():
    (finding,) = object_graph_findings(checkpoint("model/kernel", noted=("model/kernel", "model/kernal")))
    assert (finding.severity, finding.rule) == ("error", "object-graph")
    assert finding.message.startswith("part2: its value is looked for under 'model/kernal', which is not in")
    assert finding.message.endswith("near: 'model/kernel'")


def test_damage_is_one_error():
    (finding,) = object_graph_findings({OBJECT_GRAPH_KEY: as_tensor(np.array(b"\xff\xff", object))})
    assert finding.message.startswith("the object graph cannot be read")


def test_other_checkpoints_have_none():
    assert list(object_graph_findings({"a": as_tensor(1)})) == []
