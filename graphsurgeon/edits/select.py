"""Keep some tensors of a checkpoint, and drop the others.

For: taking a backbone out of a larger model, or a checkpoint without the variables of one's own head.

Leaves behind: the tensors that are kept, untouched. The object graph of a TensorFlow 2 checkpoint is left without
the objects whose values went, as TensorFlow writes that of a part: restoring notices what is missing.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import asks_for
from graphsurgeon.errors import PassError
from graphsurgeon.tensors.selection import selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY


@asks_for("keep", "drop", hint="give `keep` or `drop`, names or patterns of names")
@checkpoint_edit
def select(tensors: MutableMapping[str, Tensor], *, keep: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> Remarks:
    """Keep some tensors of a checkpoint, and drop the others.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; no value is read.
    keep : tuple of str
        Patterns of what to keep: names, or regular expressions that match the whole name. Everything by default.
    drop : tuple of str
        Patterns of what to drop of that.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        Nothing is asked for, or nothing would be left.
    """
    kept = set(selected((name for name in tensors if name != OBJECT_GRAPH_KEY), keep, drop))
    if not kept:
        raise PassError("select", "no tensor would be left", hint="check `keep` and `drop` against what ls prints")
    for name in list(tensors):
        if name not in kept and name != OBJECT_GRAPH_KEY:
            del tensors[name]
    return Remarks()
