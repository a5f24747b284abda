"""A graph without pruning masks: products of weights and masks become the weights, and what made masks goes.

================================  ==========================================================================
what                              becomes
================================  ==========================================================================
``Mul(mask, weight)``             Identity(weight), the weight being the product now
``Mul(mask, gradient)``           Identity(gradient)
shapes of a mask                  shapes of its weight
masks, thresholds, steps          go, with what is computed from them: updates, conditions, summaries
summaries merged, groups          stay without what went
reports of what has no value yet  go; TensorFlow's sessions make new ones
the saver                         is made anew for the variables that are left
================================  ==========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value, variable_shape
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.ir.op_families import (
    ASSIGN_OPS,
    IS_INITIALIZED_OPS,
    PLACEHOLDER_OPS,
    READ_OPS,
    REF_OPS,
    RESOURCE_OPS,
    SAVE_OPS,
)
from graphsurgeon.meta_graph.arguments import find_outputs
from graphsurgeon.meta_graph.collections import VARIABLE_COLLECTIONS
from graphsurgeon.meta_graph.dependencies import initialization_dependencies
from graphsurgeon.names import Names, is_control, node_of, node_of_input, scope_of, some_of, split_names
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenNode
from graphsurgeon.rewrites.pruning.kept_saver import find_saver
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.pruning.taken_out import take_out
from graphsurgeon.rewrites.pruning.unneeded import remove_unneeded
from graphsurgeon.rewrites.simplifying.protected import Protected, named_around
from graphsurgeon.rewrites.training.masked import (
    MASK_COLLECTIONS,
    MaskedWeight,
    find_masked,
    is_of_pruning,
    listed_nodes,
    masks_of_functions,
)
from graphsurgeon.tensors.elementwise import CombinedTensor
from graphsurgeon.tensors.pruned import is_mask
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import EMA, VariableValues, variable_nodes

_SHAPES: Final = frozenset({"Shape", "Size", "Rank"})
_GRADIENT: Final = r"(.*/)?[^/]*_grad/Mul(_\d+)?"
#: What reads a variable and computes nothing with its value.
_IDLE: Final = ASSIGN_OPS | IS_INITIALIZED_OPS | SAVE_OPS
#: What stays though nothing reads it any more.
_STAY: Final = REF_OPS | RESOURCE_OPS | PLACEHOLDER_OPS
#: What gives other values in each step.
_FED: Final = PLACEHOLDER_OPS | {"PlaceholderWithDefault", "IteratorGetNext", "QueueDequeueV2", "QueueDequeueManyV2"}
#: Collections by which nobody asks for what they list.
_UNASKED: Final = ("summaries", "summary_op", "cond_context", "while_context")
_WITHOUT: Final = (*MASK_COLLECTIONS, *VARIABLE_COLLECTIONS, *_UNASKED)


class WithoutMasks:
    """The stripping of a graph: first `fold`, which edits it, then `take_out`.

    Attributes
    ----------
    stripped : list of (weight, mask)
        By key, or by name of constants.
    kept : dict of str to str
        Masks that stay, and why.
    lost : list of str
        Checkpoint keys that went.
    notes : list of str
    """

    def __init__(self, model: Model, outputs: Names, operation: str) -> None:
        self._model = model
        self._operation = operation
        self._index = Index(model.graph)
        self._edit = GraphEdit(model.graph)
        self._values = VariableValues(model, self._index)
        wanted = find_outputs(model, self._index.producers, split_names(outputs), operation)
        self._outputs = {node.name for node in wanted}
        self._protected = Protected(model, outputs, (), operation, without=_WITHOUT).of(None)
        self._masks: dict[str, Node] = {}  # variables and constants that went into weights
        self._touched: set[str] = set()
        self.stripped: list[tuple[str, str]] = []
        self.kept: dict[str, str] = {}
        self.lost: list[str] = []
        self.notes: list[str] = []

    def fold(self) -> None:
        """Let products be weights, where nothing is against it."""
        found: dict[str, list[MaskedWeight]] = {}
        for each in find_masked(self._model, self._index):
            found.setdefault(each.mask.name, []).append(each)
        machinery = PruningUsers(self._model, self._index, found).all() if found else set()
        needed = behind(self._index, self._outputs) if self._outputs else set(self._index.producers)
        for name, products in found.items():
            reason = self._against(products, machinery, needed)
            if reason is not None:
                self.kept[name] = reason
            else:
                self._fold(products)
        done = {*found, *self._masks}
        inside = masks_of_functions(self._model, self._index)
        self.kept |= {mask: reason for mask, reason in inside.items() if mask not in done}
        self._edit.apply()
        averaged = [weight for weight, _ in self.stripped if f"{weight}/{EMA}" in self._model.variables]
        if averaged:
            self.notes.append(f"moving averages are those of weights without masks: of {some_of(averaged)}")

    def _against(self, products: list[MaskedWeight], machinery: Collection[str], needed: Collection[str]) -> str | None:
        """Return why a mask cannot go into its weight, if it cannot."""
        mask, weight = products[0].mask, products[0].weight
        if len({each.weight.name for each in products}) > 1:
            return "it is the mask of several weights"
        (_, masks, box), (_, values, other) = self._value(mask), self._value(weight)
        if masks is None or values is None:
            return "its values or those of its weight are not there, as without a checkpoint"
        if masks.shape != values.shape or masks.dtype is not values.dtype:
            return f"it is of another shape or dtype than {weight.name!r}"
        if box != other:
            return "the checkpoint holds it in other parts than its weight"
        if not masks.dtype.is_floating or not is_mask(masks):
            return "its values are not zeros and ones"
        products_of = {each.product.name for each in products}
        for node in (weight, mask):
            for reader, _ in readers_of(self._index, node):
                if reader.name in needed and not (
                    reader.name in products_of or reader.name in machinery or computes_nothing(reader)
                ):
                    return f"{reader.name!r} reads {node.name!r} beside the product"
        return None

    def _value(self, node: Node) -> tuple[str, Tensor | None, object]:
        """Return the key and the value of a variable, all that is under the key, and the part that it is."""
        if node.op == "Const":
            return node.name, constant_value(node), None
        place = self._values.place(node)
        return (node.name, None, None) if place is None else (place.key, self._model.variables[place.key], place.box)

    def _fold(self, products: list[MaskedWeight]) -> None:
        mask, weight = products[0].mask, products[0].weight
        (key, masks, _), (name, values, _) = self._value(mask), self._value(weight)
        assert masks is not None  # looked at before
        assert values is not None
        if (name, key) not in self.stripped:
            product = CombinedTensor("multiply", masks, values, name=name)
            if weight.op == "Const":
                self._edit.edit(weight).attrs["value"] = product
            else:
                self._model.variables[name] = product
            self.stripped.append((name, key))
        self._masks[mask.name] = mask
        for each in products:
            text = each.product.data_inputs[each.position]
            self._touched.add(node_of_input(each.product.data_inputs[1 - each.position]))
            self._pass_on(each.product, text)
        text = products[0].product.data_inputs[products[0].position]
        for reader, position in readers_of(self._index, mask):
            if reader.op in _SHAPES:
                self._edit.set_input(reader, position, text)
            elif is_gradient(reader):
                self._touched.add(node_of_input(reader.data_inputs[position]))
                self._pass_on(reader, reader.data_inputs[1 - position])
                note = "gradients go on without masks: all of the weights is trained from now on"
                self.notes += [] if note in self.notes else [note]

    def _pass_on(self, node: Node, text: str) -> None:
        """Let a node hand on one of its inputs."""
        made = make_node(
            node.name, "Identity", [(text, node.attrs["T"])], control_inputs=node.control_inputs, device=node.device
        )
        for key in ("_class", "_output_shapes"):
            if key in node.attrs:
                made.attrs[key] = node.attrs[key]
        self._edit.replace(node.name, [made])

    def take_out(self) -> list[str]:
        """Take out what nothing needs any more; return names."""
        model = self._model
        self._unlist()
        index = Index(model.graph)
        users = PruningUsers(model, index, self._masks, with_steps=not self.kept)
        gone = users.all()
        self._require_unneeded(index, gone, users)
        _trim_merges(model, gone)
        chosen = [ChosenNode(None, node) for node in model.graph if node.name in gone]
        touched = {node_of_input(text) for each in chosen for text in each.node.inputs} | self._touched
        report = take_out(model, chosen, self._operation, users.waiting)
        self.lost = report.variables
        edit = GraphEdit(model.graph)
        kept = {*self._protected, *named_around(model.meta, (*MASK_COLLECTIONS, *_UNASKED))}
        removed = remove_unneeded(edit, touched - gone, kept)
        edit.apply()
        update_meta_graph(model, Removal({node.name for node in model.graph}, saver="kept"))
        return [*(row.node for row in report.removed), *removed]

    def _unlist(self) -> None:
        """Take what is stripped out of the collections of contrib's model_pruning."""
        meta = self._model.meta
        for key in MASK_COLLECTIONS if meta is not None else ():
            if meta is None or key not in meta.collection_def or not self._masks:
                continue
            values = meta.collection_def[key].node_list.value
            values[:] = [text for text in values if self.kept and not self._is_stripped(node_of(text))]
            if not values:
                del meta.collection_def[key]

    def _is_stripped(self, name: str) -> bool:
        node = self._index.producers.get(name)
        weights = {weight for weight, _ in self.stripped}
        return name in self._masks or name in weights or (node is not None and self._model.graph[name].op != node.op)

    def _require_unneeded(self, index: Index, gone: Collection[str], users: PruningUsers) -> None:
        """Refuse that what goes with a mask is asked for, or computed from data too."""
        from_data = _fed(index)
        needed = behind(index, self._outputs)
        named = set(named_around(self._model.meta, _WITHOUT))
        for name in gone:
            if name in needed or (name not in users.asking and (name in from_data or name in named)):
                hint = "`outputs` says what has to stay" if not self._outputs else None
                raise PassError(self._operation, "is computed from a mask, which would go", node=name, hint=hint)


