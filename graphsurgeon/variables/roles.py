"""The roles of variables: what ops make of their values, in the graph and in function bodies that get their handles.

They are looked at as if their values were constants (`weights`). A body has a handle from those who call it, and of a
SavedModel of TensorFlow 2 also from the objects (`captured`).
"""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node_facts import variable_dtype, variable_shape
from graphsurgeon.ir.op_families import REF_OPS
from graphsurgeon.variables.captured import captured_by_functions
from graphsurgeon.weights.evidence import gather
from graphsurgeon.weights.roles import strongest
from graphsurgeon.weights.scope import Constant, constants_of


def variable_roles(model: Model, index: Index, variables: Iterable[str]) -> dict[str, str]:
    """Return the roles that ops give to variables which a graph holds, by name; those of no such role are left out."""
    held: list[Constant] = []
    for name in variables:
        node = index.producers[name]
        dtype, shape = variable_dtype(node), variable_shape(node)
        dims = None if shape is None or shape.dims is None else [dim for dim in shape.dims if dim is not None]
        if dtype is not None and dims is not None and shape == Shape(dims):
            held.append(Constant(name, dtype, tuple(dims), None, is_handle=node.op not in REF_OPS))
    if not held:
        return {}
    found = gather(model, index, [*constants_of(model.graph), *held], captured_by_functions(model, index))
    roles = {each.name: strongest(found[each.name].sure) or strongest(found[each.name].likely) for each in held}
    return {name: role for name, role in roles.items() if role is not None}
