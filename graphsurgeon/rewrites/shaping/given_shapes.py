"""The shapes that users give for inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.editing.fed_values import find_inputs
from graphsurgeon.rewrites.pruning.new_inputs import parse_shape
from graphsurgeon.rewrites.shaping.dims import Told
from proto_utils.errors import UnsupportedError


def given_shapes(model: Model, given: Sequence[str] | Mapping[str, Any], operation: str) -> dict[str, Told]:
    """Return the shapes by the inputs that ``input=1,224,224,3`` names, or a mapping does.

    What is no input, or no shape, is a PassError, an input that is not there a NotFoundError.
    """
    return {name: _parsed(value, name, operation) for name, (_, value) in find_inputs(model, given, operation).items()}


def _parsed(value: Any, name: str, operation: str) -> Told:
    try:
        return parse_shape(value).dims if isinstance(value, str) else Shape(value).dims
    except (UnsupportedError, TypeError):
        hint = "write shapes as 1,224,224,3 with ? for a size that is left open"
        raise PassError(operation, f"{value!r} is no shape", node=name, hint=hint) from None
