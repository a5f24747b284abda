"""`tf.contrib.graph_editor.transform`: copies of a part of a graph, with handlers that change what is copied.

Ops are copied in topological order, whatever their order in the graph. Only the way back of a loop leads to an op that
is not copied yet: until it is, the copy of a Merge reads its first input twice. Copies are colocated with copies, and
a loop that is copied within its graph runs in frames of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from graphsurgeon.compat.graph_editor.functions import bring_functions
from graphsurgeon.compat.graph_editor.loops import rename_frames, whole_loops
from graphsurgeon.compat.graph_editor.reroute import add_control_inputs
from graphsurgeon.compat.graph_editor.select import get_backward_walk_ops, get_forward_walk_ops
from graphsurgeon.compat.graph_editor.subgraph import SubGraphView, make_view
from graphsurgeon.compat.graph_editor.util import (
    ControlOutputs,
    control_inputs_of,
    flatten_tree,
    get_predefined_collection_names,
    get_unique_graph,
    make_placeholder_from_tensor,
    scope_finalize,
    transform_tree,
    unique_scope,
)
from graphsurgeon.ir.colocation import colocated_with, drop_colocation, rename_colocation
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output
from graphsurgeon.ir.walks import topological
from proto_utils import schema
from proto_utils.splice import join

_Handler = Callable[..., Any]


def replace_t_with_placeholder_handler(info: _TmpInfo, t: Output) -> Output:
    """Put a placeholder of the same type in a tensor's place."""
    return make_placeholder_from_tensor(t, scope=info.scope_, graph=info.graph_)


def keep_t_if_possible_handler(info: _TmpInfo, t: Output) -> Output:
    """Keep a tensor where the copy is in the same graph; put a placeholder in its place where it is not."""
    return t if info.graph is info.graph_ else replace_t_with_placeholder_handler(info, t)


def assign_renamed_collections_handler(info: _TmpInfo, elem: Node | Output, elem_: Node | Output) -> None:
    """Put a copy into the collections that name its original, renamed into the scope unless TensorFlow knows them.

    The graph is that of a model, or has no collections.
    """
    for name, names in info.collections.items():
        if elem.name in names:
            known = name in get_predefined_collection_names()
            _add_to_collection(info.graph_, name if known else info.new_name(name), elem_.name)


def transform_op_if_inside_handler(info: _TmpInfo, op: Node, keep_if_possible: bool = True) -> Node | None:
    """Return the copy of an op; of one that is not copied, the op itself where the graph is the same, else None."""
    if op in info.ops:
        return info.transformed_ops[op]
    return op if keep_if_possible and info.graph is info.graph_ else None


def copy_op_handler(
    info: _TmpInfo,
    op: Node,
    new_inputs: Iterable[Output],
    copy_shape: bool = False,  # noqa: ARG001 -- it is TensorFlow's
    nodedef_fn: Callable[[Any], Any] | None = None,
) -> tuple[Node, tuple[Output, ...]]:
    """Copy an op, and return the copy and its outputs.

    Parameters
    ----------
    info : what a transformation knows
    op : Node
    new_inputs : tensors
        What the copy reads.
    copy_shape : bool
        Nothing depends on it: shapes are attrs, and those are copied.
    nodedef_fn : function, optional
        It is given the NodeDef, and returns the one that is to be.
    """
    node = op.copy()
    node.name = info.graph_.unique_name(info.new_name(op.name))
    if nodedef_fn is not None:
        node = Node(nodedef_fn(schema.parse(schema.NodeDef, join(node.pieces()))))
    node.inputs = tuple([t.text for t in new_inputs])
    info.graph_.append(node)
    return node, node.outputs


