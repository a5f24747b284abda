"""Lists of nodes as users write them."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node_lists import find_node, split_names
from proto_utils.errors import NotFoundError
from tests.notation import graph


@pytest.mark.parametrize(
    ("texts", "names"),
    [(("a",), ["a"]), (("a, b:0", "c"), ["a", "b:0", "c"]), (("",), []), (("a,,b,",), ["a", "b"]), ((), [])],
)
def test_names_are_split(texts: tuple[str, ...], names: list[str]):
    assert split_names(texts) == names


PRODUCERS = Index(
    graph("alpha = Const {f32 [2]}\nbeta = UnknownOp(alpha)\ns = Split(alpha, alpha) {num_split: 2}")
).producers


@pytest.mark.parametrize(("text", "name"), [("alpha", "alpha"), ("alpha:0", "alpha"), ("beta:7", "beta"), ("s:1", "s")])
def test_nodes_are_found(text: str, name: str):
    assert find_node(PRODUCERS, text) is PRODUCERS[name]


@pytest.mark.parametrize(
    ("text", "kind", "near"),
    [("alpho", "node", ("alpha",)), ("alpha:1", "tensor", ("alpha:0",))],
)
def test_others_are_not(text: str, kind: str, near: tuple[str, ...]):
    with pytest.raises(NotFoundError) as caught:
        find_node(PRODUCERS, text)
    assert (caught.value.kind, caught.value.near) == (kind, near)
