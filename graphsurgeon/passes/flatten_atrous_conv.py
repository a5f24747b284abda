"""Make one convolution with `dilations` of a plain one between SpaceToBatchND and BatchToSpaceND.

For: graphs from before TensorFlow 1.6, or of functions that go on writing dilated convolutions so; converters and
other frameworks know the one op.

Prerequisites: blocks, paddings and crops are constants. Where they are computed of the shape of the input,
`set-shape` and `fold-constants` come first.

Leaves behind: a Conv2D of the name of the BatchToSpaceND, with the same weights, which keep their names; with padding
VALID or SAME, as paddings and crops say. What pads otherwise stays, and so does DepthwiseConv2dNative, whose kernel in
TensorFlow 1 takes no notice of dilations; the report says why. On CPUs TensorFlow 1 has no gradient of a Conv2D with
dilations.

What else it meets: function bodies are treated alike. Frames, control inputs, devices, colocation, variables, saver,
collections and signatures stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.folding.atrous_convs import LAST_OP, AtrousConvolutions
from graphsurgeon.rewrites.folding.known_tensors import KnownTensors
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.pruning.unneeded import remove_unneeded
from graphsurgeon.rewrites.simplifying.colocated import regroup
from graphsurgeon.rewrites.simplifying.protected import Protected
from graphsurgeon.tensors.tensor import Tensor


@dataclass(frozen=True)
class FlattenedConvRow:
    """A convolution that was made, with its dilations along all axes and its padding; of bodies as FUNCTION/node."""

    node: str
    dilations: list[int]
    padding: str


@dataclass(frozen=True)
class NotFlattenedRow:
    """The last node of one that stays, and why."""

    node: str
    op: str
    reason: str


@dataclass(frozen=True)
class FlattenAtrousConvReport(Displayed):
    """What `flatten_atrous_conv` did.

    Attributes
    ----------
    flattened : list of FlattenedConvRow
        The convolutions that were made.
    kept : list of NotFlattenedRow
        Those that stay as they are written.
    removed : list of str
        Nodes that nobody needs any more.
    notes : list of str
    """

    flattened: list[FlattenedConvRow]
    kept: list[NotFlattenedRow]
    removed: list[str]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        tables = ("flattened", "kept")
        return {**vars(self), **{name: [vars(row) for row in getattr(self, name)] for name in tables}}


@model_pass()
def flatten_atrous_conv(model: Model, *, outputs: Names = (), inputs: Names = ()) -> FlattenAtrousConvReport:
    """Make one convolution with dilations of a plain one between SpaceToBatchND and BatchToSpaceND.

    Parameters
    ----------
    model : Model
        Edited in place; no value of a weight is read.
    outputs : str or sequence of str
        Nodes that stay, by name or as a signature calls them; without any, nodes that nobody reads stay.
    inputs : str or sequence of str
        Nodes that are fed, and stay.

    Raises
    ------
    NotFoundError
        An output or input means no node.
    """
    protected = Protected(model, outputs, inputs, "flatten_atrous_conv")
    report = FlattenAtrousConvReport([], [], [])
    for function, graph in model.graphs():
        if not graph.nodes_of({LAST_OP}):
            continue
        scope, edit = "" if function is None else f"{function}/", GraphEdit(graph)
        kept = protected.of(function)
        convolutions = AtrousConvolutions(edit, KnownTensors(edit.index, _evaluated, None), kept)
        convolutions.run()
        removed = [*convolutions.gone, *remove_unneeded(edit, convolutions.touched, kept)]
        regroup(edit, set(removed))
        edit.apply()
        report.flattened.extend(
            FlattenedConvRow(scope + name, node.attrs["dilations"], node.attrs["padding"].decode())
            for name, node in convolutions.flattened.items()
        )
        report.kept.extend(NotFlattenedRow(scope + name, LAST_OP, reason) for name, reason in convolutions.kept.items())
        report.removed.extend(scope + name for name in removed)
    if model.meta is not None and report.flattened:
        update_meta_graph(model, Removal({node.name for node in model.graph}, saver="kept"))
    return report


def _evaluated(node: Node, operands: Sequence[Tensor]) -> Sequence[Tensor]:
    # Imported here: graphs in which there is nothing to flatten need no numpy.
    from graphsurgeon.evaluator import evaluate

    return evaluate(node, operands, operation="flatten_atrous_conv")
