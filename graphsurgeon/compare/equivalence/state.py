"""Comparison of state that is no variable: what sets a table up in one graph, and in the other.

A frozen graph fills it with constants, a graph with variables has it from the checkpoint::

    counts/LookupTableImportV2(counts, Const, Const) <- ^init_all_tables
    save/LookupTableImportV2(counts, save/RestoreV2:0, save/RestoreV2:1)

They are the same when both ops are and what they take is, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphsurgeon.checks.finding import ERROR, Finding
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.meta_graph.dependencies import TABLES_INIT_OP, state_inputs
from graphsurgeon.names import node_of_input
from graphsurgeon.tensors.compare import first_difference, is_same_kind
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.saved_state import SavedState, saved_states
from graphsurgeon.variables.state_choice import is_other_state
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from proto_utils.named_tuple import NamedTuple


class SetUp(NamedTuple):
    """How a node is given its state: an op, and the values that it takes besides the handle; None are not known."""

    op: str
    values: tuple[Tensor | None, ...]
    nodes: tuple[str, ...] = ()  # of the graph


class States:
    """The state of two models that is no variable.

    `explained` are nodes of the frozen graph that only set it up, `saving` those of the other one that only save it.
    """

    def __init__(self, frozen: Model, thawed: Model) -> None:
        self.explained: set[str] = set()
        self.saving: set[str] = set()
        self._pairs: list[tuple[str, list[SetUp], list[SetUp]]] = []
        there = {node.name for node in thawed.graph if is_other_state(node)}
        holders = [node.name for node in frozen.graph if node.name in there and is_other_state(node)]
        if not holders:
            return
        indexes = Index(frozen.graph), Index(thawed.graph)
        saved = saved_states(frozen, indexes[0]), saved_states(thawed, indexes[1])
        constant = [_filled(indexes[i], without=indexes[1 - i]) for i in (0, 1)]
        self.saving = {name for states in saved[1].values() for state in states for name in state.needs}
        self.saving -= set(holders)
        for holder in holders:
            ours, theirs = (
                [*constant[i].get(holder, ()), *_restored(model, saved[i].get(holder, ()))]
                for i, model in enumerate((frozen, thawed))
            )
            self._pairs.append((holder, ours, theirs))
            self.explained.update(name for each in constant[0].get(holder, ()) for name in each.nodes)
        self.explained.add(TABLES_INIT_OP)

    def findings(self) -> Iterator[Finding]:
        """Yield what differs."""
        for holder, here, there in self._pairs:
            for problem in _problems(here, there):
                yield Finding(ERROR, "state", holder, None, problem)


def _problems(here: Sequence[SetUp], there: Sequence[SetUp]) -> Iterator[str]:
    for op in dict.fromkeys(each.op for each in [*there, *here]):
        ours, theirs = ([each for each in side if each.op == op] for side in (here, there))
        if not ours or not theirs:
            where = "from the checkpoint or from constants there, and not here" if theirs else "here, and not there"
            yield f"{op} sets it up {where}"
        elif problem := _difference(ours[-1].values, theirs[-1].values):
            yield f"{op} sets it up, {problem}"


def _difference(ours: Sequence[Tensor | None], theirs: Sequence[Tensor | None]) -> str | None:
    if len(ours) != len(theirs):
        return f"with {len(ours)} tensors, there with {len(theirs)}"
    for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a is None or b is None:
            return None if a is b else f"with a tensor {number} that is known on one side only"
        try:
            if not is_same_kind(a, b) or first_difference(a, b) is not None:
                return f"with another tensor {number} than there"
        except (CorruptionError, NotFoundError, UnsupportedError) as error:
            return f"with a tensor {number} that cannot be compared: {error.message}"
    return None


def _restored(model: Model, states: Sequence[SavedState]) -> Iterator[SetUp]:
    """Yield what the checkpoint of a model gives to a node."""
    for state in states:
        values = tuple(model.variables.get(key) for key in state.keys)
        if state.restore is not None and any(value is not None for value in values):
            yield SetUp(state.restore.op, values)


def _filled(index: Index, *, without: Index) -> Mapping[str, list[SetUp]]:
    """Return what the op for all tables sets up with constants, by the node with the state.

    Ops that the other graph has as well are left out: they are compared like all nodes.
    """
    group = index.producers.get(TABLES_INIT_OP)
    found: dict[str, list[SetUp]] = {}
    for text in () if group is None else group.control_inputs:
        node = index.producers.get(node_of_input(text))
        holders = [] if node is None else state_inputs(node.name, index.producers)
        if node is None or len(holders) != 1 or node.name in without.producers:
            continue
        nodes = _own(index, node, without)
        values = tuple(value for each in nodes if (value := constant_value(each)) is not None)
        found.setdefault(holders[0], []).append(SetUp(node.op, values, tuple(each.name for each in nodes)))
    return found


def _own(index: Index, node: Node, without: Index) -> list[Node]:
    """Return an op and what is there for it alone, each behind those it reads, in the order of their inputs."""
    found: dict[str, Node] = {}
    pending = [(node, False)]
    while pending:
        each, is_done = pending.pop()
        if is_done:
            found.setdefault(each.name, each)
        elif each.name not in found and each.name not in without.producers:
            pending.append((each, True))
            before = [index.producer(text) for text in reversed(each.data_inputs)]
            pending += [(other, False) for other in before if other is not None]
    return list(found.values())
