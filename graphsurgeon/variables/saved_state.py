"""State of a graph that is no variable, as its savers save and restore it: tables, ensembles of trees, iterators.

One op takes the handle and what a restore op read, others give what is saved::

    save/RestoreV2 -> save/counts_table_restore/LookupTableImportV2(counts, keys, values)
    counts_lookup_table_export_values/LookupTableExportV2(counts) -> save/SaveV2

A variable of which a saver keeps something that is computed from it is such state too, as are the weights that cuDNN
has in one piece. In TensorFlow 2 both stand in functions, and the op that restores may be a call of another
one. It is the same: an op that takes a handle and what was read. So nothing here knows
tables from trees, and ops that TensorFlow does not have are found like its own.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from graphsurgeon.ir import ops
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.op_families import ASSIGN_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import input_types
from graphsurgeon.meta_graph.dependencies import state_inputs
from graphsurgeon.names import is_control, node_of, node_of_input, parse_input, text_of
from graphsurgeon.tensors.dtypes import RESOURCE, DType
from graphsurgeon.variables.saver_calls import THROUGH_OPS, SaverCall, saver_calls
from proto_utils.named_tuple import NamedTuple

# What a table is saved as, behind its name (TensorFlow 1) or the path of its object (TensorFlow 2).
_TABLE_PARTS = ("-keys", "-values")
_OBJECT_PARTS = ("/.ATTRIBUTES/table-keys", "/.ATTRIBUTES/table-values")
_TABLE_OPS = ("MutableHashTable", "MutableDenseHashTable")
_BESIDE = ("-", ":0")

# Ops between a restore op and the one that sets a state; TensorFlow has one.
_MAX_DEPTH = 16


class StateTensor(NamedTuple):
    """A tensor of a checkpoint that is part of a state."""

    node: str  # the op that takes it, to restore the state
    position: int  # and as which input
    key: str
    slice: str
    dtype: DType | None
    source: str  # the tensor of the graph that is saved; empty when none is known


class SavedState(NamedTuple):
    """The state of a node, and how it is restored.

    `restore` has the inputs that the graph gives, and those of `between`, ops that prepare what was read; it is None
    when it cannot be done by other ops like them.
    """

    holder: str
    restore: Node | None
    tensors: tuple[StateTensor, ...]
    is_main: bool = True  # whether the saver that the SaverDef names does it
    between: tuple[Node, ...] = ()

    @property
    def keys(self) -> list[str]:
        """Its keys in the checkpoint."""
        return list(dict.fromkeys(each.key for each in self.tensors))

    @property
    def nodes(self) -> list[Node]:
        """The ops that restore it, each behind those that it reads."""
        return [*self.between, *([] if self.restore is None else [self.restore])]

    @property
    def needs(self) -> list[str]:
        """The nodes of the graph that saving and restoring it take."""
        own = {node.name for node in self.between}
        texts = [part.source for part in self.tensors] + [text for node in self.nodes for text in node.inputs]
        return [name for text in texts if text and (name := node_of_input(text)) not in own]

    @property
    def waits(self) -> list[str]:
        """The nodes of the graph that restoring it waits for, such as what makes an ensemble."""
        return list(dict.fromkeys(text[1:] for node in self.nodes for text in node.control_inputs))

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

    def restore_from(self, name: str, texts: Sequence[str]) -> list[Node]:
        """Make the ops that set the state from other tensors, the last under a name, others below it.

        The tensors replace those of the checkpoint, one by one.
        """
        names = {node.name: f"{name}/{node.name.rpartition('/')[2]}" for node in self.between}
        given = {(part.node, part.position): text for part, text in zip(self.tensors, texts, strict=True)}
        made = []
        for node in self.nodes:
            inputs = [given.get((node.name, at)) or names.get(text, text) for at, text in enumerate(node.inputs)]
            attrs = {key: node.attrs[key] for key in node.attrs}
            made.append(Node.new(names.get(node.name, name), node.op, inputs, device=node.device, attrs=attrs))
        return made


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
    name, pairs = node.name, zip(keys, types, strict=True)
    restore = Node.new(name, op, [name, "", ""], device=node.device, attrs=attrs)
    tensors = [StateTensor(name, at, key, "", dtype, "") for at, (key, dtype) in enumerate(pairs, 1)]
    return SavedState(node.name, restore, tuple(tensors))


def _unknown(node: Node, keys: Iterable[str]) -> SavedState:
    return SavedState(node.name, None, tuple(StateTensor(node.name, 0, key, "", None, "") for key in keys))


def _restored(call: SaverCall, index: Index, sources: Mapping[str, str]) -> Iterator[SavedState]:
    """Yield the state that one restore op gives values to."""
    sinks, behind = _sinks(call)
    for node, outputs in sinks:
        handles = [call.outer(text) for text in _handles(node, call.edges)]
        holders = [each for text in handles for each in _holders(node_of(text), index)]
        is_variable = any(index.producers[name].op in REF_OPS | RESOURCE_OPS for name in holders)
        if not holders or is_variable != (node.op in ASSIGN_OPS):
            continue
        copy = _Detached(call, behind, sources)
        if len(set(holders)) == 1 and copy.add(node):
            *between, restore = copy.nodes
            yield SavedState(holders[0], restore, tuple(copy.tensors), call.is_main, tuple(between))
            continue
        lost = [entry for number, entry in enumerate(call.entries()) if number in outputs]
        parts = tuple(StateTensor(node.name, 0, *entry, sources.get(entry[0], "")) for entry in lost)
        yield SavedState(holders[0], None, parts, call.is_main)


def _sinks(call: SaverCall) -> tuple[list[tuple[Node, set[int]]], set[str]]:
    """Follow what a restore op gives to the ops that take a handle too; return them, and all names on the way.

    With each are the outputs of the restore op that it depends on.
    """
    found: dict[str, tuple[Node, set[int]]] = {}
    behind = {call.node.name}
    readers = call.edges.consumers(call.node.name)
    pending = [(node, parse_input(node.inputs[at]).output, True) for node, at in readers]
    seen: set[tuple[str, int, bool]] = set()
    while pending:
        node, output, is_as_read = pending.pop()
        if (node.op in ASSIGN_OPS and is_as_read) or (node.name, output, is_as_read) in seen:
            continue
        seen.add((node.name, output, is_as_read))
        if _handles(node, call.edges):
            found.setdefault(node.name, (node, set()))[1].add(output)
            continue
        behind.add(node.name)
        is_as_read &= node.op in THROUGH_OPS
        pending += [(reader, output, is_as_read) for reader, _ in call.edges.consumers(node.name)]
    return list(found.values()), behind


class _Detached:
    """An op as the graph could have it, with the ops that prepare its inputs, but without what was read."""

    def __init__(self, call: SaverCall, behind: Container[str], sources: Mapping[str, str]) -> None:
        self._call = call
        self._behind = behind
        self._sources = sources
        self._entries = call.entries()
        self.nodes: list[Node] = []
        self.tensors: list[StateTensor] = []

    def add(self, node: Node, depth: int = 0) -> bool:
        """Add an op behind what it depends on; return whether that could be done."""
        inputs = [self._input(node, at, text, depth) for at, text in enumerate(node.inputs)]
        texts = [text for text in inputs if text is not None]
        if len(texts) < len(inputs):
            return False
        attrs = {key: node.attrs[key] for key in node.attrs if key != "_class"}
        self.nodes.append(Node.new(node.name, node.op, texts, device=node.device, attrs=attrs))
        return True

    def _input(self, node: Node, position: int, text: str, depth: int) -> str | None:
        """Return the text of an input, empty for what was read; None when there is none."""
        call = self._call
        name, source = node_of_input(text), call.edges.producer(text)
        seen = set()  # in a graph that nobody has verified, an Identity may read itself
        while source is not None and source.op == "Identity" and source.name in self._behind:
            if source.name in seen:
                return None
            seen.add(source.name)
            text = source.inputs[0]
            name, source = node_of_input(text), call.edges.producer(text)
        if name not in self._behind:
            return call.outer(text) or None
        if is_control(text):
            return None
        if name == call.node.name:
            output = parse_input(text).output
            if output >= len(self._entries):
                return None
            entry = self._entries[output]
            self.tensors.append(StateTensor(node.name, position, *entry, self._sources.get(entry[0], "")))
            return ""
        known = None if source is None else ops.facts(source.op)
        # In a function body, other names stand for the outputs of the ops between.
        is_simple = known is not None and not known.is_stateful and call.function is None and depth < _MAX_DEPTH
        if source is None or not is_simple:
            return None
        return text if source.name in {each.name for each in self.nodes} or self.add(source, depth + 1) else None


def _handles(node: Node, index: Index) -> list[str]:
    """Return the inputs that are handles or references; of an op that nobody knows, what such ops give."""
    types = input_types(node)
    if types is None and ops.facts(node.op) is None:
        producers = ((text, index.producer(text)) for text in node.data_inputs)
        return [text for text, other in producers if other is not None and ops.facts(other.op) is None]
    types = types or []
    return [text for text, dtype in zip(node.inputs, types, strict=False) if dtype.is_ref or dtype is RESOURCE]


def _holders(name: str, index: Index) -> list[str]:
    """Return the nodes that a handle comes from."""
    found = state_inputs(name, index.producers)
    return found or ([name] if name in index.producers else [])
