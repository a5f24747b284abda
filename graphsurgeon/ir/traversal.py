"""Walks over a graph: the ancestors of nodes, which they need, and their successors, which need them.

Works on nodes of a graph, on those of function bodies, and on nodes made of NodeDefs of
any protobuf pool, because it only reads. Everything is linear in nodes and edges and
touches no payload.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input

T = TypeVar("T")
#: A recursion that `run_nested` runs, and its result.
Steps: TypeAlias = Generator[Any, Any, T]

_NOTHING: Mapping[str, Sequence[str]] = {}


def closure(names: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    """Return the transitive closure of names under a step: those that one step from them leads to, and so on.

    `step` is asked once for each name.
    """
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(step(name))
    return found


def run_nested(steps: Steps[T]) -> T:
    """Run a recursion deeper than Python's own: a generator that yields those whose results it needs, and gets these.

    Functions that call functions may be nested to any depth.
    """
    pending: list[Steps[Any]] = [steps]
    result: Any = None
    while pending:
        try:
            inner = pending[-1].send(result)
        except StopIteration as end:
            pending.pop()
            result = end.value
        else:
            pending.append(inner)
            result = None
    answer: T = result
    return answer


def ancestors(
    producers: Mapping[str, Node], roots: Iterable[str], also: Mapping[str, Sequence[str]] = _NOTHING
) -> set[str]:
    """Return the roots and their ancestors: what they read and wait for, and so on.

    Names that are not among the producers are passed over. `also` has what a node needs besides its inputs.
    """
    needed: set[str] = set()
    pending = list(roots)
    while pending:  # no `closure`: this is where pruning spends its time
        name = pending.pop()
        if name in needed or name not in producers:
            continue
        needed.add(name)
        pending.extend(map(node_of_input, producers[name].inputs))
        if name in also:
            pending.extend(also[name])
    return needed


def successors(index: Index, names: Iterable[str], *, by_data: bool = False) -> set[str]:
    """Return all successors of nodes, which run after them: their readers, what waits for them, and so on.

    The nodes themselves are in the result only when they succeed each other. `by_data` follows tensors only, not
    control edges.
    """

    def readers(name: str) -> list[str]:
        return [node.name for node, _ in (index.consumers(name) if by_data else index.edges(name))]

    return closure([reader for name in names for reader in readers(name)], readers)
