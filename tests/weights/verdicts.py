"""What the judgement which constants are weights says of a graph, as tests ask for it."""

from __future__ import annotations

from typing import Any

from graphsurgeon.ir.library import Function
from graphsurgeon.weights import WeightPlan, find_weights
from tests.notation import model


def plan(text: str, *functions: Function, **options: Any) -> WeightPlan:
    """What `find_weights` says of it."""
    return find_weights(model(text, *functions), **options)


def taken(text: str, *functions: Function, **options: Any) -> dict[str, str]:
    """Role by name of the weights."""
    return {weight.node.name: weight.role for weight in plan(text, *functions, **options).weights}


def untrained(text: str, *functions: Function) -> set[str]:
    """Names of the weights that are not trainable."""
    return {weight.node.name for weight in plan(text, *functions).weights if not weight.trainable}


def reasons(text: str, *functions: Function, **options: Any) -> dict[str, str]:
    """Reason by name of the constants kept."""
    return {kept.node.name: kept.reason for kept in plan(text, *functions, **options).kept}
