"""Dropout that is put behind a tensor, node for node as `tf.nn.dropout` of TensorFlow 1.15 makes it.

::

    dropout/rate  dropout/Shape  dropout/random_uniform/RandomUniform {seed, seed2}
    dropout/GreaterEqual   random >= rate
    dropout/mul            x * (1 / (1 - rate))
    dropout/mul_1          mul * Cast(GreaterEqual)

Guarded, the rate is 0 when nothing trains: what is kept is multiplied by 1, which leaves every number as it is.
Source: ``python/ops/nn_ops.py`` and ``framework/random_seed.py`` of TensorFlow 1.15.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any, Final

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.names import scope_of
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenTensor, choose_nodes
from graphsurgeon.rewrites.editing.rewiring import Rewiring, as_refusal
from graphsurgeon.rewrites.training.made_nodes import Maker, free_scope
from proto_utils.errors import NotFoundError

#: What TensorFlow takes for the seed of the graph when only the op has one.
_GRAPH_SEED: Final = 87654321
_NAMED_SO: Final = re.compile(r"drop.*", re.IGNORECASE)


def parse_rates(given: Mapping[str, Any], operation: str) -> dict[str, float]:
    """Return the rate of each tensor or pattern; a PassError for what is no rate."""
    rates = {}
    for name, value in given.items():
        try:
            rate = float(value)
        except (TypeError, ValueError):
            rate = -1.0
        if not 0 < rate < 1:
            hint = "a rate is the share of elements that are dropped, between 0 and 1"
            raise PassError(operation, f"{value!r} is no rate of dropout for {name!r}", hint=hint, is_usage=True)
        rates[name] = rate
    return rates


def choose_dropped(model: Model, rewiring: Rewiring, name: str, operation: str) -> list[ChosenTensor]:
    """Return the tensors that a name or a pattern of nodes means, each of which may be dropped."""
    try:
        found = [rewiring.tensor(name)]
    except NotFoundError:
        nodes = [each for each in choose_nodes(model, [name]) if each.node.outputs]
        found = [rewiring.tensor(f"{each.name}:0") for each in nodes if each.function is None]
        if not found:
            raise
    for each in found:
        dtype = each.tensor.dtype
        if each.function is not None:
            hint = "freeze makes a graph of functions flat, and unfreeze brings its variables back"
            raise PassError(operation, "is in the body of a function", node=each.name, hint=hint)
        if dtype is None or dtype.is_ref or not dtype.is_floating:
            kind = "of unknown type" if dtype is None else f"{dtype}"
            raise PassError(operation, f"is {kind}, and dropout is of floating-point numbers", node=each.name)
    return found


def add_dropout(
    rewiring: Rewiring, at: ChosenTensor, rate: float, seed: int | None, training: str, operation: str
) -> str:
    """Put dropout between a tensor and all who read it; return the node that gives its result."""
    node, dtype = at.tensor.node, at.tensor.dtype
    assert node is not None  # the graph's own, not an argument's
    assert dtype is not None  # `choose_dropped` looked
    make = Maker(at.graph, device=node.device)
    within, text = scope_of(node.name), at.tensor.text
    scope = free_scope(at.graph, f"{within}/dropout" if within else "dropout", ("rate", "Shape", "mul_1", "Identity"))
    seeds: dict[str, Any] = {"seed": 0, "seed2": 0} if seed is None else {"seed": _GRAPH_SEED, "seed2": seed}
    with as_refusal(operation):
        of = make.constant(f"{scope}/rate", rate, dtype)
        if training:
            of = make(f"{scope}/Select", "Select", [training, of, make.constant(f"{scope}/none", 0.0, dtype)])
        shape = make(f"{scope}/Shape", "Shape", [text])
        low = make.constant(f"{scope}/random_uniform/min", 0.0, dtype)
        high = make.constant(f"{scope}/random_uniform/max", 1.0, dtype)
        drawn = make(f"{scope}/random_uniform/RandomUniform", "RandomUniform", [shape], dtype=dtype, **seeds)
        width = make(f"{scope}/random_uniform/sub", "Sub", [high, low])
        wide = make(f"{scope}/random_uniform/mul", "Mul", [drawn, width])
        uniform = make(f"{scope}/random_uniform", "Add", [wide, low])
        keep = make(f"{scope}/sub", "Sub", [make.constant(f"{scope}/sub/x", 1.0, dtype), of])
        scale = make(f"{scope}/truediv", "RealDiv", [make.constant(f"{scope}/truediv/x", 1.0, dtype), keep])
        mask = make(f"{scope}/GreaterEqual", "GreaterEqual", [uniform, of])
        scaled = make(f"{scope}/mul", "Mul", [text, scale])
        last = make(f"{scope}/mul_1", "Mul", [scaled, make(f"{scope}/Cast", "Cast", [mask], DstT=dtype)])
    for each in make.made:
        rewiring.join(each, at)
    rewiring.replace(at, at.graph.tensor(last), except_=make.made, same_shape=True)
    return last


def dropout_lookalikes(model: Model, index: Index, without: Container[str]) -> list[str]:
    """Return the Identities that seem to be what freezing left of dropout, by their scopes.

    None of nodes that have it now, `without`, nor right behind them.
    """
    found = []
    for node in model.graph.nodes_of({"Identity"}):
        if node.name in without or not _NAMED_SO.fullmatch(scope_of(node.name).rpartition("/")[2]):
            continue
        source = index.producer(node.data_inputs[0]) if node.data_inputs else None
        if source is None or source.name in without:
            continue
        if source.op not in REF_OPS | RESOURCE_OPS | {"Const"} and "_class" not in node.attrs:
            found.append(node.name)
    return found
