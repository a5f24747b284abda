"""Cycle detection by Kahn's algorithm, with TensorFlow's one exception.

A Merge that a NextIteration feeds, which closes a loop, is ready with its control inputs and any one of its
data inputs; every other node with all its inputs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from graphsurgeon.checks.body import Body
from graphsurgeon.checks.finding import ERROR, Finding
from graphsurgeon.ir.frames import MERGE_OPS, NEXT_ITERATION_OPS
from graphsurgeon.names import is_control, node_of_input


def cycle_findings(body: Body) -> Iterator[Finding]:
    """Yield one finding that spells out a cycle, if there is any; costs O(nodes + edges)."""
    remaining = _remaining(body, _out_of_order(body))
    if remaining:
        cycle = _cycle(body, remaining)
        shown = cycle if len(cycle) <= 6 else [*cycle[:3], "...", *cycle[-2:]]
        where = (
            "1 node is in a cycle" if len(remaining) == 1 else f"{len(remaining)} nodes are in a cycle or behind one"
        )
        message = f"{where}: {' -> '.join(shown)}"
        yield body.finding(ERROR, "cycle", cycle[0], message)


def _out_of_order(body: Body) -> list[int]:
    """Return the nodes that stand before one they need; in a graph in topological order, none but those of loops."""
    position = body.position
    if body.function is None and all(_stands_behind_inputs(body, i) for i in body.odd):
        return []
    ready = set(body.arguments)
    all_ready = ready.issuperset

    def is_missing(name: str) -> bool:
        return name not in ready and name in position

    found = []
    for i, inputs in enumerate(body.inputs):
        if all_ready(inputs) or all_ready(map(node_of_input, inputs)) or not any(_needed(body, i, is_missing)):
            ready.add(body.names[i])
        else:
            found.append(i)
    return found


def _stands_behind_inputs(body: Body, i: int) -> bool:
    position = body.position
    return all(position.get(node_of_input(text), -1) < i for text in body.inputs[i])


def _needed(body: Body, i: int, is_missing: Callable[[str], bool]) -> tuple[list[str], list[str]]:
    """Return the missing predecessors of a node: those it needs all of, and those it needs any one of."""
    node = body.nodes[i]
    missing = [text for text in node.inputs if is_missing(node_of_input(text))]
    if node.op in MERGE_OPS and missing:
        data = list(map(node_of_input, node.data_inputs))
        if any(name in body.position and body.nodes[body.position[name]].op in NEXT_ITERATION_OPS for name in data):
            controls = [node_of_input(text) for text in missing if is_control(text)]
            return controls, data if len(missing) - len(controls) == len(data) else []
    return [node_of_input(text) for text in missing], []


def _remaining(body: Body, nodes: Sequence[int]) -> list[int]:
    """Return those of the nodes that Kahn's algorithm never takes."""
    position = {body.names[i]: i for i in reversed(nodes)}
    in_degree: dict[int, int] = {}
    successors: dict[int, list[int]] = defaultdict(list)
    for i in nodes:
        names, alternatives = _needed(body, i, position.__contains__)
        predecessors = [position[name] for name in names]
        if alternatives:
            # They lead to the node by way of one that is taken after the first of them.
            in_degree[~i] = 1
            for name in alternatives:
                successors[position[name]].append(~i)
            predecessors.append(~i)
        in_degree[i] = len(predecessors)
        for other in predecessors:
            successors[other].append(i)
    ready = [i for i in nodes if in_degree[i] == 0]
    while ready:
        for i in successors[ready.pop()]:
            in_degree[i] -= 1
            if in_degree[i] == 0:
                ready.append(i)
    return [i for i in nodes if in_degree[i] > 0]


def _cycle(body: Body, remaining: Sequence[int]) -> list[str]:
    """Go from predecessor to predecessor until a node comes again."""
    position = {body.names[i]: i for i in reversed(remaining)}
    i = remaining[0]
    path: list[int] = []
    seen: dict[int, int] = {}
    while i not in seen:
        seen[i] = len(path)
        path.append(i)
        i = next(position[name] for name in map(node_of_input, body.nodes[i].inputs) if name in position)
    # The walk went against the edges.
    return [body.names[j] for j in reversed([*path[seen[i] :], i])]
