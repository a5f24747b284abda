"""Tiny graphs as text, one node a line (or between semicolons)::

    x = Placeholder {dtype: f32}
    w = Const {f32 [2,3]}                        # values 0, 1, 2 ... in that dtype and shape
    ones = Const {f32 [3] 1, _class: loc:@w}     # one value throughout, stored once
    w/read = Identity(w) {_class: loc:@w}
    y = MatMul(x, w/read, ^init) {transpose_b: true} on /cpu:0

Attr values: ``true``, ``3``, ``2.5``, a dtype (``f32``, ``int64``), ``loc:@x`` (a list, as TensorFlow has it),
``"text"``, ``shape[2,?]``, ``fn:name``, ``[a, b]``. Types and lengths of lists that a node's inputs give away are
filled in, and what else its op cannot do without, so these graphs pass `verify`; `show` prints a graph without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from graphsurgeon.ir import attr_value, ops
from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function, Library
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import output_types
from graphsurgeon.names import parse_input
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tensor_proto import encode, encode_fill
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, StringTensor
from proto_utils import schema

_SHORT = {"f16": "float16", "f32": "float32", "f64": "float64", "bf16": "bfloat16", "i8": "int8", "i32": "int32"} | {
    "i64": "int64", "u8": "uint8", "str": "string",
}  # fmt: skip
_LINE = re.compile(
    r"(?P<name>\S+)\s*=\s*(?P<op>[\w>.]+)\s*(?:\((?P<inputs>[^)]*)\))?\s*(?:\{(?P<attrs>.*)\})?\s*(?:on\s+(?P<device>\S+))?"
)
_CONST = re.compile(r"(\w+)\s*\[([\d,\s]*)\](?:\s+(-?[\d.]+))?(?:,(.*))?")


def graph(text: str) -> Graph:
    """Make the graph that `text` describes."""
    made: list[Node] = []
    by_name: dict[str, Node] = {}
    for line in _lines(text):
        made.append(_node(line))
        by_name[made[-1].name] = made[-1]
    for _ in range(2):  # loops read nodes that stand further down
        for each in made:
            _fill_in_types(each, by_name)
    for each in made:
        _fill_in_others(each)
    return Graph(made)


def node(line: str) -> Node:
    """Make the node that a line describes."""
    (made,) = graph(line)
    return made


def function(name: str, arguments: str, results: str, body: str) -> Function:
    """Make a function of float32 tensors: names of its arguments, the tensors it returns, its nodes."""
    proto = schema.FunctionDef()
    proto.signature.name = name
    for argument in arguments.split():
        proto.signature.input_arg.add(name=argument, type=1)
    for number, result in enumerate(results.split()):
        proto.signature.output_arg.add(name=f"out{number}", type=1)
        proto.ret[f"out{number}"] = result
    return Function(proto, graph(body))


def model(text: str, *functions: Function) -> Model:
    """Make a model of the graph that `text` describes, with these functions as its library."""
    return Model(graph(text), Library(functions))


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
    values = dict(_attrs((constant[4] or "") if constant else attrs))
    if constant:
        values |= _constant(*constant.groups()[:3])
    # As written, whatever the op says.
    values = {key: each if isinstance(each, Tensor) else attr_value.encode(each) for key, each in values.items()}
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


def _constant(name: str, dims: str, repeated: str | None) -> dict[str, Any]:
    import numpy as np

    dtype = _dtype(name)
    shape = [int(size) for size in dims.split(",") if size.strip()]
    size = int(np.prod(shape))
    value: Any
    if repeated is not None:
        fill = FillTensor(dtype, shape, np.array(float(repeated), dtype.numpy()).tobytes())
        value = schema.AttrValue(tensor=encode_fill(fill) if size else encode(fill))
    elif dtype is dtypes.STRING:
        value = StringTensor(shape, [b"%d" % n for n in range(size)])
    else:
        value = ArrayTensor(np.arange(size).astype(dtype.numpy()).reshape(shape), dtype)
    return {"dtype": dtype, "value": value}


def _fill_in_types(node: Node, by_name: dict[str, Node]) -> None:
    facts = ops.facts(node.op)
    args = facts.inputs if facts else ()
    lists = [arg for arg in args if arg.number or arg.is_list]
    position = 0
    data = [text for text in node.inputs if text[:1] != "^"]
    length = (len(data) - len(args) + len(lists)) // max(len(lists), 1)  # what single inputs leave, shared out
    for arg in args:
        here = data[position : position + (max(length, 0) if arg in lists else 1)]
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


def _fill_in_others(node: Node) -> None:
    """Give a node what its op cannot do without and its tensors say nothing of."""
    facts = ops.facts(node.op)
    if facts is None or node.op == "Const":
        return
    told = {name for arg in facts.inputs + facts.outputs for name in (arg.type, arg.number)}
    made = {"int": 1, "float": 1.0, "bool": False, "string": b"s", "type": dtypes.FLOAT, "shape": Shape()}
    for name, attr in facts.attrs.items():
        if attr.default is None and name not in {*told, "dtype", *node.attrs} and attr.element_kind in made:
            one = attr.allowed[0] if attr.allowed else made[attr.element_kind]
            node.attrs[name] = [one] * (attr.minimum or 0) if attr.is_list else one


def _is_dtype(name: str) -> bool:
    return DType.named(name) is not None


def _type_of(text: str, by_name: dict[str, Node]) -> DType | None:
    name, output = parse_input(text)
    types = output_types(by_name[name]) if name in by_name else None
    return types[output].base if types and output < len(types) else None


def _show(node: Node) -> str:
    text = f"{node.name} = {node.op}"
    if node.inputs:
        text += f"({', '.join(node.inputs)})"
    if "_class" in node.attrs:
        groups = [group.decode() for group in node.attrs["_class"]]
        quoted = ", ".join(f'"{group}"' for group in groups)
        text += f" {{_class: {groups[0] if len(groups) == 1 else f'[{quoted}]'}}}"
    return text + (f" on {node.device}" if node.device else "")


def nested_conditionals(depth: int, *, of: str = "") -> str:
    """Return the lines of conditionals that lie in each other: each one's else is the next, as `tf.case` makes them.

    All go by the predicate `of`; without it, each by its own.
    """
    text, source, joined = "x = Placeholder {dtype: f32}\n", "x", "inner"
    for number in range(depth):
        pred = of or f"p{number}"
        if not of or number == 0:
            text += f"{pred} = Placeholder {{dtype: bool}}\n"
        text += f"s{number} = Switch({source}, {pred}) {{T: f32}}\n"
        source = f"s{number}:1"
    text += f"inner = Neg({source}) {{T: f32}}\n"
    for number in reversed(range(depth)):
        text += f"m{number} = Merge(s{number}, {joined}) {{N: 2, T: f32}}\n"
        joined = f"m{number}"
    return text + f"out = Identity({joined}) {{T: f32}}"
