"""Rebuild the contexts of loops and conditionals, without which TensorFlow 1 does not differentiate them.

For: a graph that was frozen, or that came through a tool which keeps no collections: its loops run, and `tf.gradients`
raises AttributeError, or the weights inside get no gradient. `unfreeze` does the same by itself.

Prerequisites: loops and conditionals of version 1, Enter to Exit and Switch to Merge, as TensorFlow 1 builds them and
TensorFlow 2 lowers them. Loops that are functions (While, If) need no contexts.

Leaves behind: the collections ``while_context`` and ``cond_context``, made from the graph alone, those inside of others
nested in them. What older contexts said that no graph tells, stays: names, limits, whether to differentiate. Where the
graph is not as TensorFlow differentiates it, nodes are added (see `added` of the report), which change no value: Exits
of loop variables that nobody reads, an Identity at which a body begins, Switches for each branch, what a branch waits
for. `freeze` takes them out again.

What else it meets: a loop or branch that TensorFlow would not differentiate rightly is a refusal that names it, and
nothing is changed. Function bodies have no contexts and stay. Control inputs tell in which branch a node is. New nodes
are on the device of those beside them, colocated with none. Saver, signatures, other collections and variables of
either kind stay as they are; names may be any.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphsurgeon.display import Displayed
from graphsurgeon.ir.model import Model
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.training.contexts import ContextRow, rebuild_all


@dataclass(frozen=True)
class RebuildContextsReport(Displayed):
    """What `rebuild_contexts` did.

    Attributes
    ----------
    contexts : list of ContextRow
        Each loop and each branch, outermost first.
    """

    contexts: list[ContextRow]


@model_pass()
def rebuild_contexts(model: Model) -> RebuildContextsReport:
    """Rebuild the contexts of loops and conditionals, without which TensorFlow 1 does not differentiate them.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.

    Raises
    ------
    PassError
        TensorFlow would not differentiate a loop or conditional rightly; it is named.
    """
    return RebuildContextsReport(rebuild_all(model, declines="rebuild_contexts"))
