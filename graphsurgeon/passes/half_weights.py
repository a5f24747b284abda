"""Compute in half precision: weights in float16 or bfloat16, and the layers that read them.

For: half the bytes, and processors that compute faster in half precision.

Prerequisites: a frozen graph, or one with variables that are not trained any more, with its checkpoint if there is one.
TensorFlow has kernels for float16 since 1.15 on CPUs, for bfloat16 in its newer releases.

Leaves behind: layers with weights, and what stands between them, computing in half precision; their weights are stored
so. Casts stand where they read inputs or others read them, so that inputs, outputs and signatures keep their types.
Statistics of batch norms stay float32: FusedBatchNorm becomes FusedBatchNormV3, which takes them beside inputs in half
precision. What depends on weights alone, sums, exponentials and the state of while loops stay in float32. Variables
take the type with their reads, what sets them up, and the saver; what they begin with is cast.

What else it meets: a weight that is out of the range of float16 is refused when it is written, unless `saturate` clamps
it. Weights that float32 needs too, or that are an output, stay; the report has the reason. With outputs only what these
need counts. Constants of function bodies are treated alike, between Casts in the body; variables whose handles
functions get stay. A graph that trains is refused: `strip_optimizer` takes out what trains it. Names, devices,
colocation, control inputs, saver, collections and signatures stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node_facts import variable_dtype, variable_shape
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.collections import VARIABLE_COLLECTIONS
from graphsurgeon.names import Names, some_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.quantizing.half_nodes import HalfNodes
from graphsurgeon.rewrites.quantizing.stored_variables import StoredVariables
from graphsurgeon.rewrites.simplifying.protected import Protected
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.variables.checkpoint_keys import variable_nodes

_NAME = "half_weights"


@dataclass(frozen=True)
class HalfWeightRow:
    """A constant or variable that is stored in half precision; of function bodies as FUNCTION/node."""

    node: str
    dtype: str
    shape: list[int]


@dataclass(frozen=True)
class FullWeightRow:
    """One that stays in float32, and why; of function bodies as FUNCTION/node."""

    node: str
    reason: str


@dataclass(frozen=True)
class HalfWeightsReport(Displayed):
    """What `half_weights` did.

    Attributes
    ----------
    weights : list of HalfWeightRow
    kept : list of FullWeightRow
    num_nodes : int
        How many nodes compute in half precision.
    num_casts : int
        How many Casts there are between them and others.
    notes : list of str
    """

    weights: list[HalfWeightRow]
    kept: list[FullWeightRow]
    num_nodes: int
    num_casts: int
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self), **{name: [vars(row) for row in getattr(self, name)] for name in ("weights", "kept")}}


@model_pass()
def half_weights(
    model: Model,
    *,
    dtype: Literal["float16", "bfloat16"] = "float16",
    outputs: Names = (),
    inputs: Names = (),
    saturate: bool = False,
) -> HalfWeightsReport:
    """Compute in half precision: weights in float16 or bfloat16, and the layers that read them.

    Parameters
    ----------
    model : Model
        Edited in place; weights are cast, and checked, when they are saved.
    dtype : {"float16", "bfloat16"}
        The type: float16 has more digits, bfloat16 the range of float32.
    outputs : str or sequence of str
        Nodes that keep their type, by name or as a signature calls them; without any, nodes that nobody reads do.
    inputs : str or sequence of str
        Nodes that are fed, and keep their type.
    saturate : bool
        Clamp weights to the range of the type. Otherwise one out of range is an error when it is saved.

    Raises
    ------
    NotFoundError
        An output or input means no node.
    PassError
        An optimizer changes the weights; while values are read: one is out of range.
    """
    wanted = DType.from_name(dtype)
    protected = Protected(model, outputs, inputs, _NAME, without=VARIABLE_COLLECTIONS)
    weights, kept = list[HalfWeightRow](), list[FullWeightRow]()
    num_nodes = num_casts = 0
    for function, graph in model.graphs():
        edit = GraphEdit(graph)
        if function is not None:
            half = HalfNodes(edit, wanted, protected.of(function))
        else:
            variables = StoredVariables(model, Index(graph))
            needed = ancestors(edit.index.producers, protected.asked_of(None)) if outputs else None
            half = HalfNodes(edit, wanted, protected.of(None), needed, variables)
            _require_untrained(variables)
        rows, others = _rows("" if function is None else f"{function}/", graph, half, wanted)
        kept += others
        if function is None or rows:
            # A body that has no weight of its own would but cast those that it is given, each time that it runs.
            weights += rows
            num_nodes += len(half.nodes)
            num_casts += half.apply(saturate=saturate)
            edit.apply()
    variables.finish(wanted, lambda key, value: CastTensor(value, wanted, name=key, saturate=saturate))
    notes = []
    is_done = any(variable_dtype(node) is wanted for node in variable_nodes(model.graph))
    if not weights and not is_done and next(variables.candidates(), None) is not None:
        notes.append(
            "no variable can be in half precision: gs.freeze makes constants, of those that functions get, too"
        )
    return HalfWeightsReport(weights, kept, num_nodes, num_casts, notes)


def _require_untrained(variables: StoredVariables) -> None:
    changes = variables.changed_by
    if changes:
        reason = f"weights are still changed, which takes float32: by {some_of([*map(repr, changes)])}"
        raise PassError(_NAME, reason, hint="gs.strip_optimizer takes an optimizer out, and gs.prune what else trains")


def _rows(scope: str, graph: Graph, half: HalfNodes, dtype: DType) -> tuple[list[HalfWeightRow], list[FullWeightRow]]:
    """Return the weights of a graph or body that are stored in half precision, and those that are not."""
    shapes = {name: value.shape for name, value in half.weights.items()}
    for name in half.variables.chosen if half.variables is not None else ():
        shape = variable_shape(graph[name])
        shapes[name] = () if shape is None or shape.dims is None else tuple(dim or 0 for dim in shape.dims)
    rows = [HalfWeightRow(scope + name, dtype.name, list(shape)) for name, shape in shapes.items()]
    return rows, [FullWeightRow(scope + name, reason) for name, reason in half.kept.items()]
