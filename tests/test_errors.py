"""Errors about graphs and passes."""

from __future__ import annotations

import pickle
import traceback

import pytest

import graphsurgeon
from graphsurgeon import errors
from graphsurgeon.compat.errors import OpError
from graphsurgeon.errors import GraphError, GraphSurgeonError, PassError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (GraphError("is in a cycle", node="a"), "node 'a': is in a cycle"),
        (GraphError("is in a cycle", node="a", function="f"), "function 'f', node 'a': is in a cycle"),
        (GraphError("has no result", function="f"), "function 'f': has no result"),
        (GraphError("is empty"), "is empty"),
        (PassError("unfreeze", "nothing qualifies"), "unfreeze: nothing qualifies"),
        (PassError("unfreeze", "is a string", node="a"), "unfreeze: node 'a': is a string"),
    ],
)
def test_messages(error: GraphSurgeonError, text: str):
    assert str(error) == text
    assert set(error.fields()) == set(error.field_names)


def test_the_tree_is_closed():
    """Every error of the library is exported here and has the one root; TensorFlow's names for them are in `compat`."""
    kinds = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    assert all(issubclass(kind, GraphSurgeonError) for kind in kinds)
    own = {kind for kind in _below(GraphSurgeonError) if not issubclass(kind, OpError)}
    assert own | {GraphSurgeonError} == set(kinds)


def _below(kind: type[Exception]) -> list[type[Exception]]:
    return [found for direct in kind.__subclasses__() for found in (direct, *_below(direct))]


def test_a_list_is_a_field_where_there_is_one():
    assert PassError("merge", "2 names: a, b", listed=["a", "b"]).fields()["listed"] == ["a", "b"]
    assert errors.NotFoundError("tensor", "a", listed=["a", "b"]).fields()["listed"] == ["a", "b"]
    assert "listed" not in PassError("merge", "no").fields()


def test_errors_are_called_as_users_import_them():
    for name in errors.__all__:
        if name.endswith("Error"):
            kind = getattr(errors, name)
            assert (kind.__module__, getattr(graphsurgeon, name)) == ("graphsurgeon", kind)
    error = errors.NotFoundError.among("node", "conv", ["conv1"])
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back), back.near) == (errors.NotFoundError, str(error), ("conv1",))
    assert "".join(traceback.format_exception_only(error)).startswith("graphsurgeon.NotFoundError: no node 'conv'; did")
