"""`tensorflow.python.tools.optimize_for_inference_lib` without TensorFlow.

What only training needs goes, and batch norms of all three versions, decomposed ones too, are folded into the weights
of the layers before them, where those are read by nothing else. Resizing and padding are not fused into convolutions:
the kernels of such ops give wrong results for more than one image.

Source: optimize_for_inference_lib.py of TensorFlow 1.15 and 2.21.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from graphsurgeon.compat.named_nodes import still_there
from graphsurgeon.compat.strip_unused_lib import strip_model
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, split_names, texts_of
from graphsurgeon.passes.fold_batch_norms import fold_batch_norms
from graphsurgeon.passes.remove_training_nodes import remove_training_nodes
from graphsurgeon.passes.set_inputs import set_inputs

__all__ = ["optimize_for_inference", "optimize_model"]

_INPUT_OPS: Final = frozenset({"Placeholder", "PlaceholderWithDefault"})
#: What says whether a graph of Keras is being trained.
_TRAINS: Final = {"keras_learning_phase": "False"}


def optimize_for_inference(
    input_graph_def: Any,
    input_node_names: Sequence[str],
    output_node_names: Sequence[str],
    placeholder_type_enum: int | Sequence[int],
    toco_compatible: bool = False,
    placeholder_to_const_names: Sequence[str] | None = None,
) -> Any:
    """Return a graph made smaller and faster for inference.

    Unlike TensorFlow's, this one keeps outputs and versions, finds the true dtypes of inputs, and folds nothing that
    others read too.

    Parameters
    ----------
    input_graph_def : GraphDef
        A frozen graph, TensorFlow's own or ours; not modified.
    input_node_names : list of str
        Each becomes a Placeholder of its name, if it is not one already.
    output_node_names : list of str
        Nodes that stay, under their names.
    placeholder_type_enum : int, or list of int
        The number of the dtype of the inputs. That of float32, TensorFlow's default, stands for the dtype that they
        have.
    toco_compatible : bool
        Not needed: no op is made that others do not know.
    placeholder_to_const_names : list of str, optional
        ``name=value`` of inputs that become constants; those of Keras that say whether it trains are false.

    Returns
    -------
    GraphDef
        Of the caller's kind.

    Raises
    ------
    KeyError
        There is no such input or output (`NotFoundError`).
    PassError
        An input is of another dtype, or no outputs are named.
    """
    model = Model.from_graph_def(input_graph_def)
    optimize_model(
        model,
        input_node_names,
        output_node_names,
        placeholder_type_enum,
        toco_compatible=toco_compatible,
        placeholder_to_const_names=placeholder_to_const_names,
    )
    return model.to_graph_def(like=input_graph_def)


def optimize_model(
    model: Model,
    inputs: Names,
    outputs: Names,
    placeholder_type_enum: int | Sequence[int],
    *,
    toco_compatible: bool = False,
    placeholder_to_const_names: Names | None = None,
) -> list[str]:
    """Do what `optimize_for_inference` does with the graph of a model, in place; return notes on what stayed."""
    del toco_compatible
    inputs, outputs = split_names(texts_of(inputs, "inputs")), split_names(texts_of(outputs, "outputs"))
    constants = dict(_constants(model, placeholder_to_const_names or ()))
    if constants:
        set_inputs(model, set=constants, outputs=outputs)
    strip_model(model, inputs, outputs, placeholder_type_enum)
    left = still_there(model, inputs)
    remove_training_nodes(model, outputs=outputs, inputs=left)
    done = fold_batch_norms(model, outputs=outputs, inputs=left)
    return [f"{row.node} ({row.op}) stays: {row.reason}" for row in done.kept]


def _constants(model: Model, texts: Names) -> Iterator[tuple[str, Any]]:
    """Yield the inputs that become constants, and their values: names are parts of those of nodes, as TensorFlow's."""
    wanted = dict(_TRAINS)
    for text in split_names(texts_of(texts, "placeholder_to_const_names")):
        name, equals, value = text.partition("=")
        if not equals:
            reason = f"{text!r} is no name=value"
            raise PassError("optimize_for_inference", reason, hint="such as phase_train=False", is_usage=True)
        wanted[name.strip()] = value.strip()
    for node in model.graph.nodes_of(_INPUT_OPS):
        for name, value in wanted.items():
            if name in node.name:
                is_flag = value in ("True", "False")
                yield node.name, value.lower() if is_flag else value
