"""Graphs in a few lines of text, for tests of the judgement which constants are weights.

One node a line: ``name Op inputs...``, then attrs where needed (``N=2``, ``T:float32``, ``f@body``). A constant is
``name = dtype dims``, such as ``w = float32 3x3x8x4`` or ``axis = int32 scalar``; with ``fill`` after the dims it is
one repeated value, as code writes it.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from graphsurgeon.attr_value import Func
from graphsurgeon.dtypes import DType
from graphsurgeon.graph import Function, Graph, Library
from graphsurgeon.model import Model
from graphsurgeon.node import Node
from graphsurgeon.tensor import RawTensor, StringTensor, Tensor
from graphsurgeon.weights import WeightPlan, find_weights
from proto_utils import schema
from proto_utils.files import BytesSource, Span


def constant(name: str, dtype: str, dims: str, *how: str) -> Node:
    """A Const; a scalar float32 may be given a value: ``p = float32 scalar -0.5``."""
    kind = DType.from_name(dtype)
    shape = [] if dims == "scalar" else [int(dim) for dim in dims.split("x")]
    inputs = [word for word in how if word.startswith("^")]
    values = [word for word in how if not word.startswith("^")]
    value: Tensor
    if dtype == "string":
        value = StringTensor(shape, [b"a"] * math.prod(shape))
    elif values == ["fill"]:
        return filled(name, kind, shape)
    else:
        data = struct.pack("<f", float(values[0])) if values else bytes(math.prod(shape) * kind.itemsize)
        value = RawTensor(kind, shape, Span(BytesSource(data), 0, len(data)))
    return Node.new(name, "Const", inputs, attrs={"dtype": kind, "value": value})


def filled(name: str, kind: DType, shape: list[int]) -> Node:
    """A Const as tf.ones writes it: a shape and one value."""
    proto = schema.NodeDef(name=name, op="Const")
    proto.attr["dtype"].type = kind.number
    value = proto.attr["value"].tensor
    value.dtype = kind.number
    value.float_val.append(1.0)
    for dim in shape:
        value.tensor_shape.dim.add(size=dim)
    return Node(proto)


def attr(text: str) -> tuple[str, Any]:
    """``N=2``, ``T:float32``, ``f@body``, ``_class=loc:@x``, ``fused_ops=BiasAdd,Relu``, ``use_peephole=True``."""
    if "@" in text and "=" not in text:
        key, _, name = text.partition("@")
        return key, Func(name, {})
    if ":" in text and "=" not in text:
        key, _, name = text.partition(":")
        return key, DType.from_name(name)
    key, _, value = text.partition("=")
    if value in ("True", "False"):
        return key, value == "True"
    return (key, int(value)) if value.isdecimal() else (key, [part.encode() for part in value.split(",")])


def node(line: str) -> Node:
    """One line."""
    name, op, *words = line.split()
    if op == "=":
        return constant(name, *words)
    is_attr = [
        ("=" in word or "@" in word or (":" in word and not word.rpartition(":")[2].isdecimal())) for word in words
    ]
    inputs = [word for word, yes in zip(words, is_attr, strict=True) if not yes]
    return Node.new(name, op, inputs, attrs=dict(attr(word) for word, yes in zip(words, is_attr, strict=True) if yes))


def graph(text: str) -> Graph:
    """The lines of a graph or of a function's body."""
    return Graph(node(line) for line in text.strip().splitlines() if line.strip())


def function(name: str, arguments: str, results: str, body: str) -> Function:
    """A function: its arguments' names, and the tensors it returns in order."""
    proto = schema.FunctionDef()
    proto.signature.name = name
    for argument in arguments.split():
        proto.signature.input_arg.add(name=argument, type=1)
    for number, result in enumerate(results.split()):
        proto.signature.output_arg.add(name=f"out{number}", type=1)
        proto.ret[f"out{number}"] = result
    return Function(proto, graph(body))


def model(text: str, *functions: Function) -> Model:
    """A model of a graph and functions."""
    return Model(graph(text), Library(functions))


def plan(text: str, *functions: Function, **options: Any) -> WeightPlan:
    """What `find_weights` says of it."""
    return find_weights(model(text, *functions), **options)


def taken(text: str, *functions: Function, **options: Any) -> dict[str, str]:
    """Role by name of the weights."""
    return {weight.node.name: weight.role for weight in plan(text, *functions, **options).weights}


def untrained(text: str, *functions: Function) -> set[str]:
    """Names of the weights that are not trainable."""
    return {weight.node.name for weight in plan(text, *functions).weights if not weight.trainable}


def reasons(text: str, *functions: Function, **options: Any) -> dict[str, str]:
    """Reason by name of the constants kept."""
    return {kept.node.name: kept.reason for kept in plan(text, *functions, **options).kept}
