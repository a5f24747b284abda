"""`convert_variables_to_constants`: values from anywhere, TensorFlow's results and exceptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.compat.convert_to_constants import (
    convert_variables_to_constants,
    convert_variables_to_constants_from_session_graph,
)
from graphsurgeon.compat.graph_util import convert_variables_to_constants as of_graph_util
from graphsurgeon.ir.node import Node
from proto_utils import schema
from tests import notation

NET = """
    x = Placeholder {dtype: f32}
    v = VariableV2 {dtype: f32, shape: shape[2]} on /gpu:0
    v/zeros = Const {f32 [2]}
    v/Assign = Assign(v, v/zeros)
    v/read = Identity(v) {_class: loc:@v}
    h = VarHandleOp {dtype: f32, shape: shape[2]}
    h/Read/ReadVariableOp = ReadVariableOp(h) {dtype: f32}
    y = Mul(x, v/read)
    z = Add(y, h/Read/ReadVariableOp)
"""
VALUES = {"v": np.array([1, 2], np.float32), "h": np.array([3, 4], np.float32), "other": np.array(1)}


def graph(text: str = NET) -> schema.GraphDef:
    made: schema.GraphDef = notation.model(text).to_graph_def()
    made.versions.producer = 27
    return made


def lines(made: schema.GraphDef) -> list[str]:
    return notation.show(map(Node, made.node)).splitlines()


class Session:
    """What is asked of a session."""

    def run(self, names: list[str]) -> list[Any]:
        """The values of tensors; the names are those TensorFlow's own function fetches."""
        return [{"v:0": VALUES["v"], "h/Read/ReadVariableOp:0": VALUES["h"]}[name] for name in names]


def test_the_part_that_outputs_need_with_constants():
    whole = graph()
    before = schema.serialize(whole)
    made = convert_variables_to_constants(VALUES, whole, ["z"])
    assert lines(made) == [
        "x = Placeholder",
        "v = Const",
        "v/read = Identity(v) {_class: loc:@v}",
        "h = Const",
        "h/Read/ReadVariableOp = Identity(h)",
        "y = Mul(x, v/read)",
        "z = Add(y, h/Read/ReadVariableOp)",
    ]
    assert list(Node(made.node[1]).tensor.numpy()) == [1, 2]
    assert made.versions.producer == 27
    assert made.HasField("library")
    assert schema.serialize(whole) == before


def test_values_come_from_a_mapping_a_checkpoint_or_a_session(tmp_path: Path):
    gs.save_checkpoint(VALUES, tmp_path / "m")
    wanted = convert_variables_to_constants(VALUES, graph(), ["z"])
    assert convert_variables_to_constants(str(tmp_path / "m"), graph(), ["z"]) == wanted
    assert convert_variables_to_constants(tmp_path / "m", graph(), ("z",)) == wanted
    assert convert_variables_to_constants(gs.load_checkpoint(tmp_path / "m"), graph(), iter(["z"])) == wanted
    assert convert_variables_to_constants_from_session_graph(Session(), graph(), ["z"]) == wanted
    assert of_graph_util(Session(), graph(), ["z"]) == wanted


@pytest.mark.parametrize("lists", [{"variable_names_whitelist": ["v"]}, {"variable_names_blacklist": {"h"}}])
def test_some_variables_only(lists):
    made = convert_variables_to_constants(VALUES, graph(), ["z"], **lists)
    assert {node.name: node.op for node in made.node if node.name in ("v", "h")} == {"v": "Const", "h": "VarHandleOp"}
    assert not made.node[1].device


def test_what_the_outputs_do_not_need_needs_no_value():
    made = convert_variables_to_constants({"v": VALUES["v"]}, graph(), ["y"])
    assert [node.name for node in made.node] == ["x", "v", "v/read", "y"]


def test_exceptions():
    with pytest.raises(TypeError, match="GraphDef"):
        convert_variables_to_constants(VALUES, schema.NodeDef(), ["z"])
    with pytest.raises(TypeError, match="iterable of strings"):
        convert_variables_to_constants(VALUES, graph(), "z")
    with pytest.raises(TypeError, match="from a checkpoint, a mapping or a session"):
        convert_variables_to_constants(1, graph(), ["z"])
    with pytest.raises(AssertionError, match=r"v/reed is not in graph; did you mean v/read\?"):
        convert_variables_to_constants(VALUES, graph(), ["v/reed"])
    with pytest.raises(KeyError, match="no value in the checkpoint for variable 'h'"):
        convert_variables_to_constants({"v": VALUES["v"]}, graph(), ["z"])
    with pytest.raises(ValueError, match=r"node 'v': the checkpoint has shape \[3\]"):
        convert_variables_to_constants({"v": np.zeros(3, np.float32), "h": VALUES["h"]}, graph(), ["z"])
    with pytest.raises(ValueError, match="'u': op AssignAdd changes variable 'v'"):
        convert_variables_to_constants(VALUES, graph(NET + "u = AssignAdd(v, x)"), ["u"])
