"""The state of a model that is no variable, and which of it a pass is to let go.

What savers of the graph restore is known exactly; of a graph without one, the keys of the
checkpoint are matched by the names that TensorFlow's savers give them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import NoReturn

from graphsurgeon.errors import PassError
from graphsurgeon.ir import ops
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.meta_graph.dependencies import holds_state
from graphsurgeon.names import matches_any, some_of, split_patterns
from graphsurgeon.variables.checkpoint_keys import VariableValues, variable_nodes
from graphsurgeon.variables.saved_state import SavedState, saved_states, state_by_name
from proto_utils.errors import NotFoundError


class StateChoice:
    """The state of a model by the nodes that hold it, without what matches the patterns in `drop`.

    A pattern is for the name of the node or for a key of the checkpoint; one that matches none is a NotFoundError.
    `index` is of the graph, `operation` the pass; where that has no such option, `drop` is None.
    """

    def __init__(self, model: Model, index: Index, drop: Sequence[str] | None, operation: str) -> None:
        self._model = model
        self._index = index
        self._operation = operation
        self._has_option = drop is not None
        self._saved = saved_states(model, index)
        self._drop = split_patterns(drop, {*index.producers, *model.variables}) if drop else ()
        if not self._drop:
            return
        names = [node.name for node in index.producers.values() if self.knows(node)]
        names += [key for name in list(names) for state in self.all_of(name) for key in state.keys]
        for pattern in self._drop:
            if not any(matches_any((pattern,), name) for name in names):
                raise NotFoundError.among("state that is no variable", pattern, names)

    def drops(self, holder: str) -> bool:
        """Whether state of a node is to go."""
        return bool(self._drop) and self.of(holder) != self.all_of(holder)

    @property
    def drops_any(self) -> bool:
        """Whether any state is to go."""
        return bool(self._drop)

    def holds(self, node: Node) -> bool:
        """Whether a node holds state and is no variable; of ops that TensorFlow does not have, a saver must tell."""
        is_variable = node.op in REF_OPS or node.op in RESOURCE_OPS
        return (node.name in self._saved and not is_variable) or is_other_state(node)

    def knows(self, node: Node) -> bool:
        """Whether a node holds state that is no variable, or is one of which a saver keeps something else."""
        return node.name in self._saved or is_other_state(node)

    def all_of(self, holder: str) -> list[SavedState]:
        """Return the state of a node, as far as the checkpoint or the saver holds any; what is to go is among it."""
        keys = self._model.variables
        found = self._saved.get(holder) or [each._replace(holder=holder) for each in self._shared(holder)]
        saved = [each for each in found if each.is_main or keys.keys() >= set(each.keys)]
        if saved or not keys:
            return saved
        return state_by_name(self._index.producers[holder], self._strange_keys)

    def _shared(self, holder: str) -> list[SavedState]:
        """Return the state that a node shares with one that a saver restores, by its shared name."""
        name = _resource(self._index.producers[holder])
        others = (other for other in self._saved if _resource(self._index.producers[other]) == name)
        return [state for other in others for state in self._saved[other]]

    def of(self, holder: str) -> list[SavedState]:
        """Return the state of a node that is to stay."""
        return [
            each
            for each in self.all_of(holder)
            if not matches_any(self._drop, holder) and not any(matches_any(self._drop, key) for key in each.keys)
        ]

    def restored(self, nodes: Iterable[Node]) -> list[Node]:
        """Return the nodes whose state the saver restores that the SaverDef names."""
        return [node for node in nodes if self.knows(node) and any(each.is_main for each in self.all_of(node.name))]

    def savable(self, nodes: Iterable[Node], without: Container[str]) -> list[SavedState]:
        """Return the state of nodes for a saver made anew; what that cannot save is a PassError.

        `without` are variables that it saves as they are.
        """
        found = distinct(s for n in nodes if self.knows(n) and n.name not in without for s in self.of(n.name))
        for state in found:
            if not state.is_saved:
                self.decline(state, "the saver has to be made anew, and cannot save its state")
        return found

    def decline(self, state: SavedState, why: str) -> NoReturn:
        """Raise the PassError about state that would be lost."""
        keys = some_of([*map(repr, state.keys)], 4)
        hints = [f'`drop_state="{state.holder}"` lets it go'] if self._has_option else []
        readers = [reader.name for reader, _ in self._index.consumers(state.holder) if reader.op == "IteratorGetNext"]
        hints += [f'prune `inputs="{readers[0]}"` cuts it off'] if readers else []
        reason = f"{why}: what the checkpoint has under {keys} would be lost"
        raise PassError(self._operation, reason, node=state.holder, hint="; ".join(hints) or None)

    @cached_property
    def _strange_keys(self) -> list[str]:
        """The keys of the checkpoint that no variable and no saver has."""
        values = VariableValues(self._model, self._index)
        places = [values.place(node) for node in variable_nodes(self._model.graph)]
        known = {place.key for place in places if place is not None}
        known.update(key for states in self._saved.values() for state in states for key in state.keys)
        return [key for key in self._model.variables if key not in known]


def missing_state(key: str, values: Iterable[str]) -> NotFoundError:
    """Return the error for state of which a checkpoint with these keys has no value."""
    hint = '`load(checkpoint="PREFIX")` names a checkpoint, `drop_state` does without'
    return NotFoundError.among("value in the checkpoint for state", key, values, hint=hint)


def distinct(states: Iterable[SavedState]) -> list[SavedState]:
    """Return states once each: what nodes share is restored once."""
    found: dict[object, SavedState] = {}
    for state in states:
        found.setdefault((tuple(state.keys), state.restore and state.restore.name), state)
    return list(found.values())


def _resource(node: Node) -> tuple[object, ...]:
    """Return what makes two nodes one resource of a session: a shared name, which by default is the node's."""
    return node.op, attr_of(node, "container") or b"", attr_of(node, "shared_name") or node.name.encode()


def is_other_state(node: Node) -> bool:
    """Whether a node holds state and is no variable: a table, an ensemble of trees, an iterator, a queue."""
    return _may_hold(node.op) and holds_state(node)


@lru_cache(maxsize=4096)
def _may_hold(op: str) -> bool:
    known = ops.facts(op)
    return (known is None or known.is_stateful) and op not in REF_OPS and op not in RESOURCE_OPS
