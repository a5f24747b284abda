"""Round weights to few values each, so that files of them compress better.

For: models that are sent compressed: of 256 values each weight has, an archive is about a quarter.

Prerequisites: a frozen graph, a graph with a checkpoint, or a checkpoint alone.

Leaves behind: constants of floating-point numbers with at most `num_steps` values each, or the values of variables that
are trained. Least and greatest stay, and so does 0; between them values lie at equal distances, on either side of 0.
Values are read once for their range, and once when they are saved. The report has for each tensor how far a value is
from what it was at most.

What else it meets: TensorFlow's Graph Transform Tool leaves one value more than it is told, moves weights that are all
the same, and makes 0 another number: here weights of one value stay as they are. NaN and infinities are refused. What
is not trained, as the statistics of batch norms, stays unless it is selected, and so does what optimizers keep.
Constants of function bodies are treated alike. Graph, saver, collections and signatures stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import Names, node_of
from graphsurgeon.passes._contract import model_pass, takes_tensors
from graphsurgeon.rewrites.quantizing.chosen_constants import chosen_constants
from graphsurgeon.rewrites.training.prunable import Prunable, prunable
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.selection import selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import variable_nodes
from graphsurgeon.variables.optimizer_state import optimizer_state
from graphsurgeon.weights.roles import is_trainable
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple

_NAME: Final = "round_weights"
#: What is not trained, by its name, where no graph tells.
_UNTRAINED: Final = r"(.*[/_])?(moving_\w+|ExponentialMovingAverage|global_step|masks?)(/\.ATTRIBUTES/VARIABLE_VALUE)?"
#: More values than these are no few ones.
_MAX_STEPS: Final = 1 << 20


class _Target(NamedTuple):
    """A tensor that may be rounded, what puts another in its place, and why it stays unless it is selected."""

    name: str
    value: Tensor
    put: Callable[[Tensor], None]
    against: str = ""


@dataclass(frozen=True)
class RoundedWeightRow:
    """A tensor that was rounded; constants of function bodies as FUNCTION/node.

    Attributes
    ----------
    tensor : str
    shape : list of int
    low, high : float
        The least and the greatest value, which stay.
    error : float
        How far a value is from what it was, at most.
    relative : float
        The same, of the greatest absolute value.
    """

    tensor: str
    shape: list[int]
    low: float
    high: float
    error: float
    relative: float


@dataclass(frozen=True)
class UnroundedRow:
    """A tensor that is large enough and stays, and why."""

    tensor: str
    reason: str


@dataclass(frozen=True)
class RoundWeightsReport(Displayed):
    """What `round_weights` did.

    Attributes
    ----------
    rounded : list of RoundedWeightRow
    kept : list of UnroundedRow
    num_steps : int
        So many values each has at most.
    notes : list of str
    """

    rounded: list[RoundedWeightRow]
    kept: list[UnroundedRow]
    num_steps: int
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self), **{name: [vars(row) for row in getattr(self, name)] for name in ("rounded", "kept")}}


@takes_tensors
@model_pass(needs_graph=False, revalues=True)
def round_weights(
    model: Model, *, num_steps: int = 256, minimum_size: int = 16, select: Names = (), exclude: Names = ()
) -> RoundWeightsReport:
    """Round weights to few values each, so that files of them compress better.

    Parameters
    ----------
    model : Model, or mutable mapping of str to Tensor
        Edited in place; values are read for their range, and once more when they are saved.
    num_steps : int
        So many values each tensor has at most.
    minimum_size : int
        A tensor of fewer elements stays.
    select : str or sequence of str
        Names or patterns of what to round; constants, or variables that are trained, by default.
    exclude : str or sequence of str
        Names or patterns of what stays.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A weight is NaN or infinite, or there are fewer than 2 or more than 1,048,576 steps.
    """
    if not 2 <= num_steps <= _MAX_STEPS:
        reason = f"{num_steps} is no number of steps from 2 to {_MAX_STEPS:,}"
        raise PassError(_NAME, reason, is_usage=True)
    found = {each.name: each for each in _targets(model, max(minimum_size, 2))}
    report = RoundWeightsReport([], [], num_steps)
    rounded = []
    chosen = [found[name] for name in selected(found, select, exclude)]
    expect_reading(each.value for each in chosen if not each.against or select)
    for each in chosen:
        if each.against and not select:
            report.kept.append(UnroundedRow(each.name, each.against))
            continue
        try:
            row, tensor = _rounded(each, num_steps)
        except UnsupportedError as error:
            report.kept.append(UnroundedRow(each.name, error.reason))
            continue
        report.rounded.append(row)
        rounded.append((each, tensor))
    for each, tensor in rounded:
        each.put(tensor)
    return report


def _rounded(each: _Target, num_steps: int) -> tuple[RoundedWeightRow, Tensor]:
    """Return a tensor rounded; an UnsupportedError says why it stays."""
    import numpy as np

    from graphsurgeon.tensors.rounded import RoundedTensor
    from graphsurgeon.tensors.value_range import value_range

    found = value_range(each.value)
    if not found.is_finite:
        what = "NaN" if np.isnan(found.low) else "infinite"
        hint = f"`exclude={each.name!r}` leaves it as it is"
        raise PassError(_NAME, f"a value of the weight is {what}", node=each.name, hint=hint)
    low, high = float(found.low), float(found.high)
    if low == high:
        raise UnsupportedError("has one value only")
    tensor = RoundedTensor(each.value, low, high, num_steps)
    error = tensor.largest_error
    row = RoundedWeightRow(each.name, list(each.value.shape), low, high, error, error / max(-low, high))
    return row, tensor


def _targets(model: Model, minimum_size: int) -> Iterator[_Target]:
    """Yield what may be rounded: constants of a frozen graph; variables, and constants that are weights beside them."""
    if len(model.graph) and not model.variables and next(variable_nodes(model.graph), None) is None:
        for constant in chosen_constants(model, minimum_size):
            yield _Target(constant.name, constant.value, partial(_put_constant, constant.node))
        return
    trained = _trained(model)
    slots = {} if len(model.graph) else optimizer_state(model.variables).reasons
    for each in prunable(model):
        if each.tensor.size < minimum_size:
            continue
        if each.is_key:
            against = _against(each, trained, has_graph=bool(len(model.graph))) or str(slots.get(each.name, ""))
            yield _Target(each.name, each.tensor, partial(model.variables.__setitem__, each.name), against)
        elif each.node is not None:
            yield _Target(each.name, each.tensor, partial(_put_constant, each.node), each.against or "")


def _put_constant(node: Node, value: Tensor) -> None:
    node.attrs["value"] = value


def _trained(model: Model) -> set[str] | None:
    """Return the variables that are trained as collections list them; None where there are no such collections."""
    if model.meta is None or not any(variable_defs(model.meta)):
        return None
    return {node_of(each.variable_name) for each in variable_defs(model.meta, ("trainable_variables",))}


def _against(each: Prunable, trained: set[str] | None, *, has_graph: bool) -> str:
    """Return why the value of a variable stays, empty if it does not."""
    if each.node is None:
        if has_graph:
            return "is no variable of the graph"
        return "is not trained, by its name" if re.fullmatch(_UNTRAINED, each.name) else ""
    if trained is not None:
        return "" if each.node.name in trained else "is not trained"
    is_weight = each.role is not None and is_trainable(each.role, each.tensor.dtype)
    return "" if is_weight else "is not trained, as far as the graph tells"
