"""The variables that a graph holds already, for a pass that makes more of them.

Those that the checkpoint has go into the new saver under the keys they have, so that one restore sets all. Collections
that say nothing of a variable yet get it, where TensorFlow would have put it:

=================================================  ======================================
a variable                                         collections
=================================================  ======================================
that serves as a weight, and nothing else changes  ``variables``, ``trainable_variables``
that is saved                                      ``variables``
that is not: the state of a recurrent net, say     ``local_variables``
=================================================  ======================================

Freezing leaves out initializers that no output needs. Then an op that assigns a variable what no one has to feed, such
as one that resets a state, counts as its initializer; a variable that is saved gets zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_shape
from graphsurgeon.ir.op_families import ASSIGN_OPS, PLACEHOLDER_OPS, REF_OPS, RESOURCE_OPS, RESTORE_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.names import node_of_input, parse_input
from graphsurgeon.variables.layout import Variable, existing_variables, new_initializer, new_read
from graphsurgeon.variables.roles import variable_roles
from graphsurgeon.variables.saver import SavedVariable
from graphsurgeon.weights.roles import is_trainable
from proto_utils.named_tuple import NamedTuple

#: What an initial value does not depend on: what is fed or restored, other variables, whether a branch is taken.
_NOT_INITIAL = (
    PLACEHOLDER_OPS
    | RESTORE_OPS
    | REF_OPS
    | RESOURCE_OPS
    | {"PlaceholderWithDefault", "Switch", "_SwitchN", "Enter", "RefEnter"}
)

if TYPE_CHECKING:
    from graphsurgeon.variables.checkpoint_keys import SavedAs, VariableValues


class HeldVariable(NamedTuple):
    """A variable, where the checkpoint has its value (None when it has not), and whether an optimizer trains it."""

    variable: Variable
    place: SavedAs | None
    is_trained: bool = False

    @property
    def saved(self) -> list[SavedVariable]:
        """How the saver is to save it; empty when its value is not known."""
        return [] if self.place is None else [SavedVariable(self.place.key, self.variable, self.place.slice)]

    def remark(self, *, is_listed: bool) -> str | None:
        """Return what there is to say when its value is not known; `is_listed` when a collection had it before."""
        if self.place is not None:
            return None
        name, initializer = self.variable.node, self.variable.initializer
        text = f"the value of variable {name!r}, which the graph had, is not known: it is not saved"
        if is_listed:
            return text
        if not initializer:
            return f"{text}, and nothing initializes it"
        scope = "global" if "variables" in self.collections else "local"
        return f"{text}; tf.{scope}_variables_initializer runs {initializer!r}"

    @property
    def collections(self) -> list[str]:
        """The collections of variables that it belongs to, when none has it."""
        if self.is_trained:
            return ["variables", "trainable_variables"]
        return ["local_variables" if self.place is None else "variables"]


def held_variables(model: Model, index: Index) -> list[HeldVariable]:
    """Return the variables of a model's graph, in its order."""
    found = list(existing_variables(model.graph, index))
    if not found:
        return []
    from graphsurgeon.variables.checkpoint_keys import VariableValues

    values, roles = VariableValues(model, index), variable_roles(model, index, [each.node for each in found])
    return [_held(each, values, roles.get(each.node), index) for each in found]


def _held(variable: Variable, values: VariableValues, role: str | None, index: Index) -> HeldVariable:
    node = index.producers[variable.node]
    updates = assignments(node, index)
    if not variable.initializer:
        first = next((one for one in updates if is_initial(one, index)), None)
        variable = variable if first is None else _initialized_by(variable, first)
    is_state = any(one.name != variable.initializer and not restores(one, index) for one in updates)
    is_trained = role is not None and not is_state and is_trainable(role, variable.dtype)
    return HeldVariable(variable, values.place(node), is_trained)


def completed(held: HeldVariable, model: Model, taken: set[str]) -> HeldVariable:
    """Give a variable that is to be saved, or set, the read and the initializer it lacks; new names are `taken`."""
    variable = held.variable
    if held.place is None and not variable.initializer:
        return held
    name, kind, dtype = variable.node, variable.kind, variable.dtype
    if not variable.snapshot:
        read = new_read(name, kind, dtype, taken, device=variable.device)
        model.graph.append(read)
        variable = variable._replace(snapshot=f"{read.name}:0")
    shape = variable_shape(model.graph[name])
    dims = [] if shape is None or shape.dims is None else [dim for dim in shape.dims if dim is not None]
    if not variable.initializer and shape == Shape(dims):
        made = new_initializer(name, dtype, tuple(dims), kind, taken, device=variable.device)
        model.graph.extend(made)
        zeros, assign = made[-2:]
        variable = variable._replace(initializer=assign.name, initial_value=f"{zeros.name}:0")
    return held._replace(variable=variable)


def assignments(variable: Node, index: Index) -> list[Node]:
    """Return the ops that give a variable another value: ``Assign``, ``AssignAdd``, ``AssignVariableOp`` ..."""
    readers = index.consumers(variable.name)
    return [node for node, at in readers if at == 0 and node.op.startswith("Assign") and len(node.inputs) > 1]


def is_initial(assignment: Node, index: Index) -> bool:
    """Whether an op may run at any time, before all others: it assigns what does not depend on anything else."""
    needed = ancestors(index.producers, map(node_of_input, assignment.inputs[1:]))
    return assignment.op in ASSIGN_OPS and not any(index.producers[name].op in _NOT_INITIAL for name in needed)


def _initialized_by(variable: Variable, assignment: Node) -> Variable:
    value = str(parse_input(assignment.inputs[1]))
    return variable._replace(initializer=assignment.name, initial_value=value if ":" in value else f"{value}:0")


def restores(assignment: Node, index: Index) -> bool:
    """Whether an op assigns what comes out of a checkpoint."""
    source = index.producer(assignment.inputs[1])
    while source is not None and source.op == "Identity":
        source = index.producer(source.inputs[0])
    return source is not None and source.op in RESTORE_OPS
