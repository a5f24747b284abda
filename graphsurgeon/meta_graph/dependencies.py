"""What belongs to a node although the node does not need it.

A graph that reads a variable runs only after the variable's initializer or a saver has;
a table wants its initializer, a queue the ops that fill it; a branch can be
differentiated only with the pivots of its context. None of these is behind the outputs,
so whoever takes nodes away has to ask here what to take along.

Above the single initializers stand ops that run them all: the main op of a SavedModel, a
legacy init op, and what `tf.global_variables_initializer` made, which no collection names.
They are NoOps that wait for other NoOps and, in the end, for the initializers, and can be
cut down to those that are left::

    main_op = NoOp(^init, ^init_all_tables)
    init = NoOp(^v/Assign, ^w/Assign)        init_all_tables = NoOp(^table_init)

Everything here costs O(entries + edges) and touches no payload.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from graphsurgeon.ir import ops
from graphsurgeon.ir.function_calls import named_functions
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Library
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS, RESTORE_OPS, TABLE_INIT_OPS
from graphsurgeon.ir.signatures import input_types, output_types
from graphsurgeon.ir.traversal import ancestors, closure
from graphsurgeon.meta_graph.collections import messages, variable_defs
from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.meta_graph.references import name_fields
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.tensors.dtypes import RESOURCE, DType
from proto_utils import schema

#: The op that a SavedModel's loader runs after restoring, and the collections in which it looks for one.
MAIN_OP = "saved_model_main_op"
MAIN_OP_COLLECTIONS = (MAIN_OP, "legacy_init_op")

#: Collections of ops that are run once, before anything else.
INIT_COLLECTIONS = (*MAIN_OP_COLLECTIONS, "serving_init_op", "init_op", "local_init_op")

#: The signature that stands for such an op in a SavedModel of TensorFlow 2.
INIT_SIGNATURE = "__saved_model_init_op"

#: The collection of the initializers of tables, and of iterators.
TABLE_INITIALIZERS = "table_initializer"

#: What gives its values from outside: a caller, or a checkpoint.
_GIVEN_OPS = PLACEHOLDER_OPS | RESTORE_OPS

#: The name that `tf.compat.v1.tables_initializer` gives the op that runs those.
TABLES_INIT_OP = "init_all_tables"


def initialization_dependencies(
    meta: schema.MetaGraphDef | None, producers: Mapping[str, Node], without: Container[str] = ()
) -> tuple[dict[str, list[str]], InitOps]:
    """Return what initializes stateful nodes, and the ops that initialize everything at once.

    The former is by node, as `traversal.ancestors` takes it, and leaves the nodes out that are to be `without`. Of a
    graph alone, the ops that fill tables and iterators tell, and the one that runs those.
    """
    groups = [] if meta is None else [*init_ops(meta), *_groups_of_initializers(meta, producers)]
    if TABLES_INIT_OP in producers and producers[TABLES_INIT_OP].inputs:
        groups.append(TABLES_INIT_OP)
    init = InitOps(groups, producers)
    also = {} if meta is None else collection_dependencies(meta, producers)
    for found in (init.initializers, _fillers(producers)):
        for holder, names in found.items():
            also[holder] = list(dict.fromkeys([*also.get(holder, ()), *names]))
    return {holder: names for holder, names in also.items() if holder not in without}, init


def _fillers(producers: Mapping[str, Node]) -> dict[str, list[str]]:
    """Return the ops that fill tables and iterators, but for those of savers, by what they fill."""
    found: dict[str, list[str]] = {}
    for node in producers.values():
        if node.op not in TABLE_INIT_OPS and node.op != "MakeIterator":
            continue
        is_restored = any(producers[name].op in RESTORE_OPS for name in ancestors(producers, [node.name]))
        for holder in state_inputs(node.name, producers) if not is_restored else ():
            found.setdefault(holder, []).append(node.name)
    return found


def collection_dependencies(meta: schema.MetaGraphDef, producers: Mapping[str, Node]) -> dict[str, list[str]]:
    """Return what belongs to nodes, as the collections tell.

    With a variable come its initializer and its read, with a table or iterator its initializer, with a queue the ops
    that fill and close it. With a node inside of a branch or loop come its pivots, and with a loop variable its exit:
    without them TensorFlow cannot differentiate it, or leaves gradients out without a word.
    """
    found: dict[str, list[str]] = {}
    for variable in variable_defs(meta):
        names = (variable.initializer_name, variable.snapshot_name, variable.initial_value_name)
        found[node_of(variable.variable_name)] = [node_of(name) for name in names if name]
    for runner in messages(meta, "queue_runners"):
        fillers = [*runner.enqueue_op_name, runner.close_op_name, runner.cancel_op_name]
        found.setdefault(node_of(runner.queue_name), []).extend(node_of(name) for name in fillers if name)
    for name in _listed(meta, TABLE_INITIALIZERS):
        for holder in state_inputs(name, producers):
            found.setdefault(holder, []).append(name)
    for context in contexts(meta):
        pivots = [getattr(context, field) for field in name_fields(context.DESCRIPTOR.name)]
        outside = {node_of(name) for name in context.values_def.external_values}
        for member in {node_of(name) for name in context.values_def.values} - outside:
            found.setdefault(member, []).extend(node_of(name) for name in pivots if name)
        for name in getattr(context, "loop_exit_names", ()):
            for text in producers[node_of(name)].inputs if node_of(name) in producers else ():
                found.setdefault(node_of_input(text), []).append(node_of(name))
    return found


def state_initializers(meta: schema.MetaGraphDef | None, producers: Mapping[str, Node]) -> dict[str, list[str]]:
    """Return the ops that set each stateful node up, as collections, signatures and ops that run them all tell."""
    names = [] if meta is None else init_ops(meta)
    found = InitOps([*names, TABLES_INIT_OP], producers).initializers
    for name in [] if meta is None else _listed(meta, TABLE_INITIALIZERS):
        for holder in state_inputs(name, producers):
            found.setdefault(holder, []).append(name)
    return found


def init_ops(meta: schema.MetaGraphDef) -> list[str]:
    """Return the ops that initialize everything at once, once each."""
    names = [name for key in INIT_COLLECTIONS for name in _listed(meta, key)]
    if INIT_SIGNATURE in meta.signature_def:
        names += [node_of(info.name) for info in meta.signature_def[INIT_SIGNATURE].outputs.values()]
    return list(dict.fromkeys(names))


def table_fillers(meta: schema.MetaGraphDef, producers: Mapping[str, Node], library: Library) -> list[str]:
    """Return the ops that fill tables once: those its collection lists, and those of the graph that nobody need feed.

    Calls of functions that do so count, and one op for them all as far as it runs others: what sets up trees.
    What a saver restores fills tables too, whenever it restores.
    """
    found = dict.fromkeys(name for name in _listed(meta, TABLE_INITIALIZERS) if name in producers)
    functions = _filling_functions(library)
    for node in producers.values():
        fills = node.op in TABLE_INIT_OPS or (functions and not functions.isdisjoint(named_functions([node])))
        if fills and node.name not in found:
            needed = ancestors(producers, [node.name])
            if not any(producers[name].op in _GIVEN_OPS for name in needed):
                found[node.name] = None
    group = producers.get(TABLES_INIT_OP)
    if group is not None and group.op == "NoOp" and any(node_of_input(text) not in found for text in group.inputs):
        needed = ancestors(producers, [group.name])
        if not any(producers[name].op in _GIVEN_OPS for name in needed):
            found[group.name] = None
    return list(found)


def _filling_functions(library: Library) -> set[str]:
    """Return the functions that fill tables, themselves or by what they call."""
    bodies = {name: function.body for name, function in library.functions.items()}
    filling = [name for name, body in bodies.items() if not TABLE_INIT_OPS.isdisjoint(body.ops)]
    if not filling:
        return set()
    callers: dict[str, list[str]] = {}
    for name, body in bodies.items():
        for called in set(named_functions(body)) & bodies.keys():
            callers.setdefault(called, []).append(name)
    return closure(filling, lambda name: callers.get(name, ()))


def list_table_fillers(meta: schema.MetaGraphDef, graph: Graph, library: Library) -> list[str]:
    """Let the collection of table initializers list all `table_fillers`; return those that it had not."""
    has_group = any(node.name == TABLES_INIT_OP for node in graph.nodes_of(("NoOp",)))
    if not has_group and TABLE_INIT_OPS.isdisjoint(graph.ops) and not _filling_functions(library):
        return []
    listed = set(_listed(meta, TABLE_INITIALIZERS))
    added = [name for name in table_fillers(meta, Index(graph).producers, library) if name not in listed]
    if added:
        meta.collection_def[TABLE_INITIALIZERS].node_list.value.extend(added)
    return added


def _groups_of_initializers(meta: schema.MetaGraphDef, producers: Mapping[str, Node]) -> list[str]:
    """Return the NoOps that wait for initializers which collections tell of, or for such NoOps, and nothing else."""
    known = {node_of(each.initializer_name) for each in variable_defs(meta)} | {*_listed(meta, TABLE_INITIALIZERS)}
    found = []
    for node in producers.values():
        if node.op == "NoOp" and node.inputs and known.issuperset(map(node_of_input, node.inputs)):
            known.add(node.name)
            found.append(node.name)
    return found


def state_inputs(name: str, producers: Mapping[str, Node]) -> list[str]:
    """Return the variables, tables, queues ... that a node is given; none when it is not there.

    Handles and references are followed back to where they come from.
    """
    found: dict[str, None] = {}
    pending, seen = [name], set()
    while pending:
        node = producers.get(pending.pop())
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        given = _given_state(node)
        if not given and node.name != name:
            found[node.name] = None
        pending.extend(given)
    return list(found)


def holds_state(node: Node) -> bool:
    """Whether a node is a variable, table, queue, iterator ...: gives a handle or a reference away and takes none."""
    known = ops.facts(node.op)
    if known is not None and not known.is_stateful:
        # What passes a handle on takes it too; asked first, because it costs no look at the attrs.
        return False
    types = output_types(node)
    return types is not None and any(map(_is_state, types)) and not _given_state(node)


def _given_state(node: Node) -> list[str]:
    """Return the producers of the handles and references that a node takes."""
    types = input_types(node) or []
    return [node_of_input(text) for text, dtype in zip(node.inputs, types, strict=False) if _is_state(dtype)]


def _is_state(dtype: DType) -> bool:
    return dtype.is_ref or dtype is RESOURCE


class InitOps:
    """Ops that initialize everything at once, down to the single initializers; a graph need not have them."""

    def __init__(self, names: Iterable[str], producers: Mapping[str, Node]) -> None:
        self.initializers: dict[str, list[str]] = {}  # of each stateful node, those found
        self.wanted: set[str] = set()  # those that stay even with nothing left to wait for
        self.keeps_idle = True  # whether those stay that never waited for anything
        # NoOps, each behind those it waits for.
        self._groups: dict[str, Node] = {}
        pending = [(name, False) for name in names if name in producers]
        seen: set[str] = set()
        while pending:
            name, is_done = pending.pop()
            node = producers.get(name)
            if node is None or (name in seen and not is_done):
                continue
            seen.add(name)
            if node.op != "NoOp":
                for holder in state_inputs(name, producers):
                    self.initializers.setdefault(holder, []).append(name)
            elif is_done:
                self._groups[name] = node
            else:
                pending.append((name, True))
                pending.extend((node_of_input(text), False) for text in node.inputs)

    def __contains__(self, name: str) -> bool:
        """Whether a node is one of the ops that wait for others."""
        return name in self._groups

    def below(self, name: str) -> list[str]:
        """Return the single initializers that one of the ops waits for, directly or not."""
        found: dict[str, None] = {}
        pending = [name]
        seen = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            node = self._groups.get(name)
            if node is None:
                found[name] = None
            else:
                pending += reversed([node_of_input(text) for text in node.inputs])
        return list(found)

    def cut(self, kept: set[str]) -> dict[str, tuple[str, ...]]:
        """Cut the ops down to what they wait for among the nodes that are kept, and return their inputs then.

        What is kept anyway is not in it, nor what has nothing left to wait for, unless it is among those `wanted`;
        what never had, is, if that `keeps_idle`.
        """
        found: dict[str, tuple[str, ...]] = {}
        for name, node in self._groups.items():
            left = [text for text in node.inputs if node_of_input(text) in kept or node_of_input(text) in found]
            if name not in kept and (left or (self.keeps_idle and not node.inputs) or name in self.wanted):
                found[name] = tuple(left)
        return found


def _listed(meta: schema.MetaGraphDef, key: str) -> list[str]:
    if key not in meta.collection_def:
        return []
    return [node_of(name) for name in meta.collection_def[key].node_list.value]
