"""Take out what pruning added: masks go into the weights that they are of.

For: pruned models that are to be served, converted, or fine-tuned without the library that pruned them.

Prerequisites: the masks of tf.contrib.model_pruning, in a frozen graph, a graph with its checkpoint, or a checkpoint
alone; of a checkpoint also those of tensorflow-model-optimization, whose weights are masked already.

Leaves behind: weights under their names, times their masks, which is exact: TensorFlow computes bit for bit what it
did. The product of weight and mask is an Identity of its name. Masks, thresholds and the step of the last update go,
with what updates and reports them, from graph, checkpoint, saver and collections. Values are multiplied when they are
saved.

What else it meets: a mask whose values are not zeros and ones, one that others read too, and one of a weight that
others read without it, stay, each with its reason; with `outputs` only what these need counts as a reader. Gradients of
a graph that trains go on without masks, so that all of a weight is trained, which the report notes. Masks that function
bodies multiply by stay, and the report names them: of a SavedModel of TensorFlow 2, `freeze` makes constants of weights
and masks, of which these can go. Signatures, devices and colocation stay.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, some_of
from graphsurgeon.passes._contract import model_pass, takes_tensors
from graphsurgeon.rewrites.training.masked import is_of_pruning, keys_of_tfmot, paired_keys
from graphsurgeon.rewrites.training.without_masks import WithoutMasks
from graphsurgeon.tensors.elementwise import CombinedTensor
from graphsurgeon.tensors.pruned import is_mask
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_graph_keys import update_object_graph


@dataclass(frozen=True)
class StrippedMaskRow:
    """A mask that went into its weight: by key, or by name where they are constants."""

    weight: str
    mask: str


@dataclass(frozen=True)
class KeptMaskRow:
    """A mask that stays, and why."""

    mask: str
    reason: str


@dataclass(frozen=True)
class StripMasksReport(Displayed):
    """What `strip_masks` did.

    Attributes
    ----------
    stripped : list of StrippedMaskRow
    kept : list of KeptMaskRow
    values : list of str
        Checkpoint keys that went.
    removed : list of str
        Nodes that went, but for those of a saver that was made anew.
    notes : list of str
    """

    stripped: list[StrippedMaskRow]
    kept: list[KeptMaskRow]
    values: list[str]
    removed: list[str]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        tables = ("stripped", "kept")
        return {**vars(self), **{name: [vars(row) for row in getattr(self, name)] for name in tables}}


@takes_tensors
@model_pass(needs_graph=False)
def strip_masks(model: Model, *, outputs: Names = ()) -> StripMasksReport:
    """Take out what pruning added: masks go into the weights that they are of.

    Parameters
    ----------
    model : Model, or mutable mapping of str to Tensor
        Edited in place; masks are read, weights when they are saved. A checkpoint alone is a model, too.
    outputs : str or sequence of str
        Nodes that have to give what they gave, by name or as a signature calls them; all by default.

    Raises
    ------
    NotFoundError
        An output means no node.
    PassError
        There is no mask, a mask of a checkpoint may be of several weights, or something that stays is computed from a
        mask.
    """
    report = StripMasksReport([], [], [], [])
    if len(model.graph):
        _of_graph(model, outputs, report)
    else:
        _of_checkpoint(model, report)
    if not (report.stripped or report.values):
        listed = [f"{row.mask}: {row.reason}" for row in report.kept]
        reason = "no mask can go: " + some_of(listed, 3, "; ") if listed else "there is no mask of a weight in it"
        hint = None
        if any("function" in row.reason for row in report.kept):
            hint = "`gs.freeze` makes constants of weights and masks, and of these, masks can go"
        raise PassError("strip_masks", reason, hint=hint, listed=listed)
    return report


def _of_graph(model: Model, outputs: Names, report: StripMasksReport) -> None:
    run = WithoutMasks(model, outputs, "strip_masks")
    run.fold()
    report.stripped.extend(StrippedMaskRow(*each) for each in run.stripped)
    report.kept.extend(KeptMaskRow(*each) for each in run.kept.items())
    if run.stripped:
        report.removed.extend(run.take_out())
        report.values.extend(run.lost)
    report.notes.extend(run.notes)


def _of_checkpoint(model: Model, report: StripMasksReport) -> None:
    tensors = model.variables
    others = keys_of_tfmot(tensors)
    pairs = {mask: weights for mask, weights in paired_keys(tensors).items() if weights and mask not in others}
    several = [f"{mask}: {', '.join(weights)}" for mask, weights in pairs.items() if len(weights) > 1]
    if several:
        hint = "load the .meta beside it, which tells"
        raise PassError(
            "strip_masks", f"masks may be of several weights: {some_of(several)}", hint=hint, listed=several
        )
    gone = []
    for mask, weights in pairs.items():
        if not is_mask(tensors[mask]):
            report.kept.append(KeptMaskRow(mask, "its values are not zeros and ones"))
            continue
        gone.append(mask)
        for weight in weights:
            tensors[weight] = CombinedTensor("multiply", tensors[mask], tensors[weight], name=weight)
            report.stripped.append(StrippedMaskRow(weight, mask))
    gone += [*_others(model, gone), *others] if gone else others
    for key in gone:
        del tensors[key]
    if OBJECT_GRAPH_KEY in tensors and gone:
        update_object_graph(tensors, dict.fromkeys(gone))
    report.values.extend(gone)


def _others(model: Model, masks: Collection[str]) -> list[str]:
    tensors = model.variables
    return [key for key in tensors if key not in masks and is_of_pruning(key, masks, tensors[key].shape)]
