"""The signature under which a graph is served: its inputs and outputs, given or guessed.

A signature maps argument names to tensors. Who serves the graph, and `tf.saved_model.load`
in TensorFlow 2, feeds every input of it, so guessed inputs are only those the outputs need
and that have no value of their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphsurgeon.errors import PassError
from graphsurgeon.ir.endpoints import guess_inputs, guess_outputs
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.ir.signatures import num_outputs, output_types
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.arguments import Side, named_tensors
from graphsurgeon.meta_graph.contexts import needed_by_contexts
from graphsurgeon.names import node_of, parse_input, split_names
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.named_tuple import NamedTuple

#: What clients call to run a signature.
PREDICT_METHOD = "tensorflow/serving/predict"

_OPERATION = "signature"
_HAS_DEFAULT = "PlaceholderWithDefault"
_NO_VALUES = (dtypes.RESOURCE, dtypes.VARIANT)
_NOT_IN_ARGUMENTS = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True)
class SignatureRow:
    """An argument of a signature, and why it is one."""

    name: str
    tensor: str  # ``node:0``
    dtype: str | None  # None when the op is not known
    shape: list[int | None] | None
    reason: str


class Signature(NamedTuple):
    """What a graph takes and gives."""

    inputs: list[SignatureRow]
    outputs: list[SignatureRow]

    def to_proto(self) -> schema.SignatureDef:
        """Make the SignatureDef."""
        proto = schema.SignatureDef(method_name=PREDICT_METHOD)
        for rows, infos in ((self.inputs, proto.inputs), (self.outputs, proto.outputs)):
            for row in rows:
                info = infos[row.name]
                info.name = row.tensor
                info.dtype = dtypes.INVALID.number if row.dtype is None else DType.from_name(row.dtype).number
                if row.shape is None:
                    info.tensor_shape.unknown_rank = True
                else:
                    info.tensor_shape.dim.extend(
                        [schema.TensorShapeProto.Dim(size=-1 if dim is None else dim) for dim in row.shape]
                    )
                    info.tensor_shape.SetInParent()
        return proto


def make_signature(
    model: Model,
    index: Index,
    *,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    shapes: NodeShapes | None = None,
) -> Signature | None:
    """Make a signature of given and guessed inputs and outputs.

    `inputs` and `outputs` are tensors, as ``node``, ``node:1`` or ``argument=node:1``; each may list several, comma
    separated. Without any they are guessed, as `endpoints` does; None when no outputs could be.
    A tensor that does not exist is a NotFoundError; outputs that need a placeholder which is not among the given
    inputs, and what is given and is no set of arguments, a PassError. `shapes` are inferred when not given.
    """
    chosen = _given(model, index, outputs, "outputs") or _guessed_outputs(model, index)
    if not chosen:
        return None
    fed = _given(model, index, inputs, "inputs")
    if fed:
        _check_fed(index, fed, chosen)
    else:
        fed = _guessed_inputs(model, index, chosen)
    shapes = NodeShapes(model, index=index) if shapes is None else shapes
    return Signature(_rows(shapes, fed), _rows(shapes, chosen))


class _Chosen(NamedTuple):
    """A tensor chosen for an argument, whose name may be empty."""

    argument: str
    node: Node
    output: int
    reason: str

    @property
    def tensor(self) -> str:
        return f"{self.node.name}:{self.output}"


def _given(model: Model, index: Index, texts: Iterable[str], side: Side) -> list[_Chosen]:
    chosen = []
    for part in split_names(texts):
        argument, _, text = part.rpartition("=")
        tensors = named_tensors(model, [text], side, _OPERATION)
        if not argument and tensors != [text] and len(tensors) == 1:
            argument = text  # it keeps the name that a signature has for it
        chosen += [_Chosen(argument, *_find(index, tensor), "given") for tensor in tensors]
    for name, number in Counter(each.tensor for each in chosen).items():
        if number > 1:
            raise PassError(_OPERATION, f"{name!r} is given as {side[:-1]} {number} times")
    return chosen


def _find(index: Index, text: str) -> tuple[Node, int]:
    name, output = parse_input(text)
    node = index.producers.get(name)
    if node is None:
        raise NotFoundError.among("node", name, index.producers)
    number = num_outputs(node)
    if output < 0 or (number is not None and output >= number):
        raise NotFoundError("tensor", text, hint=f"{node.op} node {name!r} has {number} outputs")
    return node, output


def _guessed_outputs(model: Model, index: Index) -> list[_Chosen]:
    starts = guess_inputs(model.graph, index)
    found = guess_outputs(model.graph, index, starts)
    # That an Exit or a pivot is there, which contexts need, is no sign that somebody wants it.
    needed = needed_by_contexts(model.meta)
    found = [each for each in found if node_of(each.name) not in needed] or found
    return [_Chosen("", *_find(index, each.name), each.reason) for each in found]


def _guessed_inputs(model: Model, index: Index, outputs: Sequence[_Chosen]) -> list[_Chosen]:
    needed = ancestors(index.producers, [each.node.name for each in outputs])
    saver_file = "" if model.meta is None else node_of(model.meta.saver_def.filename_tensor_name)
    found = [each for each in guess_inputs(model.graph, index) if each.name in needed and each.name != saver_file]
    without_default = [each for each in found if each.op != _HAS_DEFAULT]
    return [
        _Chosen("", node, output, f"{each.reason}, and an output needs it")
        for each in without_default or found
        for node in [index.producers[each.name]]
        for output in sorted(_read_outputs(index, node, needed))
        if _has_values(node, output)
    ]


def _read_outputs(index: Index, node: Node, needed: set[str]) -> set[int]:
    """Return which outputs of a node are read by what is needed."""
    read = {parse_input(reader.inputs[at]).output for reader, at in index.consumers(node.name) if reader.name in needed}
    return read or {0}


def _check_fed(index: Index, fed: Sequence[_Chosen], outputs: Sequence[_Chosen]) -> None:
    """Refuse inputs that leave a placeholder unfed."""
    stops = {each.node.name for each in fed}
    producers = {name: node for name, node in index.producers.items() if name not in stops}
    needed = ancestors(producers, [each.node.name for each in outputs])
    missing = sorted(name for name in needed if producers[name].op in PLACEHOLDER_OPS)
    if missing:
        hint = f'name them too: `inputs="{",".join(missing)}"`'
        reason = f"the outputs need placeholder {missing[0]!r}, which is not among the inputs"
        raise PassError(_OPERATION, reason, node=missing[0], hint=hint)


def _rows(shapes: NodeShapes, chosen: Sequence[_Chosen]) -> list[SignatureRow]:
    names = _argument_names(chosen)
    return [
        SignatureRow(name, each.tensor, _dtype_name(each), shapes.dims(each.node, each.output), each.reason)
        for name, each in zip(names, chosen, strict=True)
    ]


def _argument_names(chosen: Sequence[_Chosen]) -> list[str]:
    """Name arguments by the last part of their nodes' names where that is enough, else by the whole."""
    short = [each.argument or _argument(each.node.name.rpartition("/")[2], each.output) for each in chosen]
    count = Counter(short)
    names = [
        each.argument or (name if count[name] == 1 else _argument(each.node.name, each.output))
        for name, each in zip(short, chosen, strict=True)
    ]
    for name, number in Counter(names).items():
        if number > 1:
            tensors = [each.tensor for each, used in zip(chosen, names, strict=True) if used == name]
            hint = f"name them: {', '.join(f'NAME={tensor}' for tensor in tensors)}"
            raise PassError(_OPERATION, f"{number} arguments would be called {name!r}", hint=hint)
    return names


def _argument(name: str, output: int) -> str:
    """Make a name that can be a Python argument."""
    text = _NOT_IN_ARGUMENTS.sub("_", name)
    text = f"_{text}" if text[:1].isdigit() else text
    return f"{text}_{output}" if output else text


def _dtype(node: Node, output: int) -> DType | None:
    types = output_types(node)
    return types[output].base if types is not None and output < len(types) else None


def _has_values(node: Node, output: int) -> bool:
    return _dtype(node, output) not in _NO_VALUES


def _dtype_name(each: _Chosen) -> str | None:
    dtype = _dtype(each.node, each.output)
    return None if dtype is None else dtype.name
