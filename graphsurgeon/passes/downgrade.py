"""Let an older TensorFlow load a graph: what it does not know goes, where the graph means the same without it.

For: serving or training with TensorFlow 1.15 what a newer one has frozen. A bare GraphDef is imported as it is, so
one attr that came later refuses the whole graph, though it stand at its default on every node.

Prerequisites: a well-formed graph, and an older TensorFlow from 1.0 on. Which of them knows what is known for every
release, see `versions`.

Leaves behind: the same nodes, computing the same. Attrs that the older TensorFlow does not know are taken out where
they stand at their default or are names for people (``debug_name``), and so is what a newer one infers about types.
DisableCopyOnRead, which computes nothing, becomes a NoOp. What cannot go (another op, another value of such an attr, a
type that the op did not take) stands in the way: all of it is listed, and nothing is changed.

What else it meets: function bodies are treated alike. Ops that no TensorFlow has are left to the library that
registers them. Variables, collections, signatures, saver, frames, control inputs, colocation and devices stay as they
are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.versions import OLDEST, Need, Version, needs_of, version_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.given_versions import given_version

#: The first TensorFlow whose nodes say what they are inferred to return.
_INFERRED_TYPES: Version = (2, 7)
_SHOWN = 8


@dataclass(frozen=True)
class RemovedAttr:
    """An attr that was taken out: of which op, since when TensorFlow has it, on how many nodes; or an op, without."""

    op: str
    attr: str
    since: str
    nodes: int


@dataclass(frozen=True)
class DowngradeReport(Displayed):
    """What `downgrade` did; `version` is the oldest TensorFlow that the graph is for now."""

    version: str
    removed: list[RemovedAttr]
    notes: list[str] = field(default_factory=list)


@model_pass()
def downgrade(model: Model, *, to: str = OLDEST) -> DowngradeReport:
    """Let an older TensorFlow load a graph.

    Parameters
    ----------
    model : Model
        Edited in place.
    to : str
        The version, such as 1.15 or 2.4; in a recipe in quotes, for 2.10 is no number.

    Raises
    ------
    PassError
        Something stands in the way, all of which is listed; or that is no version from 1.0 on.
    """
    version = given_version(to, "downgrade", "to")
    edits = {function: GraphEdit(graph) for function, graph in model.graphs()}
    removed: Counter[tuple[str, str, str]] = Counter()
    obstacles: dict[Need, list[str]] = {}
    for function, graph in model.graphs():
        for node in graph:
            for need in needs_of(node, to):
                if need.can_go:
                    _take_out(edits[function], node, need)
                    removed[node.op, need.attr, need.since] += 1
                else:
                    name = node.name if function is None else f"{function}/{node.name}"
                    obstacles.setdefault(need, []).append(name)
            if version < _INFERRED_TYPES and _has_inferred_type(node):
                edits[function].edit(node).editable_proto().ClearField("experimental_type")
    if obstacles:
        raise _refusal(to, obstacles)
    for edit in edits.values():
        edit.apply()
    return DowngradeReport(to, [RemovedAttr(*key, number) for key, number in sorted(removed.items())])


def _take_out(edit: GraphEdit, node: Node, need: Need) -> None:
    if need.attr:
        del edit.edit(node).attrs[need.attr]
    else:
        edit.replace(node.name, [Node.new(node.name, "NoOp", node.control_inputs, device=node.device)])


def _has_inferred_type(node: Node) -> bool:
    return node.proto.HasField("experimental_type")


def _refusal(to: str, obstacles: dict[Need, list[str]]) -> PassError:
    rows = [*_rows(obstacles)]
    more = [f"and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
    reason = f"TensorFlow {to} does not know {'; '.join([*rows[:_SHOWN], *more])}"
    newest = max(obstacles, key=lambda need: version_of(need.since)).since
    return PassError("downgrade", reason, hint=f'TensorFlow {newest} knows all of it: `to="{newest}"`')


def _rows(obstacles: dict[Need, list[str]]) -> Iterator[str]:
    for need, names in obstacles.items():
        others = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{need.what}, which came with {need.since} (node {names[0]!r}{others})"
