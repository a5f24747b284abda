"""Bitwise comparison of a frozen graph's constants with the values of the variables they were."""

from __future__ import annotations

from graphsurgeon.errors import NotFoundError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.compare import first_difference, is_same_kind
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues
from proto_utils import meter
from proto_utils.errors import CorruptionError, UnsupportedError


class Values:
    """The values of a model's variables."""

    def __init__(self, model: Model) -> None:
        self._values = VariableValues(model, Index(model.graph))
        self.is_empty = not model.variables

    def problem_of_constant(self, node: Node, variable: Node) -> tuple[str, str] | None:
        """Compare a Const with a variable's value, bit for bit, as both stream, up to the first difference.

        Return a rule and a message, None when they are the same.
        """
        try:
            return self._problem(node.tensor, variable)
        except (NotFoundError, CorruptionError, UnsupportedError) as error:
            return "value", f"has no sound value: {error.message}"

    def problem_of_variable(self, own: Values, node: Node, variable: Node) -> tuple[str, str] | None:
        """Compare the values of two models' variables; returns as `problem_of_constant`."""
        try:
            return self._problem(own._values[node][1], variable)
        except NotFoundError as error:
            return "missing-variable", _missing(error)

    def _problem(self, value: Tensor, variable: Node) -> tuple[str, str] | None:
        try:
            key, stored = self._values[variable]
        except NotFoundError as error:
            return "missing-variable", _missing(error)
        if not is_same_kind(value, stored):
            return "value", f"is {_kind(value)}, {key!r} in the checkpoint is {_kind(stored)}"
        meter.at(variable.name)
        try:
            place = first_difference(value, stored)
        except (CorruptionError, NotFoundError, UnsupportedError) as error:
            return "value", f"cannot be compared with {key!r} in the checkpoint: {error.message}"
        if place is None:
            return None
        where = f", first at {place}" if place else ""
        return "value", f"has another value than {key!r} in the checkpoint{where}"


def scalar(node: Node) -> object:
    """Return the value of a Const that is one number or flag; None for any other node."""
    if node.op != "Const":
        return None
    try:
        tensor = node.tensor
        return tensor.numpy().item() if tensor.shape == () and tensor.dtype.itemsize else None
    except (NotFoundError, CorruptionError, UnsupportedError):
        return None


def _missing(error: NotFoundError) -> str:
    near = f"; near: {', '.join(map(repr, error.near))}" if error.near else ""
    return f"{error.message}{near}"


def _kind(tensor: Tensor) -> str:
    return f"{tensor.dtype.name} {list(tensor.shape)}"
