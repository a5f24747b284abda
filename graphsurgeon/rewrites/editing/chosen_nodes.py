"""Nodes and tensors that people choose by names, and nodes by patterns; in function bodies as ``FUNCTION/node``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import NAME, Node
from graphsurgeon.ir.output import Output
from graphsurgeon.meta_graph.arguments import named_tensors
from graphsurgeon.names import matches, node_of, node_of_input, split_patterns, unmatched
from proto_utils.named_tuple import NamedTuple

T = TypeVar("T")


class ChosenNode(NamedTuple):
    """A node, and the function in whose body it is; None of the graph's own."""

    function: str | None
    node: Node

    @property
    def name(self) -> str:
        """What people call it."""
        return self.node.name if self.function is None else f"{self.function}/{self.node.name}"


def all_nodes(model: Model) -> list[ChosenNode]:
    """Return the nodes of a model, those of function bodies too."""
    return [ChosenNode(function, node) for function, graph in model.graphs() for node in graph]


def choose_nodes(model: Model, patterns: Sequence[str]) -> list[ChosenNode]:
    """Return the nodes that names or patterns of whole names mean, in the model's order; ``a:0`` is ``a``, too.

    A name or pattern that means none is a NotFoundError with near names. Costs a look at each node's name.
    """
    texts = split_patterns(patterns, model.graph)
    names = {node_of(text) for text in texts}
    if all(name in model.graph for name in names):
        return [ChosenNode(None, node) for node in model.graph if NAME(node) in names]
    known = {each.name: each for each in reversed(all_nodes(model))}
    found: dict[str, None] = {}
    for pattern in split_patterns(patterns, known):
        name = node_of(pattern)
        matching = [name] if name in known else [each for each in known if matches(pattern, each)]
        if not matching:
            raise unmatched("node", pattern, [*reversed(known)])
        found.update(dict.fromkeys(matching))
    return [each for name, each in reversed(known.items()) if name in found]


class ChosenTensor(NamedTuple):
    """A tensor, the graph or function body that it is in, and that function; None of the graph's own."""

    function: str | None
    graph: Graph
    tensor: Output

    @property
    def name(self) -> str:
        """What people call it."""
        return self.tensor.name if self.function is None else f"{self.function}/{self.tensor.name}"


def choose_tensor(model: Model, text: str, operation: str) -> ChosenTensor:
    """Return the tensor that a name means: ``a``, ``a:1``, what a signature calls an output, ``FUNCTION/a:out:0``.

    A name that means none is a NotFoundError with near names.
    """
    (name, *_) = named_tensors(model, [text], "outputs", operation)
    if name not in model.graph and node_of_input(name) not in model.graph:
        for function in sorted(model.library.functions, key=len, reverse=True):
            if name.startswith(f"{function}/"):
                body = model.library.functions[function].body
                return ChosenTensor(function, body, body.tensor(name[len(function) + 1 :]))
    return ChosenTensor(None, model.graph, model.graph.tensor(name))


class ModelEdit:
    """Edits of a model's graph and its function bodies, gathered before they are applied."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._edits = {function: GraphEdit(graph) for function, graph in model.graphs()}

    def edit(self, chosen: ChosenNode) -> Node:
        """Return the copy that stands in the place of a node."""
        return self._edits[chosen.function].edit(chosen.node)

    def apply(self) -> None:
        """Put all edits into the graphs."""
        for each in self._edits.values():
            each.apply()


def named_in_error(operation: str, chosen: Iterable[ChosenNode], what: Callable[[ChosenNode], T]) -> list[T]:
    """Return what a function gives for each node; a GraphError of it is the pass's refusal of that node."""
    found = []
    for each in chosen:
        try:
            found.append(what(each))
        except GraphError as error:
            raise PassError(operation, error.reason, node=each.name, hint=error.hint) from error
    return found