class TransformerInfo:
    """Which op and tensor became which."""

    def __init__(self, info: _TmpInfo) -> None:
        self._graph, self._graph_ = info.graph, info.graph_
        self._scope, self._scope_ = info.scope, info.scope_
        self._transformed: dict[Any, Any] = {**info.transformed_ops, **info.transformed_ts}
        self._original: dict[Any, Any] = {copied: each for each, copied in self._transformed.items()}

    def transformed(self, original: Any, missing_fn: Callable[[Any], Any] | None = None) -> Any:
        """Return what became of ops and tensors, which may be given by name, in a structure like the one given.

        Of others, what the function returns, or None.
        """
        return transform_tree(original, partial(_found, self._transformed, missing_fn))

    def original(self, transformed: Any, missing_fn: Callable[[Any], Any] | None = None) -> Any:
        """Return what ops and tensors, which may be given by name, were; otherwise as `transformed`."""
        return transform_tree(transformed, partial(_found, self._original, missing_fn))

    def __str__(self) -> str:
        where = f"within {self._graph!r}" if self._graph is self._graph_ else f"{self._graph!r} => {self._graph_!r}"
        lines = ["Transform result:", f"  {where}"]
        lines += [f"  source scope: {self._scope}"] * bool(self._scope)
        lines += [f"  destination scope: {self._scope_}"] * bool(self._scope_)
        ops = [(each, copied) for each, copied in self._transformed.items() if isinstance(each, Node)]
        return "\n".join([*lines, "Operations:", *(f"  {each.name} => {copied.name}" for each, copied in ops), ""])


class _TmpInfo:
    """What a transformation knows while it runs; handlers get it."""

    def __init__(self, sgv: SubGraphView, dst_graph: Graph, dst_scope: str, src_scope: str) -> None:
        graph = sgv.graph
        if graph is None:
            raise ValueError("there is nothing to copy: the view is empty")
        self.sgv = sgv
        self.sgv_inputs_set = frozenset(sgv.inputs)
        self.ops = frozenset(sgv.ops)
        self.control_outputs = ControlOutputs(graph)
        self.graph: Graph = graph
        self.scope = src_scope
        self.graph_ = dst_graph
        self.scope_ = dst_scope
        self.transformed_ops: dict[Node, Node] = {}
        self.transformed_ts: dict[Output, Output] = {}
        self.collections = _collections(graph)
        # Tensors that were not copied when an op was that reads them: the op, and which input.
        self.cyclic: list[tuple[Output, Node, int]] = []
        self.temporary: list[Node] = []

    def new_name(self, name: str) -> str:
        """Return the name of a copy; a ValueError for one that is not in the source's scope."""
        if not name.startswith(self.scope):
            raise ValueError(f"{name} is not in the source scope {self.scope}")
        return self.scope_ + name[len(self.scope) :]


