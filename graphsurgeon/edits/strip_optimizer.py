"""Drop the state of optimizers.

For: a checkpoint that is only to be served or fine-tuned: Adam makes it three times as large.

Leaves behind: every other tensor, untouched; also step counters. From the object graph of a TensorFlow 2 checkpoint the
slots are gone too, and objects that held nothing else. A graph beside the checkpoint goes along without its optimizer,
and cannot train any more, until another one is added. The report says of each tensor why it was dropped, and of those
that look like a slot why they were not. Data files are linked whole: ``compact``, or ``links="never"``, lets go of the
bytes.
"""

from __future__ import annotations

from collections.abc import Collection, MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import is_named, targets
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, some_of, split_names
from graphsurgeon.rewrites.training.without_optimizer import without_optimizer
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.optimizer_state import optimizer_state


@checkpoint_edit
def strip_optimizer(
    tensors: MutableMapping[str, Tensor],
    *,
    keep: Names = (),
    drop: Names = (),
    slot_name: Names = (),
    model: Model | None = None,
) -> Remarks:
    """Drop the state of optimizers: slots such as Adam's and momentum's, and their counters.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; of the values only an object graph is read.
    keep : str or sequence of str
        Patterns of what to keep: names, or regular expressions that match the whole name.
    drop : str or sequence of str
        Patterns of what to drop too.
    slot_name : str or sequence of str
        The name of another optimizer, MyAdam where slots are called w/MyAdam and w/MyAdam_1.
    model : Model
        The graph that trains these variables. It is edited in step: slots, what sets them up, the ops that apply
        gradients and the entries of the saver go from it. It stays as it was where a result depends on a slot.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        Nothing was found, or nothing would be left.
    """
    found = optimizer_state(tensors, slot_names=split_names(slot_name), model=model)
    reasons = {**dict.fromkeys(targets(tensors, drop) if drop else (), "asked for"), **found.reasons}
    for name in targets(tensors, keep) if keep else ():
        reasons.pop(name, None)
    if not reasons:
        raise PassError(
            "strip-optimizer",
            "there is nothing of an optimizer in it",
            hint="`slot_name` names an optimizer of your own, `drop` takes patterns",
        )
    left = [name for name in targets(tensors) if name not in reasons]
    if not left:
        raise PassError("strip-optimizer", "no tensor would be left")
    nbytes = sum(tensors[name].nbytes for name in reasons)
    notes = [f"{nbytes:,} bytes of values are not needed any more"]
    for name in reasons:
        del tensors[name]
    if model is not None and reasons.keys() <= found.reasons.keys():
        # What was asked for beside it may be anything, and what reads that, too.
        notes += _without(model, reasons.keys())
    skipped = [
        Skipped(name, reason) for name, reason in found.doubtful.items() if name in tensors and not is_named(name, keep)
    ]
    return Remarks(skipped, reasons, notes)


def _without(model: Model, keys: Collection[str]) -> list[str]:
    """Take the optimizer out of a graph, or leave that as it is; return notes."""
    try:
        report = without_optimizer(model, keys, "strip-optimizer")
    except PassError as error:
        return [f"the graph keeps its optimizer: {error.message.removeprefix('strip-optimizer: ')}"]
    if report is None:
        return []
    num_nodes = len(report.removed)
    gone = [f"{each.where} {each.name}".strip() for each in report.references]
    notes = [f"{num_nodes:,} nodes of the optimizer went from the graph, which cannot train any more"]
    return notes + ([f"with them went entries around it: {some_of(list(dict.fromkeys(gone)), 5)}"] if gone else [])
