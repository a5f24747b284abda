"""The names that resemble one most."""

from __future__ import annotations

import pytest

from graphsurgeon.tools.fit import candidates
from graphsurgeon.tools.fit.candidates import Candidates
from graphsurgeon.tools.fit.likeness import Item, overlap


def item(name: str) -> Item:
    return Item(name, name, "float32", (3,))


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

    monkeypatch.setattr(candidates, "overlap", noting)
    near = Candidates(items(*(f"net/block{i}/w" for i in range(5000))))
    near.of(item("my/block2500/w"))
    assert 0 < len(compared) < 100
