"""Ops that change or ask for a variable which is a value from now on: which of them can be cut.

Batch normalization, moving averages and optimizers change variables beside the results
of a graph, and only control edges tie them to it::

    AssignSub(moving_mean, ...) <-^- NoOp <-^- Identity(mean)

Such an op is cut, with what reads its result, and nobody waits for it any more. It stays
an error where the outputs need its result, where an output is nothing but a wait for it,
and where the variable is read afterwards: the constant would be another value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from graphsurgeon.ir import ops
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import successors
from graphsurgeon.names import is_control, node_of_input
from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from proto_utils.named_tuple import NamedTuple

# Stateful, or unknown, without doing anything.
_NO_EFFECTS = frozenset({"NoOp", "Placeholder", "VarHandleOp"})


class Obstacle(NamedTuple):
    """A node that needs the variable itself, and why it cannot be cut."""

    node: Node
    reason: str


def cut_updates(body: BodyEdits, roots: Iterable[str], *, waits_count: bool = True) -> tuple[list[str], list[Obstacle]]:
    """Remove the users of variables from a body that its roots do not need.

    With them goes what reads their results, and what served nothing else. `waits_count`: a root without results
    counts for what it waits for.
    Returns the users that were removed, in the order of the graph, and those that are needed.
    """
    if not body.users:
        return [], []
    roots = list(roots)
    tainted = successors(body.before, body.users, by_data=True) | body.users.keys()
    needed = _needed(body, roots, tainted)
    if waits_count and body.function is None:
        needed |= _waited_for(body, roots, tainted)
    obstacles = [
        Obstacle(node, _reason(node, body.users[node.name]))
        for node in body.graph
        if node.name in needed and node.name in body.users
    ]
    gone = (tainted | _behind(body, tainted)) - needed
    cut = [node.name for node in body.graph if node.name in gone and node.name in body.users]
    _remove(body, gone)
    return cut, obstacles


def _remove(body: BodyEdits, gone: Collection[str]) -> None:
    """Remove nodes; nobody waits for them any more."""
    for name in gone:
        body.remove(name)
    waits = {f"^{name}" for name in gone}
    for name in {node.name: None for each in gone for node in body.before.control_consumers(each)}:
        node = body.get(name)
        if node is not None:
            body.set_inputs(node, [text for text in node.inputs if text not in waits])


def late_readers(body: BodyEdits, roots: Iterable[str]) -> list[Obstacle]:
    """Return what reads a variable after an op that changes it, for a result that counts.

    After `cut_updates`, because what was cut reads nothing. Effects count too, such as those of Print.
    """
    # Most readers follow no writer at all, which one look at the graph tells.
    late = successors(body.before, [name for writers in body.writers.values() for name in writers])
    suspects = {
        text: readers
        for text, writers in body.writers.items()
        if (readers := late.intersection(body.readers.get(text, ())).difference(writers))
    }
    if not suspects:
        return []
    counting = read_for(body, roots)
    found = []
    for text, readers in suspects.items():
        writers = body.writers[text]
        for name in sorted(readers & counting & successors(body.before, writers)):
            reason = f"reads variable {text!r} after {', '.join(sorted(writers)[:3])} changed it"
            found.append(Obstacle(body.before.producers[name], reason))
    return found


def read_for(body: BodyEdits, roots: Iterable[str]) -> set[str]:
    """Return what roots and effects of a body read, directly or not; waiting for something is no reading."""
    found: set[str] = set()
    pending = [*roots, *(node.name for node in body.graph if node.op not in _NO_EFFECTS and _has_effects(node))]
    while pending:
        name = pending.pop()
        node = body.before.producers.get(name)
        if node is not None and name not in found and not body.is_removed(name):
            found.add(name)
            pending += map(node_of_input, body.current(node).data_inputs)
    return found


def _reason(node: Node, variable: str) -> str:
    facts = ops.facts(node.op)
    if facts is not None and any(arg.is_ref for arg in facts.inputs):
        return f"op {node.op} changes variable {variable!r}, and its result is needed"
    return f"op {node.op} needs the variable {variable!r} itself, not its value"


def _needed(body: BodyEdits, roots: Iterable[str], tainted: set[str]) -> set[str]:
    """Return what the roots need when nobody waits for what is tainted."""
    needed: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        node = body.before.producers.get(name)
        if name in needed or node is None:
            continue
        needed.add(name)
        for text in body.current(node).inputs:
            source = node_of_input(text)
            if not is_control(text) or source not in tainted:
                pending.append(source)
    return needed


def _waited_for(body: BodyEdits, roots: Iterable[str], tainted: set[str]) -> set[str]:
    """Return what is tainted and the whole point of a root: one without results that only waits."""
    found: set[str] = set()
    seen: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        node = body.before.producers.get(name)
        if node is None or name in seen or (node.op != "NoOp" and name not in tainted):
            continue
        seen.add(name)
        if name in tainted:
            found.add(name)
        pending += map(node_of_input, node.inputs)
    return found


def _behind(body: BodyEdits, tainted: set[str]) -> set[str]:
    """Return what is only there for the tainted: nodes without effects, all of whose readers go."""
    found: set[str] = set()
    pending = [source for name in tainted for source in _sources(body, name)]
    while pending:
        name = pending.pop()
        node = body.before.producers.get(name)
        if node is None or name in found or name in tainted or _has_effects(node):
            continue
        if all(reader.name in found or reader.name in tainted for reader, _ in body.before.edges(name)):
            found.add(name)
            pending += _sources(body, name)
    return found


def _sources(body: BodyEdits, name: str) -> list[str]:
    return [node_of_input(text) for text in body.before.producers[name].inputs]


def _has_effects(node: Node) -> bool:
    facts = ops.facts(node.op)
    # A constant or a read of one may be anybody's; an input of the function or graph is.
    return facts is None or (facts.is_stateful and node.op != "ReadVariableOp") or node.op.startswith("Placeholder")
