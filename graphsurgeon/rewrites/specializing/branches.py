"""Dead branches: what never runs when the predicates of some Switches are known.

TensorFlow 1 makes of ``tf.cond`` a Switch for every tensor that a branch reads, and a Merge for every result. A Switch
sends its data to the output that the predicate names; the other one is dead. A node with a dead input is dead, a Merge
when all its inputs are; that may go around loops, so what lives is the least fixed point::

    x, p = False -> Switch:0 -> Relu -> Merge           Merge is Relu
                    Switch:1 -> dropout -> Merge        dropout is dead
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from graphsurgeon.ir.frames import MERGE_OPS, SPLITTING_OPS, live_output
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import closure
from graphsurgeon.names import is_control, node_of_input
from graphsurgeon.rewrites.specializing.known_values import KnownValues


class Branches:
    """Which nodes of a graph or body are dead, of its known values.

    Attributes
    ----------
    switches : dict of str to int
        The Switches whose predicate is known, and the output that lives.
    dead : set of str
    merges : dict of str to list of int
        The Merges that lost inputs, and the positions of those that may live.
    """

    def __init__(self, known: KnownValues) -> None:
        self.switches: dict[str, int] = {}
        self.dead: set[str] = set()
        self.merges: dict[str, list[int]] = {}
        self._known = known
        self._index = known.index
        self._seen = 0

    def find(self) -> None:
        """Find all: of a Merge that is decided, a further predicate may follow."""
        while self._find_switches():
            self.dead = self._find_dead()
            self.merges = dict(self._find_merges())
            self._known.choose({name: found[0] for name, found in self.merges.items() if len(found) == 1})

    def is_dead(self, text: str) -> bool:
        """Whether a tensor, or a control input, is dead."""
        name = node_of_input(text)
        return name in self.dead or self._is_dead_output(text)

    def _is_dead_output(self, text: str) -> bool:
        live = None if is_control(text) else self.switches.get(node_of_input(text))
        return live is not None and self._known.output(text) != live

    def _find_switches(self) -> bool:
        nodes = list(self._known.visited.values())
        count = len(self.switches)
        for node in nodes:
            if node.op in SPLITTING_OPS and node.name not in self.switches:
                value = self._known.value(node.data_inputs[1])
                if value is not None and not value.shape:
                    self.switches[node.name] = live_output(node, int(value.numpy()))
        return len(self.switches) > count

    def _find_dead(self) -> set[str]:
        index, switches = self._index, self.switches
        roots = [
            reader.name
            for name in switches
            for reader, at in index.consumers(name)
            if self._is_dead_output(reader.inputs[at])
        ]
        region = closure(roots, lambda name: [reader.name for reader, _ in index.edges(name)])
        waiting: dict[str, int] = {}
        ready: list[str] = []
        for name in region:
            node = index.producers[name]
            blocked = [node_of_input(each) in region or self._is_dead_output(each) for each in node.inputs]
            waiting[name] = sum(blocked)
            if node.op in MERGE_OPS:
                data = blocked[: len(node.data_inputs)]
                waiting[name] = 0 if not all(data) else 1
            if waiting[name] == 0:
                ready.append(name)
        return region - self._alive(ready, waiting)

    def _alive(self, ready: list[str], waiting: dict[str, int]) -> set[str]:
        """Return what lives in a region, from the nodes whose inputs all do."""
        alive = set(ready)
        while ready:
            name = ready.pop()
            for reader, at in self._index.edges(name):
                text = reader.inputs[at]
                if reader.name not in waiting or reader.name in alive or self._is_dead_output(text):
                    continue
                if reader.op in MERGE_OPS and is_control(text):
                    continue
                waiting[reader.name] -= 1
                if waiting[reader.name] <= 0:
                    alive.add(reader.name)
                    ready.append(reader.name)
        return alive

    def _find_merges(self) -> Iterator[tuple[str, list[int]]]:
        # A dead output that a Merge reads itself has no dead node between.
        names = {reader.name for name in (*self.switches, *self.dead) for reader, _ in self._index.consumers(name)}
        for name in sorted(names - self.dead):
            node = self._index.producers[name]
            if node.op in MERGE_OPS:
                left = [at for at, text in enumerate(node.data_inputs) if not self.is_dead(text)]
                if len(left) < len(node.data_inputs):
                    yield name, left


def pivots(known: KnownValues, switches: Collection[str]) -> Mapping[str, Node]:
    """Return the Identities of predicates by which the nodes of a branch are told that it is the one."""
    found = {}
    for name in switches:
        for reader, _ in known.index.consumers(name):
            if reader.op == "Identity" and known.value(reader.data_inputs[0]) is not None:
                found[reader.name] = reader
    return found
