"""Take from a frozen graph the marks of freezing, as optimizers do, so that roles alone must tell its weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from graphsurgeon.ir.model import Model
from proto_utils import schema


def without_marks(pb: str | Path, outputs: Iterable[str]) -> Model:
    """The graph with its Identities spliced out, its constants renamed and its colocation removed.

    In function bodies, where an argument may be returned through one, Identities are only renamed.
    """
    graph = schema.parse(schema.GraphDef, Path(pb).read_bytes())
    wanted = {output.partition(":")[0] for output in outputs}
    nodes = [node for node in graph.node if not _is_plain_identity(node, wanted)]
    spliced = {node.name: node.input[0] for node in graph.node if _is_plain_identity(node, wanted)}
    renamed = {node.name: f"c{number}" for number, node in enumerate(nodes) if node.op == "Const"}
    for node in nodes:
        _rewrite(node, spliced, renamed)
    library = graph.library
    for function in library.function:
        names = {node.name: f"n{number}" for number, node in enumerate(function.node_def)}
        for node in function.node_def:
            _rewrite(node, {}, names)
        for key, text in list(function.ret.items()):
            function.ret[key] = _renamed(text, names)
    return Model.from_graph_def(schema.GraphDef(node=nodes, library=library, versions=graph.versions))


def _is_plain_identity(node: schema.NodeDef, wanted: set[str]) -> bool:
    return node.op == "Identity" and len(node.input) == 1 and node.input[0][:1] != "^" and node.name not in wanted


def _rewrite(node: schema.NodeDef, spliced: dict[str, str], renamed: dict[str, str]) -> None:
    inputs = [_renamed(_source(text, spliced), renamed) for text in node.input]
    if "_class" in node.attr:
        del node.attr["_class"]
    node.input[:] = inputs
    node.name = renamed.get(node.name, node.name)


def _source(text: str, spliced: dict[str, str]) -> str:
    """What an input names once the Identities are gone."""
    control = text[:1] == "^"
    name = text.lstrip("^").partition(":")[0]
    while name in spliced:
        text = spliced[name]
        name = text.partition(":")[0]
    return "^" + name if control else text


def _renamed(text: str, names: dict[str, str]) -> str:
    control = "^" if text[:1] == "^" else ""
    name, colon, rest = text[len(control) :].partition(":")
    return control + names.get(name, name) + colon + rest


def scalars_apart(weights: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those weights that are more than one number: without a mark nothing tells a factor from a weight."""
    return [weight for weight in weights if weight["bits"][1]]  # type: ignore[index]
