"""The variables that a graph holds already, for a pass that makes more of them.

They go into the new saver under the keys they have, so that one restore sets all.
"""

from __future__ import annotations

from typing import NamedTuple

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.variables.checkpoint_keys import SavedAs, VariableValues
from graphsurgeon.variables.layout import Variable, existing_variables, new_read
from graphsurgeon.variables.saver import SavedVariable


class HeldVariable(NamedTuple):
    """A variable, and where the checkpoint has its value; None when it has not."""

    variable: Variable
    place: SavedAs | None

    @property
    def saved(self) -> list[SavedVariable]:
        """How the saver is to save it; empty when its value is not known."""
        return [] if self.place is None else [SavedVariable(self.place.key, self.variable, self.place.slice)]


def held_variables(model: Model, index: Index) -> list[HeldVariable]:
    """Return the variables of a model's graph, in its order."""
    found = list(existing_variables(model.graph, index))
    if not found:
        return []
    values = VariableValues(model, index)
    return [HeldVariable(variable, values.place(index.producers[variable.node])) for variable in found]


def with_read(held: HeldVariable, model: Model, taken: set[str]) -> HeldVariable:
    """Give a variable that is to be saved a read, if the graph has none; the new node's name is then `taken` too."""
    variable = held.variable
    if variable.snapshot or held.place is None:
        return held
    read = new_read(variable.node, variable.kind, variable.dtype, taken, device=variable.device)
    model.graph.append(read)
    return held._replace(variable=variable._replace(snapshot=f"{read.name}:0"))
