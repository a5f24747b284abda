"""Nodes below a scope, and under names that may be taken."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.tensors import dtypes
from tests.notation import graph

TEXT = "x = Placeholder {dtype: f32, shape: shape[2,2]}"


def test_nodes_stand_below_the_scope_and_load_in_older_versions():
    of = graph(TEXT)
    make = NewNodes(of, "head", (), "test")
    product = make("MatMul", ["x", "x"], "product")
    assert (product.name, sorted(product.attrs)) == ("head/product", ["T", "transpose_a", "transpose_b"])
    number = make.constant("number", 0.5, dtypes.FLOAT)
    assert make.cast(number, dtypes.FLOAT) is number
    assert make.cast(number, dtypes.DOUBLE).name == "head/number/Cast"
    assert make.cast(number, dtypes.DOUBLE) is of["head/number/Cast"]


def test_plain_names_move_below_the_scope_when_they_are_taken():
    of = graph(f"{TEXT}\nloss = Identity(x)\nhead/prob = Identity(x)\nprob = Identity(x)")
    make = NewNodes(of, "head", {"labels"}, "test")
    assert [make.plain(word) for word in ("train_op", "loss", "labels")] == ["train_op", "head/loss", "head/labels"]
    assert make.moved == ["loss", "labels"]
    with pytest.raises(PassError, match="the names 'prob' and 'head/prob' are taken"):
        make.plain("prob")
