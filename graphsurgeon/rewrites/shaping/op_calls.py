"""An op that is asked for the shapes of its outputs: what it is given, and what of that can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.rewrites.shaping.dims import Dims, ShapeMismatchError, Size, text_of_dims

#: The value of a small tensor as nested tuples, whose elements may be unknown; None where nothing is known.
Value: TypeAlias = Any


class ShapedTensors(Protocol):
    """The graph or body around a node, as far as it was looked at.

    `open_size` stands for the first size of the elements of arrays and lists where it is open, that of a batch.
    """

    open_size: int | None

    def shape(self, text: str) -> Dims:
        """Return the shape of a tensor."""

    def value(self, text: str) -> Value:
        """Return the value of a tensor."""

    def source(self, text: str) -> HandleSource | None:
        """Return who made the handle that a tensor is."""


class OpCall:
    """A node with the shapes of its inputs; values and what is behind handles are looked for when they are asked for.

    Parameters
    ----------
    node : Node
    shapes : sequence of Dims
    around : ShapedTensors
    """

    __slots__ = ("around", "node", "shapes")

    def __init__(self, node: Node, shapes: Sequence[Dims], around: ShapedTensors) -> None:
        self.node = node
        self.shapes = shapes
        self.around = around

    def attr(self, name: str, default: Any = None) -> Any:
        """Return an attr, or what stands for it when it is missing."""
        found = attr_of(self.node, name)
        return default if found is None else found

    def count(self, name: str, default: int = 0) -> int:
        """Return an attr that says how many there are of something: a number, or a list of as many."""
        found = attr_of(self.node, name)
        number = len(found) if isinstance(found, list) else found if isinstance(found, int) else default
        if number > _MAX_COUNT:
            raise ShapeMismatchError(f"{name} of {number} is above {_MAX_COUNT}, which no op is known to have")
        return number

    def text(self, name: str, default: str = "") -> str:
        """Return an attr that is a word."""
        found = attr_of(self.node, name)
        return found.decode("latin-1") if isinstance(found, bytes) else default

    def declared(self, name: str = "shape") -> Dims:
        """Return an attr that is a shape."""
        found = attr_of(self.node, name)
        return found.dims if isinstance(found, Shape) else None

    def input(self, number: int) -> Dims:
        """Return the shape of an input; not known when there are not so many."""
        return self.shapes[number] if -len(self.shapes) <= number < len(self.shapes) else None

    def ranked(self, number: int, rank: int) -> Dims:
        """Return the shape of an input that has to be of that rank; of one that is not known, so many open sizes."""
        dims = self.input(number)
        if dims is None:
            return (None,) * rank
        if len(dims) != rank:
            raise ShapeMismatchError(f"{text_of_dims(dims)} is not of rank {rank}")
        return dims

    def value(self, number: int) -> Value:
        """Return the value of an input as far as it is known."""
        texts = self.node.data_inputs
        return self.around.value(texts[number]) if -len(texts) <= number < len(texts) else None

    def scalar(self, number: int) -> Size:
        """Return an input that is one whole number, or a vector of one."""
        value = self.value(number)
        if isinstance(value, tuple):
            value = value[0] if len(value) == 1 else None
        return None if isinstance(value, (bool, float, tuple)) else value

    def number(self, number: int) -> int | None:
        """Return an input that is one whole number, if that is known."""
        found = self.scalar(number)
        return found if isinstance(found, int) else None

    def vector(self, number: int) -> tuple[Size, ...] | None:
        """Return an input that is a vector; when only its length is known, of that many unknown ones."""
        value = self.value(number)
        if isinstance(value, tuple):
            return value
        dims = self.input(number)
        if dims is None or len(dims) != 1 or not isinstance(dims[0], int) or dims[0] > _MAX_RANK:
            return None
        return (None,) * dims[0]

    def shape_from(self, number: int) -> Dims:
        """Return the shape that the value of an input is; -1 is a size that is not known."""
        found = self.vector(number)
        if found is None:
            return None
        return tuple([None if size == -1 else size for size in found])

    def source(self, number: int) -> HandleSource | None:
        """Return who made the handle that an input is; None when that is not known."""
        texts = self.node.data_inputs
        return self.around.source(texts[number]) if -len(texts) <= number < len(texts) else None


class HandleSource:
    """A node that made a handle, and the graph or body that it is in."""

    __slots__ = ("around", "node")

    def __init__(self, node: Node, around: ShapedTensors) -> None:
        self.node = node
        self.around = around

    def call(self) -> OpCall:
        """Return the node as it was called."""
        return OpCall(self.node, [self.around.shape(text) for text in self.node.data_inputs], self.around)


Rule: TypeAlias = "Callable[[OpCall], Sequence[Dims]]"
_MAX_RANK = 64
#: Of outputs; a file of a few bytes can ask for as many as there are numbers.
_MAX_COUNT = 1 << 16


def rules_for(names: str, rule: Rule) -> dict[str, Rule]:
    """Return one rule for several ops."""
    return dict.fromkeys(names.split(), rule)


def unknown(rank: int) -> Dims:
    """Return a shape of which only the rank is known."""
    return (None,) * rank


def at(axis: int, rank: int) -> int:
    """Return an axis counted from the front; one that there is not does not go together with the rank."""
    if not -rank <= axis < rank:
        raise ShapeMismatchError(f"there is no axis {axis} of {rank}")
    return axis % rank


def first_known(shapes: Iterable[Dims]) -> Dims:
    """Return the first shape that is known."""
    return next((each for each in shapes if each is not None), None)
