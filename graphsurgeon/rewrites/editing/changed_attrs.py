"""Edits of attrs, after which shapes that are noted, and what signatures say, are true again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.ops import facts
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenNode, ModelEdit
from graphsurgeon.rewrites.editing.noted_shapes import drop_noted_shapes
from graphsurgeon.rewrites.editing.rewiring import let_objects_go
from graphsurgeon.rewrites.shaping.followed import follow_shapes, mismatches
from proto_utils.named_tuple import NamedTuple


class FollowedAttrs(NamedTuple):
    """Nodes whose shapes were looked at anew, signatures that tell other shapes or types, and notes."""

    shapes: list[str]
    signatures: list[str]
    notes: list[str]


class AttrEdit:
    """Edits of the attrs or ops of nodes, gathered before they are applied.

    `chosen` are the nodes of which something may be edited that matters to shapes.
    """

    def __init__(self, model: Model, operation: str, chosen: Sequence[ChosenNode]) -> None:
        self._model = model
        self._operation = operation
        self._edit = ModelEdit(model)
        self._known = mismatches(model) if any(each.function is None for each in chosen) else set[str]()
        self._edited: dict[str | None, dict[str, None]] = {}

    def edit(self, chosen: ChosenNode, attr: str) -> Node:
        """Return the copy that stands in the place of a node, of which that attr (or the op) is to be edited."""
        if attr[:1] != "_":
            self._edited.setdefault(chosen.function, {})[chosen.node.name] = None
        return self._edit.edit(chosen)

    def require_known(self, chosen: ChosenNode, node: Node, attrs: Iterable[str]) -> None:
        """Refuse attrs that the op of an edited node does not have: TensorFlow would not take the graph."""
        known = facts(node.op)
        unknown = [] if known is None else [name for name in attrs if name[:1] != "_" and name not in known.attrs]
        if unknown:
            hint = "remove_attribute takes it out" if unknown[0] in chosen.node.attrs else ""
            raise PassError(self._operation, f"{node.op} has no attr {unknown[0]!r}", node=chosen.name, hint=hint)

    def apply(self) -> bool:
        """Apply the edits; return whether any may matter to shapes."""
        self._edit.apply()
        return bool(self._edited)

    def follow(self) -> FollowedAttrs:
        """Let what is around the edits follow; shapes that do not go together are a PassError."""
        nodes: list[str] = []
        signatures: list[str] = []
        for function, graph in self._model.graphs():
            names = [*self._edited.get(function, ())]
            if not names:
                continue
            if function is None:
                found = follow_shapes(self._model, names, self._known, self._operation)
                nodes += found.nodes
                signatures = sorted({*found.signatures, *_follow_types(self._model, set(names))})
            else:
                nodes += [f"{function}/{name}" for name in drop_noted_shapes(graph, names, lambda node: node)]
        notes = let_objects_go(self._model, self._operation) if None in self._edited else []
        return FollowedAttrs(nodes, signatures, notes)


def _follow_types(model: Model, names: Collection[str]) -> Iterator[str]:
    """Let signatures say which types nodes give now."""
    for key, signature in sorted(model.meta.signature_def.items()) if model.meta is not None else ():
        for info in (*signature.inputs.values(), *signature.outputs.values()):
            dtype = model.graph.tensor(info.name).dtype if node_of(info.name) in names else None
            if dtype is not None and dtype.base.number != info.dtype:
                info.dtype = dtype.base.number
                yield key
