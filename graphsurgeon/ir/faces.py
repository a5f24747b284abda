"""What Python and notebooks ask of nodes, graphs and models: copies, short texts, HTML, completion of keys, files.

========================  =================================================================================
``copy``, ``deepcopy``    independent objects that share payloads; a copied node is in no graph
``pickle``                the same from another process: what came from a file is found there by its path,
                          everything else goes along
``model.save, .load``     `graphsurgeon.save` and `graphsurgeon.load`
========================  =================================================================================
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from graphsurgeon import registry
from proto_utils.errors import GraphSurgeonError, NotFoundError

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph
    from graphsurgeon.ir.model import Model
    from graphsurgeon.ir.node import Node

_MAX_INPUTS = 4
_MAX_VALUE = 200


class GraphMember:
    """A node or a tensor: what is in a graph, or in none."""

    __slots__ = ()

    @property
    def graph(self) -> Graph | None:
        """The graph or function body that it is in."""
        return None


class NodeFace(GraphMember):
    """A node as Python sees it."""

    __slots__ = ()

    def __copy__(self: Node) -> Node:  # type: ignore[misc] # of nodes alone
        return self.copy()

    def __repr__(self: Node) -> str:  # type: ignore[misc]
        inputs = [*map(repr, self.inputs[:_MAX_INPUTS]), *["..."] * (len(self.inputs) > _MAX_INPUTS)]
        return f"Node({self.name!r}, {self.op}" + (f", [{', '.join(inputs)}])" if inputs else ")")

    def _repr_html_(self: Node) -> str:  # type: ignore[misc]
        from graphsurgeon.display import html_of

        facts: dict[str, Any] = {"name": self.name, "op": self.op, "device": self.device or None}
        attrs = {f"attr {key}": _value_text(self, key) for key in sorted(self.proto.attr)}
        return html_of("Node", facts | {"inputs": list(self.inputs)} | attrs)


class GraphFace:
    """A graph as Python sees it."""

    def __contains__(self: Graph, each: object) -> bool:  # type: ignore[misc]
        """Whether a node is in it, or one of that name; a tensor, or one of that name."""
        if not isinstance(each, str):
            return isinstance(each, GraphMember) and each.graph is self
        if self.get(each) is not None:
            return True
        if each[:1] == "^" or not (":" in each or self.is_body):
            return False
        try:
            self.tensor(each)
        except NotFoundError:
            return False
        return True

    def __copy__(self: Graph) -> Graph:  # type: ignore[misc]
        return self.copy()

    def __repr__(self: Graph) -> str:  # type: ignore[misc]
        return f"Graph({len(self)} nodes)"

    def _repr_html_(self: Graph) -> str:  # type: ignore[misc]
        from graphsurgeon.display import MAX_ROWS, html_table

        nodes = [node for _, node in zip(range(MAX_ROWS), self, strict=False)]
        rows = [(node.name, node.op, ", ".join(node.inputs)) for node in nodes]
        return html_table(f"Graph: {len(self):,} nodes", ("name", "op", "inputs"), rows, len(self))

    def _ipython_key_completions_(self: Graph) -> list[str]:  # type: ignore[misc]
        return [node.name for node in self]


class ModelFace:
    """A model as Python sees it."""

    @classmethod
    def load(cls, path: str | os.PathLike[str], **options: Any) -> Model:
        """Load a model; parameters and errors are those of `graphsurgeon.load`."""
        model: Model = registry.public("load")(path, **options)
        return model

    def save(self, path: str | os.PathLike[str], **options: Any) -> list[str]:
        """Save the model and return the paths written; parameters and errors are those of `graphsurgeon.save`."""
        paths: list[str] = registry.public("save")(self, path, **options)
        return paths

    def __copy__(self: Model) -> Model:  # type: ignore[misc]
        return self.copy()

    def __repr__(self: Model) -> str:  # type: ignore[misc]
        where = "" if self.path is None else f", {self.path!r}"
        counts = f"{len(self.graph)} nodes, {len(self.library.functions)} functions, {len(self.variables)} variables"
        return f"Model({counts}{where})"

    def _repr_html_(self: Model) -> str:  # type: ignore[misc]
        from graphsurgeon.display import html_of

        ops = sorted(((len(self.graph.nodes_of({op})), op) for op in self.graph.ops), reverse=True)
        facts: dict[str, Any] = {
            "path": self.path,
            "nodes": len(self.graph),
            "ops": [f"{op} ({number})" for number, op in ops],
            "functions": list(self.library.functions),
        }
        return html_of("Model", facts) + self.variables._repr_html_()


def _value_text(node: Node, key: str) -> str:
    try:
        text = repr(node.attrs[key])
    except GraphSurgeonError as error:
        text = error.message
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}..."
