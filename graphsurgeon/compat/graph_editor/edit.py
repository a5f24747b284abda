"""`tf.contrib.graph_editor.edit`: parts of a graph that are detached, connected and bypassed."""

from __future__ import annotations

from typing import Any

from graphsurgeon.compat.graph_editor.reroute import (
    remove_control_inputs,
    reroute_inputs,
    reroute_ts,
    swap_inputs,
    swap_outputs,
)
from graphsurgeon.compat.graph_editor.select import check_cios
from graphsurgeon.compat.graph_editor.subgraph import SubGraphView, make_view
from graphsurgeon.compat.graph_editor.util import (
    ControlOutputs,
    check_graphs,
    control_inputs_of,
    make_placeholder_from_dtype_and_shape,
    make_placeholder_from_tensor,
    placeholder_name,
    scope_basename,
    scope_dirname,
)
from graphsurgeon.ir.output import Output


def detach_control_inputs(sgv: Any) -> None:
    """Let the ops of a view wait for none outside."""
    view = make_view(sgv)
    inside = frozenset(view.ops)
    for op in view.ops:
        remove_control_inputs(op, [cop for cop in control_inputs_of(op) if cop not in inside])


def detach_control_outputs(sgv: Any, control_outputs: ControlOutputs) -> None:
    """Let no op outside wait for one of a view."""
    if not isinstance(control_outputs, ControlOutputs):
        raise TypeError(f"ControlOutputs are wanted, not a {type(control_outputs).__name__}")
    view = make_view(sgv)
    inside = frozenset(view.ops)
    for op in view.ops:
        for cop in control_outputs.get(op):
            if cop not in inside:
                remove_control_inputs(cop, op)


def detach_inputs(sgv: Any, control_inputs: bool = False) -> tuple[SubGraphView, list[Output]]:
    """Let the ops of a view read placeholders, which are returned, for what they read from outside."""
    view = make_view(sgv)
    placeholders = [_placeholder_of(view, t) for t in view.inputs]
    swap_inputs(view, placeholders)
    if control_inputs:
        detach_control_inputs(view)
    return view, placeholders


def detach_outputs(sgv: Any, control_outputs: ControlOutputs | None = None) -> tuple[SubGraphView, list[Output]]:
    """Let who reads the outputs of a view read placeholders, which are returned; outputs that nobody reads stay."""
    view = make_view(sgv)
    view = view.remap_outputs([number for number, t in enumerate(view.outputs) if t.consumers()])
    consumers = SubGraphView(view.consumers())
    read = frozenset(view.outputs)
    consumers = consumers.remap_inputs([number for number, t in enumerate(consumers.inputs) if t in read])
    placeholders = [make_placeholder_from_tensor(t) for t in consumers.inputs]
    swap_outputs(view, placeholders)
    if control_outputs is not None:
        detach_control_outputs(view, control_outputs)
    return view, placeholders


def detach(
    sgv: Any,
    control_inputs: bool = False,
    control_outputs: ControlOutputs | None = None,
    control_ios: ControlOutputs | None = None,
) -> tuple[SubGraphView, list[Output], list[Output]]:
    """Detach inputs and outputs of a view; the placeholders of both are returned."""
    control_inputs, control_outputs = check_cios(control_inputs, control_outputs, control_ios)
    view = make_view(sgv)
    _, inputs = detach_inputs(view, control_inputs)
    _, outputs = detach_outputs(view, control_outputs)
    return view, inputs, outputs


def connect(sgv0: Any, sgv1: Any, disconnect_first: bool = False) -> tuple[SubGraphView, SubGraphView]:
    """Let the ops of one view read the outputs of another, whose readers may be taken away before."""
    first, second = make_view(sgv0), make_view(sgv1)
    check_graphs(first, second)
    if disconnect_first:
        detach_outputs(first)
    reroute_inputs(SubGraphView(passthrough_ts=first.outputs), second)
    return first, second


def bypass(sgv: Any) -> tuple[SubGraphView, list[Output]]:
    """Let who reads the outputs of a view read its inputs; it reads placeholders, which are returned."""
    view = make_view(sgv)
    inputs = list(view.inputs)
    view, placeholders = detach_inputs(view)
    reroute_ts(inputs, view.outputs)
    return view, placeholders


def _placeholder_of(view: SubGraphView, t: Output) -> Output:
    name = placeholder_name(t)
    return make_placeholder_from_dtype_and_shape(
        t.dtype, None, scope_dirname(name), scope_basename(name), graph=view.graph
    )
