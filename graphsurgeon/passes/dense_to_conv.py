"""Make convolutions of fully connected layers, so that a network takes images of any size.

For: classifiers such as VGG on larger images: one result for each place that its window fits, as in fully
convolutional networks for segmentation.

Prerequisites: MatMuls of a flattened feature map whose size is known, and those that read their results through biases,
activations and dropout; each by its name, that of its bias, or of its scope. (`set_shape` says the size of inputs, if
the graph does not.)

Leaves behind: under the MatMul's name a Conv2D whose kernel is the matrix, with the window of the whole map, or of one
behind another such layer; the Reshape in front goes. Results are maps ``[N, h, w, units]`` then, of 1 x 1 at the old
size, with values that are equal but for rounding. With ``reduce="mean"`` the last layers give rows again, the means
of their maps.

What else it meets: a matrix that nobody else reads is reshaped where it is: of a constant, a variable, its initial
value, its VariableDef and its value in the checkpoint the bytes stay as they are, so that data files can be linked;
otherwise a Reshape stands in the graph. Whatever takes rows and would read a map is refused by name: losses, gradients
and optimizers, ArgMax, Reshapes; and so is a MatMul in a function body, which `freeze` or inlining brings into the
graph. Inferred shapes and signatures follow. A Dense layer of Keras over several axes (Tensordot) needs none of this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.ir.op_families import RESOURCE_OPS
from graphsurgeon.ir.traversal import successors
from graphsurgeon.meta_graph.references import references
from graphsurgeon.names import Names, node_of, node_of_input, split_names, unique_name
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.pruning.unneeded import remove_unneeded
from graphsurgeon.rewrites.shaping.dense_layers import DenseChain, DenseLayer, find_dense
from graphsurgeon.rewrites.shaping.dims import text_of_dims
from graphsurgeon.rewrites.shaping.followed import INFERRED, update_inferred, update_signatures
from graphsurgeon.rewrites.shaping.kernels import Kernels, as_int32, rename_initial
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.tensors import dtypes

_OPERATION = "dense_to_conv"
_DTYPES = ("float16", "bfloat16", "float32", "float64")
_TO_LAST = (0, 2, 3, 1)


@dataclass(frozen=True)
class ConvolvedLayer:
    """A layer that is a convolution now: its kernel's shape, the matrix's, and how that became one."""

    node: str
    kernel: list[int]
    was: list[int]
    how: str


@dataclass(frozen=True)
class DenseToConvReport(Displayed):
    """What `dense_to_conv` did.

    Attributes
    ----------
    layers : list of ConvolvedLayer
    removed : list of str
        Nodes that nobody needs any more.
    values : list of str
        Checkpoint keys of values that have another shape.
    signatures : list of str
        The keys of the signatures that say other shapes now.
    notes : list of str
    """

    layers: list[ConvolvedLayer]
    removed: list[str]
    values: list[str]
    signatures: list[str]
    notes: list[str] = field(default_factory=list)


@model_pass()
def dense_to_conv(model: Model, *, nodes: Names, reduce: Literal["none", "mean"] = "none") -> DenseToConvReport:
    """Make convolutions of fully connected layers, so that a network takes images of any size.

    Parameters
    ----------
    model : Model
        Edited in place; weights are not read.
    nodes : str or sequence of str
        The layers: MatMuls, their biases, or scopes with one MatMul each, as in fc6,fc7,fc8.
    reduce : {"none", "mean"}
        What becomes of the maps that the last layers give: nothing, or the mean of each.

    Raises
    ------
    PassError
        A node is no such layer, the size of a map is not known, or something takes no map; the node is named.
    """
    edit = GraphEdit(model.graph)
    before = ShapeInference(Index(model.graph), model.library.functions, {})
    chosen = [find_dense(edit.index.producers, text) for text in split_names(nodes)]
    if not chosen:
        raise PassError(_OPERATION, "no layers are named", hint="name them as in fc6,fc7", is_usage=True)
    chain = DenseChain(edit.index, before, list(dict.fromkeys(chosen)), is_reduced=reduce == "mean")
    kernels = Kernels(model, edit)
    touched: list[str] = []
    is_mean = reduce == "mean"
    rows = [_convolve(edit, kernels, each, touched, is_reduced=is_mean and each.is_last) for each in chain.layers]
    kept = {node_of(each.name) for each in (references(model.meta) if model.meta is not None else ())}
    removed = remove_unneeded(edit, touched, kept)
    edit.apply()
    model.variables.update(kernels.values)
    rename_initial(model, kernels.initial)
    changed = _changed(Index(model.graph), [layer.node.name for layer in chain.layers], kernels.sources)
    signatures, notes = _follow(model, changed, before)
    return DenseToConvReport(rows, removed, list(kernels.values), signatures, notes)


def _convolve(
    edit: GraphEdit, kernels: Kernels, layer: DenseLayer, touched: list[str], *, is_reduced: bool
) -> ConvolvedLayer:
    """Put a convolution in the place of a MatMul."""
    node, dtype = layer.node, layer.node.attrs["T"].base
    if dtype.name not in _DTYPES:
        raise PassError(_OPERATION, f"there is no convolution of {dtype.name}", node=node.name)
    source = node.data_inputs[0] if layer.source is None else layer.source
    if layer.is_channels_first and layer.source is not None:
        source = _channels_last(edit, layer)
    kernel, how = kernels.shape(layer)
    touched += map(node_of_input, node.inputs)
    attrs = {"strides": [1] * 4, "padding": "VALID", "data_format": "NHWC"}
    attrs |= {key: node.attrs[key] for key in ("_class", INFERRED) if key in node.attrs}
    name = unique_name(f"{node.name}/Conv2D", edit.index.producers) if is_reduced else node.name
    made = make_node(name, "Conv2D", [(source, dtype), (kernel, dtype)], attrs=attrs,
                     control_inputs=node.control_inputs, device=node.device)  # fmt: skip
    if is_reduced:
        axes = unique_name(f"{node.name}/axes", edit.index.producers)
        const = make_node(axes, "Const", attrs={"dtype": dtypes.INT32, "value": as_int32((1, 2))}, device=node.device)
        mean = make_node(node.name, "Mean", [(name, dtype), (axes, dtypes.INT32)], device=node.device)
        edit.replace(node.name, [mean, made, const])
    else:
        edit.replace(node.name, [made])
    *window, channels, units = layer.kernel
    return ConvolvedLayer(node.name, [*layer.kernel], [window[0] * window[1] * channels, units], how)


def _channels_last(edit: GraphEdit, layer: DenseLayer) -> str:
    """Add a Transpose of a map whose channels come first."""
    name = unique_name(f"{layer.node.name}/map", edit.index.producers)
    perm = unique_name(f"{name}/perm", edit.index.producers)
    edit.add(make_node(perm, "Const", attrs={"dtype": dtypes.INT32, "value": as_int32(_TO_LAST)}))
    inputs = [(layer.source or "", layer.node.attrs["T"].base), (perm, dtypes.INT32)]
    edit.add(make_node(name, "Transpose", inputs, device=layer.node.device))
    return name


def _changed(index: Index, names: list[str], sources: list[str]) -> set[str]:
    """Return the nodes whose shapes may be others: of layers, of their matrices, and behind both."""
    roots = {*names, *sources}
    roots |= {node_of_input(text) for name in names for text in index.producers[name].data_inputs}
    return roots | successors(index, roots, by_data=True)


def _follow(model: Model, changed: set[str], before: ShapeInference) -> tuple[list[str], list[str]]:
    """Bring inferred shapes in step; return the signatures that changed, and notes on results that are maps now."""
    index = Index(model.graph)
    after = ShapeInference(index, model.library.functions, {}, lambda name: name not in changed)
    old = {each.node for each in before.conflicts}
    for conflict in after.conflicts:
        if conflict.node not in old:
            raise PassError(_OPERATION, conflict.reason, node=conflict.node)
    edit = GraphEdit(model.graph)
    notes = []
    for node in list(model.graph):
        if node.name not in changed or node.op in RESOURCE_OPS:
            continue
        if INFERRED in node.attrs:
            update_inferred(edit.edit(node), after.outputs(node.name))
        dims = after.dims(node.name)
        is_result = not index.edges(node.name) and not node.op.endswith("Summary")
        if is_result and dims is not None and len(dims) == 4:
            notes.append(f"{node.name} is a map now: {text_of_dims(dims)}")
    edit.apply()
    return list(update_signatures(model.meta, after, changed)), notes
