"""Turn loops and branches that are functions into control flow of TensorFlow 1: While, If and Case.

For: training a graph that TensorFlow 2 froze with its loops as functions, in TensorFlow 1 and in its v1 mode, which
cannot differentiate them once they are imported; runtimes, converters and people that know no functions.

Prerequisites: a well-formed graph, and no function that calls itself.

Leaves behind: what TensorFlow's own lowering makes when it runs the graph, with the names that it gives: of a While the
Enter, Merge, LoopCond, Switch, NextIteration and Exit of each loop variable; of an If a Switch for each input and a
Merge for each output; of a Case a row of Ifs, also where TensorFlow 2 has made `_SwitchN` of it, for which there are no
gradients. What a loop hands on as it is enters it once. The names of the nodes that went are those of an IdentityN with
the same outputs, so that what could be fetched still can be.

What else it meets: bodies of functions stand below ``NAME/body/_1/``, and so on to any depth; calls around loops and
branches, and within them, are inlined, but for what XLA compiles or is marked `_noinline`, which stays and is named.
Bodies of functions that stay keep their loops. Who waited for a node waits for all that it did; who reads an If with
effects does, too. Nodes of a body are on the device of the node, unless on one of their own, and share devices with
each other as before. Resources and variants pass as they did. Functions that nothing calls any more go, but for those
that a TensorFlow 2 object graph exports, which stay as they were. Variables, saver, collections and signatures stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.ir.model import Model
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.lowering.models import lower_control_flow


@dataclass(frozen=True)
class LoweredRow:
    """A node that was lowered, or a call that was inlined."""

    node: str
    op: str


@dataclass(frozen=True)
class LeftRow:
    """A node that stays, with control flow in its functions or of several branches, and why: the attr, or a reason."""

    node: str
    reason: str


@dataclass(frozen=True)
class LowerReport(Displayed):
    """What `lower` did.

    Attributes
    ----------
    lowered : list of LoweredRow
        Loops and conditions, and the calls around and within them.
    left : list of LeftRow
        Nodes that stay, with control flow in their functions, or a `_SwitchN`.
    functions : list of str
        The functions that nothing calls any more.
    """

    lowered: list[LoweredRow]
    left: list[LeftRow] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)


@model_pass()
def lower(model: Model) -> LowerReport:
    """Turn loops and branches that are functions into control flow of TensorFlow 1: While, If and Case.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.

    Raises
    ------
    PassError
        A function calls itself, or has arguments that are lists.
    """
    done = lower_control_flow(model)
    return LowerReport(
        [LoweredRow(node, op) for node, op in done.nodes.items()],
        [LeftRow(node, reason) for node, reason in done.left.items()],
        done.functions,
    )
