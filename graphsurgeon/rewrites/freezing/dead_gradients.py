"""Attrs that name a gradient function which exists no more.

A custom gradient (``tf.custom_gradient``, a call of a TensorFlow 2 function) is registered
under a name with a number in the process that builds the graph. The name goes into the attr
``_gradient_op_type`` and outlives the process, for instance in a frozen graph. TensorFlow
then refuses to differentiate the node; without the attr it differentiates the op itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node_messages import with_attr

_ATTR = "_gradient_op_type"
_DEAD = rb"(CustomGradient|(Stateful)?PartitionedCall)-\d+"


def drop_dead_gradients(model: Model) -> dict[str, str]:
    """Drop these attrs from the graph and all function bodies.

    Returns the dropped names by node, ``function/node`` in a function body, in order. Costs one look at each node.
    """
    dropped: dict[str, str] = {}
    for function, graph in model.graphs():
        edit = GraphEdit(graph)
        for node, attr in with_attr(graph, _ATTR):
            if re.fullmatch(_DEAD, attr.s):
                where = node.name if function is None else f"{function}/{node.name}"
                dropped[where] = attr.s.decode()
                del edit.edit(node).attrs[_ATTR]
        edit.apply()
    return dropped


def gradient_notes(dropped: Mapping[str, str]) -> list[str]:
    """Return what there is to say of the attrs that `drop_dead_gradients` dropped."""
    return [
        f"dropped the attr _gradient_op_type ({value}) of {where!r}: that gradient function is gone, "
        "so TensorFlow differentiates the op itself"
        for where, value in dropped.items()
    ]
