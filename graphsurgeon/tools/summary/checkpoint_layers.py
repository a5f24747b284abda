"""The summary of a checkpoint that no graph is beside: the scopes of its tensors, and what they hold."""

from __future__ import annotations

import math

from graphsurgeon.display import count
from graphsurgeon.formats.checkpoint import AnyCheckpoint
from graphsurgeon.names import scope_of
from graphsurgeon.tools.summary.layers import LayerTree
from graphsurgeon.tools.summary.parameters import Parameter
from graphsurgeon.tools.summary.report import Summary
from graphsurgeon.tools.summary.rows import rows_of
from graphsurgeon.variables.object_graph import ATTRIBUTES, OBJECT_GRAPH_KEY
from graphsurgeon.variables.optimizer_state import optimizer_state


def checkpoint_summary(checkpoint: AnyCheckpoint, depth: int | None) -> Summary:
    """Return the scopes of a checkpoint's tensors; reads no value but that of the object graph."""
    slots = optimizer_state(checkpoint).reasons
    tree = LayerTree()
    total = nbytes = left_out = 0
    for key, entry in checkpoint.entries.items():
        if key == OBJECT_GRAPH_KEY:
            continue
        if key in slots:
            left_out += 1
            continue
        name, size = key.partition(ATTRIBUTES)[0], math.prod(entry.shape)
        held = size * entry.dtype.itemsize
        tree.layer(scope_of(name) or name).parameters.append(Parameter(name, size, held, False))
        total, nbytes = total + size, nbytes + held
    notes = ["no graph is beside the checkpoint: ops, shapes, multiply-adds and what is trained are not known"]
    if left_out:
        notes.append(f"{count(left_out, 'tensor')} that an optimizer keeps for itself are left out")
    rows = list(rows_of(tree.compact(), depth, has_graph=False))
    return Summary([], [], rows, total, None, nbytes, None, False, notes)
