"""The order of layers in a functional model of Keras, by a graph that was traced of it.

Every call of a layer is a scope below that of the model. Keras orders layers by depth: the longest way from one to the
outputs, counted in calls, the deepest first; and where depths are equal, as a depth-first search from the outputs meets
them. Calls that leave no node, such as that of a Dropout, are not counted here, so that depths are right only along a
way. Source: ``map_graph`` in Keras's ``function.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.walks import topological
from graphsurgeon.names import is_control, node_of_input
from graphsurgeon.weights.reader_scopes import scopes_of


class LayerOrder:
    """The calls of layers directly below a scope, and how they depend on each other; O(nodes + edges)."""

    def __init__(self, graph: Graph, scope: tuple[str, ...]) -> None:
        self._before: dict[str, dict[str, None]] = {}  # by call, the calls that it needs, in the order of its inputs
        self._read_by: dict[str, dict[str, None]] = {}
        made_by: dict[str, tuple[str, ...]] = {}
        for node in topological(graph):
            scopes = scopes_of(node.name)
            sources = dict.fromkeys(
                call for text in node.inputs if not is_control(text) for call in made_by.get(node_of_input(text), ())
            )
            if scopes[: len(scope)] != scope or len(scopes) == len(scope):
                made_by[node.name] = tuple(sources)
                continue
            call = scopes[len(scope)]
            made_by[node.name] = (call,)
            needed = self._before.setdefault(call, {})
            self._read_by.setdefault(call, {})
            for source in sources:
                if source != call:
                    needed[source] = None
                    self._read_by[source][call] = None
        self._depths = self._measured()
        self._indices = {call: index for index, call in enumerate(self._searched())}

    def of(self, layers: Mapping[str, Sequence[str]]) -> list[str]:
        """Return layers in order; their calls are given."""
        return sorted(layers, key=lambda name: self._place(layers[name]))

    def unordered(self, layers: Sequence[tuple[str, Sequence[str]]]) -> tuple[str, str] | None:
        """Return two layers in a row of which the graph does not say that the second needs the first, if any are."""
        for (first, calls), (second, others) in itertools.pairwise(layers):
            start, end = min(calls, key=self._key), min(others, key=self._key)
            if start not in self._needs(end, self._depths.get(start, 0)):
                return first, second
        return None

    def _key(self, call: str) -> tuple[int, int]:
        return -self._depths.get(call, 0), self._indices.get(call, 0)

    def _place(self, calls: Sequence[str]) -> tuple[int, int]:
        return min(map(self._key, calls))

    def _needs(self, call: str, depth: int) -> set[str]:
        """Return the calls that one needs, but for those which are deeper than that."""
        found, waiting = set[str](), [call]
        while waiting:
            for each in self._before.get(waiting.pop(), ()):
                if each not in found and self._depths.get(each, 0) <= depth:
                    found.add(each)
                    waiting.append(each)
        return found

    def _measured(self) -> dict[str, int]:
        """Return the depths of calls, by Kahn's algorithm from the outputs; those in a cycle have none."""
        left = {call: len(readers) for call, readers in self._read_by.items()}
        depths = {call: 0 for call, count in left.items() if not count}
        waiting = list(depths)
        while waiting:
            call = waiting.pop()
            for source in self._before[call]:
                depths[source] = max(depths.get(source, 0), depths[call] + 1)
                left[source] -= 1
                if not left[source]:
                    waiting.append(source)
        return {call: depth for call, depth in depths.items() if not left[call]}

    def _searched(self) -> Iterator[str]:
        """Yield calls as a depth-first search from the outputs meets them."""
        seen: set[str] = set()
        for output in [call for call, readers in self._read_by.items() if not readers]:
            waiting = [output]
            while waiting:
                call = waiting.pop()
                if call not in seen:
                    seen.add(call)
                    yield call
                    waiting += reversed(self._before[call])
