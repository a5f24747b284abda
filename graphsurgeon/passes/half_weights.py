"""Compute in half precision: weights in float16 or bfloat16, and the layers that read them.

For: half the bytes, and processors that compute faster in half precision.

Prerequisites: a frozen graph, or one with variables that are not trained any more, with its checkpoint if there is one.
TensorFlow has kernels for float16 since 1.15 on CPUs, for bfloat16 in its newer releases.

Leaves behind: layers with weights, and what stands between them, computing in half precision; their weights are stored
so. Casts stand where they read inputs or others read them, so that inputs, outputs and signatures keep their types.
Statistics of batch norms stay float32: FusedBatchNorm becomes FusedBatchNormV3, which takes them beside inputs in half
precision. What depends on weights alone, sums, exponentials and the state of while loops stay in float32. Variables
take the type with their reads, what sets them up, and the saver; what they begin with is cast. Of an embedding, rows
are taken in half precision, and cast.

What else it meets: a weight that is out of the range of float16 is refused when it is written, unless `saturate` clamps
it. Weights that float32 needs too, or that are an output, stay; the report has the reason. With outputs only what these
need counts. Constants of function bodies are treated alike, between Casts in the body, and so are variables whose
handles functions get, as in every SavedModel of TensorFlow 2: through calls, branches and loops, with its objects and
the functions that save and restore. One stays where a body reads it in the place of another that stays, where anything
sets it but a saver, and where its handle goes to what is not known, as to datasets and functions of gradients. Kernels,
biases and embeddings that calls, loops and branches are given by value are stored in half precision, and cast before
these, in which nothing changes for it. A graph that trains is refused: `strip_optimizer` takes out what trains it.
Names, devices, colocation, control inputs, saver, collections and signatures stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_dtype, variable_shape
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.collections import VARIABLE_COLLECTIONS
from graphsurgeon.names import Names, node_of_input, some_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.quantizing.half_nodes import HalfNodes
from graphsurgeon.rewrites.quantizing.half_variables import HalfVariables
from graphsurgeon.rewrites.quantizing.layer_weights import LayerWeights
from graphsurgeon.rewrites.quantizing.stored_variables import StoredVariables
from graphsurgeon.rewrites.quantizing.told_types import keras_notes
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
    variables = StoredVariables(model, Index(model.graph))
    halves, layers = dict[str | None, HalfNodes](), LayerWeights(model, variables.savers)
    for function, graph in model.graphs():
        edit, depending, is_saved = GraphEdit(graph), variables.depending(function), variables.savers.is_saved
        if function is None:
            needed = ancestors(edit.index.producers, protected.asked_of(None)) if outputs else None
            half = HalfNodes(
                edit, wanted, protected.of(None), needed, depending=depending, saves=is_saved, layers=layers
            )
        else:
            # What only has to run may be of any type.
            returned = {node_of_input(text) for text in model.library.functions[function].proto.ret.values()}
            half = HalfNodes(edit, wanted, returned, depending=depending, layers=layers)
        halves[function] = half
    chosen = HalfVariables(variables, halves)
    _require_untrained(variables)
    report = _report(model, halves, variables, chosen.kept, wanted)
    changed = variables.retype({function: half.edit for function, half in halves.items()}, wanted)
    for function, half in halves.items():
        if function is not None and not (half.weights or half.handed_on):
            # A body that reads no weight would but cast those that it is given, each time that it runs.
            half.nodes.clear()
        report = replace(
            report,
            num_nodes=report.num_nodes + len(half.nodes),
            num_casts=report.num_casts + half.apply(saturate=saturate, changed=changed[function]),
        )
        half.edit.apply()
    variables.finish(wanted, lambda key, value: CastTensor(value, wanted, name=key, saturate=saturate))
    return report


def _require_untrained(variables: StoredVariables) -> None:
    changes = variables.changed_by
    if changes:
        reason = f"weights are still changed, which takes float32: by {some_of([*map(repr, changes)])}"
        raise PassError(
            _NAME, reason, hint="`gs.strip_optimizer` takes an optimizer out, and `gs.prune` what else trains"
        )


def _report(
    model: Model,
    halves: Mapping[str | None, HalfNodes],
    variables: StoredVariables,
    kept: Mapping[str, str],
    dtype: DType,
) -> HalfWeightsReport:
    """Return the weights that are stored in half precision, and those that are not."""
    report = HalfWeightsReport([], [], 0, 0)
    for function, half in halves.items():
        scope = "" if function is None else f"{function}/"
        shapes = {name: list(value.shape) for name, value in half.weights.items()}
        reasons = half.kept
        if function is None:
            shapes |= {name: _dims(model.graph[name]) for name in variables.chosen}
            reasons = {**half.kept, **kept}
        report.weights.extend(HalfWeightRow(scope + name, dtype.name, shape) for name, shape in shapes.items())
        report.kept.extend(FullWeightRow(scope + name, reason) for name, reason in reasons.items())
    is_done = any(variable_dtype(node) is dtype for node in variable_nodes(model.graph))
    report.notes.extend(keras_notes(model.meta) if variables.chosen else ())
    if not report.weights and not is_done and next(variables.candidates(), None) is not None:
        report.notes.append("no variable can be in half precision: `gs.freeze` makes constants of them")
    return report


def _dims(variable: Node) -> list[int]:
    shape = variable_shape(variable)
    return [] if shape is None or shape.dims is None else [dim or 0 for dim in shape.dims]
