"""`tf.contrib.graph_editor` of TensorFlow 1.15 on the nodes of a `Graph`, without TensorFlow.

Where TensorFlow's takes a ``tf.Graph``, ``tf.Operation`` and ``tf.Tensor``, this takes a `graphsurgeon.Graph`, its
nodes and their outputs: ``graph["c"]``, ``graph["c:0"]``, ``graph["c"].outputs[0]``::

    model = gs.Model.from_graph_def(graph_def)        # TensorFlow's own messages, too
    ge.reroute_ts(model.graph["a:0"], model.graph["b:0"])
    graph_def = model.to_graph_def(like=graph_def)

What TensorFlow's does wrong is right here: copies are colocated with copies, a loop is copied whatever the order of its
nodes, and under a frame of its own, and two tensors that one node reads are swapped in it too.
"""

from __future__ import annotations

from graphsurgeon.compat.graph_editor import edit as edit
from graphsurgeon.compat.graph_editor import match as match
from graphsurgeon.compat.graph_editor import reroute as reroute
from graphsurgeon.compat.graph_editor import select as select
from graphsurgeon.compat.graph_editor import subgraph as subgraph
from graphsurgeon.compat.graph_editor import transform as transform
from graphsurgeon.compat.graph_editor import util as util
from graphsurgeon.compat.graph_editor.edit import (
    bypass,
    connect,
    detach,
    detach_control_inputs,
    detach_control_outputs,
    detach_inputs,
    detach_outputs,
)
from graphsurgeon.compat.graph_editor.match import OpMatcher, matcher, op_type
from graphsurgeon.compat.graph_editor.reroute import (
    add_control_inputs,
    remove_control_inputs,
    reroute_inputs,
    reroute_ios,
    reroute_outputs,
    reroute_ts,
    swap_inputs,
    swap_ios,
    swap_outputs,
    swap_ts,
)
from graphsurgeon.compat.graph_editor.select import (
    can_be_regex,
    check_cios,
    compute_boundary_ts,
    filter_ops,
    filter_ops_from_regex,
    filter_ts,
    filter_ts_from_regex,
    get_backward_walk_ops,
    get_forward_walk_ops,
    get_name_scope_ops,
    get_ops_ios,
    get_walks_intersection_ops,
    get_walks_union_ops,
    get_within_boundary_ops,
    make_regex,
    select_ops,
    select_ops_and_ts,
    select_ts,
)
from graphsurgeon.compat.graph_editor.subgraph import SubGraphView, make_view, make_view_from_scope
from graphsurgeon.compat.graph_editor.transform import (
    Transformer,
    TransformerInfo,
    assign_renamed_collections_handler,
    copy,
    copy_op_handler,
    copy_with_input_replacements,
    graph_replace,
    keep_t_if_possible_handler,
    replace_t_with_placeholder_handler,
    transform_op_if_inside_handler,
)
from graphsurgeon.compat.graph_editor.util import (
    ControlOutputs,
    get_consuming_ops,
    get_generating_ops,
    get_tensors,
    make_list_of_op,
    make_list_of_t,
    make_placeholder_from_dtype_and_shape,
    make_placeholder_from_tensor,
    placeholder_name,
)

ph = make_placeholder_from_dtype_and_shape
sgv = make_view
sgv_scope = make_view_from_scope

__all__ = [
    "ControlOutputs",
    "OpMatcher",
    "SubGraphView",
    "Transformer",
    "TransformerInfo",
    "add_control_inputs",
    "assign_renamed_collections_handler",
    "bypass",
    "can_be_regex",
    "check_cios",
    "compute_boundary_ts",
    "connect",
    "copy",
    "copy_op_handler",
    "copy_with_input_replacements",
    "detach",
    "detach_control_inputs",
    "detach_control_outputs",
    "detach_inputs",
    "detach_outputs",
    "edit",
    "filter_ops",
    "filter_ops_from_regex",
    "filter_ts",
    "filter_ts_from_regex",
    "get_backward_walk_ops",
    "get_consuming_ops",
    "get_forward_walk_ops",
    "get_generating_ops",
    "get_name_scope_ops",
    "get_ops_ios",
    "get_tensors",
    "get_walks_intersection_ops",
    "get_walks_union_ops",
    "get_within_boundary_ops",
    "graph_replace",
    "keep_t_if_possible_handler",
    "make_list_of_op",
    "make_list_of_t",
    "make_placeholder_from_dtype_and_shape",
    "make_placeholder_from_tensor",
    "make_regex",
    "make_view",
    "make_view_from_scope",
    "match",
    "matcher",
    "op_type",
    "ph",
    "placeholder_name",
    "remove_control_inputs",
    "replace_t_with_placeholder_handler",
    "reroute",
    "reroute_inputs",
    "reroute_ios",
    "reroute_outputs",
    "reroute_ts",
    "select",
    "select_ops",
    "select_ops_and_ts",
    "select_ts",
    "sgv",
    "sgv_scope",
    "subgraph",
    "swap_inputs",
    "swap_ios",
    "swap_outputs",
    "swap_ts",
    "transform",
    "transform_op_if_inside_handler",
    "util",
]
