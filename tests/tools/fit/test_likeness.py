"""Words and numbers of names, and the names that resemble one most."""

from __future__ import annotations

import pytest

from graphsurgeon.tools.fit import likeness
from graphsurgeon.tools.fit.likeness import (
    Candidates,
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


def items(*names: str) -> list[Item]:
    return [item(name) for name in names]


def test_the_closest_comes_first():
    near = Candidates(items("vgg/conv1/w", "vgg/conv2/w", "vgg/fc/b"))
    assert near.of(item("my/conv2/w"))[0] == "vgg/conv2/w"


def test_another_shape_is_near_too():
    near = Candidates([Item("vgg/fc6/weights", "vgg/fc6/weights", "float32", (2, 2))])
    assert near.of(item("my/fc6/weights")) == ["vgg/fc6/weights"]


def test_nothing_is_near():
    assert Candidates(items("a/b")).of(item("else/entirely")) == []
    assert Candidates([]).of(item("a/b")) == []


def test_at_most_so_many():
    near = Candidates(items(*(f"net/block{i}/w" for i in range(50))))
    assert near.of(item("my/net/block7/w"), count=2) == ["net/block7/w", "net/block0/w"]


def test_one_is_compared_with_some_dozen(monkeypatch: pytest.MonkeyPatch):
    compared = []

    def noting(a: Item, b: Item) -> float:
        compared.append(b)
        return overlap(a, b)

    monkeypatch.setattr(likeness, "overlap", noting)
    near = Candidates(items(*(f"net/block{i}/w" for i in range(5000))))
    near.of(item("my/block2500/w"))
    assert 0 < len(compared) < 100
