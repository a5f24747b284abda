"""The parts of a report on differences, as plain data.

Everything is in a fixed order: nodes as in their graph, tensors, functions and
collections by name. Values are JSON types (`graphsurgeon.compare.plain`), so a report
holds on to neither model nor file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphsurgeon.compare.plain import ABSENT
from graphsurgeon.compare.values import ValueDiff
from graphsurgeon.display import Displayed


class Part(Displayed):
    """A part of a report, which becomes JSON types field by field."""

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {name: _json(value) for name, value in vars(self).items()}


def _json(value: object) -> object:
    if isinstance(value, (Part, ValueDiff)):
        return value.to_json()
    return [_json(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Difference(Part):
    """Something that has two values, JSON types or `ABSENT`; of tensors, `values` says how theirs differ.

    `field` is ``op``, ``device``, ``input``, ``control_inputs`` or ``attr`` of a node, also ``argument`` or ``result``
    of a function, and of a model the message's name, such as ``saver_def``, or ``saved_model`` of nodes in its other
    meta graphs and of files. `key` says which: the attr's name, the input's position, the path in a message.
    """

    field: str
    key: str | int | None
    a: Any
    b: Any
    values: ValueDiff | None = None

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types; a side that is absent is left out."""
        facts: dict[str, object] = {"field": self.field, "key": self.key}
        facts |= {side: value for side, value in (("a", self.a), ("b", self.b)) if value is not ABSENT}
        return facts if self.values is None else {**facts, "values": self.values.to_json()}


@dataclass(frozen=True)
class NodeRow(Part):
    """A node that is on one side only."""

    name: str
    op: str


@dataclass(frozen=True)
class Rename(Part):
    """A node that has another name on the other side; its op is the first one's."""

    a: str
    b: str
    op: str


@dataclass(frozen=True)
class NodeDiff(Part):
    """A node that is on both sides, under the names `a` and `b`, and differs; `op` is the first one's."""

    a: str
    b: str
    op: str
    changes: list[Difference]


@dataclass(frozen=True)
class GraphDiff(Part):
    """How two graphs, or function bodies, differ; `removed` is in the first only, `added` in the second.

    What refers to `renamed` nodes, found again by structure, by the new name is no change. `num_equal` nodes are the
    same under the same name. `is_reordered`, the nodes that both have come in another order, is no difference:
    TensorFlow does not mind.
    """

    removed: list[NodeRow]
    added: list[NodeRow]
    renamed: list[Rename]
    changed: list[NodeDiff]
    num_equal: int
    is_reordered: bool

    @property
    def is_equal(self) -> bool:
        """Whether there is no difference."""
        return not (self.removed or self.added or self.renamed or self.changed)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return not self.is_equal


@dataclass(frozen=True)
class FunctionDiff(Part):
    """A function that is on both sides, under the names `a` and `b`, and differs; `changes` leave out its body."""

    a: str
    b: str
    changes: list[Difference]
    body: GraphDiff


@dataclass(frozen=True)
class LibraryDiff(Part):
    """How two function libraries differ; `renamed` functions are those that the same calls name differently.

    `num_equal` functions are the same under the same name.
    """

    removed: list[str]
    added: list[str]
    renamed: list[tuple[str, str]]
    changed: list[FunctionDiff]
    num_equal: int

    @property
    def is_equal(self) -> bool:
        """Whether there is no difference."""
        return not (self.removed or self.added or self.renamed or self.changed)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return not self.is_equal

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**super().to_json(), "renamed": [{"a": a, "b": b} for a, b in self.renamed]}


@dataclass(frozen=True)
class CollectionDiff(Part):
    """A collection whose items, as JSON types, differ.

    `is_reordered` when those that both have come in another order.
    """

    name: str
    removed: list[Any]
    added: list[Any]
    is_reordered: bool


@dataclass(frozen=True)
class TensorRow(Part):
    """A tensor that is on one side only."""

    name: str
    dtype: str
    shape: list[int]


@dataclass(frozen=True)
class TensorDiff(Part):
    """A tensor that is on both sides and differs; `values` is None when its dtype or shape does, or of variants."""

    name: str
    a_dtype: str
    b_dtype: str
    a_shape: list[int]
    b_shape: list[int]
    values: ValueDiff | None


@dataclass(frozen=True)
class TensorsDiff(Part):
    """How two checkpoints, or the variables of two models, differ.

    `missing` are on the first side only, `extra` on the second; `num_equal` tensors are bit for bit the same.
    `not_compared` have equal dtypes and shapes, but values that are not known on both sides.
    """

    missing: list[TensorRow]
    extra: list[TensorRow]
    changed: list[TensorDiff]
    not_compared: list[str]
    num_equal: int

    @property
    def is_equal(self) -> bool:
        """Whether no difference is known."""
        return not (self.missing or self.extra or self.changed)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return not self.is_equal
