"""Keep some tensors of a checkpoint, and drop the others.

For: taking a backbone out of a larger model, or a checkpoint without the variables of one's own head; what is whole of
a checkpoint with damaged or missing data files.

Leaves behind: the tensors that are kept, untouched. The object graph of a TensorFlow 2 checkpoint is left without
the objects whose values went, as TensorFlow writes that of a part: restoring notices what is missing. One that is
itself lost, as it is in most truncated files, cannot be kept: the tensors are there by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import asks_for
from graphsurgeon.errors import PassError
from graphsurgeon.names import Names
from graphsurgeon.tensors.faults import faults_in, find_fault
from graphsurgeon.tensors.selection import selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY


@asks_for("keep", "drop", "readable", hint="give `keep` or `drop`, names or patterns of names, or `readable=True`")
@checkpoint_edit
def select(
    tensors: MutableMapping[str, Tensor],
    *,
    keep: Names = (),
    drop: Names = (),
    readable: bool = False,
) -> Remarks:
    """Keep some tensors of a checkpoint, and drop the others.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; no value is read, but with `readable`.
    keep : str or sequence of str
        Patterns of what to keep: names, or regular expressions that match the whole name. Everything by default.
    drop : str or sequence of str
        Patterns of what to drop of that.
    readable : bool
        Drop what cannot be read: lost with a data file that is truncated or missing, or of another checksum. Reads
        every value that is kept once.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        Nothing is asked for, or nothing would be left.
    """
    kept = set(selected((name for name in tensors if name != OBJECT_GRAPH_KEY), keep, drop))
    reasons = _unreadable(tensors, kept) if readable else {}
    kept -= reasons.keys()
    if not kept:
        hint = "none of them can be read" if reasons else "check `keep` and `drop` against what ls prints"
        raise PassError("select", "no tensor would be left", hint=hint)
    notes = []
    objects = tensors.get(OBJECT_GRAPH_KEY)
    lost = None if objects is None else find_fault(objects) if readable else objects.fault
    if lost is not None:
        reasons[OBJECT_GRAPH_KEY] = lost.message
        notes.append(
            "the object graph is lost: tf.train.Checkpoint finds no values here, the tensors are there by name"
        )
    for name in list(tensors):
        if name not in kept and (name != OBJECT_GRAPH_KEY or lost is not None):
            del tensors[name]
    return Remarks(reasons=reasons, notes=notes)


def _unreadable(tensors: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, str]:
    """Return why some of the tensors cannot be read, by name."""
    faults = faults_in({name: tensors[name] for name in names})
    return {name: fault.message for name, fault in faults.items()}
