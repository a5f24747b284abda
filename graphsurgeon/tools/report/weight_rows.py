"""The weights of a model: variables, constants that are weights, tensors of a checkpoint; and what their values are.

Role and evidence are those that `unfreeze` goes by. Values are read once, a piece at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node_facts import variable_dtype, variable_shape
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.tensors.shown_statistics import histogram
from graphsurgeon.tensors.statistics import has_statistics, statistics
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.report.texts import named, shortened
from graphsurgeon.tools.summary.parameters import parameters_of
from graphsurgeon.variables.checkpoint_keys import VariableValues, variable_nodes
from graphsurgeon.variables.roles import variable_roles
from graphsurgeon.weights import find_weights
from proto_utils.named_tuple import NamedTuple

_NUM_BINS = 32


class FoundWeight(NamedTuple):
    """A weight before its values are looked at; `node` is the one that holds it, `key` that of the checkpoint.

    `nbytes` is None where values would have to be read for it: those of strings differ in length.
    """

    name: str
    node: str | None
    key: str | None
    dtype: str
    shape: list[int | None]
    nbytes: int | None
    role: str | None
    evidence: list[str]
    trainable: bool | None
    tensor: Tensor | None


def weights_of(model: Model, index: Index, damage: Mapping[str, str]) -> Iterator[FoundWeight]:
    """Yield the weights of a model in the order of its graph, then tensors of the checkpoint that no node holds.

    `damage` is what tensors of the checkpoint have lost, by their keys.
    """
    used: set[str] = set()
    if len(model.graph):
        for each in _of_graph(model, index, damage):
            used.add(each.key or "")
            yield each
    for key, tensor in model.variables.items():
        if key not in used:
            yield _of_checkpoint(key, tensor, damage.get(key))


def _of_checkpoint(key: str, tensor: Tensor, damage: str | None) -> FoundWeight:
    lost = [] if damage is None else [damage]
    shape: list[int | None] = list(tensor.shape)
    read = tensor if damage is None else None
    nbytes = math.prod(tensor.shape) * tensor.dtype.itemsize if tensor.dtype.itemsize else None
    return FoundWeight(key, None, key, tensor.dtype.name, shape, nbytes, None, lost, None, read)


def _of_graph(model: Model, index: Index, damage: Mapping[str, str]) -> Iterator[FoundWeight]:
    weights = find_weights(model, index).weights
    judged = {each.node.name: each for each in weights}
    parameters = parameters_of(model, index, weights)
    variables = {node.name for node in variable_nodes(model.graph)}
    roles = variable_roles(model, index, [name for name in index.producers if name in variables])
    values = VariableValues(model, index)
    for name, node in index.producers.items():
        parameter = parameters.get(name)
        if parameter is None:
            continue
        if node.op not in REF_OPS | RESOURCE_OPS:
            weight = judged[name]
            shape: list[int | None] = list(weight.shape)
            yield FoundWeight(
                weight.variable, name, None, weight.dtype.name, shape, weight.nbytes, weight.role,
                list(weight.evidence), weight.trainable, node.tensor,
            )  # fmt: skip
            continue
        place, dtype = values.place(node), variable_dtype(node)
        tensor = None if place is None else values[node][1]
        key = None if place is None else place.key
        evidence = [f"variable ({node.op})"]
        if place is not None:
            evidence.append(f"saved as {place.key}" + (f", {place.slice}" if place.slice else ""))
            evidence += [damage[place.key]] if place.key in damage else []
        nbytes = parameter.nbytes if dtype is not None and dtype.itemsize else None
        yield FoundWeight(
            parameter.name, name, key, "?" if dtype is None else dtype.name, _stated(node, tensor), nbytes,
            roles.get(name), evidence, parameter.is_trained, None if key in damage else tensor,
        )  # fmt: skip


def _stated(node: Any, tensor: Tensor | None) -> list[int | None]:
    shape = variable_shape(node)
    if shape is None or shape.dims is None or None in shape.dims:
        return [] if tensor is None else list(tensor.shape)
    return list(shape.dims)


def weight_row(found: FoundWeight, *, values: bool) -> dict[str, Any]:
    """Return a weight as the page has it; with `values`, they are read."""
    return {
        "name": named(found.name),
        "node": None if found.node is None else named(found.node),
        "dtype": found.dtype,
        "shape": found.shape,
        "nbytes": found.nbytes,
        "role": found.role,
        "evidence": [named(shortened(each)) for each in found.evidence],
        "trainable": found.trainable,
        "stats": _stats(found.tensor) if values and found.tensor is not None else None,
        "change": None,
    }


def _stats(tensor: Tensor) -> dict[str, Any] | None:
    if not has_statistics(tensor):
        return None
    found = statistics(tensor)
    counts = histogram(found, _NUM_BINS)
    low, high = found.minimum, found.maximum
    step = (high - low) / len(counts) if counts else 0.0
    # A range that is too wide for a number is one bin.
    edges = [*(low + number * step if number else low for number in range(len(counts))), high] if counts else []
    return {
        "mean": _finite(found.mean),
        "std": _finite(found.standard_deviation),
        "norm": _finite(found.norm),
        "min": _finite(low),
        "max": _finite(high),
        "zeros": found.num_zeros,
        "nan": found.num_nan,
        "infinite": found.num_infinite,
        "count": found.num_elements,
        "histogram": {"edges": [_finite(each) for each in edges], "counts": counts},
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
