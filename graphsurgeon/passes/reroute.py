"""Let who reads a tensor read another.

For: swapping one part of a graph for another that is there, an input for a preprocessed one, a loss for another; what
``tf.contrib.graph_editor.reroute_ts`` did.

Prerequisites: both tensors are in the graph, or in the body of one function, of one type and of shapes that fit.

Leaves behind: the same nodes; inputs that named the old tensor name the new one. All pairs apply at once, so two
tensors can be exchanged. Results of functions, outputs of signatures and collections that name the old tensor follow,
unless only some nodes are to. The old tensor stays, and may be read by nobody: `prune` takes what nobody needs.

What else it meets: an edge that TensorFlow would not run is declined by name: into another frame of a loop, out of a
branch that may not be taken or into one that then always runs, or round a cycle; and so is a shape with which what
stands behind does not go. Inferred shapes and those of signatures follow. Control inputs, colocation, devices,
variables and saver stay. An object graph of TensorFlow 2 whose functions would go on computing what they did goes; one
stays when the edit is in function bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.readers import FollowedRow
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.pairs import parse_pairs
from graphsurgeon.rewrites.editing.rewiring import Move, Rewiring


@dataclass(frozen=True)
class ReroutedRow:
    """A tensor, the one that is read instead, and by how many inputs."""

    old: str
    new: str
    readers: int


@dataclass(frozen=True)
class RerouteReport(Displayed):
    """What `reroute` did: the pairs, and what followed around the graph."""

    rerouted: list[ReroutedRow]
    followed: list[FollowedRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@model_pass(obeys=True, rewires=True)
def reroute(
    model: Model,
    *,
    map: Names | Mapping[str, str],  # noqa: A002 -- what users type: --map, and map= here
    only: Names = (),
    except_: Names = (),
) -> RerouteReport:
    """Let who reads a tensor read another.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    map : str or sequence of str, or mapping of str to str
        Pairs of tensors, OLD:0=NEW:0 or OLD=NEW; those of a function body as FUNCTION/node.
    only : str or sequence of str
        Names or patterns of the nodes that are to read the new tensor; by default all, and signatures and collections.
    except_ : str or sequence of str
        Names or patterns of nodes that go on reading the old one.

    Raises
    ------
    NotFoundError
        There is no such tensor, or no node that a pattern means.
    PassError
        Types or shapes do not fit, or TensorFlow would not run the graph.
    """
    pairs = parse_pairs(map, "map", "reroute")
    if not pairs:
        raise PassError("reroute", "no tensor is named", hint='such as `map="old:0=new:0"`', is_usage=True)
    rewiring = Rewiring(model, "reroute")
    found = [(rewiring.tensor(old), rewiring.tensor(new)) for old, new in pairs.items()]
    for old, new in found:
        if old.function != new.function:
            raise PassError("reroute", f"{new.name!r} is not in the graph or function body of it", node=old.name)
    moves = [Move(old, new.tensor, rewiring.nodes(except_, old.function)) for old, new in found]
    chosen = [rewiring.nodes(only, old.function) if only else None for old, _ in found]
    counts = rewiring.replace_all(moves, chosen)
    rows = [ReroutedRow(old.name, new.name, count) for (old, new), count in zip(found, counts, strict=True)]
    return RerouteReport(rows, rewiring.finish(), rewiring.notes)
