"""Take nodes out of a graph.

For: what nobody needs any more after `reroute` or `bypass`, summaries, checks; variables with all that belongs to them.

Prerequisites: nothing that stays reads the nodes or waits for them, serves them by a signature, or is a variable or
queue that they belong to; who does is named.

Leaves behind: all other nodes as they were, but for colocation with a node that went. Entries of collections that name
one go, contexts are cut down, and so do inputs of signatures that nobody reads. Ops that run initializers wait for
those that are left. When a variable or table goes, its value goes, and the saver is made anew for those that are left.
Functions that nothing calls any more go with the last call; those that objects of TensorFlow 2 export stay with these,
which go with values that they restore.

What else it meets: in a function body a node is called FUNCTION/node; what the function returns stays. Frames and
devices of other nodes stay. All that went is in the report.
"""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.chosen_nodes import choose_nodes
from graphsurgeon.rewrites.pruning.taken_out import RemoveReport, take_out


@model_pass(obeys=True, rewires=True)
def remove(model: Model, *, nodes: Names) -> RemoveReport:
    """Take nodes out of a graph.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    nodes : str or sequence of str
        Names or patterns of nodes, those of function bodies as FUNCTION/node.

    Raises
    ------
    NotFoundError
        A name or pattern means no node.
    PassError
        Something that stays needs one of them; it is named.
    """
    return take_out(model, choose_nodes(model, nodes), "remove")