class PruningUsers:
    """Finds what is computed from masks, their thresholds and steps, and what only that reads.

    Attributes
    ----------
    asking : set of str
        What depends on whether a variable is initialized.
    waiting : set of str
        What stays and waited for some of it; after `all`.
    """

    def __init__(self, model: Model, index: Index, masks: Collection[str], *, with_steps: bool = True) -> None:
        self._index = index
        self._products = {each.product.name for each in find_masked(model, index)}
        variables = {node.name: node for node in variable_nodes(model.graph)}
        listed = listed_nodes(model, "thresholds") if with_steps else ()
        self._own = {name for name in variables if name in masks or name in listed}
        for name, node in variables.items():
            shape = variable_shape(node)
            dims = () if shape is None or shape.dims is None else tuple(dim or 0 for dim in shape.dims)
            if is_of_pruning(name, masks, dims) and (with_steps or "step" not in name):
                self._own.add(name)
        # What contrib computes the share of zeros by, from the step alone.
        steps = [name for name in self._own if name.endswith("/last_mask_update_step")]
        self._start = self._own | {f"{scope_of(name)}/sparsity" for name in steps} & index.producers.keys()
        old = find_saver(model, index)
        _, groups = initialization_dependencies(model.meta, index.producers, {})
        self._rest = (old.nodes - old.state) | {name for name in index.producers if name in groups}
        inner = tuple(f"{name}/" for name in self._own)
        named = named_around(model.meta, (*MASK_COLLECTIONS, *_UNASKED))
        self._rest |= {name for name in named if name not in self._start and not name.startswith(inner)}
        self.asking: set[str] = set()
        self.waiting: set[str] = set()

    def all(self) -> set[str]:
        """Return what goes: the variables, and all that is computed from them or for them."""
        gone: set[str] = set()
        pending = list(self._start)
        while pending:
            name = pending.pop()
            if name in gone:
                continue
            gone.add(name)
            for reader, _ in self._index.consumers(name):
                if self._goes(reader, name, gone):
                    pending.append(reader.name)
                    if reader.op in IS_INITIALIZED_OPS or name in self.asking:
                        self.asking.add(reader.name)
            pending += [node.name for node in self._index.control_consumers(name) if self._waits_only(node, gone)]
        gone |= self._only_for(gone)
        self.waiting = {
            node.name for name in gone for node in self._index.control_consumers(name) if node.name not in gone
        } - self._rest
        return gone

    def _waits_only(self, node: Node, gone: Collection[str]) -> bool:
        """Whether a node does nothing but wait for what goes."""
        return (
            node.op == "NoOp"
            and node.name not in self._rest
            and all(node_of_input(text) in gone for text in node.inputs)
        )

    def _goes(self, reader: Node, name: str, gone: Collection[str]) -> bool:
        if reader.name in self._rest:
            return name in self._own and reader.op in READ_OPS
        if reader.op == "MergeSummary":
            return all(node_of_input(text) in gone for text in reader.data_inputs)
        return not (reader.op in _SHAPES or is_gradient(reader) or reader.name in self._products)

    def _only_for(self, gone: Collection[str]) -> set[str]:
        """Return what computes nothing but what goes."""
        found: set[str] = set()
        pending = [node_of_input(text) for name in gone for text in self._index.producers[name].inputs]
        while pending:
            name = pending.pop()
            node = self._index.producers.get(name)
            if node is None or name in gone or name in found or node.op in _STAY or name in self._rest:
                continue
            if all(reader.name in gone or reader.name in found for reader, _ in self._index.edges(name)):
                found.add(name)
                pending += map(node_of_input, node.inputs)
        return found