class Transformer:
    """Copies a view of a graph; its handlers, which can be set, say how.

    Attributes
    ----------
    transform_op_handler
        ``(info, op, new_inputs) -> (op, outputs)``: what becomes of an op.
    transform_control_input_handler
        ``(info, op) -> op or None``: what is waited for instead of an op.
    assign_collections_handler
        ``(info, elem, elem_)``: collections of a copy.
    transform_external_input_handler, transform_external_hidden_input_handler
        ``(info, tensor) -> tensor``: what is read instead of an input of the view, and of one that was left out.
    transform_original_op_handler
        Never called: nodes have no original op.
    """

    def __init__(self) -> None:
        self.transform_op_handler: _Handler = copy_op_handler
        self.transform_control_input_handler: _Handler = transform_op_if_inside_handler
        self.assign_collections_handler: _Handler = assign_renamed_collections_handler
        self.transform_external_input_handler: _Handler = replace_t_with_placeholder_handler
        self.transform_external_hidden_input_handler: _Handler = keep_t_if_possible_handler
        self.transform_original_op_handler: _Handler = transform_op_if_inside_handler

    def __call__(
        self, sgv: Any, dst_graph: Graph, dst_scope: str, src_scope: str = "", reuse_dst_scope: bool = False
    ) -> tuple[SubGraphView, TransformerInfo]:
        """Copy a view into a graph, below a scope instead of another.

        Parameters
        ----------
        sgv : SubGraphView, or what `make_view` takes
        dst_graph : Graph
        dst_scope, src_scope : str
            ``a/x/y`` becomes ``b/x/y`` for ``b`` and ``a``.
        reuse_dst_scope : bool
            Take that scope though it has nodes, else the first of ``b_1``, ``b_2`` that has none.
        """
        view = make_view(sgv)
        if not isinstance(dst_graph, Graph):
            raise TypeError(f"a Graph is wanted, not a {type(dst_graph).__name__}")
        src_scope, dst_scope = scope_finalize(src_scope), scope_finalize(dst_scope)
        if dst_scope and not reuse_dst_scope:
            dst_scope = scope_finalize(unique_scope(dst_graph, dst_scope[:-1]))
        info = _TmpInfo(view, dst_graph, dst_scope, src_scope)
        bring_functions(view.ops, info.graph, dst_graph)
        self._copy_ops(info)
        self._close_cycles(info)
        self._connect_control_inputs(info)
        _colocate(info)
        rename_frames(info.transformed_ops, info.graph_)
        return _transformed_view(info, view), TransformerInfo(info)

    def _copy_ops(self, info: _TmpInfo) -> None:
        for op in topological(info.graph, within=info.ops):
            new_inputs = [self._input(info, t, op, position) for position, t in enumerate(op.input_tensors)]
            op_, outputs_ = self.transform_op_handler(info, op, new_inputs)
            if op is op_:
                raise ValueError("an op cannot be transformed in place")
            info.transformed_ops[op] = op_
            self.assign_collections_handler(info, op, op_)
            for t, t_ in zip(op.outputs, outputs_, strict=False):
                info.transformed_ts[t] = t_
                self.assign_collections_handler(info, t, t_)

    def _input(self, info: _TmpInfo, t: Output, op: Node, position: int) -> Any:
        """Return what the copy of an op reads instead of a tensor."""
        if t in info.transformed_ts:
            return info.transformed_ts[t]
        if t in info.sgv_inputs_set:
            return self.transform_external_input_handler(info, t)
        if t.node not in info.ops:
            return self.transform_external_hidden_input_handler(info, t)
        info.cyclic.append((t, op, position))
        if position > 0:
            return self._input(info, op.input_tensors[0], op, 0)
        stand_in = make_placeholder_from_tensor(t, scope=info.scope_, prefix="geph_tmp", graph=info.graph_)
        if stand_in.node is not None:
            info.temporary.append(stand_in.node)
        return stand_in

    def _close_cycles(self, info: _TmpInfo) -> None:
        for t, op, position in info.cyclic:
            info.transformed_ops[op].set_input(position, info.transformed_ts[t].text)
        info.graph_.remove(info.temporary)

    def _connect_control_inputs(self, info: _TmpInfo) -> None:
        for op, op_ in info.transformed_ops.items():
            waits = [self.transform_control_input_handler(info, each) for each in control_inputs_of(op)]
            add_control_inputs(op_, list(dict.fromkeys([each for each in waits if each is not None])))


def copy(
    sgv: Any, dst_graph: Graph | None = None, dst_scope: str = "", src_scope: str = "", reuse_dst_scope: bool = False
) -> tuple[SubGraphView, TransformerInfo]:
    """Copy a view, with placeholders for its inputs, into its graph or another: see `Transformer`."""
    view = make_view(sgv)
    where: Any = view.graph if dst_graph is None else dst_graph
    return Transformer()(view, where, dst_scope, src_scope, reuse_dst_scope=reuse_dst_scope)


def copy_with_input_replacements(
    sgv: Any,
    replacement_ts: Mapping[Output, Output],
    dst_graph: Graph | None = None,
    dst_scope: str = "",
    src_scope: str = "",
    reuse_dst_scope: bool = False,
) -> tuple[SubGraphView, TransformerInfo]:
    """Copy a view that reads other tensors instead of some of its inputs: see `Transformer`."""
    view = make_view(sgv)
    where: Any = view.graph if dst_graph is None else dst_graph

    def replaced(info: _TmpInfo, t: Output) -> Output:
        return replacement_ts[t] if t in replacement_ts else keep_t_if_possible_handler(info, t)

    copier = Transformer()
    copier.transform_external_input_handler = replaced
    return copier(view, where, dst_scope, src_scope, reuse_dst_scope=reuse_dst_scope)


