"""Consistency of the values in a checkpoint with the variables of the graph and what its saver restores."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping

from graphsurgeon.checks.finding import ERROR, WARNING, Finding, Severity
from graphsurgeon.errors import near_names
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.names import node_of, node_of_input, some_of
from graphsurgeon.tensors.boxes import shape_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import EMA, SavedAs, VariableValues, variable_nodes
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saver_calls import SaverCall
from graphsurgeon.variables.shape_and_slice import parse_shape_and_slice
from proto_utils import schema
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError

_ASSIGNS = ("Assign", "AssignVariableOp")
_THROUGH = ("Identity", "Reshape", "Cast")
#: Near names are searched for so many missing values; after that it is another model's checkpoint.
_MAX_NEAR = 10
# What TensorFlow's optimizers call the variables that they keep beside a model's.
_SLOT = re.compile(
    r".*/(?:Adam|Adam_1|AdamW?(?:_[mv])?|Momentum|RMSProp(?:_[12])?|Adagrad|Adadelta(?:_1)?|Ftrl(?:_1)?|Nadam(?:_1)?"
    r"|AdaMax(?:_1)?|gradient_(?:squared_)?accumulator|hv|vhat|rms|momentum|accumulator)"
    r"|(?:.*/)?beta[12]_power(?:_\d+)?|.*/\.OPTIMIZER_SLOT/.*|(?:.*/)?optimizer(?:/.*)?|(?:.*/)?" + EMA
)


def checkpoint_findings(model: Model, index: Index, calls: Iterable[SaverCall]) -> Iterator[Finding]:
    """Yield what does not fit between the variables of a graph and the values it has.

    `calls` are the model's `saver_calls`.
    """
    if not model.variables:
        if model.saved_model is not None and any(True for _ in variable_nodes(model.graph)):
            message = "the graph has variables, but there is no checkpoint with their values"
            yield Finding(WARNING, "missing-value", None, None, message)
        return
    calls = list(calls)
    restored: set[str] = set()
    for call in calls:
        if call.is_restore and call.is_main:
            restored.update(node.name for _, node, _ in restore_targets(call, index))
            yield from _restore_findings(call, index, model)
    used = {key for call in calls for key in call.keys} | {OBJECT_GRAPH_KEY}
    yield from _by_name_findings(model, index, restored, used)
    yield from _extra_findings(model.variables, used)


def _restore_findings(call: SaverCall, index: Index, model: Model) -> Iterator[Finding]:
    """Yield what a restore op that TensorFlow runs does not get from the checkpoint."""
    stored = model.variables
    targets: dict[int, list[tuple[Node, bool]]] = {}
    for output, node, is_reshaped in restore_targets(call, index):
        targets.setdefault(output, []).append((node, is_reshaped))
    num_missing = 0
    for number, (key, spec, dtype) in enumerate(call.entries()):
        nodes = targets.get(number, [])
        name = nodes[0][0].name if nodes else call.node.name
        function = None if nodes else call.function
        tensor = stored.get(key)
        if tensor is None:
            num_missing += 1
            near = near_names(key, stored) if num_missing <= _MAX_NEAR else ()
            yield Finding(ERROR, "missing-value", name, function, _missing(key, near))
            continue
        if tensor.dtype is not dtype.base:
            message = f"is restored as {dtype.base.name}, {key!r} in the checkpoint is {tensor.dtype.name}"
            yield Finding(ERROR, "value-dtype", name, function, message)
        shape, problem = _restored_shape(key, spec, tensor)
        if problem:
            yield Finding(ERROR, "value-shape", name, function, problem)
        for node, is_reshaped in nodes:
            if shape is not None and not _takes(node, shape, is_reshaped):
                yield _shape_finding(ERROR, node, key, shape)


def restore_targets(call: SaverCall, index: Index) -> Iterator[tuple[int, Node, bool]]:
    """Yield (output, variable of the graph, whether it is reshaped) for what a restore op assigns."""
    pending = [(node, at, _output(node.inputs[at]), False) for node, at in call.edges.consumers(call.node.name)]
    while pending:
        node, position, output, is_reshaped = pending.pop()
        if node.op in _ASSIGNS and position == 1:
            name = node_of_input(node.inputs[0])
            variable = index.producers.get(call.arguments.get(name, name))
            if variable is not None:
                yield output, variable, is_reshaped
        elif node.op in _THROUGH and position == 0:
            after = is_reshaped or node.op == "Reshape"
            pending += [(consumer, at, output, after) for consumer, at in call.edges.consumers(node.name)]


def _output(text: str) -> int:
    """Return the output that an input names, in a graph or a body: ``node:1``, ``node:tensors:1``."""
    _, colon, last = text.rpartition(":")
    return int(last) if colon and last.isdecimal() else 0


def _restored_shape(key: str, spec: str, tensor: Tensor) -> tuple[tuple[int, ...] | None, str]:
    """Return the shape of what is restored of a tensor, and why it cannot be."""
    try:
        parsed = parse_shape_and_slice(spec)
    except CorruptionError:
        return None, ""
    if parsed is None:
        return tensor.shape, ""
    shape, box = parsed
    if shape != tensor.shape:
        return None, f"takes a slice of a tensor {list(shape)}, {key!r} in the checkpoint is {list(tensor.shape)}"
    return shape_of(box), ""


def _by_name_findings(model: Model, index: Index, restored: set[str], used: set[str]) -> Iterator[Finding]:
    """Yield what does not fit of the variables that the saver leaves out; adds the keys they have to `used`."""
    try:
        values = VariableValues(model, index)
    except (CorruptionError, NotFoundError, UnsupportedError):
        return  # a saver whose constants are unsound, of which the lists or `verify` tell
    # Without a SaverDef, TensorFlow makes a saver for the variables that are listed.
    has_saver = model.meta is not None and model.meta.HasField("saver_def")
    severity: Severity = WARNING if has_saver or model.meta is None else ERROR
    wanted = _global_variables(model)
    for node in variable_nodes(model.graph):
        place = _place(values, node)
        if place is not None:
            used.add(place.key)
        if node.name in restored:
            continue
        if place is not None:
            yield from _place_findings(severity, node, place, model.variables[place.key])
        elif wanted is None or node.name in wanted:
            text = "nothing restores it: neither the saver nor the checkpoint names it"
            yield Finding(severity, "missing-value", node.name, None, text if has_saver else _missing(node.name, ()))


def _place(values: VariableValues, node: Node) -> SavedAs | None:
    if not isinstance(attr_of(node, "shape"), Shape | None) or not isinstance(
        attr_of(node, "shared_name"), bytes | None
    ):
        return None
    try:
        return values.place(node)
    except (CorruptionError, NotFoundError, UnsupportedError):
        # The object graph cannot be read; that is found with the checksums.
        return None


def _place_findings(severity: Severity, node: Node, place: SavedAs, tensor: Tensor) -> Iterator[Finding]:
    dtype = attr_of(node, "dtype")
    if isinstance(dtype, DType) and dtype.base is not tensor.dtype:
        message = f"is {dtype.base.name}, {place.key!r} in the checkpoint is {tensor.dtype.name}"
        yield Finding(severity, "value-dtype", node.name, None, message)
    shape = tensor.shape if place.box is None else shape_of(place.box)
    if not _takes(node, shape, False):
        yield _shape_finding(severity, node, place.key, shape)


def _global_variables(model: Model) -> set[str] | None:
    """Return the nodes in the collection of variables that are saved; None when nothing is listed."""
    if model.meta is None or not model.meta.collection_def:
        return None
    if "variables" not in model.meta.collection_def:
        return set()
    listed = model.meta.collection_def["variables"].bytes_list.value
    try:
        return {node_of(schema.parse(schema.VariableDef, data).variable_name) for data in listed}
    except CorruptionError:
        return set()


def _takes(node: Node, shape: tuple[int, ...], is_reshaped: bool) -> bool:
    """Whether a variable can hold a value of that shape."""
    found = attr_of(node, "shape")
    dims = found.dims if isinstance(found, Shape) else None
    if dims is None or (node.op == "Variable" and not dims):
        # The oldest op wrote an unknown shape as that of a scalar.
        return True
    if is_reshaped:
        return None in dims or math.prod(dim or 0 for dim in dims) == math.prod(shape)
    return len(dims) == len(shape) and all(dim in (None, size) for dim, size in zip(dims, shape, strict=True))


def _shape_finding(severity: Severity, node: Node, key: str, shape: tuple[int, ...]) -> Finding:
    dims = node.attrs["shape"].dims
    message = f"is {list(dims)}, {key!r} in the checkpoint is {list(shape)}"
    return Finding(severity, "value-shape", node.name, None, message)


def _missing(key: str, near: Iterable[str]) -> str:
    names = ", ".join(map(repr, near))
    return f"{key!r} is not in the checkpoint" + (f"; near: {names}" if names else "")


def _extra_findings(stored: Mapping[str, Tensor], used: set[str]) -> Iterator[Finding]:
    extra = [key for key in stored if key not in used]
    slots = [key for key in extra if _SLOT.fullmatch(key)]
    others = [key for key in extra if not _SLOT.fullmatch(key)]
    for keys, what in ((others, "no variable of the graph takes"), (slots, "an optimizer keeps, and the graph not,")):
        if keys:
            number = f"{len(keys):,} value{'s' if len(keys) > 1 else ''}"
            message = f"{number} in the checkpoint that {what}: {some_of([*map(repr, keys)])}"
            yield Finding(WARNING, "extra-value", None, None, message)
