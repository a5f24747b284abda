"""What nodes are to share a device with."""

from __future__ import annotations

from graphsurgeon.ir.colocation import colocated_with, colocations, drop_colocation, rename_colocation
from graphsurgeon.ir.node import Node
from tests import notation


def test_colocation_is_read_and_dropped_entry_by_entry():
    node = Node.new("n", "X", attrs={"_class": [b"loc:@a", b"group", b"loc:@b", b"a"]})
    assert colocated_with(node) == ["a", "b"]
    drop_colocation(node, ["a"])
    assert node.attrs["_class"] == [b"group", b"loc:@b", b"a"]
    drop_colocation(node, ["b"])
    assert node.attrs["_class"] == [b"group", b"a"]


def test_colocation_goes_with_its_last_entry():
    node = Node.new("n", "X", attrs={"_class": [b"loc:@a"]})
    drop_colocation(node, ["a"])
    assert "_class" not in node.attrs
    assert colocated_with(node) == []


def test_colocation_follows_new_names():
    node = Node.new("n", "X", attrs={"_class": [b"loc:@a", b"group", b"loc:@b", b"a"]})
    rename_colocation(node, {"a": "f/a", "group": "no"})
    assert node.attrs["_class"] == [b"loc:@f/a", b"group", b"loc:@b", b"a"]


def test_colocations_of_nodes():
    assert colocations(notation.graph("a = X {_class: loc:@b}; b = X; c = X {i: 1}")) == {"a": ["b"]}
