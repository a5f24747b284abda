"""Cuts of a graph: what lies in front of some tensors, what behind, and what else crosses from one to the other.

Behind is what depends on a tensor that is cut. It takes along what it needs from elsewhere, as far as that is the same
whoever computes it: constants, variables and tables that nothing changes, and what is computed from these. What is fed,
drawn at random or taken out of a queue or TensorArray, and all that depends on such, is computed in front only: a
tensor of that kind which is needed behind has to be cut too::

    x -> conv -> relu -> fc -> prob        cut at relu
            w -----------^                 w goes behind
    x ---------------------------> prob    x crosses
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.ir import ops
from graphsurgeon.ir.frames import ENTER_OPS, frames_of
from graphsurgeon.ir.function_calls import called_functions
from graphsurgeon.ir.index import Index, find_node
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import input_types, output_types
from graphsurgeon.ir.traversal import ancestors, closure, successors
from graphsurgeon.meta_graph.dependencies import holds_state, state_inputs
from graphsurgeon.names import is_control, node_of_input, parse_input, some_of
from graphsurgeon.rewrites.splitting.branches import branches_of
from graphsurgeon.tensors.dtypes import RESOURCE, VARIANT
from proto_utils.named_tuple import NamedTuple

_FED_OPS = PLACEHOLDER_OPS | {"PlaceholderWithDefault"}
#: Stateful ops that only look: what they give is the same as long as nobody changes the state.
_LOOKING = frozenset(
    ("ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VarIsInitializedOp", "LookupTableFind")
    + ("LookupTableFindV2", "LookupTableSize", "LookupTableSizeV2")
)
#: How ops begin that change a variable or table.
_CHANGING = ("Assign", "Apply", "Scatter", "SparseApply", "Resource", "LookupTableInsert", "LookupTableRemove")


class Cut(NamedTuple):
    """A graph cut at tensors."""

    tensors: list[str]  # as inputs name them: ``a``, ``a:1``
    read: list[str]  # those of them that are read behind
    front: list[str]  # the outputs that lie in front
    back: list[str]  # the outputs that lie behind
    shared: list[str]  # the variables, tables ... that both need
    waits: dict[str, list[str]]  # what nodes behind wait for that is done in front
    ahead: set[str]  # the nodes that the front needs
    needed: set[str]  # those that the back does


def find_cut(model: Model, texts: Iterable[str], outputs: Sequence[str], operation: str) -> Cut:
    """Find out what lies where when a graph is cut at tensors; `outputs` are nodes.

    What is no tensor is a NotFoundError. Where a graph cannot be cut, or tensors would have to be cut besides, which
    are named, it is a PassError.
    """
    index = Index(model.graph)
    producers = index.producers
    tensors = list(dict.fromkeys(_canonical(producers, text) for text in texts))
    if not tensors:
        raise PassError(operation, "no tensors are named", hint='name those to cut at: `at="fc7/Relu"`', is_usage=True)
    _refuse_places(model, index, tensors, operation)
    parts = _parts(index, tensors, outputs)
    if not parts.back:
        reason = f"no output depends on {some_of(tensors)}: there is nothing behind the cut"
        hint = f"the outputs are {some_of(list(outputs))}; `outputs` says which there are" if outputs else None
        raise PassError(operation, reason, hint=hint)
    missing = _missing(index, tensors, outputs, parts)
    handles = [text for text in missing if _is_handle(producers[node_of_input(text)], parse_input(text).output)]
    if handles:
        reason = f"both halves would need {some_of(handles)}, a handle, which nobody can fetch and feed"
        raise PassError(operation, reason, hint="cut behind the last op that is given it, or before the first")
    if missing:
        told = some_of(missing, 10)
        reason = f"{told} would cross the cut too: computed in front, read behind"
        raise PassError(operation, reason, listed=missing, hint=_way_out(model, index, tensors, missing, operation))
    ahead, needed = parts.ahead, parts.needed
    shared = [name for name in producers if name in ahead and name in needed and holds_state(producers[name])]
    _refuse_changes(model, producers, {*ahead, *needed}, shared, operation)
    texts_behind = {text.removesuffix(":0") for name in needed for text in producers[name].inputs}
    read = [text for text in tensors if text in texts_behind]
    front = [name for name in outputs if name not in parts.back]
    return Cut(tensors, read, front, parts.back, shared, parts.waits, ahead, needed)


def _way_out(model: Model, index: Index, tensors: list[str], missing: list[str], operation: str) -> str:
    """Return what to do about tensors that cross a cut: cut at them too, where that can be done."""
    try:
        _refuse_places(model, index, missing, operation)
    except PassError as error:
        # Most of what reads the inside of a loop from elsewhere computes gradients.
        return f"{error.node!r} {error.reason}; where no output needs it, such as gradients, name those: `outputs`"
    return f'cut there as well: `at="{",".join([*tensors, *missing])}"`'


class _Parts(NamedTuple):
    back: list[str]
    ahead: set[str]
    needed: set[str]
    crossing: list[str]
    waits: dict[str, list[str]]


def _parts(index: Index, tensors: Sequence[str], outputs: Sequence[str]) -> _Parts:
    """Return what lies where when a graph is cut at tensors, and what crosses besides."""
    cut_nodes = {node_of_input(text) for text in tensors}
    back = _behind(index, tensors, outputs, ancestors(index.producers, cut_nodes))
    front = [name for name in outputs if name not in back]
    ahead = ancestors(index.producers, [*cut_nodes, *front])
    needed = _needed_behind(index.producers, back, set(tensors), cut_nodes)
    return _Parts(back, ahead, needed, *_crossing(index.producers, ahead, needed, set(tensors)))


def _missing(index: Index, tensors: Sequence[str], outputs: Sequence[str], parts: _Parts) -> list[str]:
    """Return all tensors that would have to be cut too: with those that cross, others may come to."""
    missing: list[str] = []
    while parts.crossing:
        missing += parts.crossing
        parts = _parts(index, [*tensors, *missing], outputs)
    return missing


def _behind(index: Index, tensors: Sequence[str], outputs: Sequence[str], before: Collection[str]) -> list[str]:
    """Return the outputs that lie behind.

    That is what depends on a tensor on which no other depends. Of what depends on others only, it is what those tell.
    """
    producers, cut_nodes = index.producers, {node_of_input(text) for text in tensors}
    depending = {text: _depending(index, text) for text in tensors}
    last = [text for text in tensors if depending[text].isdisjoint(cut_nodes)]
    surely = {name for text in last for name in depending[text]}
    maybe = {name for text in tensors for name in depending[text]} - surely
    back = []
    for name in outputs:
        if name in maybe and name not in before:
            needed = _needed_behind(producers, [name], set(tensors), cut_nodes)
            if not _crossing(producers, before, needed, set(tensors))[0]:
                back.append(name)
        elif name in surely and name not in before:
            back.append(name)
    return back


def _depending(index: Index, text: str) -> set[str]:
    readers = [reader.name for reader, _ in index.tensor_consumers(text)]
    return {*readers, *successors(index, readers)}


def _canonical(producers: Mapping[str, Node], text: str) -> str:
    node, output = find_node(producers, text), parse_input(text).output
    return node.name if output <= 0 else f"{node.name}:{output}"


def _refuse_places(model: Model, index: Index, tensors: Sequence[str], operation: str) -> None:
    """Refuse tensors that no session gives away, or that are there at times only."""
    loops = any(node.op in ENTER_OPS for node in model.graph)
    frames = frames_of(model.graph, index) if loops else {}
    branches = branches_of(model.graph, index)
    for text in tensors:
        name = node_of_input(text)
        node = index.producers[name]
        if name in frames:
            reason = f"is inside of the while loop {frames[name][-1].name!r}, which is not cut through"
            raise PassError(operation, reason, node=name, hint="cut at what goes into the loop, or at its Exit")
        if name in branches:
            reason = f"is inside of a branch of the cond at {branches[name]!r}: it has no value when the other is taken"
            raise PassError(operation, reason, node=name, hint="cut before the cond, or at its Merge")
        reader = next(iter(index.tensor_consumers(text)), None)
        types = None if reader is None else input_types(reader[0])
        taken = None if types is None or reader is None or reader[1] >= len(types) else types[reader[1]]
        if taken is not None and (taken.is_ref or taken in (RESOURCE, VARIANT)):
            reason = f"{node.op} gives a handle, which nobody can fetch and feed"
            raise PassError(operation, reason, node=name, hint="cut at what is read of it")


def _is_handle(node: Node, output: int) -> bool:
    types = output_types(node) or []
    return output < len(types) and (types[output].is_ref or types[output] in (RESOURCE, VARIANT))


def _needed_behind(
    producers: Mapping[str, Node], outputs: Iterable[str], tensors: Collection[str], cut_nodes: Collection[str]
) -> set[str]:
    """Return the nodes that outputs need when the tensors are given."""

    def step(name: str) -> list[str]:
        node = producers.get(name)
        texts = () if node is None else node.inputs
        return [
            node_of_input(text)
            for text in texts
            if (text[1:] not in cut_nodes if is_control(text) else text.removesuffix(":0") not in tensors)
        ]

    return closure(outputs, step) & producers.keys()


def _crossing(
    producers: Mapping[str, Node], ahead: Collection[str], needed: Collection[str], tensors: Collection[str]
) -> tuple[list[str], dict[str, list[str]]]:
    """Return the tensors that are computed in front only and read behind, and what is waited for there."""
    # A node is either computed or fed: of one whose output is cut, all that is read behind has to be.
    varying = _varying(producers, ahead) | {node_of_input(text) for text in tensors}
    found: dict[str, None] = {}
    waits: dict[str, list[str]] = {}
    for name in needed:
        if name in ahead:
            continue
        for text in producers[name].inputs:
            source = node_of_input(text)
            if source not in varying:
                continue
            if is_control(text):
                waits.setdefault(name, []).append(text)
            elif (tensor := text.removesuffix(":0")) not in tensors:
                found[tensor] = None
    order = {name: number for number, name in enumerate(producers)}
    return sorted(found, key=lambda text: (order[node_of_input(text)], text)), waits


def _varying(producers: Mapping[str, Node], names: Collection[str]) -> set[str]:
    """Return the nodes among `names` that may give something else each time: fed, random or stateful, or behind such.

    All that the nodes need is among them.
    """
    readers: dict[str, list[str]] = {}
    for name in names:
        for text in producers[name].inputs:
            readers.setdefault(node_of_input(text), []).append(name)
    return closure((name for name in names if _is_source(producers[name])), lambda name: readers.get(name, ()))


def _is_source(node: Node) -> bool:
    if node.op in _FED_OPS:
        return True
    known = ops.facts(node.op)
    is_lasting = node.op in REF_OPS or node.op in RESOURCE_OPS or "HashTable" in node.op
    return (known is None or known.is_stateful) and node.op not in _LOOKING and not is_lasting


def _refuse_changes(
    model: Model, producers: Mapping[str, Node], names: Collection[str], shared: Collection[str], operation: str
) -> None:
    """Refuse to give each half a variable of its own that one of them changes."""
    functions = model.library.functions
    changing = {name for name in functions if shared and any(map(changes_state, functions[name].body))}
    for name in names if shared else ():
        node = producers[name]
        if changes_state(node) or (changing and called_functions([node], model.library) & changing):
            for holder in state_inputs(name, producers):
                if holder in shared:
                    reason = f"changes {holder!r}, which both halves need: each would have its own"
                    raise PassError(operation, reason, node=name)


def changes_state(node: Node) -> bool:
    """Whether an op gives a variable or table another value."""
    return node.op.startswith(_CHANGING) and node.op not in _LOOKING
