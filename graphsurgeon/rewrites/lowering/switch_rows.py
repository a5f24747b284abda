"""Switches of many outputs, as rows of those of two: what TensorFlow 2 lowers a Case to, as a row of conds.

::

    s = _SwitchN(x, i) {num_outs: 3}        s/_0 = Switch(x, i == 0)        s:0 is s/_0:1
                                            s/_1 = Switch(s/_0, i == 1)     s:1 is s/_1:1, and s:2 is s/_1
    m = Merge(a, b, c)                      m/_2 = Merge(c, b)              of the branches 0, 1 and 2
                                            m = Merge(m/_2, a)

Freezing in TensorFlow 2 leaves no Case, whatever it is told, and no TensorFlow has gradients for ``_SwitchN``. Which
branch an input of a Merge is of is told by what it comes from, not by its place. A row stays as it is where a Merge
does not read all of its branches, or where somebody asks for a node of it by name or for which branch it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from graphsurgeon.ir.frames import MERGE_OPS, NEXT_ITERATION_OPS
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input, parse_input
from graphsurgeon.rewrites.lowering.conditions import is_branch
from graphsurgeon.rewrites.lowering.lowered_graph import LoweredGraph
from graphsurgeon.tensors import dtypes
from proto_utils.named_tuple import NamedTuple

MANY = "_SwitchN"

#: An attr may say any number.
_MAX_BRANCHES = 10_000

#: By what is switched and into how many, and which of them.
_Branch = tuple[tuple[str, int], int]


class _Meeting(NamedTuple):
    """A Merge of branches: which branch each input is of, control inputs too, -1 for those of none."""

    row: tuple[str, int]
    branches: list[int]


def switch_notes(graph: Graph) -> list[str]:
    """Return a sentence that names a Switch of many outputs, which cannot be trained; none without any."""
    first = next(iter(graph.nodes_of((MANY,))), None)
    how = "`gs.lower` makes conditionals, which train; in eager TensorFlow 2, a SavedModel with resource variables does"
    return [] if first is None else [f"TensorFlow has no gradient through {MANY} {first.name!r}: {how}"]


class SwitchRows:
    """The `_SwitchN` nodes of a graph, by the tensor that tells the branch."""

    def __init__(self, graph: Graph, named: Collection[str]) -> None:
        self.rows: dict[tuple[str, int], list[Node]] = {}
        for node in graph.nodes_of((MANY,)):
            row = self.rows.setdefault(_row_of(node), [])
            # What switches the index itself is called after that, and comes first.
            row.insert(0 if node.data_inputs[0] == node.data_inputs[1] else len(row), node)
        self._graph = graph
        self._merges: dict[str, _Meeting] = {}
        self.left: dict[str, str] = {}
        if self.rows:
            self._follow()
            self._keep_some(named)

    def apply(self, graph: LoweredGraph) -> list[str]:
        """Put rows of Switches in their place; return a node of each row."""
        for row, nodes in self.rows.items():
            preds = self._add_preds(graph, nodes[0].name, row[1])
            for node in nodes:
                graph.begin(node.name)
                _split(graph, node, preds)
        for name, meeting in self._merges.items():
            if meeting.row in self.rows:
                _merge(graph, graph.begin(name), meeting.branches)
        return [nodes[0].name for nodes in self.rows.values()]

    def _follow(self) -> None:
        """Note which branches meet in which Merge; costs a look at each edge."""
        inside: dict[str, tuple[_Branch, ...]] = {}
        index = self._graph.index
        for node in self._graph.topological():
            found: list[tuple[_Branch, ...]] = []
            for text in node.inputs:
                producer = index.producer(text)
                stack = inside.get(node_of_input(text), ())
                if producer is not None and producer.op == MANY and not is_control(text):
                    stack = (*stack, (_row_of(producer), parse_input(text).output))
                if producer is None or producer.op not in NEXT_ITERATION_OPS:
                    found.append(stack)
            is_back = len(found) < len(node.inputs)
            if node.op in MERGE_OPS and not is_back:
                stack = self._meet(node, found)
            else:
                stack = max(found, key=len, default=())
            if stack:
                inside[node.name] = stack

    def _meet(self, node: Node, found: Sequence[tuple[_Branch, ...]]) -> tuple[_Branch, ...]:
        """Return where a Merge is: where all its inputs are, but for the branch that they differ in."""
        data = found[: len(node.data_inputs)]
        depth = 0
        while all(len(each) > depth for each in data) and len({each[depth] for each in data}) == 1:
            depth += 1
        rows = {each[depth][0] if len(each) > depth else None for each in data}
        row = rows.pop() if len(rows) == 1 else None
        if row is not None:
            here = [each[depth] if len(each) > depth else (row, -1) for each in found]
            self._merges[node.name] = _Meeting(row, [branch if of == row else -1 for of, branch in here])
        return data[0][:depth] if data else ()

    def _keep_some(self, named: Collection[str]) -> None:
        """Leave the rows that cannot go."""
        reasons: dict[tuple[str, int], str] = {}
        for row, nodes in self.rows.items():
            if not 1 < row[1] <= _MAX_BRANCHES:
                reasons[row] = f"has {row[1]:,} branches"
            elif any(node.name in named for node in nodes):
                reasons[row] = "is asked for by name"
        for name, meeting in self._merges.items():
            node = self._graph[name]
            count = len(node.data_inputs)
            if count != meeting.row[1] or sorted(meeting.branches[:count]) != list(range(count)):
                reasons[meeting.row] = f"Merge {name!r} does not read each branch once"
            elif self._graph.index.tensor_consumers(f"{name}:1"):
                reasons[meeting.row] = f"which branch it was is read from Merge {name!r}"
        for row, reason in reasons.items():
            for node in self.rows.pop(row):
                self.left[node.name] = reason

    @staticmethod
    def _add_preds(graph: LoweredGraph, name: str, count: int) -> list[str]:
        """Add what tells for each branch but the last whether it is the one, if none before was."""
        # What it reads may have been of another row.
        first = graph.begin(name)
        index, device, waits, preds = first.data_inputs[1], first.device, list[str](), list[str]()
        for number in range(count - 1):
            pred = is_branch(graph, name, number, index, waits, device)
            preds.append(pred)
            if number + 2 < count:
                switch = graph.add(graph.new_name(f"{name}/switch_pred"), "Switch", [pred, pred, *waits],
                                   device, T=dtypes.BOOL)  # fmt: skip
                pivot = graph.hand_on(graph.new_name(f"{name}/pivot_f"), switch, dtypes.BOOL.number, (), device)
                waits = [f"^{pivot}"]
                index = graph.add(graph.new_name(f"{name}/index"), "Switch", [index, pred], device,
                                  T=dtypes.INT32)  # fmt: skip
        return preds


def _row_of(node: Node) -> tuple[str, int]:
    data, count = node.data_inputs, node.attrs.get("num_outs")
    return data[1].removesuffix(":0"), count if isinstance(count, int) else 0


def _split(graph: LoweredGraph, node: Node, preds: Sequence[str]) -> None:
    """Put Switches of two outputs in the place of one of many."""
    attrs = {key: node.attrs[key] for key in ("T", "_class") if key in node.attrs}
    rest, waits, first = node.data_inputs[0], node.control_inputs, ""
    results = []
    for pred in preds:
        rest = graph.add(graph.new_name(node.name), "Switch", [rest, pred, *waits], node.device, **attrs)
        results.append(f"{rest}:1")
        waits, first = (), first or rest
    for number, text in enumerate([*results, rest]):
        graph.edit.redirect(f"{node.name}:{number}" if number else node.name, text)
    graph.edit.redirect(f"^{node.name}", f"^{first}")
    graph.edit.remove(node.name)


def _merge(graph: LoweredGraph, node: Node, branches: Sequence[int]) -> None:
    """Put Merges of two inputs in the place of one of a row's branches; the last has its name."""
    inputs = graph.edit.index.producers[node.name].inputs
    data, waits = _by_branch(inputs, branches)
    last = len(data) - 1
    rest, later = data[last], waits.pop(last, [])
    for number in range(last - 1, 0, -1):
        made = [rest, data[number], *later, *waits.pop(number, [])]
        rest = graph.add(graph.new_name(node.name), "Merge", made, node.device, T=node.attrs["T"], N=2)
        later = []
    own = graph.edit.edit(node)
    own.attrs["N"] = 2
    graph.edit.set_inputs(own, [rest, data[0], *later, *(text for texts in waits.values() for text in texts)])


def _by_branch(inputs: Sequence[str], branches: Sequence[int]) -> tuple[Mapping[int, str], dict[int, list[str]]]:
    """Return the data input of each branch, and the control inputs."""
    data: dict[int, str] = {}
    waits: dict[int, list[str]] = {}
    for text, branch in zip(inputs, branches, strict=True):
        if is_control(text):
            waits.setdefault(branch, []).append(text)
        else:
            data[branch] = text
    return data, waits
