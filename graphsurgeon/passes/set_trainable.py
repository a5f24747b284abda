"""Say which variables an optimizer trains.

For: fine-tuning: a body that stays, a head that is trained; or an embedding that is to be trained after all.

Prerequisites: a graph with variables that its collections list, or that a SavedModel of TensorFlow 2 has objects for.
A frozen graph has none: `unfreeze` takes the same options.

Leaves behind: variables, reference and resource alike, that the collection ``trainable_variables`` lists or does not,
with a VariableDef that says the same; and objects of a SavedModel, and lists of them, that do. All else stays: an
optimizer that is in the graph already goes on with the variables that it was made for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import Names, node_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.training.trained import choose_trained, trained_objects


@dataclass(frozen=True)
class TrainableRow:
    """A variable, whether it is trained now, whether it was, and the pattern that says so."""

    variable: str
    trainable: bool
    was: bool
    pattern: str


@dataclass(frozen=True)
class SetTrainableReport(Displayed):
    """What `set_trainable` did.

    Attributes
    ----------
    variables : list of TrainableRow
        Those of which something was said.
    num_trainable : int
        How many variables are trained now.
    notes : list of str
    """

    variables: list[TrainableRow]
    num_trainable: int
    notes: list[str] = field(default_factory=list)


@model_pass()
def set_trainable(model: Model, *, trainable: Names = (), not_trainable: Names = ()) -> SetTrainableReport:
    """Say which variables an optimizer trains.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    trainable : str or sequence of str
        Names or patterns of variables to train; of two patterns that contradict each other, the narrower decides.
    not_trainable : str or sequence of str
        Names or patterns of variables not to train, such as .* beside `trainable` to train those alone.

    Raises
    ------
    NotFoundError
        A pattern means no variable.
    PassError
        Nothing is said, there are no variables, two patterns contradict each other, or a variable has no gradient.
    """
    if not (trainable or not_trainable):
        hint = "give `trainable` or `not_trainable`"
        raise PassError("set_trainable", "nothing is said of any variable", hint=hint, is_usage=True)
    before = _trained(model)
    if not before:
        reason = "no collection lists a variable"
        raise PassError("set_trainable", reason, hint="`gs.unfreeze` takes the same options, for a frozen graph")
    chosen, notes = choose_trained(model, trainable, not_trainable, operation="set_trainable")
    after = _trained(model)
    rows = [TrainableRow(name, after[name], before[name], choice.pattern) for name, choice in chosen.items()]
    return SetTrainableReport(rows, sum(after.values()), notes)


def _trained(model: Model) -> dict[str, bool]:
    """Return the variables that the model lists, and whether they are trained."""
    if model.meta is None:
        return {}
    trained = {node_of(each.variable_name) for each in variable_defs(model.meta, ("trainable_variables",))}
    names = dict.fromkeys(node_of(each.variable_name) for each in variable_defs(model.meta))
    found = {name: name in trained for name in names}
    return {**trained_objects(model.meta), **found}
