"""Tensors under new keys, and the object graph that knows them."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.renaming.checkpoints import renamed_tensors
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from graphsurgeon.rewrites.renaming.new_names import NewNames, changed_names
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables import object_graph as objects
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from proto_utils.errors import LimitError
from tests.models import floats

KEY = "net/k/.ATTRIBUTES/VARIABLE_VALUE"


def object_graph() -> Tensor:
    message = schema.TrackableObjectGraph()
    message.nodes.add().children.add(node_id=1, local_name="net")
    message.nodes.add().attributes.add(name="VARIABLE_VALUE", full_name="dense/kernel", checkpoint_key=KEY)
    message.nodes[1].attributes.add(name="OTHER", checkpoint_key="other")
    return StringTensor((), [schema.serialize(message)])


def renamed(tensors: dict[str, Tensor], *texts: str) -> dict[str, Tensor]:
    new = NewNames(NameMap(parse_texts(texts)), tensors)
    return renamed_tensors(tensors, new, changed_names(tensors, new, "key"))[0]


def attribute(tensors: dict[str, Tensor]) -> tuple[str, str]:
    text = next(iter(tensors[OBJECT_GRAPH_KEY].strings()))
    found = schema.parse(schema.TrackableObjectGraph, text).nodes[1].attributes[0]
    return found.full_name, found.checkpoint_key


def test_tensors_are_the_same_objects_in_the_same_order():
    tensors: dict[str, Tensor] = {"a": floats(1), "b": floats(2), "c": floats(3)}
    found = renamed(tensors, "a=c", "c=a")
    assert list(found) == ["c", "b", "a"]
    assert [found[key] for key in ("c", "b", "a")] == list(tensors.values())


def test_the_object_graph_knows_the_new_keys():
    found = renamed({KEY: floats(1), OBJECT_GRAPH_KEY: object_graph()}, r"net/(.*)=my/\1")
    new_key = KEY.replace("net", "my", 1)
    assert list(found) == [new_key, OBJECT_GRAPH_KEY]
    assert attribute(found) == ("dense/kernel", new_key)


def test_full_names_go_by_the_same_map():
    found = renamed({KEY: floats(1), OBJECT_GRAPH_KEY: object_graph()}, "dense/(.*)=my/\\1")
    assert attribute(found) == ("my/kernel", KEY)


def test_an_object_graph_of_nothing_renamed_is_the_same_tensor():
    tensors = {"a": floats(1), OBJECT_GRAPH_KEY: object_graph()}
    assert renamed(tensors, "a=b")[OBJECT_GRAPH_KEY] is tensors[OBJECT_GRAPH_KEY]


def test_other_tensors_of_that_name_are_left_alone():
    tensors: dict[str, Tensor] = {"a": floats(1), OBJECT_GRAPH_KEY: floats(1)}
    assert renamed(tensors, "a=b")[OBJECT_GRAPH_KEY] is tensors[OBJECT_GRAPH_KEY]


def test_an_object_graph_that_is_too_large_is_not_parsed(monkeypatch):
    monkeypatch.setattr(objects, "MAX_NBYTES", 10)
    with pytest.raises(LimitError, match="object graph"):
        renamed({KEY: floats(1), "other": floats(2), OBJECT_GRAPH_KEY: object_graph()}, "dense/kernel=v")


def test_a_key_that_says_no_object_is_there_by_name_only():
    tensors = {KEY: floats(1), "other": floats(2), OBJECT_GRAPH_KEY: object_graph()}
    new = NewNames(NameMap(parse_texts([f"{KEY}=kernel"])), tensors)
    found, notes = renamed_tensors(tensors, new, changed_names(tensors, new, "key"))
    assert list(found) == ["kernel", "other", OBJECT_GRAPH_KEY]
    assert attribute(found) == ("", "other")
    assert notes == [
        "1 value has a key without .ATTRIBUTES, by which tf.train.Checkpoint finds none: out of the object graph, "
        "there by name only (kernel)"
    ]
