"""`tf.contrib.graph_editor.util`: lists of ops and tensors, trees of them, control outputs, placeholders, scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output
from graphsurgeon.names import node_of_input
from graphsurgeon.tensors.dtypes import DType

T = TypeVar("T")

#: Names of the placeholders that stand for what was detached begin with it: graph editor placeholder.
_PREFIX = "geph"


def concatenate_unique(la: list[T], lb: Iterable[T]) -> list[T]:
    """Extend a list by the elements of another that it does not have, in their order, and return it."""
    have = set(la)
    for each in lb:
        if each not in have:
            have.add(each)
            la.append(each)
    return la


class ListView(Sequence[T]):
    """A list for reading."""

    def __init__(self, list_: list[T]) -> None:
        if not isinstance(list_, list):
            raise TypeError(f"a list is wanted, not a {type(list_).__name__}")
        self._list = list_

    def __len__(self) -> int:
        return len(self._list)

    def __getitem__(self, i: Any) -> Any:
        return self._list[i]

    def __add__(self, other: Iterable[T]) -> list[T]:
        return [*self._list, *other]

    def __repr__(self) -> str:
        return repr(self._list)


def is_iterable(obj: Any) -> bool:
    """Return whether something has elements; ops and tensors have none."""
    return isinstance(obj, Iterable) and not isinstance(obj, (Node, Output))


def flatten_tree(tree: Any, leaves: list[Any] | None = None) -> list[Any]:
    """Return the leaves of a nested structure of iterables and mappings; texts are leaves."""
    leaves = [] if leaves is None else leaves
    if isinstance(tree, (str, bytes)) or not is_iterable(tree):
        leaves.append(tree)
    else:
        for child in tree.values() if isinstance(tree, Mapping) else tree:
            flatten_tree(child, leaves)
    return leaves


def transform_tree(tree: Any, fn: Callable[[Any], Any], iterable_type: type = tuple) -> Any:
    """Return a structure like the one that is given, with its leaves transformed; texts are leaves.

    Iterables of no known kind become an `iterable_type`.
    """
    if isinstance(tree, (str, bytes)) or not is_iterable(tree):
        return fn(tree)
    if isinstance(tree, dict):
        made = type(tree).__new__(type(tree))
        made.__init__([(key, transform_tree(child, fn)) for key, child in tree.items()])  # type: ignore[misc]
        return made
    children = [transform_tree(child, fn) for child in tree]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*children)
    return type(tree)(children) if isinstance(tree, (tuple, list)) else iterable_type(children)


def check_graphs(*args: Any) -> None:
    """Require that all arguments that have a graph have the same; a ValueError else."""
    graphs = [(position, each.graph) for position, each in enumerate(args) if each.graph is not None]
    for position, graph in graphs:
        if graph is not graphs[0][1]:
            raise ValueError(f"argument {position} is of another graph")


def get_unique_graph(tops: Any, check_types: Any = None, none_if_empty: bool = False) -> Graph | None:
    """Return the one graph that ops and tensors are of.

    A TypeError for elements of other types, a ValueError for several graphs, or for no elements where that is not
    allowed.
    """
    if isinstance(tops, Graph):
        return tops
    if not is_iterable(tops):
        raise TypeError(f"{type(tops).__name__} is not iterable")
    types: Any = (Node, Output) if check_types is None else check_types if is_iterable(check_types) else (check_types,)
    graph: Any = None
    for each in tops:
        is_wanted = isinstance(each, tuple(types))
        if not is_wanted:
            wanted = " or ".join([kind.__name__ for kind in types])
            raise TypeError(f"{wanted} is wanted, not {type(each).__name__}")
        graph = each.graph if graph is None else graph
        if each.graph is not graph or graph is None:
            raise ValueError(f"{each!r} is not in the graph of the others")
    if graph is None and not none_if_empty:
        raise ValueError("nothing tells which graph is meant")
    found: Graph | None = graph
    return found


def make_list_of_op(
    ops: Any, check_graph: bool = True, allow_graph: bool = True, ignore_ts: bool = False
) -> list[Node]:
    """Return one op, several, or all of a graph as a new list."""
    return _make_list(ops, Node, check_graph, allow_graph, ignore_ts, list)


def make_list_of_t(
    ts: Any, check_graph: bool = True, allow_graph: bool = True, ignore_ops: bool = False
) -> list[Output]:
    """Return one tensor, several, or all of a graph as a new list."""
    return _make_list(ts, Output, check_graph, allow_graph, ignore_ops, get_tensors)


def _make_list(
    given: Any, kind: Any, check_graph: bool, allow_graph: bool, ignore_others: bool, of_graph: Callable[[Graph], Any]
) -> list[Any]:
    if isinstance(given, Graph):
        if not allow_graph:
            raise TypeError("a graph is not allowed here")
        return list(of_graph(given))
    elements = list(given) if is_iterable(given) else [given]
    if elements and check_graph:
        get_unique_graph(elements, check_types=None if ignore_others else kind)
    return [each for each in elements if isinstance(each, kind)]


def get_tensors(graph: Graph) -> list[Output]:
    """Return all tensors that ops of a graph make."""
    if not isinstance(graph, Graph):
        raise TypeError(f"a Graph is wanted, not a {type(graph).__name__}")
    return [tensor for node in graph for tensor in node.outputs]


def get_generating_ops(ts: Any) -> list[Node]:
    """Return the op that makes each of the tensors."""
    return [t.node for t in make_list_of_t(ts, allow_graph=False) if t.node is not None]


def get_consuming_ops(ts: Any) -> list[Node]:
    """Return the ops that read any of the tensors, once each."""
    ops: list[Node] = []
    return concatenate_unique(ops, [op for t in make_list_of_t(ts, allow_graph=False) for op in t.consumers()])


def control_inputs_of(op: Node) -> list[Node]:
    """Return the ops that an op waits for."""
    graph = op.graph
    found = [] if graph is None else [graph.get(node_of_input(text)) for text in op.control_inputs]
    return [each for each in found if each is not None]


class ControlOutputs:
    """Who waits for the ops of a graph."""

    def __init__(self, graph: Graph) -> None:
        if not isinstance(graph, Graph):
            raise TypeError(f"a Graph is wanted, not a {type(graph).__name__}")
        self._graph = graph

    def update(self) -> ControlOutputs:
        """Return this; the index of the graph follows its edits by itself."""
        return self

    def get_all(self) -> dict[Node, list[Node]]:
        """Return who waits for each op that any waits for."""
        found = {node: list(self.get(node)) for node in self._graph}
        return {node: waiting for node, waiting in found.items() if waiting}

    def get(self, op: Node) -> Sequence[Node]:
        """Return the ops that wait for an op."""
        return self._graph.index.control_consumers(op.name)

    @property
    def graph(self) -> Graph:
        """The graph."""
        return self._graph


def scope_finalize(scope: str) -> str:
    """Return a scope with a slash at its end; the root scope has none."""
    return f"{scope}/" if scope and not scope.endswith("/") else scope


def scope_dirname(scope: str) -> str:
    """Return what is up to the last slash, with it."""
    return scope[: scope.rfind("/") + 1]


def scope_basename(scope: str) -> str:
    """Return what is behind the last slash."""
    return scope[scope.rfind("/") + 1 :]


def placeholder_name(t: Output | None = None, scope: str | None = None, prefix: str = _PREFIX) -> str:
    """Return the name of a placeholder for a tensor: ``geph__<op>_<output>`` in a scope, by default its own."""
    if t is None:
        return scope_finalize(scope or "") + prefix
    if not isinstance(t, Output):
        raise TypeError(f"an Output is wanted, not a {type(t).__name__}")
    op = t.node.name if t.node is not None else t.text.partition(":")[0]
    where = scope_dirname(op) if scope is None else scope_finalize(scope)
    base = scope_basename(op)
    return where + (base if base.startswith(f"{prefix}__") else f"{prefix}__{base}_{t.index}")


def make_placeholder_from_tensor(
    t: Output, scope: str | None = None, prefix: str = _PREFIX, graph: Graph | None = None
) -> Output:
    """Make a placeholder of a tensor's type and shape, in its own graph unless another is given."""
    where = t.graph if graph is None else graph
    assert where is not None
    return _placeholder(where, t.dtype, t.shape, placeholder_name(t, scope, prefix))


