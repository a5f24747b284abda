"""NoOps that stand for several ops, laid out as `control_flow_ops.group` does; ``init`` is one.

An op runs where its variable is. Where there are several such devices, each has a NoOp of
its own, which the group waits for::

    init = NoOp(^v/Assign, ^w/Assign)

    init/NoOp = NoOp(^v/Assign)          init/NoOp_1 = NoOp(^w/Assign) on /device:CPU:0
    init = NoOp(^init/NoOp, ^init/NoOp_1)

``init`` is what `tf.global_variables_initializer` makes, and `tf.local_variables_initializer`
another. Without it every initializer is a node that nothing waits for, which readers of
graphs other than TensorFlow take for an output. TensorFlow itself puts it into no
collection: what trains goes by ``init_op`` there instead of setting up the variables that
a program adds.

Source: control_flow_ops.py of TensorFlow 1.15 and 2.21, as seen in the graphs it exports.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import NAME, Node
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import free_scope, node_of
from graphsurgeon.variables.layout import Variable

# Collections of variables that have initializers of their own.
_NOT_GLOBAL = ("local_variables", "metric_variables")


def new_group(name: str, members: Iterable[tuple[str, str]]) -> list[Node]:
    """Make the NoOps that run ops, each given with its device; the one of that name comes last."""
    by_device: dict[str, list[str]] = {}
    for member, device in members:
        by_device.setdefault(device, []).append(f"^{member}")
    # TensorFlow writes control inputs in the order of their names.
    groups = [(device, sorted(names)) for device, names in sorted(by_device.items())]
    if len(groups) == 1:
        device, names = groups[0]
        return [Node.new(name, "NoOp", names, device=device)]
    parts = [
        Node.new(f"{name}/NoOp_{i}" if i else f"{name}/NoOp", "NoOp", names, device=device)
        for i, (device, names) in enumerate(groups)
    ]
    return [*parts, Node.new(name, "NoOp", sorted(f"^{part.name}" for part in parts))]


def install_init_op(model: Model, variables: Iterable[Variable]) -> None:
    """Give a graph the op ``init`` that runs the initializers of variables, and one more for those of local ones.

    Their names are the first that are free, as scopes: ``init``, else ``init_1`` ...; earlier ones stay.
    """
    meta = model.meta
    local = {node_of(each.variable_name) for each in variable_defs(meta, _NOT_GLOBAL)} if meta is not None else set()
    members: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
    for each in variables:
        if each.initializer:
            members[each.node in local].append((each.initializer, each.device))
    for group in filter(None, members.values()):
        model.graph.extend(new_group(free_scope("init", map(NAME, model.graph)), group))
