"""Graphs in ten lines of text, for tests of passes.

One node per line, ``name = Op(input, input:1, ^control) @colocated``; inputs and
colocation may be left out. Type attrs are float32 unless the node is written with
another dtype, ``name int32 = Op``; a Const is a vector of two elements; numbers of
inputs are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from graphsurgeon import dtypes, ops
from graphsurgeon.attr_value import Shape
from graphsurgeon.dtypes import DType
from graphsurgeon.errors import NotFoundError
from graphsurgeon.graph import Graph
from graphsurgeon.model import Model
from graphsurgeon.node import Node
from graphsurgeon.reach import colocated_with
from graphsurgeon.tensor import FillTensor, StringTensor
from proto_utils import schema

_LINE = re.compile(r"(?P<name>\S+)(?: (?P<dtype>\w+))? = (?P<op>\w+)(?:\((?P<inputs>[^)]*)\))?(?: @(?P<at>\S+))?")


def node(line: str) -> Node:
    """The node of a line."""
    match = _LINE.fullmatch(line.strip())
    assert match is not None, line
    inputs = [text.strip() for text in (match["inputs"] or "").split(",") if text.strip()]
    dtype = DType.from_name(match["dtype"] or "float32")
    attrs = _attrs(match["op"], dtype, sum(text[:1] != "^" for text in inputs))
    if match["at"]:
        attrs["_class"] = [f"loc:@{name}".encode() for name in match["at"].split(",")]
    return Node.new(match["name"], match["op"], inputs, attrs=attrs)


def model(text: str, meta: schema.MetaGraphDef | None = None) -> Model:
    """The model of a text, as if it came from a file, within a meta graph when there is one."""
    nodes = [node(line).proto for line in text.splitlines() if line.strip()]
    graph = schema.GraphDef(node=nodes, versions={"producer": 27})
    if meta is None:
        return Model.from_graph_def(graph)
    whole = schema.MetaGraphDef()
    whole.CopyFrom(meta)
    whole.graph_def.CopyFrom(graph)
    return Model.from_meta_graph_def(whole)


def text(graph: Graph) -> str:
    """The text of a graph, without dtypes."""
    return "\n".join(map(_line, graph))


def lines(text: str) -> str:
    """A text as `text` writes it: without indentation and dtypes."""
    return "\n".join(re.sub(r"^(\S+) \w+ =", r"\1 =", line.strip()) for line in text.splitlines() if line.strip())


def check_pass(change: Callable[..., Any], before: str, after: str, **options: Any) -> Any:
    """Run a pass on one text and compare with the other; returns the report."""
    edited = model(before)
    report = change(edited, **options)
    assert text(edited.graph) == lines(after)
    return report


def _line(node: Node) -> str:
    inputs = f"({', '.join(node.inputs)})" if node.inputs else ""
    at = ",".join(colocated_with(node))
    return f"{node.name} = {node.op}{inputs}" + (f" @{at}" if at else "")


def _attrs(op: str, dtype: DType, num_inputs: int) -> dict[str, Any]:
    facts = ops.facts(op)
    if facts is None:
        return {}
    attrs: dict[str, Any] = {}
    for arg in (*facts.inputs, *facts.outputs):
        if arg.number:
            attrs[arg.number] = num_inputs
        if arg.is_list:
            attrs[arg.type] = [dtype] * num_inputs
        elif not _is_dtype(arg.type):
            attrs[arg.type] = dtype
    if op == "Const":
        is_string = dtype is dtypes.STRING
        attrs["value"] = StringTensor((2,), [b"", b""]) if is_string else FillTensor(dtype, (2,), bytes(dtype.itemsize))
    if op in ("VariableV2", "VarHandleOp"):
        attrs |= {"dtype": dtype, "shape": Shape((2,)), "container": b"", "shared_name": b""}
    if op in ("Enter", "RefEnter"):
        attrs["frame_name"] = b"loop"
    return attrs


def _is_dtype(name: str) -> bool:
    try:
        DType.from_name(name)
    except NotFoundError:
        return False
    return True
