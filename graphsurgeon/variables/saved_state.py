"""State of a graph that is no variable, as its savers save and restore it: tables, ensembles of trees, iterators.

One op takes the handle and what a restore op read, others give what is saved::

    save/RestoreV2 -> save/counts_table_restore/LookupTableImportV2(counts, keys, values)
    counts_lookup_table_export_values/LookupTableExportV2(counts) -> save/SaveV2

In TensorFlow 2 both stand in functions, and the op that restores may be a call of another
one. It is the same: an op that takes a handle and what was read. So nothing here knows
tables from trees, and ops that TensorFlow does not have are found like its own.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.op_families import ASSIGN_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import input_types
from graphsurgeon.meta_graph.dependencies import state_inputs
from graphsurgeon.names import node_of, node_of_input, parse_input, text_of
from graphsurgeon.tensors.dtypes import RESOURCE, DType
from graphsurgeon.variables.saver_calls import SaverCall, saver_calls

# What a table is saved as, behind its name (TensorFlow 1) or the path of its object (TensorFlow 2).
_TABLE_PARTS = ("-keys", "-values")
_OBJECT_PARTS = ("/.ATTRIBUTES/table-keys", "/.ATTRIBUTES/table-values")
_TABLE_OPS = ("MutableHashTable", "MutableDenseHashTable")
_BESIDE = ("-", ":0")


class StateTensor(NamedTuple):
    """A tensor of a checkpoint that is part of a state."""

    position: int  # which input of the op that restores it
    key: str
    slice: str
    dtype: DType | None
    source: str  # the tensor of the graph that is saved; empty when none is known


class SavedState(NamedTuple):
    """The state of a node, and how it is restored."""

    holder: str
    restore: Node | None  # with the inputs that the graph gives; None when it cannot be done by another op like it
    tensors: tuple[StateTensor, ...]
    is_main: bool = True  # whether the saver that the SaverDef names does it

    @property
    def keys(self) -> list[str]:
        """Its keys in the checkpoint."""
        return [each.key for each in self.tensors]

    @property
    def needs(self) -> list[str]:
        """The nodes of the graph that saving and restoring it take."""
        texts = [part.source for part in self.tensors] + list(() if self.restore is None else self.restore.inputs)
        return [node_of_input(text) for text in texts if text]

    @property
    def local_name(self) -> str:
        """The name of the op that restores it, without the scope of its saver."""
        name = "" if self.restore is None else self.restore.name
        return name.partition("/")[2] if name.startswith("save") and "/" in name else name

    @property
    def device(self) -> str:
        """Where it is restored."""
        return "" if self.restore is None else self.restore.device

    @property
    def is_saved(self) -> bool:
        """Whether the graph says how to save it too."""
        return self.restore is not None and all(each.source and each.dtype for each in self.tensors)

    def restore_from(self, name: str, texts: Sequence[str]) -> Node:
        """Make the op that sets the state from other tensors; they replace those of the checkpoint, one by one."""
        assert self.restore is not None
        inputs = list(self.restore.inputs)
        for each, text in zip(self.tensors, texts, strict=True):
            inputs[each.position] = text
        node = self.restore
        return Node.new(name, node.op, inputs, device=node.device, attrs={key: node.attrs[key] for key in node.attrs})


def saved_states(model: Model, index: Index) -> dict[str, list[SavedState]]:
    """Return the state that a model's savers restore, by the node that holds it; `index` is of the graph."""
    calls = saver_calls(model, index)
    calls.sort(key=lambda call: (call.is_restore, call.is_main))
    sources: dict[str, str] = {}
    found: dict[tuple[str, tuple[str, ...]], SavedState] = {}
    for call in calls:
        if not call.is_restore:
            texts = map(call.outer, call.node.data_inputs[call.num_arguments :])
            sources.update((key, text) for key, text in zip(call.keys, texts, strict=False) if text)
            continue
        for state in _restored(call, index, sources):
            found[state.holder, tuple(state.keys)] = state
    by_holder: dict[str, list[SavedState]] = {}
    for state in found.values():
        by_holder.setdefault(state.holder, []).append(state)
    return by_holder


def state_by_name(node: Node, keys: Iterable[str]) -> list[SavedState]:
    """Return the state of a node that no saver of the graph restores, as TensorFlow's savers would name it.

    `keys` are those of the checkpoint that are not known to be anything else.
    """
    keys = list(keys)
    there, is_table = set(keys), node.op.startswith(_TABLE_OPS)
    for name in _names(node):
        pair = [name + part for part in _TABLE_PARTS]
        if is_table and there.issuperset(pair):
            return [_table(node, pair)]
        found = [key for key in keys if key.startswith(tuple(name + end for end in _BESIDE))]
        if found:
            return [_unknown(node, found)]
    found = [key for key in keys if key.endswith(_OBJECT_PARTS)] if is_table else []
    return [_unknown(node, found)] if found else []


