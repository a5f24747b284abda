"""Protected nodes: those that somebody outside of the graph knows by name, so that no transform may take them away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.ir.signatures import output_number
from graphsurgeon.meta_graph.arguments import find_outputs, named_tensors
from graphsurgeon.meta_graph.references import references
from graphsurgeon.names import Names, node_of, node_of_input, split_names
from proto_utils import schema
from proto_utils.errors import NotFoundError


class Protected:
    """The protected nodes of a model: its inputs and outputs, and what is named around its graph.

    Without `outputs`, those of signatures are among the latter; a graph without any keeps all nodes that nobody reads,
    for each of them may be an output. What only collections name that are told `without` is not protected. Names that
    mean no node are a NotFoundError. Costs O(nodes + entries).
    """

    def __init__(
        self, model: Model, outputs: Names, inputs: Names, operation: str, *, without: Collection[str] = ()
    ) -> None:
        producers = {node.name: node for node in model.graph}
        wanted = {node.name for node in find_outputs(model, producers, split_names(outputs), operation)}
        texts = named_tensors(model, split_names(outputs), "outputs", operation)
        self._fed = {node_of(text) for text in named_tensors(model, split_names(inputs), "inputs", operation)}
        for name in sorted(self._fed - producers.keys()):
            raise NotFoundError.among("node", name, producers)
        wanted |= self._fed
        self._asked = wanted | set(
            named_around(model.meta, model.meta.collection_def if model.meta is not None else ())
        )
        wanted.update(named_around(model.meta, without))
        self._later = _later_outputs(producers, [*texts, *tensors_around(model.meta, without)])
        wanted.update(node.name for node in model.graph.nodes_of(PLACEHOLDER_OPS | {"PlaceholderWithDefault"}))
        if not outputs and not (model.meta is not None and model.meta.signature_def):
            read = {node_of_input(text) for node in model.graph for text in node.inputs}
            wanted.update(producers.keys() - read)
        self._own = frozenset(wanted)
        self._functions = model.library.functions

    def of(self, function: str | None) -> Collection[str]:
        """Return the names of those of the graph, or of a function's body: what it returns, and its arguments."""
        return self._own if function is None else results(self._functions[function])

    def asked_of(self, function: str | None) -> Collection[str]:
        """Return the names of those whose values are given or asked for: not what collections name, as variables."""
        return self._asked if function is None else results(self._functions[function])

    def fed_of(self, function: str | None) -> Collection[str]:
        """Return the names of those whose values are given, as inputs."""
        return self._fed if function is None else ()

    def later_of(self, function: str | None) -> Collection[str]:
        """Return the names of those of which another output than the first is protected."""
        if function is None:
            return self._later
        each = self._functions[function]
        return _later_outputs({node.name: node for node in each.body}, each.proto.ret.values())


def _later_outputs(producers: Mapping[str, Node], texts: Iterable[str]) -> frozenset[str]:
    pairs = [(text.partition(":")[2], producers.get(node_of(text))) for text in texts]
    return frozenset(node.name for port, node in pairs if node is not None and output_number(node, port) != 0)


def named_around(meta: schema.MetaGraphDef | None, without: Collection[str] = ()) -> Iterator[str]:
    """Yield the nodes that are named around a graph, but for those in some collections."""
    return map(node_of, tensors_around(meta, without))


def tensors_around(meta: schema.MetaGraphDef | None, without: Collection[str] = ()) -> Iterator[str]:
    """Yield the nodes and tensors that are named around a graph, but for those in some collections."""
    where = {f"collection {key}" for key in without}
    for each in references(meta) if meta is not None else ():
        if each.kind == "tensor" and each.entry.where not in where:
            yield each.name


def results(function: Function) -> frozenset[str]:
    """Return the nodes by which a function gives its results, or that have to run."""
    proto = function.proto
    return frozenset({node_of_input(text) for text in proto.ret.values()} | set(proto.control_ret.values()))
