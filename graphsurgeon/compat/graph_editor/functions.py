"""Functions that ops call which are copied into the graph of another model: its library gets them, too."""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.ir.function_calls import called_functions
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.graph_def import function_pieces
from graphsurgeon.ir.node import Node
from proto_utils.splice import join


def bring_functions(ops: Iterable[Node], source: Graph, target: Graph) -> None:
    """Let the model of a graph have the functions that ops of another one call.

    A ValueError when it has another one of that name, or when the graph is of no model; nothing was brought then.
    """
    old, new = source.library, target.model
    if old is None or old is target.library:
        return
    called = sorted(called_functions(ops, old))
    if not called:
        return
    if new is None:
        raise ValueError(f"the ops call {called[0]}, and the graph is of no model whose library could have it")
    known = new.library.functions
    for name in called:
        function = old.functions[name]
        if name in known and join(function_pieces(known[name])) != join(function_pieces(function)):
            raise ValueError(f"the ops call {name}, and the library of the model has another function of that name")
    for name in called:
        if name not in known:
            known[name] = old.functions[name].copy()
            known[name].body.link(new)
