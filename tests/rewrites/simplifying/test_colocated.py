"""Groups of nodes that share a device, when some of them go."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.colocation import colocations
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.rewrites.simplifying.colocated import regroup
from tests import notation

TEXT = """
    a = NoOp
    b = NoOp {_class: loc:@a}
    c = NoOp {_class: loc:@b}
    d = NoOp {_class: loc:@b}
"""


@pytest.mark.parametrize(
    ("gone", "instead", "left"),
    [
        ({"b"}, {}, {"c": ["a"], "d": ["a"]}),
        ({"a", "b"}, {}, {"d": ["c"]}),
        ({"b"}, {"b": "c"}, {"d": ["c"]}),
        ({"a"}, {}, {"c": ["b"], "d": ["b"]}),
        ({"c"}, {}, {"b": ["a"], "d": ["b"]}),
    ],
)
def test_who_is_left(gone, instead, left):
    graph = notation.graph(TEXT)
    edit = GraphEdit(graph)
    for name in gone:
        edit.remove(name)
    regroup(edit, gone, instead)
    edit.apply()
    assert colocations(graph) == left


def test_of_two_that_stand_for_each_other_the_first_reader_leads():
    graph = notation.graph(
        "a = NoOp {_class: loc:@b}; b = NoOp {_class: loc:@a}; c = NoOp {_class: loc:@a}; d = NoOp {_class: loc:@a}"
    )
    edit = GraphEdit(graph)
    edit.remove("a")
    edit.remove("b")
    regroup(edit, {"a", "b"})
    edit.apply()
    assert colocations(graph) == {"d": ["c"]}
