"""A training graph without its optimizer: what an optimizer keeps goes, and all that uses it.

================================  ==========================================================================
what                              becomes
================================  ==========================================================================
slots, and numbers of optimizers  go, with what sets them up and reads them
ops that apply gradients to them  go, with the constants that only they read
what has effects and waits for    goes: the step that is counted, averages of what was trained
these, and NoOps that do          go: the train op
other nodes that wait for these   stay, and wait for them no more: a loss that is returned after the step
reports of what has no value yet  go; TensorFlow's sessions make new ones
the saver                         is made anew for the variables that are left
ops that initialize all           wait for those that are left
gradients                         stay, and nothing reads them
================================  ==========================================================================

Where a result depends on the value of a slot, nothing goes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from graphsurgeon.errors import PassError
from graphsurgeon.ir import ops
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import IS_INITIALIZED_OPS, READ_OPS
from graphsurgeon.meta_graph.dependencies import initialization_dependencies
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenNode
from graphsurgeon.rewrites.pruning.kept_saver import find_saver
from graphsurgeon.rewrites.pruning.taken_out import RemoveReport, take_out
from graphsurgeon.variables.checkpoint_keys import VariableValues, saved_keys, variable_nodes


def without_optimizer(model: Model, keys: Collection[str], operation: str) -> RemoveReport | None:
    """Take the variables that are saved under `keys` out of a graph, with all that uses them; None when there are none.

    The report leaves out entries of collections that are about these variables.

    Parameters
    ----------
    model : Model
        Edited in place, or as it was after an error. Values that it has under these keys go.
    keys : collection of str
        Of what optimizers keep for themselves.
    operation : str
        For errors.

    Raises
    ------
    PassError
        A result depends on one of them, or something around the graph needs what would go.
    """
    before = model.snapshot()
    try:
        index = model.graph.index
        own = set(_variables(model, index, keys))
        if not own:
            return None
        gone, waiting = _Users(model, index, operation, own).all()
        chosen = [ChosenNode(None, node) for node in model.graph if node.name in gone]
        report = take_out(model, chosen, operation, waiting)
        return replace(report, references=[each for each in report.references if node_of(each.name) not in own])
    except BaseException:
        model.restore(before)
        raise


def _variables(model: Model, index: Index, keys: Collection[str]) -> list[str]:
    """Return the variables that are saved under keys, or called so where neither saver nor values tell."""
    saved, values = saved_keys(model, index), VariableValues(model, index)
    places = {node.name: saved.get(node.name) or values.place(node) for node in variable_nodes(model.graph)}
    return [name for name, place in places.items() if (name if place is None else place.key) in keys]


class _Users:
    """Finds what uses variables, up to what runs or saves all of them."""

    def __init__(self, model: Model, index: Index, operation: str, own: Collection[str]) -> None:
        self._index, self._operation, self._own = index, operation, frozenset(own)
        old = find_saver(model, index)
        _, groups = initialization_dependencies(model.meta, index.producers, {})
        self._rest = (old.nodes - old.state) | {name for name in index.producers if name in groups}
        self._reads = set(own)  # the variables, and what is their value and nothing else
        self._around = tuple({scope for scope in map(_scope_of, own) if scope})
        self._asking: set[str] = set()  # what depends on whether variables are initialized
        self._for_results = _needed_by_results(index)

    def all(self) -> tuple[set[str], set[str]]:
        """Return what goes with the variables, these too, and what stays and waited for some of it."""
        gone, waiting = set(self._own), set[str]()
        scopes = {f"{name}/" for name in self._own}
        pending = list(gone)
        while pending:
            name = pending.pop()
            readers = [node for node, _ in self._index.consumers(name) if self._may_go(node, name)]
            if name in self._own:
                scopes.update(scope for node in readers if _has_effects(node) and (scope := _scope_of(node.name)))
            for reader in readers:
                self._check(reader, name, gone)
            for node in self._index.control_consumers(name):
                if node.name not in self._rest:
                    (waiting.add(node.name) if self._is_result(node) else readers.append(node))
            new = {node.name for node in readers} - gone
            gone |= new
            pending += new
        gone |= self._behind(gone, tuple(scopes))
        return gone, waiting - gone

    def _may_go(self, reader: Node, name: str) -> bool:
        """Whether a reader goes with what it reads; reads of a variable, by which some savers save it, do."""
        return reader.name not in self._rest or (name in self._own and reader.op in READ_OPS)

    def _is_result(self, node: Node) -> bool:
        return node.name in self._for_results and not _has_effects(node)

    def _check(self, node: Node, source: str, gone: Collection[str]) -> None:
        """Refuse that what reads a value of an optimizer is a result, which nothing in the graph reads.

        Reports of what is not initialized do not count, nor do mere reads, nor what stands in the scopes of optimizers.
        """
        if node.op in IS_INITIALIZED_OPS or source in self._asking:
            self._asking.add(node.name)
            return
        if node.op in READ_OPS and source in self._reads:
            self._reads.add(node.name)
            return
        is_inside = node.name.startswith(self._around)
        if not (is_inside or node.name in gone or _has_effects(node) or self._index.consumers(node.name)):
            raise PassError(self._operation, "is computed from what an optimizer keeps", node=node.name)

    def _behind(self, gone: Collection[str], scopes: tuple[str, ...]) -> set[str]:
        """Return constants that only those read which go, and what of the scopes of variables and updates does."""
        found: set[str] = set()
        pending = [node_of_input(text) for name in gone for text in self._index.producers[name].inputs]
        while pending:
            name = pending.pop()
            node = self._index.producers.get(name)
            if node is None or name in gone or name in found or not (node.op == "Const" or name.startswith(scopes)):
                continue
            readers = [reader.name for reader, _ in self._index.edges(name)]
            if not _has_effects(node) and all(reader in gone or reader in found for reader in readers):
                found.add(name)
                pending += map(node_of_input, node.inputs)
        return found


def _scope_of(name: str) -> str:
    """Return the scope that a node is in, with its slash; empty for one that is in none."""
    return name[: name.rfind("/") + 1]


def _needed_by_results(index: Index) -> set[str]:
    """Return nodes that nobody reads and that have no effects, and all that these read."""
    found: set[str] = set()
    pending = [
        name
        for name, node in index.producers.items()
        if not index.consumers(name) and node.op != "NoOp" and not _has_effects(node)
    ]
    while pending:
        name = pending.pop()
        if name not in found and name in index.producers:
            found.add(name)
            pending += map(node_of_input, index.producers[name].data_inputs)
    return found


def _has_effects(node: Node) -> bool:
    """Whether a node changes something, or may."""
    facts = ops.facts(node.op)
    if facts is None or node.op in READ_OPS:
        return facts is None
    return facts.is_stateful or bool(facts.ref_inputs)