def make_placeholder_from_dtype_and_shape(
    dtype: Any, shape: Any = None, scope: str | None = None, prefix: str = _PREFIX, graph: Graph | None = None
) -> Output:
    """Make a placeholder in a graph, which must be given: no graph is the default one here."""
    if graph is None:
        raise TypeError("graph= is wanted: no graph is the default one, as one is in TensorFlow")
    return _placeholder(graph, dtype, shape, placeholder_name(None, scope, prefix))


def _placeholder(graph: Graph, dtype: Any, shape: Any, name: str) -> Output:
    base = dtype.base if isinstance(dtype, DType) else dtype
    node = graph.add("Placeholder", name=graph.unique_name(name), dtype=base, shape=Shape() if shape is None else shape)
    return node.outputs[0]


def get_predefined_collection_names() -> list[str]:
    """Return the names of the collections that ``tf.GraphKeys`` has."""
    return list(_COLLECTIONS)


def find_corresponding_elem(target: Node | Output, dst_graph: Graph, dst_scope: str = "", src_scope: str = "") -> Any:
    """Return the op or tensor of another graph that has the same name, but for a scope.

    A ValueError when it is not in the source's scope, a KeyError when there is none.
    """
    if not isinstance(target, (Node, Output)):
        raise TypeError(f"a Node or an Output is wanted, not a {type(target).__name__}")
    name, scope = target.name, scope_finalize(src_scope)
    if not name.startswith(scope):
        raise ValueError(f"{name} is not in the scope {scope}")
    wanted = scope_finalize(dst_scope) + name[len(scope) :]
    return dst_graph.tensor(wanted) if isinstance(target, Output) else dst_graph.node(wanted)


def find_corresponding(targets: Any, dst_graph: Graph, dst_scope: str = "", src_scope: str = "") -> Any:
    """Return what `find_corresponding_elem` finds for each op and tensor of a nested structure, in one like it."""
    return transform_tree(targets, lambda top: find_corresponding_elem(top, dst_graph, dst_scope, src_scope))


def unique_scope(graph: Graph, scope: str) -> str:
    """Return a scope, or ``scope_1`` ..., that has no nodes; case does not count, as in TensorFlow."""
    depth = scope.count("/") + 1
    taken = {"/".join(node.name.split("/", depth)[:depth]).lower() for node in graph}
    wanted, number = scope, 0
    while wanted.lower() in taken:
        number += 1
        wanted = f"{scope}_{number}"
    return wanted


_COLLECTIONS = (
    "variables", "local_variables", "metric_variables", "model_variables", "trainable_variables", "summaries",
    "queue_runners", "table_initializer", "asset_filepaths", "moving_average_variables", "regularization_losses",
    "concatenated_variables", "savers", "weights", "biases", "activations", "update_ops", "losses", "saveable_objects",
    "resources", "local_resources", "trainable_resource_variables", "init_op", "local_init_op", "ready_op",
    "ready_for_local_init_op", "summary_op", "global_step", "eval_step", "train_op", "cond_context", "while_context",
    "_SUMMARY_V2", "streaming_model_ports",
)  # fmt: skip