def _names(node: Node) -> list[str]:
    shared = attr_of(node, "shared_name")
    names = [node.name, node.name.rpartition("/")[2], text_of(shared) if isinstance(shared, bytes) else ""]
    return [name for name in dict.fromkeys(names) if name]


def _table(node: Node, keys: Sequence[str]) -> SavedState:
    is_ref = not node.op.endswith("V2")
    types = [attr_of(node, "key_dtype"), attr_of(node, "value_dtype")]
    if not all(isinstance(dtype, DType) for dtype in types):
        return _unknown(node, keys)
    attrs = dict(zip(("Tin", "Tout"), types, strict=True))
    op = "LookupTableImport" if is_ref else "LookupTableImportV2"
    restore = Node.new(node.name, op, [node.name, "", ""], device=node.device, attrs=attrs)
    tensors = [StateTensor(at, key, "", dtype, "") for at, (key, dtype) in enumerate(zip(keys, types, strict=True), 1)]
    return SavedState(node.name, restore, tuple(tensors))


def _unknown(node: Node, keys: Iterable[str]) -> SavedState:
    return SavedState(node.name, None, tuple(StateTensor(0, key, "", None, "") for key in keys))


def _restored(call: SaverCall, index: Index, sources: Mapping[str, str]) -> Iterator[SavedState]:
    """Yield the state that one restore op gives values to."""
    entries = call.entries()
    sinks, behind = _sinks(call)
    for node, outputs in sinks:
        handles = [call.outer(text) for text in _handles(node)]
        holders = [each for text in handles for each in _holders(node_of(text), index)]
        if not holders or any(index.producers[name].op in REF_OPS | RESOURCE_OPS for name in holders):
            continue
        numbers = sorted(outputs)
        tensors = tuple(
            StateTensor(at, *entries[output], sources.get(entries[output][0], ""))
            for at in numbers
            if (output := outputs[at][0]) < len(entries)
        )
        is_plain = len(tensors) == len(numbers) and all(is_plain for _, is_plain in outputs.values())
        restore = _detached(node, call, set(numbers), behind) if is_plain and len(set(holders)) == 1 else None
        yield SavedState(holders[0], restore, tensors, call.is_main)


def _sinks(call: SaverCall) -> tuple[list[tuple[Node, dict[int, tuple[int, bool]]]], set[str]]:
    """Follow what a restore op gives to the ops that take a handle too; return them, and all names on the way.

    By input: which output of the restore op it is, and whether as it was read.
    """
    found: dict[str, tuple[Node, dict[int, tuple[int, bool]]]] = {}
    behind = {call.node.name}
    readers = call.edges.consumers(call.node.name)
    pending = [(node, at, parse_input(node.inputs[at]).output, True) for node, at in readers]
    seen: set[tuple[str, int]] = set()
    while pending:
        node, at, output, is_plain = pending.pop()
        if node.op in ASSIGN_OPS or (node.name, output) in seen:
            continue
        if _handles(node):
            found.setdefault(node.name, (node, {}))[1][at] = (output, is_plain)
            continue
        seen.add((node.name, output))
        behind.add(node.name)
        is_plain &= node.op == "Identity"
        pending += [(reader, position, output, is_plain) for reader, position in call.edges.consumers(node.name)]
    return list(found.values()), behind


def _detached(node: Node, call: SaverCall, restored: Container[int], behind: set[str]) -> Node | None:
    """Return an op as the graph could have it, without what was read; None when it depends on that otherwise."""
    inputs = []
    for at, text in enumerate(node.inputs):
        if at in restored:
            inputs.append("")
            continue
        outer = call.outer(text)
        if not outer or (call.function is None and node_of_input(text) in behind):
            return None
        inputs.append(outer)
    attrs = {key: node.attrs[key] for key in node.attrs if key != "_class"}
    return Node.new(node.name, node.op, inputs, device=node.device, attrs=attrs)


def _handles(node: Node) -> list[str]:
    types = input_types(node) or []
    return [text for text, dtype in zip(node.inputs, types, strict=False) if dtype.is_ref or dtype is RESOURCE]


def _holders(name: str, index: Index) -> list[str]:
    """Return the nodes that a handle comes from."""
    found = state_inputs(name, index.producers)
    return found or ([name] if name in index.producers else [])
