"""State that is no variable, carried over into a frozen graph: tables, ensembles of trees.

What the checkpoint holds becomes constants, and the op that restored it takes those; what
the graph itself fills keeps the ops that do. One op runs them all::

    counts/LookupTableImportV2(counts, .../keys, .../values)
    init_all_tables = NoOp(^counts/LookupTableImportV2)

It has the name that `tf.compat.v1.tables_initializer` gives it, and is to be run once, before anything else.
State that no constant can hold, as that of an iterator, is declined by its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphsurgeon.ir import ops
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS, RESTORE_OPS, TABLE_INIT_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.dependencies import (
    MAIN_OP,
    TABLE_INITIALIZERS,
    TABLES_INIT_OP,
    InitOps,
    init_ops,
    state_initializers,
)
from graphsurgeon.names import node_of_input, some_of, unique_name
from graphsurgeon.tensors.dtypes import RESOURCE, VARIANT
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues, variable_nodes
from graphsurgeon.variables.saved_state import SavedState, StateTensor
from graphsurgeon.variables.shape_and_slice import parse_shape_and_slice
from graphsurgeon.variables.state_choice import StateChoice, distinct, missing_state
from proto_utils import schema

# Ops that put something into what they are given, by their names.
_FILLS = re.compile(r"Enqueue|Insert|Push|Import|Initialize(?!d)|MakeIterator|AddSummar|Create|Update|Stage")


@dataclass(frozen=True)
class StateRow:
    """State that is no variable and came along: its node, and its keys in the checkpoint."""

    node: str
    op: str
    keys: list[str]


class CarriedState:
    """The state that outputs need besides variables, planned before the graph is edited.

    `roots` stay with all they need. State of which a saver stays (`has_saver`) is left to that where it can be.
    That the checkpoint lacks a value is a NotFoundError of `values`.
    """

    def __init__(
        self, model: Model, index: Index, roots: Sequence[str], choice: StateChoice, *, has_saver: bool = False
    ) -> None:
        self._model = model
        self._index = index
        self._choice = choice
        holders = list(filter(choice.holds, index.producers.values()))
        self._needed = ancestors(index.producers, roots) if holders else set()
        self._holders = [node for node in holders if node.name in self._needed]
        self._states: list[SavedState] = []
        self._waits: dict[str, list[str]] = {}  # what fills each, as far as the graph has it
        self._fed: dict[str, list[str]] = {}  # what fills each once it is fed
        also = state_initializers(model.meta, index.producers) if self._holders else {}
        for name in (node.name for node in self._holders):
            creates = [wait for each in choice.all_of(name) for wait in each.waits]
            fills = list(self._initializers(name, also))
            self._fed[name] = [fill for fill in fills if self._is_fed(fill)]
            self._waits[name] = list(dict.fromkeys([*creates, *(each for each in fills if not self._is_fed(each))]))
            states = choice.of(name)
            self._states += [each for each in states if not (has_saver and each.is_saved and each.is_main)]
        self._states = distinct(self._states)
        if has_saver:
            held = {state.holder for state in self._states}
            self._holders = [node for node in self._holders if node.name in held]
            self._waits = {name: waits for name, waits in self._waits.items() if name in held}
            self._fed = {}

    @cached_property
    def values(self) -> dict[str, Tensor]:
        """What becomes constants, by key; state that no constant can hold is a PassError."""
        for state in self._states:
            if state.restore is None or any(each.dtype in (RESOURCE, VARIANT) for each in state.tensors):
                self._choice.decline(state, "no constant can hold its state")
        return {each.key: self._value(each) for state in self._states for each in state.tensors}

    @property
    def roots(self) -> list[str]:
        """The nodes of the graph that set the state up; they stay with all they need."""
        return [name for by_holder in (self._waits, self._fed) for names in by_holder.values() for name in names]

    def rows(self) -> list[StateRow]:
        """Describe what comes along."""
        keys: dict[str, list[str]] = {name: [] for name, waits in self._waits.items() if waits}
        for state in self._states:
            keys.setdefault(state.holder, []).extend(state.keys)
        return [StateRow(node.name, node.op, keys[node.name]) for node in self._holders if node.name in keys]

    def add(self) -> str | None:
        """Put it into the graph; return the op that sets everything up, None when there is nothing to."""
        edit = GraphEdit(self._model.graph)
        taken = set(self._index.producers)
        waits = list(dict.fromkeys(name for names in self._waits.values() for name in names))
        waits += [self._add_state(edit, state, taken) for state in self._states]
        if not waits:
            return None
        old = edit.get(TABLES_INIT_OP)
        texts = [f"^{name}" for name in waits]
        if old is not None and old.op == "NoOp":
            stays = old.inputs if old.name in self._needed else ()
            edit.set_inputs(old, list(dict.fromkeys([*stays, *texts])))
            name = old.name
        else:
            name = unique_name(TABLES_INIT_OP, taken)
            edit.add(Node.new(name, "NoOp", texts))
        edit.apply()
        return name

    def list_in(self, meta: schema.MetaGraphDef | None, group: str | None) -> None:
        """Let a meta graph that stays name the op that sets everything up, where loaders look for such."""
        if meta is None or group is None:
            return
        names = meta.collection_def[TABLE_INITIALIZERS].node_list.value
        if group not in names:
            names.append(group)
        producers = {node.name: node for node in self._model.graph}
        init, edit = InitOps(init_ops(meta), producers), GraphEdit(self._model.graph)
        fills = set(map(node_of_input, producers[group].inputs))
        for name in init_ops(meta):
            if name in init and name != group and not fills.issubset(init.below(name)):
                edit.set_inputs(producers[name], list(dict.fromkeys([*producers[name].inputs, f"^{group}"])))
        edit.apply()
        if self._model.saved_model is not None and not init_ops(meta):
            meta.collection_def[MAIN_OP].node_list.value.append(group)

    def notes(self, group: str | None) -> list[str]:
        """Return what there is to say: what is to be run, and what starts empty."""
        rows = self.rows()
        notes = []
        if group is not None and rows:
            names = some_of([each.node for each in rows], 3)
            notes.append(f"run {group!r} once, before anything else: it sets up {names}")
        there = {each.node for each in rows}
        empty = [node.name for node in self._holders if node.name not in there]
        return notes + [note for name in empty if (note := self._empty_note(name))]

    def _empty_note(self, name: str) -> str:
        """Say how a node that starts empty is filled, nothing of one that the outputs fill themselves."""
        if self._choice.of(name):
            return ""  # with another node of the same shared name
        if self._fed.get(name):
            return f"{name!r} starts empty: feed and run {some_of(self._fed[name], 3)}, which fills it"
        fills = [reader.name for reader, _ in self._index.edges(name) if _FILLS.search(reader.op)]
        fills = [fill for fill in dict.fromkeys(fills) if not self._is_restored(fill)]
        if any(fill in self._needed for fill in fills):
            return ""
        more = f"; what fills it goes, but for what is among the outputs: {some_of(fills, 3)}" if fills else ""
        why = "its state was to be dropped" if self._choice.all_of(name) else "no checkpoint holds what is in it"
        return f"{name!r} starts empty, as {why}{more}"

    def _initializers(self, name: str, also: Mapping[str, Sequence[str]]) -> Iterator[str]:
        """Yield the ops of the graph that fill a node, as far as they can be run without a checkpoint."""
        fills = [reader.name for reader, at in self._index.consumers(name) if reader.op in TABLE_INIT_OPS and not at]
        producers = self._index.producers
        for fill in dict.fromkeys([*also.get(name, ()), *fills]):
            if not self._is_restored(fill) and not self._unknown & (ancestors(producers, [fill]) - self._needed):
                yield fill

    @cached_property
    def _unknown(self) -> set[str]:
        """The variables without a value."""
        values = VariableValues(self._model, self._index)
        return {node.name for node in variable_nodes(self._model.graph) if values.place(node) is None}

    def _is_restored(self, name: str) -> bool:
        return self._has(name, RESTORE_OPS)

    def _is_fed(self, name: str) -> bool:
        return self._has(name, PLACEHOLDER_OPS)

    def _has(self, name: str, kinds: frozenset[str]) -> bool:
        """Whether a node needs an op of some kinds that the outputs do not."""
        producers = self._index.producers
        return any(producers[each].op in kinds for each in ancestors(producers, [name]) - self._needed)

    def _value(self, part: StateTensor) -> Tensor:
        values = self._model.variables
        if part.key not in values:
            raise missing_state(part.key, values)
        parsed = parse_shape_and_slice(part.slice)
        return values[part.key] if parsed is None else SlicedTensor.of_box(values[part.key], parsed[1])

    def _has_plain_shapes(self, state: SavedState) -> bool:
        """Whether the shapes of values are such that TensorFlow takes constants of them.

        Its kernels take all that they have saved, but shape functions, which never saw what a restore op read, refuse
        tables of vectors, dense tables, and in 1.15 the boundaries of quantiles.
        """
        assert state.restore is not None
        rank = 1 if state.restore.op in TABLE_INIT_OPS else 0
        return all(len(self.values[part.key].shape) == rank for part in state.tensors)

    def _add_state(self, edit: GraphEdit, state: SavedState, taken: set[str]) -> str:
        assert state.restore is not None
        name = _free(f"{state.holder}/{state.restore.op}", taken)
        hides_shapes = not self._has_plain_shapes(state)
        made: list[str] = []
        for part, argument in zip(state.tensors, _arguments(state), strict=True):
            value = self.values[part.key]
            made.append(_free(f"{name}/{argument}", taken))
            edit.add(Node.new(made[-1], "Const", attrs={"dtype": value.dtype, "value": value}))
            if hides_shapes:
                constant = made.pop()
                made.append(_free(f"{constant}/value", taken))
                attrs = {"dtype": value.dtype, "shape": Shape()}
                edit.add(Node.new(made[-1], "PlaceholderWithDefault", [constant], attrs=attrs))
        first = [f"^{each}" for each in self._waits[state.holder]]
        for node in state.restore_from(name, made):
            taken.add(node.name)
            waits = dict.fromkeys([*node.control_inputs, *(first if node.name == name else ())])
            node.inputs = (*node.data_inputs, *waits)
            edit.add(node)
        return name


def _free(wanted: str, taken: set[str]) -> str:
    name = unique_name(wanted, taken)
    taken.add(name)
    return name


def _arguments(state: SavedState) -> list[str]:
    """Return what the ops that restore call their inputs; below its own name for one that prepares them."""
    found = []
    nodes = {node.name: node for node in state.nodes}
    for part in state.tensors:
        facts = ops.facts(nodes[part.node].op)
        names = ["value"] if facts is None else [arg.name for arg in facts.inputs]
        is_last = state.restore is not None and part.node == state.restore.name
        # Of an op that takes lists, only the first few are told apart.
        argument = names[min(part.position, len(names) - 1)]
        found.append(argument if is_last else f"{part.node.rpartition('/')[2]}/{argument}")
    return found
