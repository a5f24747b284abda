"""Tiny graphs as text, one node a line (or between semicolons)::

    x = Placeholder {dtype: f32}
    w = Const {f32 [2,3]}                        # values 0, 1, 2 ... in that dtype and shape
    w/read = Identity(w) {_class: loc:@w}
    y = MatMul(x, w/read, ^init) {transpose_b: true} on /cpu:0

Attr values: ``true``, ``3``, ``2.5``, a dtype (``f32``, ``int64``), ``loc:@x`` (a list, as TensorFlow has it),
``"text"``, ``shape[2,?]``, ``fn:name``, ``[a, b]``. Types that a node's inputs give away are filled in, so these graphs
pass `verify`; `show` prints a graph without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from graphsurgeon import dtypes, ops
from graphsurgeon.attr_value import Func, Shape
from graphsurgeon.dtypes import DType
from graphsurgeon.graph import Graph
from graphsurgeon.model import Model
from graphsurgeon.names import parse_input
from graphsurgeon.node import Node
from graphsurgeon.tensor import StringTensor, Tensor, as_tensor
from proto_utils.errors import NotFoundError

_SHORT = {"f16": "float16", "f32": "float32", "f64": "float64", "bf16": "bfloat16", "i8": "int8", "i32": "int32"} | {
    "i64": "int64", "u8": "uint8", "str": "string",
}  # fmt: skip
_LINE = re.compile(
    r"(?P<name>\S+)\s*=\s*(?P<op>[\w>.]+)\s*(?:\((?P<inputs>[^)]*)\))?\s*(?:\{(?P<attrs>.*)\})?\s*(?:on\s+(?P<device>\S+))?"
)
_CONST = re.compile(r"(\w+)\s*\[([\d,\s]*)\]$")


def graph(text: str) -> Graph:
    """Make the graph that `text` describes."""
    made: list[Node] = []
    by_name: dict[str, Node] = {}
    for line in _lines(text):
        node = _node(line)
        made.append(node)
        by_name[node.name] = node
    for _ in range(2):  # loops read nodes that stand further down
        for node in made:
            _fill_in_types(node, by_name)
    return Graph(made)


def model(text: str) -> Model:
    """Make a model of the graph that `text` describes."""
    return Model(graph(text))


def show(nodes: Iterable[Node]) -> str:
    """Print nodes as ``name = Op(inputs)``, with colocation and device, in their order."""
    return "\n".join(map(_show, nodes))


def _lines(text: str) -> list[str]:
    stripped = (line.split(" #")[0].strip() for line in re.split(r"[;\n]", text))
    return [line for line in stripped if line and not line.startswith("#")]


def _node(line: str) -> Node:
    match = _LINE.fullmatch(line)
    assert match, f"not a node: {line!r}"
    inputs = [text.strip() for text in (match["inputs"] or "").split(",") if text.strip()]
    attrs = match["attrs"] or ""
    constant = _CONST.fullmatch(attrs.strip())
    values = _constant(constant[1], constant[2]) if constant else dict(_attrs(attrs))
    return Node.new(match["name"], match["op"], inputs, device=match["device"] or "", attrs=values)


def _attrs(text: str) -> Iterable[tuple[str, Any]]:
    for part in re.split(r",(?![^\[]*\])", text):
        key, _, value = part.strip().partition(":")
        if key:
            yield key.strip(), _value(value.strip())


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d*\.\d+(e-?\d+)?", text):
        return float(text)
    if text.startswith("loc:@"):
        return [text.encode()]
    if text.startswith('"'):
        return text.strip('"').encode()
    if text.startswith("shape["):
        return Shape(None if size.strip() == "?" else int(size) for size in text[6:-1].split(",") if size.strip())
    if text.startswith("fn:"):
        return Func(text[3:], {})
    if text.startswith("["):
        return [_value(part.strip()) for part in text[1:-1].split(",") if part.strip()]
    return _dtype(text)


def _dtype(name: str) -> DType:
    return DType.from_name(_SHORT.get(name, name))


def _constant(name: str, dims: str) -> dict[str, Any]:
    import numpy as np

    dtype = _dtype(name)
    shape = [int(size) for size in dims.split(",") if size.strip()]
    size = int(np.prod(shape))
    value: Tensor = StringTensor(shape, [b"%d" % n for n in range(size)])
    if dtype is not dtypes.STRING:
        value = as_tensor(np.arange(size).astype(dtype.numpy()).reshape(shape))
    return {"dtype": dtype, "value": value}


def _fill_in_types(node: Node, by_name: dict[str, Node]) -> None:
    facts = ops.facts(node.op)
    position = 0
    data = [text for text in node.inputs if text[:1] != "^"]
    for arg in facts.inputs if facts else ():
        here = data[position:] if arg.number or arg.is_list else data[position : position + 1]
        position += len(here)
        if arg.number and arg.number not in node.attrs:
            node.attrs[arg.number] = len(here)
        types = [_type_of(text, by_name) for text in here]
        known = [dtype for dtype in types if dtype is not None]
        if arg.type in node.attrs or _is_dtype(arg.type):
            continue
        if arg.is_list and len(known) == len(types):
            node.attrs[arg.type] = known
        elif known and not arg.is_list:
            node.attrs[arg.type] = known[0]


def _is_dtype(name: str) -> bool:
    try:
        return bool(DType.from_name(name))
    except NotFoundError:
        return False


def _type_of(text: str, by_name: dict[str, Node]) -> DType | None:
    name, output = parse_input(text)
    types = ops.output_types(by_name[name]) if name in by_name else None
    return types[output].base if types and output < len(types) else None


def _show(node: Node) -> str:
    text = f"{node.name} = {node.op}"
    if node.inputs:
        text += f"({', '.join(node.inputs)})"
    if "_class" in node.attrs:
        text += f" {{_class: {', '.join(group.decode() for group in node.attrs['_class'])}}}"
    return text + (f" on {node.device}" if node.device else "")
