"""While loops that weights go through, and where TensorFlow can train those weights.

A loop of version 1, Enter to Exit, is differentiated with the help of its context, a WhileContextDef beside the graph.
Freezing drops all of these, and `unfreeze` makes them again. Without, `tf.gradients` raises AttributeError for
whatever needs a gradient through the loop; what comes after it is not concerned. Eager TensorFlow 2 has no use for
contexts: it prunes a function out of the graph that it loads, and they are lost; a SavedModel with resource variables
brings functions for it in which loops are While nodes (see `serving.eager_functions`). Tried in TensorFlow 1.15 and
2.21; loops that are functions (While) have none.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphsurgeon.ir.frames import ENTER_OPS
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.traversal import successors
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.names import node_of, some_of, text_of

_V1_MODE = "v1 mode (TensorFlow 1, or 2 after tf.compat.v1.disable_control_flow_v2())"
_EAGER = "in eager TensorFlow 2, a SavedModel with resource variables does (tf.saved_model.load and GradientTape)"


_NO_REASONS: Mapping[str, str] = {}


def loop_notes(model: Model, reasons: Mapping[str, str] = _NO_REASONS, index: Index | None = None) -> list[str]:
    """Return what there is to say of the loops that trainable variables go through; costs an index when there are.

    `reasons` tell by the name of a frame why it could have no context; an index may be given.
    """
    if model.meta is None or ENTER_OPS.isdisjoint(model.graph.ops):
        return []
    index = Index(model.graph) if index is None else index
    trained = [node_of(each.variable_name) for each in variable_defs(model.meta, ["trainable_variables"])]
    reached = successors(index, trained, by_data=True)
    loops: dict[str, None] = {}
    for node in model.graph.nodes_of(ENTER_OPS):
        if node.name in reached and (frame := node.attr("frame_name")) is not None:
            loops[text_of(frame.s)] = None
    known = {context.context_name for context in contexts(model.meta)}
    lost, kept = [name for name in loops if name not in known], [name for name in loops if name in known]
    whys: dict[str, list[str]] = {}
    for name in lost:
        why = f"{reasons[name]}; so it gets no context" if name in reasons else "freezing drops contexts"
        whys.setdefault(why, []).append(name)
    notes = [
        f"TensorFlow cannot differentiate {_named(names)}: {why}, without which tf.gradients raises AttributeError for "
        f"weights inside and before; those that come after train. With contexts, loops train in {_V1_MODE}; "
        f"{_EAGER}"
        for why, names in whys.items()
    ]
    if kept:
        notes.append(f"weights of {_named(kept)} train in {_V1_MODE}; {_EAGER}")
    return notes


def _named(loops: list[str]) -> str:
    return f"the while loop{'s' if len(loops) > 1 else ''} {some_of([*map(repr, loops)], 3)}"
