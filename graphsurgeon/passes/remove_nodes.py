"""Take nodes of some ops out: who read one reads what it read.

For: Identity, CheckNumerics, StopGradient and other nodes that hand their input on, before a graph is served or ported;
TensorFlow's Graph Transform Tool calls it so, too.

Prerequisites: the names of the outputs, if no signature says them. Without any, nodes that nobody reads stay.

Leaves behind: the other nodes, in their order. Who read a node's output reads its first input, and waits for what it
waited for, so that an Assert goes on guarding. A node stays, and the report says why, if it is an output, an input or
named around the graph; if it gives another type than it reads, or more than its first output is read; if it reads a
variable, tells which branch of a condition is taken, or controls the flow. Where weights would not be found any more
(`unfreeze` knows them by how they are read), their reads stay.

What else it meets: function bodies are treated alike; what they return stays. Nodes that shared a device with one that
went share it with each other. Devices, frames, variables, saver, collections and signatures stay.
"""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.simplifying.handed_on import RemoveNodesReport, hand_on


@model_pass(rewires=True)
def remove_nodes(
    model: Model,
    *,
    op: Names,
    outputs: Names = (),
    inputs: Names = (),
    max_inputs: int = 1,
) -> RemoveNodesReport:
    """Take nodes of some ops out: who read one reads what it read.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    op : str or sequence of str
        Ops, such as Identity, CheckNumerics.
    outputs : str or sequence of str
        Nodes that stay, by name or as a signature calls them.
    inputs : str or sequence of str
        Nodes that are fed, and stay.
    max_inputs : int
        A node with more data inputs stays.

    Raises
    ------
    NotFoundError
        An output or input means no node.
    PassError
        No ops are named.
    """
    return hand_on(model, "remove_nodes", op, outputs, inputs, max_inputs)
