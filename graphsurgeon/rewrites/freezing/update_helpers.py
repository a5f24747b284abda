"""Which nodes only serve ops that change variables, where no outputs are named.

Any node of a frozen graph may have been an output, a network that only its gradients read
as well. So all nodes stay but the ops that change a variable, and what TensorFlow itself
makes as part of such an op::

    AssignMovingAvg/sub, AssignMovingAvg/mul     in the scope of the op, or colocated
    train/learning_rate                          a constant of one element
    cond/Switch                                  what hands the variable to the op

A weight is no such part, whatever reads it: a variable's constant stays, and one of more elements.
"""

from __future__ import annotations

from graphsurgeon.ir.colocation import colocated_with
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.ir.op_families import PASS_ON_OPS
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.freezing.body_edits import BodyEdits

# Optimizers: who asks for one wants no result.
_TRAINING = ("Apply", "SparseApply", "ResourceApply", "ResourceSparseApply")


def staying(body: BodyEdits) -> list[str]:
    """Return the nodes that must stay whatever reads them, in order.

    An op that changes something counts when nothing reads it or waits for it: then it is there for its result.
    """
    paths = {name: _path(body, text) for name, text in body.users.items()}
    variables = {path[-1] for path in paths.values()}
    handed_on = {name for path in paths.values() for name in path} - variables
    found = []
    for node in body.graph:
        if node.name in body.users:
            stays = _is_asked_for_result(body, node)
        elif node.op == "Const":
            stays = node.name in variables or not _is_single(node)
        else:
            is_part = node.name in handed_on or _is_in_scope(body, node.name)
            stays = not is_part and variables.isdisjoint(colocated_with(node))
        if stays:
            found.append(node.name)
    return found


def _is_asked_for_result(body: BodyEdits, node: Node) -> bool:
    return not (body.before.edges(node.name) or num_outputs(node) == 0 or node.op.startswith(_TRAINING))


def _path(body: BodyEdits, text: str) -> list[str]:
    """Return the nodes that hand a variable on, from the tensor that an op takes back to the variable."""
    name = node_of_input(text)
    path = {name: None}
    while (node := body.before.producers.get(name)) is not None and _passes_on(node):
        name = node_of_input(node.data_inputs[0])
        if name in path:
            break
        path[name] = None
    return list(path)


def _passes_on(node: Node) -> bool:
    return node.op.removeprefix("Ref") in PASS_ON_OPS and bool(node.data_inputs)


def _is_in_scope(body: BodyEdits, name: str) -> bool:
    """Whether a node is in the scope of an op that changes a variable."""
    scope = name
    while scope := scope.rpartition("/")[0]:
        if scope in body.users:
            return True
    return False


def _is_single(node: Node) -> bool:
    value = constant_value(node)
    return value is not None and value.size == 1
