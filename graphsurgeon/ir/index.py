"""Producers and consumers: the edges of a graph, or of a function body, in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.names import is_control, node_of_input, parse_input, spellings
from proto_utils.errors import NotFoundError

#: A consumer, and which of its inputs it is.
Edge: TypeAlias = tuple[Node, int]

_NOBODY: list[Edge] = []


class Index:
    """Producers and consumers of nodes.

    Works on function bodies too: there the producer of ``argument`` is not a node. Making it costs one pass
    over all inputs, a question what it finds. Edits of nodes show in it when they are made by `GraphEdit`,
    through `update` and `remove`; else it stays what it was.

    `producers` has the nodes by name; of several nodes with one name, the first.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.producers: dict[str, Node] = {}
        # By the text of an input, so that what reads one output of many is found without a look at the others.
        # The edge itself where there is one, as of most: a list of it would take as much again.
        self._readers: dict[str, Edge | list[Edge]] = {}
        # The texts by which a node is read, but for its mere name.
        self._texts: dict[str, list[str]] = {}
        # Texts whose readers were edited since; they are looked at when they are asked for.
        self._stale: set[str] = set()
        self._order: dict[str, int] | None = None
        self._next = 0
        note, producers, readers = self._note, self.producers, self._readers
        for node in nodes:
            producers.setdefault(node._name, node)
            for position, text in enumerate(node._inputs):
                # Most tensors are the only output of a node and have one reader.
                if text in readers or ":" in text or text[:1] == "^":
                    note(text, (node, position))
                else:
                    readers[text] = node, position

    def edges(self, name: str) -> Sequence[Edge]:
        """Return every (consumer, input position) that names the node, control inputs included; not to be kept."""
        if name not in self._texts:
            return self._read(name)
        return self._merged([name, *self._texts[name]])

    def consumers(self, name: str) -> list[Edge]:
        """Return the (consumer, input position) pairs that read a tensor of the node."""
        if name in self._texts:
            return self._merged([name, *(text for text in self._texts[name] if not is_control(text))])
        found = self._read(name) if name in self._stale else self._readers.get(name, _NOBODY)
        return [found] if isinstance(found, tuple) else list(found)

    def control_consumers(self, name: str) -> list[Node]:
        """Return the nodes that wait for the node by a control input."""
        return [node for node, _ in self._read(f"^{name}")]

    def tensor_consumers(self, text: str) -> list[Edge]:
        """Return the (consumer, input position) pairs of one tensor: ``a``, which is ``a:0``, ``a:1``, ``a:out:0``."""
        return self._merged(spellings(text))

    def consumers_by_output(self, name: str) -> dict[int, list[Edge]]:
        """Return the (consumer, input position) pairs that read a tensor of the node, by the number of its output.

        Those of different outputs need no order among each other, which would take as much as the producers do.
        """
        texts: dict[int, list[str]] = {}
        for text in (name, *self.texts(name)):
            if not is_control(text):
                texts.setdefault(parse_input(text).output, []).append(text)
        return {output: self._merged(found) for output, found in texts.items()}

    def producer(self, text: str) -> Node | None:
        """Return the node that an input names, or None."""
        return self.producers.get(node_of_input(text))

    def update(self, node: Node, before: Sequence[str]) -> None:
        """Take in a node that is new, stands for the one of its name, or has other inputs than `before`."""
        self.producers[node.name] = node
        if self._order is not None and node.name not in self._order:
            self._order[node.name] = self._next
            self._next += 1
        self._stale.update(before)
        for position, text in enumerate(node.inputs):
            if before[position : position + 1] != (text,):
                self._add(text, node, position)

    def update_input(self, node: Node, position: int, before: str) -> None:
        """Take in one input that was `before`: like `update`, without a look at the others."""
        self._stale.add(before)
        self._add(node.inputs[position], node, position)

    def remove(self, name: str) -> None:
        """Take out a node; who names it still does."""
        self._stale.update(self.producers.pop(name).inputs)
        if self._order is not None:
            self._order.pop(name, None)

    def rename(self, node: Node, before: str) -> None:
        """Take in that a node has another name than before, and stands where it stood."""
        position = self.order.pop(before)
        self.order[node.name] = position
        del self.producers[before]
        self.producers[node.name] = node

    @property
    def order(self) -> dict[str, int]:
        """Numbers of the nodes, by their names, in the order of the graph; new nodes come last."""
        if self._order is None:
            self._order = {name: number for number, name in enumerate(self.producers)}
            self._next = len(self._order)
        return self._order

    def texts(self, name: str) -> Sequence[str]:
        """Return the texts by which inputs have named a node or argument so far, but for its mere name."""
        return self._texts.get(name, ())

    def _add(self, text: str, node: Node, position: int) -> None:
        if text in self._readers:
            self._stale.add(text)
        self._note(text, (node, position))

    def _note(self, text: str, edge: Edge) -> None:
        readers = self._readers
        found = readers.get(text)
        if found is None:
            readers[text] = edge
            if ":" in text or text[:1] == "^":
                self._texts.setdefault(node_of_input(text), []).append(text)
        elif isinstance(found, list):
            found.append(edge)
        else:
            readers[text] = [found, edge]

    def _noted(self, text: str) -> Sequence[Edge]:
        found = self._readers.get(text, _NOBODY)
        return [found] if isinstance(found, tuple) else found

    def _read(self, text: str) -> Sequence[Edge]:
        """Return who names exactly that text."""
        if text in self._stale:
            self._stale.discard(text)
            found = list(dict.fromkeys(self._true(text)))
            if len(found) > 1:
                order = self.order
                found.sort(key=lambda edge: (order[edge[0].name], edge[1]))
            self._readers[text] = found
        return self._noted(text)

    def _true(self, text: str) -> Iterable[Edge]:
        """Yield what has been noted of a text as far as it is still so, maybe several times."""
        for node, position in self._noted(text):
            now = self.producers.get(node.name)
            if now is not None and now.inputs[position : position + 1] == (text,):
                yield now, position

    def _merged(self, texts: Sequence[str]) -> list[Edge]:
        """Return who names one of several texts, in the order of the graph; nodes that were added come last."""
        found = [edges for text in texts if (edges := self._read(text))]
        if len(found) < 2:
            return list(found[0]) if found else []
        order = self.order
        return sorted(chain(*found), key=lambda edge: (order[edge[0].name], edge[1]))


def find_node(producers: Mapping[str, Node], text: str) -> Node:
    """Return the node that ``a``, or the tensor ``a:1``, is of.

    A node that is not there, or has no such output, is a NotFoundError with near names.
    """
    name, output = parse_input(text)
    if name not in producers:
        raise NotFoundError.among("node", name, producers)
    count = num_outputs(producers[name]) if output > 0 else None
    if count is not None and output >= count:
        raise NotFoundError("tensor", text, [f"{name}:{i}" for i in range(min(count, 3))])
    return producers[name]
