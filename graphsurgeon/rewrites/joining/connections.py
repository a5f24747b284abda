"""Connections: what was fed to one model is a tensor of another from now on.

::

    a/prob        b/input = Placeholder            a/prob
                  b/conv = Conv2D(b/input)  ->     b/conv = Conv2D(a/prob)

The Placeholder goes. Who read it or waited for it, reads or waits for the tensor; contexts and collections name that
instead. Signatures of which it was an input take what the tensor is computed from, as far as signatures say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.colocation import colocations, drop_colocation
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import ENTER_OPS, frames_of
from graphsurgeon.ir.index import find_node
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import node_dtype, node_shape
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.ir.output_shapes import output_shape
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import references, tensor_names
from graphsurgeon.names import node_of, parse_input
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.rewrites.splitting.branches import branches_of
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema

#: The last version whose placeholders cannot say that their shape is unknown.
_LAST_WITHOUT_UNKNOWN = 21
_FED_OPS = PLACEHOLDER_OPS | {"PlaceholderWithDefault"}


@dataclass(frozen=True)
class Connection:
    """An input that is a tensor of another model now.

    Attributes
    ----------
    input : str
        The node that was fed.
    tensor : str
    dtype : str
    shape : list of int or None, or None
        Of the tensor, as far as it is known, else of the input.
    """

    input: str
    tensor: str
    dtype: str
    shape: list[int | None] | None


def connect_tensors(model: Model, pairs: Iterable[tuple[str, str]], operation: str) -> list[Connection]:
    """Let tensors take the place of inputs, each given as (input, tensor); names are those of the graph.

    What is no node is a NotFoundError; what cannot be connected a PassError.
    """
    return _Connector(model, operation).connect(pairs)


class _Connector:
    def __init__(self, model: Model, operation: str) -> None:
        self._model = model
        self._operation = operation
        self._edit = GraphEdit(model.graph)
        self._signatures = OpSignatures(model.library.functions)
        self._shapes: ShapeInference | None = None
        # In these a placeholder has the scalar's shape when it means unknown.
        self._is_old = model.rest.versions.producer <= _LAST_WITHOUT_UNKNOWN

    def connect(self, pairs: Iterable[tuple[str, str]]) -> list[Connection]:
        pairs, made = list(pairs), list[Connection]()
        if not pairs:
            return []
        self._shapes = None if self._is_old else self._inferred()
        for old, new in pairs:
            made = self._with(made, self._connect(old, self._followed(made, new)))
        tensors = {each.input: each.tensor for each in made}
        for name, near in colocations(self._edit.nodes()).items():
            gone = [each for each in near if each in tensors]
            if gone:
                drop_colocation(self._edit.edit(self._edit.index.producers[name]), gone)
        for name in tensors:
            self._edit.remove(name)
        self._refuse_frames(tensors)
        self._refuse_shapes()
        self._edit.apply()
        if self._model.meta is not None:
            _follow_signatures(self._model, self._model.meta, tensors)
            _follow(self._model.meta, tensors)
        return made

    def _followed(self, made: Sequence[Connection], text: str) -> str:
        """Return what a tensor is now: an input may have been connected before."""
        return next((each.tensor for each in made if each.input == node_of(text)), text)

    def _with(self, made: Sequence[Connection], new: Connection) -> list[Connection]:
        """Add a connection; what an input was connected to, which is connected now, is the same tensor."""
        if any(each.input == new.input for each in made):
            raise PassError(self._operation, "it is connected to two tensors", node=new.input, is_usage=True)
        return [*(replace(e, tensor=new.tensor) if node_of(e.tensor) == new.input else e for e in made), new]

    def _connect(self, old: str, text: str) -> Connection:
        index = self._edit.index
        target, source = find_node(index.producers, old), find_node(index.producers, text)
        if target.op not in _FED_OPS or parse_input(old).output:
            reason = f"{target.op} is no input: a Placeholder takes a tensor of another model"
            raise PassError(self._operation, reason, node=target.name)
        output = parse_input(text).output
        tensor = source.name if not output else f"{source.name}:{output}"
        taken, given = self._type(target, 0), self._type(source, output)
        if taken is not None and given is not None and taken is not given:
            reason = f"it is fed {taken.name}, and {tensor!r} is {given.name}"
            raise PassError(self._operation, reason, node=target.name, hint="insert a Cast at the tensor before")
        if given is None and self._signatures.of(source).outputs == ():
            raise PassError(self._operation, f"{source.op} makes no tensor that {old!r} could be", node=source.name)
        shapes = [_shape(output_shape(index, target)), self._dims(tensor)]
        if not _fit(*shapes) and not (self._is_old and shapes[0] == []):
            reason = f"it is fed the shape {_spelled(shapes[0])}, and {tensor!r} has {_spelled(shapes[1])}"
            raise PassError(self._operation, reason, node=target.name)
        if target.name in ancestors(index.producers, [source.name]):
            raise PassError(self._operation, f"{tensor!r} depends on it: that would be a circle", node=target.name)
        for each in (f"{target.name}", f"^{target.name}"):
            self._edit.redirect(each, f"^{source.name}" if each[0] == "^" else tensor)
        known = shapes[1] if shapes[1] is not None else shapes[0]
        dtype = given or taken
        return Connection(target.name, tensor, "" if dtype is None else dtype.name, known)

    def _type(self, node: Node, output: int) -> DType | None:
        types = self._signatures.of(node).outputs
        return DType.from_number(types[output]).base if types and output < len(types) and types[output] else None

    def _inferred(self) -> ShapeInference:
        return ShapeInference(self._edit.index, self._model.library.functions, {})

    def _dims(self, tensor: str) -> list[int | None] | None:
        node = self._edit.index.producers[node_of(tensor)]
        if self._shapes is None:
            return _shape(output_shape(self._edit.index, node, parse_input(tensor).output))
        dims = self._shapes.dims(tensor)
        return None if dims is None else list(dims)

    def _refuse_shapes(self) -> None:
        """Refuse tensors whose shapes do not go with what is computed from them."""
        if self._shapes is None:
            return
        known = set(self._shapes.conflicts)
        for conflict in self._inferred().conflicts:
            if conflict not in known:
                raise PassError(
                    self._operation, f"what it would read does not fit: {conflict.reason}", node=conflict.node
                )

    def _refuse_frames(self, tensors: Mapping[str, str]) -> None:
        """Refuse tensors inside of loops, which nobody outside can read, and of branches, which have none at times."""
        has_loops = any(node.op in ENTER_OPS for node in self._edit.nodes())
        frames = frames_of(self._model.graph, self._edit.index) if has_loops else {}
        for tensor in tensors.values():
            inside = frames.get(node_of(tensor))
            if inside:
                reason = f"is inside of the while loop {inside[-1].name!r}: its value is known when the loop has ended"
                raise PassError(self._operation, reason, node=node_of(tensor), hint="connect the Exit of the loop")
        branches = branches_of(self._model.graph, self._edit.index)
        for tensor in tensors.values():
            if node_of(tensor) in branches:
                reason = f"is inside of a branch of the cond at {branches[node_of(tensor)]!r}: it has a value at times"
                raise PassError(self._operation, reason, node=node_of(tensor), hint="connect the Merge of the cond")


def _shape(shape: Shape | None) -> list[int | None] | None:
    return None if shape is None or shape.dims is None else list(shape.dims)


def _fit(taken: Sequence[int | None] | None, given: Sequence[int | None] | None) -> bool:
    if taken is None or given is None:
        return True
    return len(taken) == len(given) and all(
        None in pair or pair[0] == pair[1] for pair in zip(taken, given, strict=True)
    )


def _spelled(shape: Sequence[int | None] | None) -> str:
    return "?" if shape is None else f"[{', '.join('?' if dim is None else str(dim) for dim in shape)}]"


def _follow(meta: schema.MetaGraphDef, tensors: Mapping[str, str]) -> None:
    """Let all that names an input name its tensor."""
    for each in references(meta):
        name = node_of(each.name.removeprefix("^"))
        if each.kind in ("tensor", "text") and name in tensors:
            source = tensors[name]
            is_node = ":" not in each.name
            new = node_of(source) if is_node else source if ":" in source else f"{source}:0"
            each.set("^" * each.name.startswith("^") + new)


def _follow_signatures(model: Model, meta: schema.MetaGraphDef, tensors: Mapping[str, str]) -> None:
    """Take connected inputs out of signatures, and let these have the inputs that their outputs depend on now."""
    known = dict(_named_inputs(meta, tensors))
    producers = {node.name: node for node in model.graph}
    for key in set(meta.signature_def) - {INIT_SIGNATURE}:
        signature = meta.signature_def[key]
        gone = [name for name, info in signature.inputs.items() if node_of(info.name) in tensors]
        for name in gone:
            del signature.inputs[name]
        if not gone:
            continue
        outputs = [node_of(name) for info in signature.outputs.values() for name in tensor_names(info) if name]
        # An output may be an input that was connected.
        before = ancestors(producers, [node_of(tensors.get(name, name)) for name in outputs])
        needed = [name for name in producers if name in before]
        there = {info.name for info in signature.inputs.values()}
        for name, (argument, info) in known.items():
            if node_of(name) in before and name not in there:
                signature.inputs[_free(argument, signature.inputs)].CopyFrom(info)
                there.add(name)
        for name in needed:
            # What no signature knows has to be fed all the same.
            if producers[name].op in PLACEHOLDER_OPS and f"{name}:0" not in there:
                signature.inputs[_free(name.replace("/", "_"), signature.inputs)].CopyFrom(_info(producers[name]))


def _named_inputs(
    meta: schema.MetaGraphDef, tensors: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, schema.TensorInfo]]]:
    """Yield the inputs of signatures that are still fed, by their tensors, with what signatures call them."""
    for key in sorted(set(meta.signature_def) - {INIT_SIGNATURE}, reverse=True):
        for argument, info in sorted(meta.signature_def[key].inputs.items()):
            if info.name and node_of(info.name) not in tensors:
                yield info.name, (argument, info)


def _info(node: Node) -> schema.TensorInfo:
    dtype, shape = node_dtype(node), node_shape(node)
    number = 0 if dtype is None else dtype.number
    return schema.TensorInfo(name=f"{node.name}:0", dtype=number, tensor_shape=(shape or Shape()).to_proto())


def _free(wanted: str, taken: Mapping[str, object]) -> str:
    number, name = 0, wanted
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name
