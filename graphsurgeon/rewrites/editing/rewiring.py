"""Rewiring of a model: edges of its graph and function bodies, and what follows them around it.

A pass makes the edits and then calls `finish`: the readers around the graph (signatures, collections) follow tensors
that all read elsewhere now, and every node must still run when, and only when, it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir.frames import ENTER_OPS, Frame, frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Edge, Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output
from graphsurgeon.meta_graph.readers import FollowedRow, follow_tensors, join_contexts
from graphsurgeon.rewrites.editing.branches import Guards, guards_of, has_branches
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenTensor, choose_nodes, choose_tensor
from graphsurgeon.rewrites.editing.noted_shapes import drop_noted_shapes
from graphsurgeon.rewrites.serving.object_functions import drop_objects, kept_exports
from graphsurgeon.rewrites.shaping.followed import follow_shapes, mismatches
from graphsurgeon.tensors.dtypes import DType
from proto_utils.named_tuple import NamedTuple


@contextmanager
def as_refusal(operation: str, function: str | None = None) -> Iterator[None]:
    """Let what a graph refuses be the refusal of a pass, which names the node as people do."""
    try:
        yield
    except GraphError as error:
        node = error.node if function is None or error.node is None else f"{function}/{error.node}"
        raise PassError(operation, error.reason, node=node, hint=error.hint) from error


def let_objects_go(model: Model, operation: str) -> list[str]:
    """Take out an object graph of TensorFlow 2 that exports functions, for these compute what they did; return notes.

    One by which alone variables are restored has to stay, so that is a PassError.
    """
    meta = model.meta
    if meta is None or not meta.HasField("object_graph_def") or not meta.object_graph_def.concrete_functions:
        return []
    hint = "edit the bodies of these, named FUNCTION/node"
    if kept_exports(model):
        reason = (
            "TensorFlow 2 restores variables by the object graph alone, whose functions would compute what they did"
        )
        raise PassError(operation, reason, hint=hint)
    drop_objects(model)
    return [f"the object graph is gone, whose functions would compute what they did before; to keep it, {hint}"]


class Move(NamedTuple):
    """A tensor, the one that is to be read instead, and the nodes that go on reading the old one."""

    old: ChosenTensor
    new: Output
    except_: Sequence[Node] = ()


class Rewiring:
    """Edits of a model's edges that are being made."""

    def __init__(self, model: Model, operation: str) -> None:
        self.model = model
        self.operation = operation
        self._guards: dict[str | None, dict[str, Guards]] = {
            function: guards_of(graph) for function, graph in model.graphs() if has_branches(graph)
        }
        self._frames = {
            function: frames_of(graph, Index(graph)) for function, graph in model.graphs() if graph.nodes_of(ENTER_OPS)
        }
        self._moved: dict[str, str] = {}
        self._led_to: dict[str, list[str]] = {}
        self._dtypes: dict[str, DType] = {}
        self._made: dict[str, str] = {}
        self._new: dict[str | None, set[str]] = {}
        self._is_edited = False
        self.notes: list[str] = []
        self._reshaped: dict[str | None, list[str]] = {}
        # Where shapes did not go together before any of them changed.
        self._mismatches: set[str] | None = None

    def tensor(self, text: str) -> ChosenTensor:
        """Return the tensor that a name means."""
        with as_refusal(self.operation):
            return choose_tensor(self.model, text, self.operation)

    def nodes(self, patterns: Sequence[str], function: str | None) -> list[Node]:
        """Return the nodes of one graph or body that patterns mean; a pattern that means none anywhere is an error."""
        chosen = choose_nodes(self.model, patterns) if patterns else []
        return [each.node for each in chosen if each.function == function]

    def replace(
        self,
        old: ChosenTensor,
        new: Output,
        *,
        only: Sequence[Node] | None = None,
        except_: Sequence[Node] = (),
        same_shape: bool = False,
    ) -> int:
        """Let who reads one tensor read another of its graph; return how many inputs and results are others now."""
        shapes = (old.tensor.shape, new.shape)
        same_shape |= None not in shapes and shapes[0] == shapes[1]
        if not same_shape:
            self._note_mismatches()
        with as_refusal(self.operation, old.function):
            count = old.graph.replace_uses(old.tensor, new, only=only, except_=except_)
        if not same_shape:
            maker = [] if new.node is None else [new.node.name] if new.node in except_ else []
            readers = [reader.name for reader in new.consumers()]
            self._reshaped.setdefault(old.function, []).extend(maker + readers)
        self._is_edited |= old.function is None and bool(count)
        if old.function is None and only is None:
            self.follow(old.tensor, new)
        return count

    def replace_all(self, moves: Sequence[Move], chosen: Sequence[Sequence[Node] | None]) -> list[int]:
        """Make moves at once: of all readers, or of those that are chosen for each; return how many each has."""
        starts, ends = {move.old.tensor for move in moves}, {move.new for move in moves}
        if starts.isdisjoint(ends):
            pairs = zip(moves, chosen, strict=True)
            return [self.replace(move.old, move.new, only=only, except_=move.except_) for move, only in pairs]
        # Who reads two tensors that are exchanged is to be asked before the first is.
        edges = [self._edges(move, only) for move, only in zip(moves, chosen, strict=True)]
        self._note_mismatches()
        for move, uses in zip(moves, edges, strict=True):
            if move.old.function is not None:
                reason = "in a function body tensors are not exchanged, but rerouted one after the other"
                raise PassError(self.operation, reason, node=move.old.name)
            with as_refusal(self.operation):
                move.old.graph.replace_uses(move.old.tensor, move.new, only=[])
                for node, position in uses:
                    move.old.graph.set_input(node, position, move.new)
            self._reshaped.setdefault(None, []).extend(node.name for node, _ in uses)
            self._is_edited |= bool(uses)
        if all(only is None for only in chosen):
            self._moved |= {move.old.tensor.name: move.new.name for move in moves}
            self._dtypes |= {move.new.name: move.new.dtype for move in moves if move.new.dtype is not None}
        return [len(uses) for uses in edges]

    @staticmethod
    def _edges(move: Move, only: Sequence[Node] | None) -> list[Edge]:
        kept, chosen = set(move.except_), None if only is None else set(only)
        return [
            (node, position)
            for node, position in move.old.tensor.uses()
            if node not in kept and (chosen is None or node in chosen)
        ]

    def follow(self, old: Output, new: Output) -> None:
        """Let who reads a tensor around the graph read another: who did from the start, and who was led to it."""
        readers = self._led_to.pop(old.name, [])
        if old.name not in self._moved:
            readers.append(old.name)
        self._moved |= dict.fromkeys(readers, new.name)
        self._led_to.setdefault(new.name, []).extend(readers)
        if new.dtype is not None:
            self._dtypes[new.name] = new.dtype

    def join(self, made: Node, like: ChosenTensor) -> None:
        """Let a node that was made stand in the loops and branches in which a tensor stands."""
        self._new.setdefault(like.function, set()).add(made.name)
        if like.function is None:
            self._made |= {output.name: like.tensor.name for output in made.outputs}

    def finish(self) -> list[FollowedRow]:
        """Let what is around the graph follow; a PassError for a node that would run when it did not."""
        for function, frames in self._frames.items():
            self._require_frames(function, frames)
        for function, before in self._guards.items():
            self._require_guards(function, before)
        followed = self._follow()
        if self._is_edited or followed:
            self.notes += let_objects_go(self.model, self.operation)
        for function, names in self._reshaped.items():
            if function is None:
                follow_shapes(self.model, names, self._mismatches or (), self.operation)
            else:
                drop_noted_shapes(self._graph(function), names, lambda node: node)
        return followed

    def _follow(self) -> list[FollowedRow]:
        meta = self.model.meta
        if meta is None:
            return []
        if self._made:
            join_contexts(meta, self._made)
        return follow_tensors(meta, self._moved, self._dtypes) if self._moved else []

    def _note_mismatches(self) -> None:
        if self._mismatches is None:
            self._mismatches = mismatches(self.model)

    def _graph(self, function: str | None) -> Graph:
        return self.model.graph if function is None else self.model.library.functions[function].body

    def _require_frames(self, function: str | None, before: Mapping[str, tuple[Frame, ...]]) -> None:
        graph = self._graph(function)
        after = frames_of(graph, Index(graph))
        made = self._new.get(function, ())
        for node in graph:
            now, then = after.get(node.name, ()), before.get(node.name, ())
            if now != then and node.name not in made:
                frame = repr((now or then)[-1].name)
                reason = f"it would leave frame {frame} of a loop: what it is to read is outside"
                if len(now) >= len(then):
                    reason = f"it would be in frame {frame} of a loop: what it is to read is inside"
                raise PassError(self.operation, reason, node=self._called(function, node.name))

    def _require_guards(self, function: str | None, before: dict[str, Guards]) -> None:
        graph = self._graph(function)
        after = guards_of(graph)
        was = {now: then for then, now in self._moved.items()} if function is None else {}
        made = self._new.get(function, ())
        for node in graph:
            now, then = after.get(node.name, frozenset()), before.get(node.name, frozenset())
            if now == then or node.name in made:
                continue
            now = frozenset((was.get(predicate, predicate), side) for predicate, side in now)
            if now != then:
                reason = _other_guards(now - then, then - now)
                raise PassError(self.operation, reason, node=self._called(function, node.name))

    def _called(self, function: str | None, name: str) -> str:
        return name if function is None else f"{function}/{name}"


def _other_guards(more: Guards, fewer: Guards) -> str:
    """Say what is wrong with a node that would run when others are taken."""
    predicate, side = sorted(more or fewer)[0]
    word = "true" if side else "false"
    if more:
        return f"it would have a value only when {predicate!r} is {word}: what it is to read is inside of that branch"
    return f"it would run also when {predicate!r} is not {word}: what it is to read is outside of that branch"
