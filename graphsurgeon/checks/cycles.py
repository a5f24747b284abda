"""Nodes that wait for each other.

Like TensorFlow, which takes nodes in as their inputs become known: a Merge that a NextIteration
feeds is ready with its control inputs and one data input, every other node with all its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphsurgeon.checks.body import Body
from graphsurgeon.checks.finding import ERROR, Finding
from graphsurgeon.names import node_of_input

_MERGES = ("Merge", "RefMerge")
_NEXT_ITERATIONS = ("NextIteration", "RefNextIteration")


def cycle_findings(body: Body) -> Iterator[Finding]:
    """Yield one finding that spells out a cycle, if there is any; costs O(nodes + edges)."""
    stuck = _stuck(body, _late(body))
    if stuck:
        cycle = _find_cycle(body, stuck)
        shown = cycle if len(cycle) <= 6 else [*cycle[:3], "...", *cycle[-2:]]
        where = "1 node is in a cycle" if len(stuck) == 1 else f"{len(stuck)} nodes are in a cycle or behind one"
        message = f"{where}: {' -> '.join(shown)}"
        yield body.finding(ERROR, "cycle", cycle[0], message)


def _late(body: Body) -> list[int]:
    """Return the nodes that are not ready when the nodes are taken in their order; mostly none or those of loops."""
    position = body.position
    ready: set[str] = set(body.arguments)
    all_ready = ready.issuperset
    late = []
    for i, node in enumerate(body.nodes):
        inputs = node.inputs
        if all_ready(inputs) or _is_ready(body, i, ready, position):
            ready.add(body.names[i])
        else:
            late.append(i)
    return late


def _is_ready(body: Body, i: int, ready: set[str], position: dict[str, int]) -> bool:
    inputs = body.nodes[i].inputs
    names = [node_of_input(text) for text in inputs]
    waiting = [name not in ready and name in position for name in names]
    if not any(waiting):
        return True
    if not _closes_loop(body, i, inputs, names):
        return False
    controls = [waits for waits, text in zip(waiting, inputs, strict=True) if text[:1] == "^"]
    data = [waits for waits, text in zip(waiting, inputs, strict=True) if text[:1] != "^"]
    return not any(controls) and not all(data)


def _closes_loop(body: Body, i: int, inputs: tuple[str, ...], names: list[str]) -> bool:
    """Whether a node is the Merge of a loop, fed by a NextIteration."""
    if body.nodes[i].op not in _MERGES:
        return False
    return any(
        text[:1] != "^" and name in body.position and body.nodes[body.position[name]].op in _NEXT_ITERATIONS
        for text, name in zip(inputs, names, strict=True)
    )


def _stuck(body: Body, late: list[int]) -> dict[int, list[int]]:
    """Return those of the late nodes that never become ready, each with the nodes it waits for."""
    if not late:
        return {}
    of_late = {body.names[i]: i for i in reversed(late)}
    waits: dict[int, list[int]] = {}
    missing: dict[int, int] = {}
    # Who waits for a node, and whether any one of several such inputs will do.
    followers: dict[int, list[tuple[int, bool]]] = {i: [] for i in late}
    has_data: set[int] = set()
    for i in late:
        inputs = body.nodes[i].inputs
        names = [node_of_input(text) for text in inputs]
        waits[i] = [of_late[name] for name in names if name in of_late]
        missing[i] = len(waits[i])
        is_loop = _closes_loop(body, i, inputs, names)
        if is_loop:
            controls = [name for text, name in zip(inputs, names, strict=True) if text[:1] == "^" and name in of_late]
            some_data = any(name not in of_late for text, name in zip(inputs, names, strict=True) if text[:1] != "^")
            missing[i] = len(controls) + (not some_data)
            has_data |= {i} if some_data else set()
        for text, name in zip(inputs, names, strict=True):
            if name in of_late:
                followers[of_late[name]].append((i, is_loop and text[:1] != "^"))
    _settle(late, waits, missing, followers, has_data)
    return waits


def _settle(
    late: list[int],
    waits: dict[int, list[int]],
    missing: dict[int, int],
    followers: dict[int, list[tuple[int, bool]]],
    has_data: set[int],
) -> None:
    """Take the nodes that become ready out of `waits`; `has_data` are loops' Merges with a data input already."""
    done = [i for i in late if missing[i] == 0]
    while done:
        i = done.pop()
        waits.pop(i, None)
        for other, is_any in followers[i]:
            if is_any and other in has_data:
                continue
            if is_any:
                has_data.add(other)
            missing[other] -= 1
            if missing[other] == 0:
                done.append(other)


def _find_cycle(body: Body, stuck: dict[int, list[int]]) -> list[str]:
    """Follow unready inputs from some stuck node until one comes again."""
    i = next(iter(stuck))
    path: list[int] = []
    seen: dict[int, int] = {}
    while i not in seen:
        seen[i] = len(path)
        path.append(i)
        i = next(other for other in stuck[i] if other in stuck)
    # The walk went against the edges.
    return [body.names[j] for j in reversed([*path[seen[i] :], i])]
