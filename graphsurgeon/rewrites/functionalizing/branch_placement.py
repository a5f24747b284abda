"""Which branches of control flow v1 the nodes of a region run in.

A Switch leads into the branch of its predicate and output, a Merge out of it; every other node is where its inputs are,
control inputs included, so that constants are where their pivot is. Predicates are the same when they are one tensor,
through Identities.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from graphsurgeon.ir.frames import MERGE_OPS, SWITCH_OPS
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input, parse_input
from graphsurgeon.rewrites.functionalizing.declined import declined
from proto_utils.named_tuple import NamedTuple


class BranchOf(NamedTuple):
    """A branch: the predicate, and which of its values leads there."""

    pred: str
    branch: int


#: So many branches may lie in each other: as many functions call each other in the end.
MAX_DEPTH = 100

#: The branches that a node is in, outermost first.
BranchStack: TypeAlias = tuple[BranchOf, ...]


class BranchPlacement:
    """Where the nodes of a region are; a node of two branches at once is a PassError.

    Attributes
    ----------
    where : dict of str to BranchStack
        By node; of a Switch, where it is itself.
    merged : dict of str to list of int
        Of the Merges that are in no branch, which one each input comes from.
    preds : dict of str to str
        Of these, the predicate.
    waits : dict of str to list of (int, str)
        Of these, the control inputs that are in one of the branches, with which it is: who reads the Merge knows that
        they ran, if their branch did, as TensorFlow lowers an If.
    free : set of str
        The nodes that need nothing but a pivot, so that they may be copied.
    pivots : dict of str to str
        Of these, the Switch that it leads back to; empty for what needs nothing.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self.where: dict[str, BranchStack] = {}
        self.merged: dict[str, list[int]] = {}
        self.preds: dict[str, str] = {}
        self.waits: dict[str, list[tuple[int, str]]] = {}
        self.free = set[str]()
        self.pivots: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self._place()

    def outermost(self, name: str) -> BranchOf | None:
        """Return the outermost branch that a node is in; None for arguments, too."""
        stack = self.where.get(name, ())
        return stack[0] if stack else None

    def _place(self) -> None:
        """Find the branches that every node is in, inputs first."""
        for node in topological(self._nodes):
            if node.op in MERGE_OPS:
                self.where[node.name] = self._place_merge(node)
                continue
            stacks = [self.stack(text) for text in node.inputs]
            deepest = max(stacks, key=len, default=())
            for text, stack in zip(node.inputs, stacks, strict=True):
                if deepest[: len(stack)] != stack:
                    raise declined(f"its input {text!r} is of another branch than the others", node.name)
            if len(deepest) > MAX_DEPTH:
                raise declined(f"branches are nested deeper than {MAX_DEPTH}", node.name)
            self.where[node.name] = deepest
            self._note(node)

    def _place_merge(self, node: Node) -> BranchStack:
        stacks = [self.stack(text) for text in node.data_inputs]
        first = stacks[0]
        same = all(each[:-1] == first[:-1] and each and each[-1].pred == first[-1].pred for each in stacks if first)
        branches = [each[-1].branch for each in stacks if each]
        if not first or not same or sorted(branches) != [0, 1]:
            raise declined("it does not merge the two branches of one predicate", node.name)
        around, pred = first[:-1], first[-1].pred
        waits = []
        for text in node.control_inputs:
            stack = self.stack(text)
            if stack[:-1] == around and stack and stack[-1].pred == pred:
                waits.append((stack[-1].branch, text))
            elif around[: len(stack)] != stack:
                raise declined(f"it waits for {text[1:]!r}, which only runs in another branch", node.name)
        if not around:
            self.merged[node.name] = branches
            self.preds[node.name] = pred
            self.waits[node.name] = waits
        return around

    def stack(self, text: str) -> BranchStack:
        """Return the branches that a tensor is in."""
        name, output = parse_input(text)
        stack = self.where.get(name, ())
        node = self._nodes.get(name)
        if node is not None and node.op in SWITCH_OPS and output >= 0:
            return (*stack, BranchOf(self.predicate(node.data_inputs[1]), output))
        return stack

    def predicate(self, text: str) -> str:
        """Return what a predicate is, behind Identities."""
        text = text.removesuffix(":0")
        return self._sources.get(text, text)

    def is_pivot(self, node: Node) -> bool:
        """Whether a Switch is there for others to wait for: it switches its predicate."""
        return node.op in SWITCH_OPS and len({self.predicate(text) for text in node.data_inputs}) == 1

    def _note(self, node: Node) -> None:
        """Note where an Identity leads, and what needs nothing but a pivot."""
        if node.op == "Identity":
            self._sources[node.name] = self.predicate(node.data_inputs[0])
        if node.op not in ("Const", "Identity", "NoOp") or len(node.inputs) > 1:
            return
        name = node_of_input(node.inputs[0]) if node.inputs else ""
        source = self._nodes.get(name)
        if source is None or self.is_pivot(source) or (source.op == "Identity" and name in self.free):
            self.free.add(node.name)
            self.pivots[node.name] = self.pivots.get(name, name)

    def ties(self, name: str, pred: str) -> bool:
        """Whether a node ties those of a predicate's branches together."""
        node, stack = self._nodes[name], self.where[name]
        if stack:
            return stack[0].pred == pred and name not in self.free
        is_switch = node.op in SWITCH_OPS and not self.is_pivot(node)
        return is_switch and self.predicate(node.data_inputs[1]) == pred


def topological(nodes: Mapping[str, Node]) -> Iterator[Node]:
    """Yield nodes in topological order; a cycle is a PassError."""
    readers: dict[str, list[str]] = defaultdict(list)
    missing: dict[str, int] = {}
    for name, node in nodes.items():
        sources = [source for source in map(node_of_input, node.inputs) if source in nodes]
        missing[name] = len(sources)
        for source in sources:
            readers[source].append(name)
    ready = deque(name for name, count in missing.items() if not count)
    count = 0
    while ready:
        name = ready.popleft()
        count += 1
        yield nodes[name]
        for reader in readers[name]:
            missing[reader] -= 1
            if not missing[reader]:
                ready.append(reader)
    if count < len(nodes):
        stuck = next(name for name, left in missing.items() if left)
        raise declined("branches of one predicate need each other's results", stuck)
