"""Words and numbers of names."""

from __future__ import annotations

import pytest

from graphsurgeon.tools.fit.likeness import (
    Item,
    alike,
    common_words,
    end,
    kind,
    natural,
    numbers,
    overlap,
    tokens,
    words,
)


def item(name: str) -> Item:
    return Item(name, name, "float32", (3,))


def test_words_and_numbers():
    assert tokens("Net/block_10/Conv2d/Weights") == ("net", "block", "10", "conv", "2", "d", "kernel")
    assert words(item("a1/b2/w")) == ("a", "b", "kernel")
    assert numbers(item("a1/b02/w")) == [1, 2]
    assert numbers(item("a" + "9" * 5000)) != []


@pytest.mark.parametrize(
    ("name", "result"), [("a/weights", "kernel"), ("a/biases", "bias"), ("a/gamma", "gamma"), ("W", "kernel")]
)
def test_kinds(name: str, result: str):
    assert kind(name) == result


def test_ends():
    assert end(item("A/b/c"), 2) == ("b", "c")
    assert end(item("a"), 2) == ()


def test_order_is_that_of_people():
    assert sorted(map(item, ["b10", "b9", "a"]), key=natural) == [item("a"), item("b9"), item("b10")]


def test_measures():
    a, b = item("net/layer1/query/kernel"), item("net/layer2/q/kernel")
    assert alike(a, a) == overlap(a, a) == 1
    assert 0.5 < alike(a, b) < 1
    assert 0.5 < overlap(a, b) < 1
    assert common_words(["a", "query"], ["a", "q"]) == 0.75
    assert common_words(["a", "query"], ["b", "key"]) == 0
    assert common_words([], []) == 0
    assert overlap(item("?"), item("!")) == 0
