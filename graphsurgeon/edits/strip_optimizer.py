"""Drop the state of optimizers.

For: a checkpoint that is only to be served or fine-tuned: Adam makes it three times as large.

Leaves behind: every other tensor, untouched; also step counters. From the object graph of a TensorFlow 2 checkpoint the
slots are gone too, and objects that held nothing else. The report says of each tensor why it was dropped, and of those
that look like a slot why they were not. Data files are linked whole: ``compact``, or ``links="never"``, lets go of the
bytes.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import is_named, targets
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import split_names
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.optimizer_state import optimizer_state


@checkpoint_edit
def strip_optimizer(
    tensors: MutableMapping[str, Tensor],
    *,
    keep: tuple[str, ...] = (),
    drop: tuple[str, ...] = (),
    slot_name: tuple[str, ...] = (),
    model: Model | None = None,
) -> Remarks:
    """Drop the state of optimizers: slots such as Adam's and momentum's, and their counters.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; of the values only an object graph is read.
    keep : tuple of str
        Patterns of what to keep: names, or regular expressions that match the whole name.
    drop : tuple of str
        Patterns of what to drop too.
    slot_name : tuple of str
        The name of another optimizer, MyAdam where slots are called w/MyAdam and w/MyAdam_1.
    model : Model
        The graph that trains these variables.

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
    for name in reasons:
        del tensors[name]
    skipped = [
        Skipped(name, reason) for name, reason in found.doubtful.items() if name in tensors and not is_named(name, keep)
    ]
    return Remarks(skipped, reasons, [f"{nbytes:,} bytes of values are not needed any more"])
