"""Store weights as the numbers that their codes stand for.

For: graphs whose weights were quantized for devices, before they are trained, pruned, ported or compared.

Prerequisites: Dequantize nodes that read constants, as `quantize_weights` and TensorFlow's Graph Transform Tool make
them; of a graph with variables, `freeze` makes constants.

Leaves behind: in the place of each such node a constant of its name, which has to the last bit what the node gives in
TensorFlow, in any of its modes, of codes of 8, 16 and 32 bits, with one range or one for each slice. Values are
computed when they are written. What was rounded away when codes were made does not come back. Codes and ranges that
nobody reads any more go.

What else it meets: a Dequantize of what is computed or of a variable stays, and the report says so; so does one of
which the codes have ranges that do not fit. Function bodies are treated alike. Names, devices, colocation, control
inputs, saver, collections and signatures stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from graphsurgeon.display import Displayed
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.ir.op_families import REF_OPS
from graphsurgeon.names import node_of_input
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.pruning.unneeded import remove_unneeded
from graphsurgeon.rewrites.simplifying.colocated import regroup
from graphsurgeon.rewrites.simplifying.protected import Protected
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError

_MAX_IDENTITIES: Final = 20


@dataclass(frozen=True)
class DequantizedWeightRow:
    """A constant that has numbers now; of function bodies as FUNCTION/node."""

    node: str
    codes: str
    mode: str
    dtype: str
    shape: list[int]


@dataclass(frozen=True)
class UndequantizedRow:
    """A Dequantize that stays, and why."""

    node: str
    reason: str


@dataclass(frozen=True)
class DequantizeWeightsReport(Displayed):
    """What `dequantize_weights` did.

    Attributes
    ----------
    dequantized : list of DequantizedWeightRow
        The constants that have numbers now.
    kept : list of UndequantizedRow
    removed : list of str
        Codes and ranges that nobody reads any more.
    notes : list of str
    """

    dequantized: list[DequantizedWeightRow]
    kept: list[UndequantizedRow]
    removed: list[str]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        tables = ("dequantized", "kept")
        return {**vars(self), **{name: [vars(row) for row in getattr(self, name)] for name in tables}}


@model_pass()
def dequantize_weights(model: Model) -> DequantizeWeightsReport:
    """Store weights as the numbers that their codes stand for.

    Parameters
    ----------
    model : Model
        Edited in place; ranges are read, codes when they are saved.
    """
    report = DequantizeWeightsReport([], [], [])
    protected: Protected | None = None
    for function, graph in model.graphs():
        if graph.nodes_of(("Dequantize",)):
            protected = protected or Protected(model, (), (), "dequantize_weights")
            _dequantize(function, graph, protected, report)
    if model.meta is not None and report.dequantized:
        update_meta_graph(model, Removal({node.name for node in model.graph}, saver="kept"))
    return report


def _dequantize(function: str | None, graph: Graph, protected: Protected, report: DequantizeWeightsReport) -> None:
    """Put constants in the place of what can be computed in one graph or function body, and add to the report."""
    scope, edit = "" if function is None else f"{function}/", GraphEdit(graph)
    touched: list[str] = []
    for node in list(graph.nodes_of(("Dequantize",))):
        sources = [_source(edit, text) for text in node.data_inputs]
        try:
            value = _value(node, sources)
        except UnsupportedError as error:
            report.kept.append(UndequantizedRow(scope + node.name, error.reason))
            continue
        controls = dict.fromkeys(node.control_inputs)
        for source in sources:
            # What the codes wait for says in which loop or branch they are.
            controls |= dict.fromkeys(() if source is None else source.control_inputs)
        kept = {key: node.attrs[key] for key in node.attrs if key in ("_class", "_output_shapes")}
        attrs: dict[str, Any] = {"dtype": value.dtype, "value": value, **kept}
        edit.replace(node.name, [Node.new(node.name, "Const", [*controls], device=node.device, attrs=attrs)])
        touched += map(node_of_input, node.data_inputs)
        codes, mode = value.bases[0].dtype.name, _text(attr_of(node, "mode"))
        report.dequantized.append(
            DequantizedWeightRow(scope + node.name, codes, mode, value.dtype.name, list(value.shape))
        )
    removed = remove_unneeded(edit, dict.fromkeys(touched), protected.of(function))
    regroup(edit, set(removed))
    edit.apply()
    report.removed.extend(scope + name for name in removed)


def _source(edit: GraphEdit, text: str) -> Node | None:
    """Return what gives a tensor, through Identity."""
    node = edit.index.producer(text)
    for _ in range(_MAX_IDENTITIES):
        if node is None or node.op != "Identity":
            break
        node = edit.index.producer(node.data_inputs[0])
    return node


def _value(node: Node, sources: list[Node | None]) -> Tensor:
    """Return what a Dequantize gives; an UnsupportedError says why that is not known."""
    from graphsurgeon.tensors.quantized import DequantizedTensor

    values = [None if source is None else constant_value(source) for source in sources]
    first = sources[0] if sources else None
    if first is not None and first.op in {*REF_OPS, "ReadVariableOp"}:
        raise UnsupportedError("its codes are those of a variable, which freeze would make a constant")
    if len(values) != 3 or any(value is None for value in values):
        raise UnsupportedError("its codes or their range are computed, or given to a function")
    codes, low, high = (value for value in values if value is not None)
    axis = attr_of(node, "axis")
    dtype = attr_of(node, "dtype")
    return DequantizedTensor(
        codes, _text(attr_of(node, "mode")), low.numpy(), high.numpy(),
        axis=axis if isinstance(axis, int) and axis >= 0 else None,
        narrow_range=attr_of(node, "narrow_range") is True,
        dtype=dtype if isinstance(dtype, DType) else dtypes.FLOAT,
    )  # fmt: skip


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else "MIN_COMBINED"
