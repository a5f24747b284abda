"""Consistency of the values in a checkpoint with the variables of the graph and what its saver restores."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from graphsurgeon.checks.finding import ERROR, WARNING, Finding, Severity
from graphsurgeon.errors import near_names
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import node_of, some_of
from graphsurgeon.tensors.boxes import shape_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import EMA, SavedAs, VariableValues, variable_nodes
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saver_calls import SaverCall
from graphsurgeon.variables.shape_and_slice import parse_shape_and_slice
from proto_utils.errors import CorruptionError, LimitError, NotFoundError, UnsupportedError

#: Near names are searched for so many missing values; after that it is another model's checkpoint.
_MAX_NEAR = 10


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
            yield from _restore_findings(call, index, model, restored)
    used = {key for call in calls for key in call.keys} | {OBJECT_GRAPH_KEY}
    yield from _by_name_findings(model, index, calls, restored, used)
    yield from _extra_findings(model.variables, used)


def _restore_findings(call: SaverCall, index: Index, model: Model, restored: set[str]) -> Iterator[Finding]:
    """Yield what a restore op that TensorFlow runs does not get; adds the variables that it assigns to `restored`."""
    stored = model.variables
    num_missing = 0
    for key, spec, dtype, nodes in call.restored(index):
        restored.update(node.name for node, _ in nodes)
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


def _by_name_findings(
    model: Model, index: Index, calls: Iterable[SaverCall], restored: set[str], used: set[str]
) -> Iterator[Finding]:
    """Yield what does not fit of the variables that the saver leaves out; adds the keys they have to `used`."""
    try:
        values = VariableValues(model, index, calls)
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
    try:
        return {node_of(each.variable_name) for each in variable_defs(model.meta, ["variables"])}
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
    kept = _kept_by_optimizers(stored) if extra else {}
    slots = [key for key in extra if key in kept or key.rpartition("/")[2] == EMA]
    others = [key for key in extra if key not in kept and key.rpartition("/")[2] != EMA]
    for keys, what in (
        (others, "no variable of the graph takes"),
        (slots, "an optimizer keeps, and the graph not,"),
    ):
        if keys:
            number = f"{len(keys):,} value{'s' if len(keys) > 1 else ''}"
            message = f"{number} in the checkpoint that {what}: {some_of([*map(repr, keys)])}"
            yield Finding(WARNING, "extra-value", None, None, message)


def _kept_by_optimizers(stored: Mapping[str, Tensor]) -> Mapping[str, str]:
    # Imported here: most checkpoints have nothing that the graph does not take.
    from graphsurgeon.variables.optimizer_state import optimizer_state

    try:
        return optimizer_state(stored).reasons
    except (CorruptionError, LimitError):
        # The object graph cannot be read; that is found with the checksums.
        return {}
