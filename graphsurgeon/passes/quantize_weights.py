"""Store large weights in 8 bits; the graph computes with what they stand for.

For: a quarter of the bytes, for a model that is sent to devices.

Prerequisites: a frozen graph, or one with variables that are not trained any more, and its checkpoint.

Leaves behind: what TensorFlow's Graph Transform Tool makes under this name, byte for byte: of each float32 constant X
that is large enough X_quantized_const (quint8), X_quantized_min and X_quantized_max, and in its place X, a Dequantize
that gives float32. Variables that are large enough hold codes (quint8), what reads them is a Dequantize, and what they
begin with is quantized; their ranges are constants of the graph, which the checkpoint belongs to; savers save codes.
Values are read once for the range, which includes 0, and once when they are written. The report has the range of each
and how far a value is from what it was at most.

What else it meets: NaN and infinities are refused, which the tool makes codes of. Weights that are all 0 get the range
0 to 1: of the tool's, 0 to 1.2e-38, TensorFlow makes NaN. Other floating-point types stay, since Dequantize gives
float32, and so do variables that something changes; the report names them. Constants of function bodies are treated
alike, and so are variables whose handles functions get, as in every SavedModel of TensorFlow 2: each body that reads
one has its range, one range for all that it gets in one place. One stays whose handle goes to what is not known, as to
datasets and functions of gradients. Names, devices, colocation, control inputs, saver, collections and signatures stay;
`dequantize_weights` is the way back, of variables once `freeze` made constants of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import stored_nbytes, variable_dtype
from graphsurgeon.names import Names, some_of, unique_name
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.quantizing.chosen_constants import (
    ChosenConstant,
    chosen_weights,
    reference_reader,
)
from graphsurgeon.rewrites.quantizing.variable_codes import VariableCodes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.tensor import Tensor

_NAME = "quantize_weights"
_CLOSE = "its values lie too close to each other for 256 steps of normal float32 numbers"


@dataclass(frozen=True)
class QuantizedWeightRow:
    """A constant or variable that has codes now; of function bodies as FUNCTION/node.

    Attributes
    ----------
    node : str
    shape : list of int
    low, high : float
        The range of the codes.
    error : float
        How far a value is from what it was, at most.
    relative : float
        The same, of the greatest absolute value.
    """

    node: str
    shape: list[int]
    low: float
    high: float
    error: float
    relative: float


@dataclass(frozen=True)
class UnquantizedWeightRow:
    """One that is large enough and stays, and why."""

    node: str
    dtype: str
    reason: str


@dataclass(frozen=True)
class QuantizeWeightsReport(Displayed):
    """What `quantize_weights` did.

    Attributes
    ----------
    quantized : list of QuantizedWeightRow
        The constants and variables that have codes now.
    kept : list of UnquantizedWeightRow
    saved_nbytes : int
        How many bytes fewer the values take.
    notes : list of str
    """

    quantized: list[QuantizedWeightRow]
    kept: list[UnquantizedWeightRow]
    saved_nbytes: int
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self), **{name: [vars(row) for row in getattr(self, name)] for name in ("quantized", "kept")}}


@model_pass()
def quantize_weights(
    model: Model, *, minimum_size: int = 1024, select: Names = (), exclude: Names = (), role: Names = ()
) -> QuantizeWeightsReport:
    """Store large weights in 8 bits; the graph computes with what they stand for.

    Parameters
    ----------
    model : Model
        Edited in place; values are read for their range, and once more when they are saved.
    minimum_size : int
        A constant or variable of fewer elements stays.
    select : str or sequence of str
        Patterns of the weights to quantize: names, or regular expressions that match the whole name. All by default.
    exclude : str or sequence of str
        Patterns of weights that stay.
    role : str or sequence of str
        Quantize weights of these roles only, as `unfreeze` reports them: conv_filter, matmul_kernel, embedding ...

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A weight is NaN or infinite, or all weights are variables that cannot have codes.
    """
    chosen, variables = chosen_weights(model, minimum_size, select, exclude, role)
    rows, kept, made = [], [], dict[str | None, dict[str, list[Node]]]()
    saved = 0
    expect_reading(each.value for each in chosen if not _refusal(each, _graph_of(model, each)))
    for each in chosen:
        graph = _graph_of(model, each)
        reason = _refusal(each, graph)
        ends = None if reason else _range(each.name, each.value)
        if ends is None:
            kept.append(UnquantizedWeightRow(each.name, each.value.dtype.name, reason or _CLOSE))
            continue
        made.setdefault(each.function, {})[each.node.name] = _nodes(graph, each, *ends)
        rows.append(_row(each.name, each.value.shape, *ends))
        saved += stored_nbytes(each.value) * 3 // 4
    codes = VariableCodes(model)
    saved += _quantize_variables(model, codes, [node.name for node in variables], rows, kept)
    if variables and not rows and not (select or role):
        reasons = [f"{row.node}: {row.reason}" for row in kept]
        hint = "`gs.freeze` makes constants of variables, which can be quantized"
        raise PassError(_NAME, f"no weight can have codes: {some_of(reasons, 3, '; ')}", hint=hint)
    for function, graph in model.graphs():
        if function in made:
            graph.set_nodes([new for node in graph for new in made[function].get(node.name, (node,))])
    return QuantizeWeightsReport(rows, kept, saved, codes.notes())


def _quantize_variables(
    model: Model,
    codes: VariableCodes,
    names: Sequence[str],
    rows: list[QuantizedWeightRow],
    kept: list[UnquantizedWeightRow],
) -> int:
    """Let variables hold codes, as far as they can; return how many bytes fewer their values take."""
    from graphsurgeon.tensors.quantized import quantized

    reasons = codes.choose(names)
    ends: dict[str, tuple[float, float]] = {}
    expect_reading(model.variables[key] for key in dict.fromkeys(codes.chosen.values()))
    for name, key in codes.chosen.items():
        value = model.variables[key]
        if key not in ends and (found := _range(name, value)) is not None:
            ends[key] = found
    close = [name for name, key in codes.chosen.items() if key not in ends]
    if close:
        # Chosen anew without those: what shares a key with one stays as well.
        reasons |= dict.fromkeys(close, _CLOSE) | codes.choose([name for name in codes.chosen if name not in close])
    for name in names:
        if name in reasons:
            dtype = variable_dtype(model.graph[name])
            kept.append(UnquantizedWeightRow(name, "" if dtype is None else dtype.name, reasons[name]))
    ends = codes.common({key: ends[key] for key in codes.chosen.values()})
    values = {key: model.variables[key] for key in codes.chosen.values()}
    rows += [_row(name, values[key].shape, *ends[key]) for name, key in codes.chosen.items()]
    codes.apply(ends, {key: quantized(value, *ends[key]) for key, value in values.items()})
    return sum(value.nbytes * 3 // 4 for value in values.values())


def _graph_of(model: Model, each: ChosenConstant) -> Graph:
    return model.graph if each.function is None else model.library.functions[each.function].body


def _refusal(each: ChosenConstant, graph: Graph) -> str:
    """Return why a constant cannot have codes, empty if it can."""
    if each.value.dtype is not dtypes.FLOAT:
        return f"is of {each.value.dtype.name}, and TensorFlow's Dequantize gives float32"
    reader = reference_reader(graph, each.node)
    return "" if reader is None else f"{reader!r} asks for a reference to it"


def _range(name: str, value: Tensor) -> tuple[float, float] | None:
    """Return the range that codes of a weight have, as the tool has it; None when there is none for them."""
    import numpy as np

    from graphsurgeon.tensors.value_range import value_range

    found = value_range(value)
    if not found.is_finite:
        what = "NaN" if np.isnan(found.low) else "infinite"
        hint = "`exclude` leaves a constant as it is"
        raise PassError(_NAME, f"a value of the weight is {what}, which has no code", node=name, hint=hint)
    if found.low == found.high == 0:
        return 0.0, 1.0
    tiny = np.finfo(np.float32).tiny
    low, high = np.minimum(found.low, np.float32(0)), np.maximum(found.high, tiny)
    with np.errstate(over="ignore"):
        extent = high - low
    if not np.isfinite(extent):
        raise PassError(_NAME, f"the range of its values, {low} to {high}, is past float32", node=name)
    return (float(low), float(high)) if float(extent) / 255 >= float(tiny) else None


def _row(name: str, shape: Sequence[int], low: float, high: float) -> QuantizedWeightRow:
    from graphsurgeon.tensors.quantized import largest_error

    error = largest_error(low, high)
    return QuantizedWeightRow(name, list(shape), low, high, error, error / max(-low, high))


def _nodes(graph: Graph, each: ChosenConstant, low: float, high: float) -> list[Node]:
    """Return what is put in the place of a constant."""
    import numpy as np

    from graphsurgeon.tensors.quantized import quantized
    from graphsurgeon.tensors.values import ArrayTensor

    node = each.node
    values: Sequence[tuple[str, Tensor]] = (
        ("const", quantized(each.value, low, high)),
        ("min", ArrayTensor(np.array(low, np.float32))),
        ("max", ArrayTensor(np.array(high, np.float32))),
    )
    made, inputs = [], []
    for word, value in values:
        name = f"{node.name}_quantized_{word}"
        if name in graph:
            name = unique_name(name, {other.name for other in graph})
        attrs: dict[str, Any] = {"dtype": value.dtype, "value": value}
        # What a constant waits for says in which loop or branch it is.
        made.append(Node.new(name, "Const", node.control_inputs, device=node.device, attrs=attrs))
        inputs.append(f"{name}:output:0" if graph.is_body else name)
    noted = {key: node.attrs[key] for key in node.attrs if key in ("_class", "_output_shapes")}
    attrs = {"T": dtypes.QUINT8, "mode": b"MIN_FIRST", **noted}
    return [*made, Node.new(node.name, "Dequantize", inputs, device=node.device, attrs=attrs)]