def readers_of(index: Index, node: Node) -> list[tuple[Node, int]]:
    """Return what reads the value of a variable or constant, through reads, with the position of the input."""
    found, pending, seen = [], [node.name], {node.name}
    while pending:
        for reader, position in index.consumers(pending.pop()):
            if reader.op not in READ_OPS and reader.op != "Enter":
                found.append((reader, position))
            elif reader.name not in seen:
                seen.add(reader.name)
                pending.append(reader.name)
    return found


def behind(index: Index, names: Collection[str]) -> set[str]:
    """Return nodes and all that they need."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found and name in index.producers:
            found.add(name)
            pending += map(node_of_input, index.producers[name].inputs)
    return found


def computes_nothing(reader: Node) -> bool:
    """Whether a reader of a variable sets, saves or trains it, asks for its shape, or is a gradient of a product."""
    is_update = reader.op.startswith(("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"))
    return reader.op in _IDLE or reader.op in _SHAPES or is_update or is_gradient(reader)


def is_gradient(node: Node) -> bool:
    """Whether a node is what tf.gradients makes of a product: ``masked_weight_grad/Mul``."""
    return node.op == "Mul" and re.fullmatch(_GRADIENT, node.name) is not None


def _fed(index: Index) -> set[str]:
    """Return what depends on placeholders and iterators, but for summaries that are merged."""
    found: set[str] = set()
    pending = [name for name, node in index.producers.items() if node.op in _FED]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [reader.name for reader, _ in index.consumers(name) if reader.op != "MergeSummary"]
    return found


def _trim_merges(model: Model, gone: Collection[str]) -> None:
    """Let summaries that are merged not have those that go."""
    edit = GraphEdit(model.graph)
    for node in model.graph.nodes_of(("MergeSummary",)):
        left = [text for text in node.inputs if node_of_input(text) not in gone]
        if node.name not in gone and len(left) < len(node.inputs):
            edit.set_inputs(node, left)
            edit.edit(node).attrs["N"] = sum(not is_control(text) for text in left)
    edit.apply()
