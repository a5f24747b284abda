"""A part of a graph that is to be copied: what belongs to its variables and tables, and what cannot be copied.

With a variable come its initializer, what that assigns first, and its reads; with a table or an iterator what fills it,
with a queue what its runner runs. A while loop comes whole or not at all: half of one would run in the frame of the
other half.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from graphsurgeon.errors import PassError
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS, Frame, frames_of
from graphsurgeon.ir.function_calls import called_functions
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_messages import with_attr
from graphsurgeon.ir.op_families import ASSIGN_OPS, IS_INITIALIZED_OPS, READ_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.dependencies import InitOps, holds_state, initialization_dependencies
from graphsurgeon.names import node_of_input, some_of, text_of
from graphsurgeon.variables.state_choice import StateChoice
from proto_utils.named_tuple import NamedTuple

_LOOP_OPS = ENTER_OPS | MERGE_OPS | NEXT_ITERATION_OPS | {"LoopCond"}
_BESIDE_OPS = ASSIGN_OPS | READ_OPS | IS_INITIALIZED_OPS


class ChosenPart(NamedTuple):
    """The nodes to be copied."""

    names: list[str]  # in the order of the graph
    variables: list[str]  # those of them that are variables
    shared: list[str]  # chosen variables and tables that the copy shares with the original
    frames: set[str]  # the names of the frames of loops among them
    init: InitOps  # without the ops that initialize everything at once


def part_of(
    model: Model, index: Index, chosen: Iterable[str], without: Collection[str], *, share: bool, operation: str
) -> ChosenPart:
    """Return the part that chosen nodes make, with what belongs to them; what is `without` is left out.

    With `share`, variables and tables are not part of it. What cannot be copied is a PassError.
    """
    producers = index.producers
    also, init = initialization_dependencies(model.meta, producers)
    names = {name for name in chosen if name not in without and name not in init}
    state = [name for name in names if holds_state(producers[name])]
    shared = [name for name in state if _is_lasting(producers[name])] if share else []
    for name in shared:
        names -= {name, *_belongings(index, also, name)}
    for name in state if not share else [each for each in state if each not in shared]:
        names |= _belongings(index, also, name) - {*without}
    frames = _whole_loops(model, index, names, operation)
    part = [name for name in producers if name in names]
    if not part:
        raise PassError(operation, "none of the nodes is to be copied: they are a saver's, or shared")
    variables = [name for name in part if producers[name].op in REF_OPS or producers[name].op in RESOURCE_OPS]
    _refuse_state(model, index, [name for name in part if name not in variables], operation)
    _refuse_functions(model, index, part, variables, operation)
    return ChosenPart(part, variables, [name for name in producers if name in shared], frames, init)


def _is_lasting(node: Node) -> bool:
    return node.op in REF_OPS or node.op in RESOURCE_OPS or "HashTable" in node.op


def _belongings(index: Index, also: Mapping[str, Iterable[str]], name: str) -> set[str]:
    """Return what belongs to a node that holds state: as collections say, and by its name."""
    below = f"{name}/"
    found = {each for each in also.get(name, ()) if each in index.producers}
    for reader, position in index.consumers(name):
        if position == 0 and reader.op in _BESIDE_OPS and reader.name.startswith(below):
            found.add(reader.name)
    return found | {each for each in ancestors(index.producers, found) if each.startswith(below)}


def _whole_loops(model: Model, index: Index, names: Collection[str], operation: str) -> set[str]:
    """Return the frames of the loops that are chosen; one that is chosen in part is a PassError."""
    if not any(node.op in ENTER_OPS for node in model.graph):
        return set()
    frames = frames_of(model.graph, index)
    loops: dict[tuple[Frame, ...], list[str]] = {}
    for node in model.graph:
        of = node_of_input(node.inputs[0]) if node.op in EXIT_OPS and node.inputs else node.name
        if (node.op in _LOOP_OPS or node.op in EXIT_OPS) and frames.get(of):
            loops.setdefault(frames[of], []).append(node.name)
    copied = set()
    for frame, members in loops.items():
        missing = [name for name in members if name not in names]
        if len(missing) == len(members):
            continue
        copied.add(frame)
        missing += [n for n in _read_by(index, names) if frames.get(n, ())[: len(frame)] == frame and n not in names]
        if missing:
            reason = f"the while loop {frame[-1].name!r} is chosen without {some_of(missing)}"
            raise PassError(operation, reason, hint="a loop is copied whole: choose all nodes of its scope")
    return {frame[-1].name for frame in copied}


def _read_by(index: Index, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from map(node_of_input, index.producers[name].inputs)


def _refuse_state(model: Model, index: Index, names: Iterable[str], operation: str) -> None:
    """Refuse state of which nobody can make another value: what a saver saves of tables, trees, iterators."""
    choice = StateChoice(model, index, None, operation)
    for name in names:
        for state in choice.of(name) if choice.knows(index.producers[name]) else ():
            reason = f"its state, which the checkpoint has under {some_of(state.keys)}, cannot be copied"
            raise PassError(operation, reason, node=name, hint="leave it out, and the copy shares it")


def _refuse_functions(
    model: Model, index: Index, names: Iterable[str], variables: Collection[str], operation: str
) -> None:
    """Refuse calls of functions that know copied variables by name: the copy would go on with the original ones."""
    knowing = {
        function: text_of(attr.s)
        for function, each in (model.library.functions if variables else {}).items()
        for _, attr in with_attr(each.body, "shared_name")
        if text_of(attr.s) in variables
    }
    for name in names if knowing else ():
        for function in called_functions([index.producers[name]], model.library) & knowing.keys():
            reason = f"calls the function {function!r}, which knows {knowing[function]!r} by its name"
            raise PassError(operation, reason, node=name, hint="copy it with `share_variables=True`")