def graph_replace(
    target_ts: Any,
    replacement_ts: Mapping[Output, Output],
    dst_scope: str = "",
    src_scope: str = "",
    reuse_dst_scope: bool = False,
) -> Any:
    """Compute targets once more, from other tensors instead of some.

    What is between the two is copied, a loop as a whole; targets that do not depend on what is replaced are returned
    as they are.

    Parameters
    ----------
    target_ts : tensor, or nested structure of tensors
    replacement_ts : mapping of tensor to tensor
    dst_scope, src_scope, reuse_dst_scope
        As `Transformer` takes them.

    Returns
    -------
    tensor, or a structure like the one given

    Raises
    ------
    ValueError
        No target depends on what is replaced.
    """
    targets = flatten_tree(target_ts)
    graph = get_unique_graph(targets, check_types=Output)
    assert graph is not None
    control = ControlOutputs(graph)
    # What only serves to compute a tensor that is replaced is not needed.
    needed = get_backward_walk_ops(targets, stop_at_ts=list(replacement_ts), control_inputs=True)
    changed = frozenset(get_forward_walk_ops(list(replacement_ts), control_outputs=control))
    ops = [op for op in needed if op in changed]
    if not ops:
        raise ValueError("no target depends on a tensor that is to be replaced")
    view = SubGraphView(whole_loops(graph, ops))
    _, info = copy_with_input_replacements(view, replacement_ts, None, dst_scope, src_scope, reuse_dst_scope)
    return info.transformed(target_ts, lambda original: original)


def _transformed_view(info: _TmpInfo, view: SubGraphView) -> SubGraphView:
    """Return a view of the copies, with inputs and outputs in the order of the originals."""
    made = SubGraphView(list(info.transformed_ops.values()))
    inputs, outputs = frozenset(made.inputs), frozenset(made.outputs)
    read = [info.transformed_ts[t] for t in view.inputs if t in info.transformed_ts]
    results = [info.transformed_ts[t] for t in view.outputs if t in info.transformed_ts]
    return made.remap([t for t in read if t in inputs], [t for t in results if t in outputs])


def _colocate(info: _TmpInfo) -> None:
    """Let copies be colocated with copies, and in another graph with nothing else."""
    names = {op.name: op_.name for op, op_ in info.transformed_ops.items()}
    for op_ in info.transformed_ops.values():
        gone = [name for name in colocated_with(op_) if name not in names]
        if gone and info.graph is not info.graph_:
            drop_colocation(op_, gone)
        rename_colocation(op_, names)


def _found(known: Mapping[Any, Any], missing_fn: Callable[[Any], Any] | None, given: Any) -> Any:
    if isinstance(given, str):
        found = next((value for each, value in known.items() if each.name == given), None)
    elif isinstance(given, (Node, Output)):
        found = known.get(given)
    else:
        raise TypeError(f"a Node, an Output or a name is wanted, not a {type(given).__name__}")
    return missing_fn(given) if found is None and missing_fn is not None else found


def _collections(graph: Graph) -> dict[str, frozenset[str]]:
    """Return the collections of nodes and tensors of the model that a graph is of."""
    model = graph.model
    if model is None or model.meta is None or model.graph is not graph:
        return {}
    held = model.meta.collection_def
    return {key: frozenset(held[key].node_list.value) for key in held if held[key].WhichOneof("kind") == "node_list"}


def _add_to_collection(graph: Graph, key: str, name: str) -> None:
    model = graph.model
    if model is not None and model.meta is not None and model.graph is graph:
        model.meta.collection_def[key].node_list.value.append(name)
