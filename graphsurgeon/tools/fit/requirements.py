"""The tensors that a model restores from a checkpoint, by key.

Its own saver says so: the one that the SaverDef names, whose restore op lists keys, slices and types, and whose
assignments lead to variables and their shapes; in a SavedModel of TensorFlow 2 it is a function. A model that
brings no SaverDef restores what TensorFlow's default saver would, the variables in its collections by their names; a
bare graph what all of its savers want, or else all variables. A checkpoint without a graph wants what it has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import node_of, scope_of, text_of
from graphsurgeon.tensors.boxes import Box
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.variables.checkpoint_keys import declared_parts, variable_nodes
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from graphsurgeon.variables.object_names import ObjectNames
from graphsurgeon.variables.saver_calls import SaverCall
from graphsurgeon.variables.shape_and_slice import parse_shape_and_slice
from proto_utils.errors import NotFoundError

#: What it calls itself in errors.
OPERATION = "fit"

#: At the end of the key of a variable of TensorFlow 2.
VALUE_END = "/.ATTRIBUTES/VARIABLE_VALUE"


@dataclass
class Requirement:
    """A tensor that a checkpoint has to have; its shape as far as it is known, None for an unknown rank.

    `parts` are the variables that are restored from it, by node, each with its slice, or None for all of it; when
    `is_reshaped`, only the number of elements counts. `names` it may have elsewhere: its key first, then its variables'
    names. Of an object graph are `called`, the name of the variable there, `paths` to it, and of a slot of an optimizer
    `slot_of`, the key of its variable and what the slot is called.
    """

    key: str
    dtype: DType
    shape: tuple[int | None, ...] | None
    parts: list[tuple[str, Box | None]] = field(default_factory=list)
    is_reshaped: bool = False
    names: list[str] = field(default_factory=list)
    called: str = ""
    paths: list[str] = field(default_factory=list)
    slot_of: tuple[str, str] | None = None

    @property
    def full_shape(self) -> tuple[int, ...] | None:
        """The shape, when all of it is known."""
        known = [dim for dim in self.shape or () if dim is not None]
        return None if self.shape is None or len(known) < len(self.shape) else tuple(known)

    def takes_shape(self, shape: Sequence[int]) -> bool:
        """Whether a tensor of that shape can be restored."""
        if self.shape is None:
            return True
        if self.is_reshaped and self.full_shape is not None:
            return math.prod(shape) == math.prod(self.full_shape)
        return len(shape) == len(self.shape) and all(dim in (None, n) for dim, n in zip(self.shape, shape, strict=True))


def requirements(
    model: Model, index: Index, calls: Sequence[SaverCall], *, saver: str | None = None
) -> list[Requirement]:
    """Return the tensors that a model restores, in the order of its saver.

    Without a graph, the model is a checkpoint, whose variables say what is wanted. `saver` is the scope of one, such as
    ``save_1``, or its restore op; NotFoundError when there is none. PassError when the model restores nothing.
    """
    if not len(model.graph):
        found = [Requirement(key, t.dtype, t.shape) for key, t in model.variables.items() if key != OBJECT_GRAPH_KEY]
    else:
        restores = _restores(model, calls, saver)
        found = list(_of_calls(restores, index) if restores else _of_variables(model))
    if not found:
        raise PassError(OPERATION, "the graph has no variables that a checkpoint would be restored to")
    objects = read_object_graph(model.variables)
    full_names = {} if objects is None else {key: name for name, key in objects.full_names().items()}
    known = None if objects is None else ObjectNames(objects)
    for each in found:
        names = [each.key, full_names.get(each.key, ""), *_node_names(each, model), each.key.removesuffix(VALUE_END)]
        each.names = [name for name in dict.fromkeys(names) if name]
        if known is not None:
            each.called, each.slot_of = known.names.get(each.key, ""), known.slots.get(each.key)
            each.paths = known.paths.get(each.key, [])
    return found


def _restores(model: Model, calls: Iterable[SaverCall], saver: str | None) -> list[SaverCall]:
    calls = [call for call in calls if call.is_restore]
    if saver is not None:
        scope = scope_of(saver) if saver in model.graph else saver
        chosen = [call for call in calls if call.node.name.startswith(f"{scope}/")]
        if not chosen:
            raise NotFoundError.among("saver", saver, {scope_of(call.node.name) for call in calls})
        return chosen
    main = [call for call in calls if call.is_main]
    # Without a SaverDef, a meta graph is restored by a saver that TensorFlow makes for its variables.
    return main or ([] if model.meta is not None and "variables" in model.meta.collection_def else calls)


def _of_calls(calls: Iterable[SaverCall], index: Index) -> Iterator[Requirement]:
    found: dict[str, Requirement] = {}
    for call in calls:
        for key, spec, dtype, nodes in call.restored(index):
            if key == OBJECT_GRAPH_KEY:
                continue
            parsed = parse_shape_and_slice(spec)
            shape = _shape(nodes[0][0]) if nodes and parsed is None else None
            each = found.setdefault(key, Requirement(key, dtype.base, shape if parsed is None else parsed[0]))
            each.parts += [(node.name, None if parsed is None else parsed[1]) for node, _ in nodes]
            each.is_reshaped |= parsed is None and any(is_reshaped for _, is_reshaped in nodes)
    yield from found.values()


def _of_variables(model: Model) -> Iterator[Requirement]:
    """Yield what the default saver restores: variables by their names, the parts of one by that of the whole."""
    found: dict[str, Requirement] = {}
    parts = declared_parts(model)
    for node in _listed(model):
        dtype, part = attr_of(node, "dtype"), parts.get(node.name)
        if not isinstance(dtype, DType):
            continue
        if part is None:
            key = _shared_name(node) if node.op == "VarHandleOp" else node.name
            found[key] = Requirement(key, dtype.base, _shape(node), [(node.name, None)])
        else:
            whole = Requirement(part.key, dtype.base, part.shape)
            found.setdefault(part.key, whole).parts.append((node.name, part.box))
    yield from found.values()


def _listed(model: Model) -> Iterator[Node]:
    """Yield the variables that are saved: those of the collection that the default saver looks at, else all."""
    listed = () if model.meta is None else variable_defs(model.meta, ["variables"])
    names = {node_of(each.variable_name) for each in listed}
    return (node for node in variable_nodes(model.graph) if not names or node.name in names)


def _node_names(requirement: Requirement, model: Model) -> list[str]:
    if len(requirement.parts) != 1 or requirement.parts[0][1] is not None:
        return []
    node = model.graph.get(requirement.parts[0][0])
    return [] if node is None else [node.name, _shared_name(node)]


def _shared_name(node: Node) -> str:
    shared = attr_of(node, "shared_name")
    return text_of(shared) if isinstance(shared, bytes) and shared else node.name


def _shape(node: Node) -> tuple[int | None, ...] | None:
    shape = attr_of(node, "shape")
    if not isinstance(shape, Shape) or (node.op == "Variable" and not shape.dims):
        # The oldest op wrote an unknown shape as that of a scalar.
        return None
    return shape.dims
