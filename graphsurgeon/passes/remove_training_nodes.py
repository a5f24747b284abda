"""Take out nodes that matter in training alone: CheckNumerics, Identity, StopGradient, PreventGradient.

For: graphs that are served or ported. TensorFlow's function of this name takes CheckNumerics and Identity.

Prerequisites: those of `remove_nodes`, of which this is one use.

Leaves behind: the other nodes; who read or waited for one that went reads or waits for what it read.

What else it meets: what `remove_nodes` does.
"""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.simplifying.handed_on import RemoveNodesReport, hand_on

_OPS = ("CheckNumerics", "CheckNumericsV2", "Identity", "StopGradient", "PreventGradient")


@model_pass(rewires=True)
def remove_training_nodes(
    model: Model, *, outputs: Names = (), inputs: Names = (), op: Names = _OPS
) -> RemoveNodesReport:
    """Take out nodes that matter in training alone: CheckNumerics, Identity, StopGradient, PreventGradient.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    outputs : str or sequence of str
        Nodes that stay, by name or as a signature calls them; without any, nodes that nobody reads stay.
    inputs : str or sequence of str
        Nodes that are fed, and stay.
    op : str or sequence of str
        The ops that are meant.

    Raises
    ------
    NotFoundError
        An output or input means no node.
    """
    return hand_on(model, "remove_training_nodes", op, outputs, inputs)
