"""Lists of nodes as users write them: ``prob``, ``prob:0``, ``a,b:0``, each text one or several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphsurgeon.errors import near_names
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.names import parse_input
from proto_utils.errors import NotFoundError


def split_names(texts: Iterable[str]) -> list[str]:
    """Return the single names of texts that may each hold several, separated by commas; blanks do not count."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def find_node(producers: Mapping[str, Node], text: str) -> Node:
    """Return the node that ``a``, or the tensor ``a:1``, is of.

    Parameters
    ----------
    producers : mapping of str to Node
        All nodes by name.
    text : str

    Raises
    ------
    NotFoundError
        There is no such node, or it has no such output; near names are in the error.
    """
    name, output = parse_input(text)
    if name not in producers:
        raise NotFoundError("node", name, near_names(name, producers))
    count = num_outputs(producers[name]) if output > 0 else None
    if count is not None and output >= count:
        raise NotFoundError("tensor", text, [f"{name}:{i}" for i in range(count)][:3])
    return producers[name]
