"""Branches of control flow v1, from Switch to Merge, become If nodes with functions for both.

::

    s = Switch(x, pred)                           cond = If(pred, x, y)
    a = Neg(s:1)       b = Add(s, y)        ->    then(x, y): Neg(x)      else(x, y): Add(x, y)
    m = Merge(b, a)                               m = Identity(cond)

What a node depends on decides which branch it is in. Merges that share nodes become one If; a constant that only waits
for a pivot is shared by none, and copied. Nodes outside of the branches that one of them reads are
given to both. Branches inside of others follow in the functions that are made. What a Merge waits for in its branches,
as those do that TensorFlow made of an If, the result of the function waits for.

A node of a branch that no Merge needs may be an output that is not always there: unless it is only a pivot, that is
declined. Source: ``cond_v2.py`` of TensorFlow, and XLA's ``functionalize_cond.cc``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.ir.frames import MERGE_OPS, SWITCH_OPS
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input, scope_of, unique_name
from graphsurgeon.rewrites.functionalizing.branch_placement import (
    BranchOf,
    BranchPlacement,
    topological,
)
from graphsurgeon.rewrites.functionalizing.declined import PRUNE, declined
from graphsurgeon.rewrites.functionalizing.regions import Argument, Functions, RaisedRow, Region, argument_name
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFact, TensorFacts
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from proto_utils.named_tuple import NamedTuple

# What may be left in a branch unread: it only brings something there.
_HANDED_ON = frozenset({"Identity", "Const", "NoOp", "Switch", "RefSwitch", "ReadVariableOp"})


def raise_branches(region: Region, facts: TensorFacts, functions: Functions) -> list[RaisedRow]:
    """Exchange the branches of a region, which has no loops; return what became of them.

    What cannot be a function is a PassError. Costs O(nodes + edges) for every level of nesting.
    """
    if not any(node.op in SWITCH_OPS or node.op in MERGE_OPS for node in region.nodes.values()):
        return []
    return _Branches(region, facts, functions).run()


class _Branches:
    """The outermost branches of a region."""

    def __init__(self, region: Region, facts: TensorFacts, functions: Functions) -> None:
        self._region = region
        self._nodes = region.nodes
        self._order = {name: number for number, name in enumerate(region.nodes)}
        self._facts = facts
        self._functions = functions
        self._arguments = {argument.name: argument.fact for argument in region.arguments}
        self._taken = {*self._nodes, *self._arguments}
        self._placement = BranchPlacement(region.nodes)
        self._rows: list[RaisedRow] = []

    def run(self) -> list[RaisedRow]:
        """Exchange all of them."""
        groups = self._groups()
        used: set[str] = set()
        before: dict[str, Node] = {}
        instead: dict[str, Node] = {}
        renamed: dict[str, str] = {}
        for merges in groups:
            node, indices = self._raised(merges, used)
            before[merges[0].name] = node
            for number, merge in enumerate(merges):
                inside = {text for _, text in self._placement.waits[merge.name]}
                waits = [text for text in merge.control_inputs if text not in inside]
                inputs = [f"{node.name}:{number}" if number else node.name, *waits]
                instead[merge.name] = Node.new(
                    merge.name, "Identity", inputs, device=merge.device, attrs={"T": merge.attrs["T"]}
                )
            renamed.update(indices)
        self._check_left(used)
        nodes: dict[str, Node] = {}
        for name, node in self._nodes.items():
            if name in before:
                nodes[before[name].name] = before[name]
            if name in instead:
                nodes[name] = instead[name]
            elif not self._placement.where[name] and node.op not in SWITCH_OPS:
                nodes[name] = node
        read = {node_of_input(text) for node in nodes.values() for text in node.inputs}
        read.update(node_of_input(text) for text, _ in self._region.results)
        self._region.nodes = {
            name: node for name, node in nodes.items() if name in read or name not in used or not self.is_made(node)
        }
        self._rename(renamed)
        self._wait_for_sources()
        _require_order(self._region.nodes)
        return self._rows

    def _groups(self) -> list[list[Node]]:
        """Return the Merges right here that become one If each, in order."""
        root = {name: name for name in self._nodes}

        def find(name: str) -> str:
            while root[name] != name:
                root[name] = root[root[name]]
                name = root[name]
            return name

        for name, node in self._nodes.items():
            stack = self._placement.where[name]
            pred = stack[0].pred if stack else self._placement.preds.get(name)
            if pred is None or (stack and name in self._placement.free):
                continue
            for text in node.inputs:
                source = node_of_input(text)
                if source in self._nodes and self._placement.ties(source, pred):
                    root[find(source)] = find(name)
        groups: dict[str, list[Node]] = defaultdict(list)
        for name in self._placement.merged:
            groups[find(name)].append(self._nodes[name])
        for merges in groups.values():
            merges.sort(key=lambda merge: self._order[merge.name])
        return list(groups.values())

    def _raised(self, merges: list[Node], used: set[str]) -> tuple[Node, dict[str, str]]:
        """Return the If in the place of Merges, and what stands for the numbers of their inputs."""
        pred = self._placement.preds[merges[0].name]
        sides = [_Side(self, BranchOf(pred, branch), self._roots(merges, branch)) for branch in (0, 1)]
        outside = dict.fromkeys([*sides[0].outside, *sides[1].outside])
        waits = dict.fromkeys([*sides[0].waits, *sides[1].waits])
        used.update(*(side.nodes for side in sides))
        taken = {name for side in sides for name in side.nodes} | {each.name for each in merges}
        arguments = [Argument(argument_name(text, taken), self._fact(text)) for text in outside]
        names = {text: argument.name for text, argument in zip(outside, arguments, strict=True)}
        indices = [merge for merge in merges if f"{merge.name}:1" in self._read()]
        facts = [self._facts.of(merge.name) for merge in merges] + [_INDEX for _ in indices]
        numbered = {argument_name("value_index", taken): self._placement.merged[each.name] for each in indices}
        wanted = scope_of(merges[0].name) or "cond"
        name = unique_name(wanted, self._taken)
        self._taken.add(name)
        called: list[Func] = []
        for side, kind in ((sides[1], "true"), (sides[0], "false")):
            region = side.region(names, arguments, facts, numbered)
            self._rows += raise_branches(region, self._facts, self._functions)
            called.append(self._functions.make(self._functions.name(name, kind), region))
        attrs = {
            "Tcond": dtypes.BOOL,
            "Tin": [argument.fact.dtype for argument in arguments],
            "Tout": [fact.dtype for fact in facts],
            "then_branch": called[0],
            "else_branch": called[1],
            "output_shapes": [fact.shape for fact in facts],
            "_lower_using_switch_merge": True,
        }
        op = "If" if self._functions.are_stateful(called) else "StatelessIf"
        self._rows.append(RaisedRow(name, op, [each.name for each in called]))
        renamed = {f"{merge.name}:1": f"{name}:{len(merges) + number}" for number, merge in enumerate(indices)}
        return Node.new(name, op, [pred, *outside, *waits], attrs=attrs), renamed

    def _roots(self, merges: Iterable[Node], branch: int) -> list[_Root]:
        """Return what a branch gives to Merges."""
        roots = []
        for merge in merges:
            text = merge.data_inputs[self._placement.merged[merge.name].index(branch)]
            waits = [text for number, text in self._placement.waits[merge.name] if number == branch]
            roots.append(_Root(text, waits, merge))
        return roots

    def _fact(self, text: str) -> TensorFact:
        return self._arguments[text] if text in self._arguments else self._facts.of(text)

    def _read(self) -> set[str]:
        """Return the numbers of inputs of Merges that are read."""
        if not hasattr(self, "_indices"):
            read = {text for node in self._nodes.values() for text in node.inputs if text.endswith(":1")}
            self._indices = read | {text for text, _ in self._region.results}
        return self._indices

    def _rename(self, renamed: dict[str, str]) -> None:
        if not renamed:
            return
        for node in self._region.nodes.values():
            if not renamed.keys().isdisjoint(node.inputs):
                own = node.copy()
                own.inputs = [renamed.get(text, text) for text in node.inputs]
                self._region.nodes[node.name] = own
        self._region.results = [(renamed.get(text, text), fact) for text, fact in self._region.results]

    def _wait_for_sources(self) -> None:
        """Let who waited for a Switch that is gone wait for what it waited for."""
        nodes = self._region.nodes
        for name, node in nodes.items():
            gone = [text for text in node.control_inputs if text[1:] not in nodes and text[1:] in self._nodes]
            if gone:
                sources = [f"^{node_of_input(each)}" for text in gone for each in self._nodes[text[1:]].inputs]
                kept = [text for text in node.control_inputs if text not in gone]
                waits = dict.fromkeys(text for text in [*kept, *sources] if text[1:] in nodes)
                nodes[name] = node.copy()
                nodes[name].inputs = [*node.data_inputs, *waits]

    def _check_left(self, used: set[str]) -> None:
        """Require that no more of the branches is left than what hands on."""
        for name, node in self._nodes.items():
            if self._placement.where[name] and name not in used and node.op not in _HANDED_ON:
                raise declined("it is in a branch, and no Merge needs it: it is not always there", name, hint=PRUNE)

    def inside(self, name: str, place: BranchOf) -> bool:
        """Whether a node is in a branch of the outermost ones."""
        return self._placement.outermost(name) == place

    def is_free(self, name: str) -> bool:
        """Whether a node needs nothing but a pivot, so that waiting for it only says in which branch."""
        return name in self._placement.free

    def pivot(self, name: str) -> Node | None:
        """Return the Switch by which a free node knows its branch."""
        return self._nodes.get(self._placement.pivots.get(name, ""))

    def is_made(self, node: Node) -> bool:
        """Whether a node is a constant of a While, which goes into a branch with that."""
        return node.op == "Const" and not self._facts.knows(node.name)

    def node(self, name: str) -> Node | None:
        """Return a node of the region, None for an argument."""
        return self._nodes.get(name)

    def ordered(self, names: Iterable[str]) -> list[Node]:
        """Return nodes in the order of the region."""
        return [self._nodes[name] for name in sorted(names, key=self._order.__getitem__)]


class _Root(NamedTuple):
    """What a Merge takes of a branch, and what it waits for there."""

    text: str
    waits: list[str]
    merge: Node


class _Side:
    """One branch of some Merges."""

    def __init__(self, branches: _Branches, place: BranchOf, roots: list[_Root]) -> None:
        self._branches = branches
        self._place = place
        self._roots = roots
        self.nodes: dict[str, Node] = {}
        self.outside: dict[str, None] = {}  # tensors from around the branch
        self.waits: dict[str, None] = {}
        pending = [text for root in reversed(roots) for text in reversed(root.waits)]
        pending += [root.text for root in reversed(roots)]
        while pending:
            text = pending.pop()
            name = node_of_input(text)
            if name in self.nodes or self._is_around(text):
                continue
            node = branches.node(name)
            assert node is not None
            self.nodes[name] = node
            pending += reversed(node.inputs)

    def _is_around(self, text: str) -> bool:
        """Note what comes from around the branch."""
        name = node_of_input(text)
        if self._branches.inside(name, self._place):
            if not is_control(text) or not self._branches.is_free(name):
                return False
            self._wait_as(self._branches.pivot(name))
            return True
        node = self._branches.node(name)
        if node is not None and self._branches.is_made(node):
            return False
        if node is not None and node.op in SWITCH_OPS:
            self._wait_as(node)
            if not is_control(text):
                self.outside[_plain(node.data_inputs[0])] = None
        elif is_control(text):
            self.waits[text] = None
        else:
            self.outside[_plain(text)] = None
        return True

    def _wait_as(self, switch: Node | None) -> None:
        """Let the node with the functions wait for what a Switch into the branch does."""
        if switch is not None:
            self.waits.update(dict.fromkeys(switch.control_inputs))

    def region(
        self,
        names: dict[str, str],
        arguments: list[Argument],
        facts: list[TensorFact],
        indices: Mapping[str, list[int]],
    ) -> Region:
        """Return the branch as the body of a function; `indices` name what is given too: which input it is of two."""
        nodes = []
        for node in self._branches.ordered(self.nodes):
            own = node.copy()
            own.inputs = [new for text in node.inputs if (new := self._text(text, names))]
            nodes.append(own)
        roots = []
        for root in self._roots:
            text = self._text(root.text, names)
            waits = [wait for wait in root.waits if self._text(wait, names)]
            if waits:
                # In the function the Merge's name is free.
                nodes.append(Node.new(root.merge.name, "Identity", [text, *waits], attrs={"T": root.merge.attrs["T"]}))
                text = root.merge.name
            roots.append(text)
        for name, branches in indices.items():
            nodes.append(_index(name, branches.index(self._place.branch)))
            roots.append(name)
        return Region(nodes, arguments, list(zip(roots, facts, strict=True)))

    def _text(self, text: str, names: dict[str, str]) -> str:
        """Return how the body names an input; empty for what it need not wait for."""
        name = node_of_input(text)
        if name in self.nodes:
            return text
        if is_control(text):
            return ""
        node = self._branches.node(name)
        if node is not None and node.op in SWITCH_OPS:
            text = node.data_inputs[0]
        return names[_plain(text)]


_INDEX = TensorFact(dtypes.INT32, Shape(()))


def _index(name: str, number: int) -> Node:
    import numpy as np

    return Node.new(name, "Const", attrs={"dtype": dtypes.INT32, "value": as_tensor(np.int32(number))})


def _plain(text: str) -> str:
    """Write ``a:0`` as ``a``."""
    return text.removesuffix(":0")


def _require_order(nodes: dict[str, Node]) -> None:
    """Require that there is no cycle: that no If needs what itself gives."""
    for _ in topological(nodes):
        pass
