"""Results of ops that change variables, computed; `tests/tf/test_freeze_updates.py` has TensorFlow's values."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.freezing.update_results import compute_updates, computing_nodes
from tests import notation

HANDLE = """
    x = Placeholder {dtype: f32}
    v = VarHandleOp {dtype: f32, shape: shape[]}
    add = AssignAddVariableOp(v, x)
    sub = AssignSubVariableOp(v, x, ^add)
    read = ReadVariableOp(v, ^sub) {dtype: f32}
    early = ReadVariableOp(v) {dtype: f32}
"""
REF = """
    x = Placeholder {dtype: f32}
    v = VariableV2 {dtype: f32, shape: shape[]}
    add = AssignAdd(v, x)
    set = Assign(v, x, ^add)
    read = Identity(v, ^set)
"""


def computed(text: str, *roots: str) -> tuple[list[str], dict[str, str]]:
    """What was computed, and the nodes that are not as they were, by name."""
    graph = notation.graph(text)
    before = set(notation.show(graph).splitlines())
    found = compute_updates(graph, roots)
    lines = [line.partition(" = ") for line in notation.show(graph).splitlines() if line not in before]
    return found, {name: rest for name, _, rest in lines}


def test_the_last_op_that_a_read_waits_for():
    assert computed(HANDLE, "read") == (
        ["add", "sub"],
        {
            "add": "Add(add/ReadVariableOp, x)",
            "add/ReadVariableOp": "ReadVariableOp(v)",
            "sub": "Sub(add, x, ^add)",
            "read": "Identity(sub, ^sub)",
        },
    )


def test_shapes_of_outputs_that_there_were_not_go():
    graph = notation.graph(HANDLE + "r = VariableV2 {dtype: f32, shape: shape[]}; a = AssignAdd(r, x)")
    for name in ("add", "a"):
        graph[name].attrs["_output_shapes"] = []
        graph[name].attrs["_class"] = [b"loc:@v"]
    assert sorted(computing_nodes(graph["add"], ())[-1].attrs) == ["T", "_class"]
    assert sorted(computing_nodes(graph["a"], ())[-1].attrs) == ["T", "_class", "_output_shapes"]


def test_references_are_read_as_values():
    # What was there before an Assign does not matter.
    assert computed(REF, "read") == (["set"], {"set": "Identity(x, ^add)", "read": "Identity(set, ^set)"})
    assert computed(REF + "y = Neg(add)", "y") == (["add"], {"add": "Add(v, x)"})


def test_what_no_output_reads_is_left_alone():
    for roots in (["early"], ["v"], []):
        assert computed(HANDLE, *roots) == ([], {})
    assert computed("y = Placeholder {dtype: f32}", "y") == ([], {})


def test_ops_without_an_order_are_left_alone():
    text = HANDLE.replace("(v, x, ^add)", "(v, x)").replace("(v, ^sub)", "(v, ^sub, ^add)")
    assert computed(text, "read") == ([], {})


def test_a_reader_that_takes_a_handle_is_left_alone():
    text = HANDLE + "i = Const {i32 [2]}; rows = ResourceGather(v, i, ^sub) {dtype: f32}"
    assert computed(text, "rows", "read") == ([], {})


@pytest.mark.parametrize("op", ["ScatterAdd", "ResourceScatterAdd"])
def test_rows(op):
    node = notation.graph(f"""
        v = VariableV2 {{dtype: f32, shape: shape[4]}}
        i = Const {{i32 [2]}}
        u = Const {{f32 [2]}}
        rows = {op}(v, i, u) {{dtype: f32}}
    """)["rows"]
    nodes = computing_nodes(node, {"rows/axis"})
    assert [(each.name, each.op, each.inputs) for each in nodes] == [
        ("rows/axis_1", "Const", ()),
        ("rows/indices", "ExpandDims", ("i", "rows/axis_1")),
        ("rows", "TensorScatterAdd", ("v", "rows/indices", "u")),
    ]
    assert sorted(nodes[-1].attrs) == ["T", "Tindices"]
