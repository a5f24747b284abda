"""Inputs: the quick look at all of them finds what a look at each finds."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.checks.body import Body
from graphsurgeon.checks.cycles import cycle_findings
from graphsurgeon.checks.finding import Finding
from graphsurgeon.checks.inputs import CONTROL, SEVERAL, all_fit, fits, input_findings, type_name
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import UNKNOWN, OpSignatures
from graphsurgeon.tensors import dtypes

FLOAT, INT, REF = 1, 3, 101

# Ops of one output and of several, of references, of any number of inputs, without outputs, and one that nobody knows.
_NODES: dict[str, dict[str, Any]] = {
    "VariableV2": {"dtype": dtypes.FLOAT, "shape": []},
    "Identity": {"T": dtypes.FLOAT},
    "Assign": {"T": dtypes.FLOAT},
    "Cast": {"SrcT": dtypes.FLOAT, "DstT": dtypes.INT32},
    "Switch": {"T": dtypes.FLOAT},
    "Merge": {"T": dtypes.FLOAT, "N": 2},
    "NextIteration": {"T": dtypes.FLOAT},
    "AddN": {"T": dtypes.FLOAT, "N": 3},
    "NoOp": {},
    "Mystery": {},
}
_INPUTS = [f"{control}{name}" for control in ("", "^") for name in "abcdef"]
_INPUTS += ["a:0", "b:1", "c:2", "d:d", "z", "^z"]
_nodes = st.tuples(
    st.sampled_from("abcdef"), st.sampled_from(sorted(_NODES)), st.lists(st.sampled_from(_INPUTS), max_size=4)
)
_graphs = st.lists(_nodes, max_size=6, unique_by=itemgetter(0)) | st.lists(_nodes, max_size=8)


def _body(made: Sequence[tuple[str, str, list[str]]]) -> Body:
    return Body(Graph([Node.new(name, op, inputs, attrs=_NODES[op]) for name, op, inputs in made]), OpSignatures({}))


def _findings(body: Body) -> list[Finding]:
    return [*input_findings(body), *cycle_findings(body)]


@pytest.mark.parametrize(
    ("found", "wanted", "fit"),
    [(FLOAT, FLOAT, True), (REF, FLOAT, True), (REF, REF, True), (FLOAT, REF, False), (FLOAT, INT, False)]
    + [(REF, INT, False), (UNKNOWN, INT, True), (INT, UNKNOWN, True), (SEVERAL, REF, True)],
)
def test_a_reference_also_gives_its_value(found: int, wanted: int, fit: bool):
    assert fits(found, wanted) is fit


def test_type_names():
    assert (type_name(1), type_name(101), type_name(99)) == ("float32", "float32_ref", "type number 99")


@given(_graphs, st.sampled_from([0, 64]))
def test_the_quick_look_finds_what_a_look_at_each_node_finds(made: list[tuple[str, str, list[str]]], max_odd: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graphsurgeon.checks.body._MAX_ODD", max_odd)
        quick, slow = _body(made), _body(made)
    slow.odd = range(len(made))
    assert _findings(quick) == _findings(slow)


def test_of_a_sound_graph_in_order_no_node_is_looked_at_again():
    made = [
        ("a", "VariableV2", []),
        ("b", "Identity", ["a"]),
        ("c", "Assign", ["a", "b:0"]),
        ("d", "Cast", ["b", "^c"]),
        ("e", "NoOp", ["^c", "^d"]),
        ("f", "Mystery", ["d", "^e"]),
    ]
    assert list(_body(made).odd) == []
    assert list(_body(made[::-1]).odd) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("types", "wanted", "fit"),
    [
        ((FLOAT, CONTROL), (FLOAT,), True),
        ((CONTROL, FLOAT), (FLOAT,), False),
        ((FLOAT, None), (FLOAT,), False),
        ((FLOAT, FLOAT), (FLOAT,), False),
        ((REF, UNKNOWN), (FLOAT, INT), True),
        ((INT, CONTROL), None, True),
        ((None,), None, False),
    ],
)
def test_inputs_that_an_op_takes(types: tuple[int | None, ...], wanted: tuple[int, ...] | None, fit: bool):
    assert all_fit(types, wanted) is fit
