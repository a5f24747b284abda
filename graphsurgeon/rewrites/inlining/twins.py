"""Signatures that are one function under several keys, as Keras exports ``serve`` and ``serving_default``.

Each has placeholders and a call of its own, of functions that do the same::

    serve_x, serving_default_x = Placeholder
    StatefulPartitionedCall(serve_x, w) {f: wrapper_1}
    StatefulPartitionedCall_1(serving_default_x, w) {f: wrapper_2}

One of them is enough: afterwards both keys name its tensors.
"""

from __future__ import annotations

from typing import Any

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import CALL_OPS, PLACEHOLDER_OPS
from graphsurgeon.meta_graph.arguments import SERVING_DEFAULT
from graphsurgeon.meta_graph.references import retarget_tensors
from graphsurgeon.names import node_of
from proto_utils import schema


def merge_twins(model: Model) -> list[str]:
    """Let signatures that do the same name the same tensors, those of ``serving_default`` first; return notes.

    The calls and placeholders of the others go.
    """
    if model.meta is None:
        return []
    signatures = model.meta.signature_def
    known: dict[Any, str] = {}
    tensors: dict[str, str] = {}
    notes = []
    for key in sorted(signatures, key=lambda each: (each != SERVING_DEFAULT, each)):
        what = _what(model, signatures[key])
        first = known.setdefault(what, key) if what is not None else key
        if first != key:
            for side in ("inputs", "outputs"):
                ours, theirs = getattr(signatures[first], side), getattr(signatures[key], side)
                tensors.update((theirs[name].name, ours[name].name) for name in ours)
            notes.append(f"signature {key!r} does what {first!r} does, and names its tensors now")
    retarget_tensors(model.meta, tensors)
    edit = GraphEdit(model.graph)
    for is_call in (True, False):
        for name in dict.fromkeys(map(node_of, tensors)):
            node = edit.get(name)
            if node is not None and (node.op in CALL_OPS) is is_call and not edit.index.edges(name):
                edit.remove(name)
    edit.apply()
    return notes


def _what(model: Model, signature: schema.SignatureDef) -> Any:
    """Return what a signature does, equal for those that do the same; None when it is not one call."""
    calls = {node_of(info.name) for info in signature.outputs.values()}
    call = model.graph.get(calls.pop()) if len(calls) == 1 else None
    func = call.attrs.get("f") if call is not None and call.op in CALL_OPS else None
    if call is None or not isinstance(func, Func) or func.name not in model.library.functions:
        return None
    fed = {info.name.removesuffix(":0"): name for name, info in signature.inputs.items()}
    placeholders = [(name, model.graph.get(node)) for node, name in fed.items()]
    if any(node is None or node.op not in PLACEHOLDER_OPS for _, node in placeholders):
        return None
    return (
        tuple((name, _attrs(node)) for name, node in sorted(placeholders) if node is not None),
        tuple(sorted((name, info.name.partition(":")[2]) for name, info in signature.outputs.items())),
        (call.op, _attrs(call, "f"), tuple(fed.get(text.removesuffix(":0"), ("", text)) for text in call.inputs)),
        _function(model.library.functions[func.name]),
    )


def _attrs(node: Node, without: str = "") -> tuple[tuple[str, bytes], ...]:
    attrs = node.proto.attr
    return tuple((key, schema.serialize(attrs[key])) for key in sorted(attrs) if key != without and key[:1] != "_")


def _function(function: Function) -> Any:
    """Return all of a function but its name and notes."""
    proto = function.proto
    return (
        tuple((arg.name, arg.type) for arg in proto.signature.input_arg),
        tuple((arg.name, arg.type) for arg in proto.signature.output_arg),
        tuple((node.name, node.op, node.inputs, _attrs(node)) for node in function.body),
        tuple(sorted(proto.ret.items())),
        tuple(sorted(proto.control_ret.items())),
    )
