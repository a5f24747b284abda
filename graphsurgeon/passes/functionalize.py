"""Make While and If nodes with functions of the loops and branches of control flow v1.

For: training a graph of TensorFlow 1 in eager TensorFlow 2, whose GradientTape does not go through loops of Enter and
Exit; and for whoever reads or ports a graph, to whom a loop as a function says more.

Prerequisites: a well-formed graph of what is to be run: no gradients of loops (they are TensorFlow's to make again), no
node in a branch that no Merge needs (`prune` takes those out).

Leaves behind: for every frame a While, or StatelessWhile, with functions ``SCOPE_cond_N`` and ``SCOPE_body_N``; for
every branch an If, or StatelessIf, with ``SCOPE_true_N`` and ``SCOPE_false_N``, nested as they were, of what TensorFlow
2 lowered a Case to (``_SwitchN``) a row of these; for every TensorArray a TensorList. Exits and Merges outside of
functions stay by name, as Identities of the results, so outputs, signatures and who reads them find them. Values are
the same to the bit, and gradients in TensorFlow 2 those of v1.

What else it meets: bodies of functions that are there stay as they are. Invariants enter a loop as variables that stay
the same. Variables enter as values where they are only read inside; other handles of resource variables enter too, and
what changes a reference variable inside of a loop or branch is declined. What a loop or branch waits for, its node
waits for. Devices go along; colocation holds within a function, and is dropped across its border. Control-flow contexts
go, for nothing is left that they describe. Variables, saver, other collections and signatures stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.contexts import CONTEXTS
from graphsurgeon.meta_graph.dangling import Gone
from graphsurgeon.names import some_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.functionalizing.declined import PRUNE, declined
from graphsurgeon.rewrites.functionalizing.graphs import functionalize_graph
from graphsurgeon.rewrites.functionalizing.regions import RaisedRow
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph


@dataclass(frozen=True)
class FunctionalizeReport(Displayed):
    """What `functionalize` did.

    Attributes
    ----------
    raised : list of RaisedRow
        The nodes that loops and branches became, with their functions: condition and body, or both branches.
    lists : list of str
        TensorArrays that are TensorLists now.
    notes : list of str
    """

    raised: list[RaisedRow]
    lists: list[str]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self), "raised": [row._asdict() for row in self.raised]}


@model_pass()
def functionalize(model: Model) -> FunctionalizeReport:
    """Make While and If nodes with functions of the loops and branches of control flow v1.

    Parameters
    ----------
    model : Model
        Edited in place; no value of a weight is read.

    Raises
    ------
    PassError
        A loop, branch or TensorArray cannot be a function; it is named.
    """
    before = len(model.graph)
    found = functionalize_graph(model)
    notes: list[str] = []
    if model.meta is not None and (found.raised or found.lists):
        for key in CONTEXTS:
            if key in model.meta.collection_def:
                del model.meta.collection_def[key]
        gone = update_meta_graph(model, Removal({node.name for node in model.graph}, saver="kept"))
        notes = [_note_of(each) for each in gone]
    if found.handles:
        some = some_of([*map(repr, found.handles)], 3)
        notes.append(f"functions are given the handle of {some}: TensorFlow 2 may have no gradient through it")
    report = FunctionalizeReport(found.raised, found.lists, notes)
    if not (found.raised or found.lists):
        report.notes.append(f"none of {before:,} nodes is of a loop, branch or TensorArray of version 1")
    return report


def _note_of(gone: Gone) -> str:
    """Say what went with a node inside of a loop or branch; a signature is a PassError."""
    if gone.where == "signature":
        raise declined(f"signature {gone.name!r} names what is inside of a loop or branch", hint=PRUNE)
    return f"{gone.where} no longer has {gone.name!r}, which is inside of a function now"
