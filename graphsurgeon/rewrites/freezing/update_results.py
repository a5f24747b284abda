"""What ops that change a variable leave in it, computed without the variable: for graphs that go on with the result.

Zero-debiased averages and quantization-aware training do so, by the op's own output, or by a
read that waits for the op::

    FakeQuantWithMinMaxVars(x, Assign(min, batch_min), ...)
    AssignSubVariableOp(v, d) <-^- ReadVariableOp(v)           Sub(ReadVariableOp(v), d) <- Identity

Each such op becomes what computes its result from the value before it, under its name, and
each read behind it reads that; of several such ops, the last that a read surely waits for. The
first run of the graph gives the same, bit for bit; the runs after it, which would start from
the changed variable, do not: every run of the new graph is a first one.

======================================  ==================
op                                      becomes
======================================  ==================
Assign, AssignVariableOp                Identity
AssignAdd, AssignAddVariableOp          Add
AssignSub, AssignSubVariableOp          Sub
ScatterAdd ..., ResourceScatterAdd ...  TensorScatterAdd ...
======================================  ==================
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Edge, Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import IS_INITIALIZED_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.names import is_control, node_of_input, unique_name
from graphsurgeon.tensors.dtypes import INT32
from graphsurgeon.tensors.values import FillTensor
from proto_utils.named_tuple import NamedTuple

# Ops that change rows of a variable; those of the first kinds take the numbers of rows.
_KINDS = ("Add", "Sub", "Update", "Max", "Min")
_ROWS = {f"{prefix}{kind}": f"TensorScatter{kind}" for kind in _KINDS for prefix in ("Scatter", "ResourceScatter")}
_SLICES = {op.replace("Scatter", "ScatterNd"): tensor_op for op, tensor_op in _ROWS.items()}
#: What computes the result of an op that changes a variable.
RESULTS: Mapping[str, str] = {
    **dict.fromkeys(("Assign", "AssignVariableOp"), "Identity"),
    **dict.fromkeys(("AssignSub", "AssignSubVariableOp"), "Sub"),
    **dict.fromkeys(("AssignAdd", "AssignAddVariableOp"), "Add"),
    **_ROWS,
    **_SLICES,
}
#: What to do about ops that change a variable when their result is needed.
UpdateResults = Literal["decline", "compute"]
_LAST = FillTensor(INT32, (), b"\xff\xff\xff\xff")


def computing_nodes(node: Node, taken: Collection[str]) -> list[Node]:
    """Make nodes that compute the result of an op of `RESULTS` from its data inputs; the last has its name.

    The names of the others are not among those that are `taken`.
    """
    op, values = RESULTS[node.op], list(node.data_inputs)
    keys = [key for key in node.attrs if key in ("T", "Tindices") or key[:1] == "_"]
    attrs = {key: node.attrs[key] for key in keys}
    if num_outputs(node) == 0:
        attrs.pop("_output_shapes", None)  # it has an output now
    attrs.setdefault("T", node.attrs.get("dtype"))
    helpers = []
    if op == "Identity":
        values = values[1:]
    elif node.op in _ROWS:
        helpers = _as_columns(node, values[1], taken)
        values[1] = helpers[-1].name
    inputs = [*values, *node.control_inputs]
    return [*helpers, Node.new(node.name, op, inputs, device=node.device, attrs=attrs)]


def compute_updates(graph: Graph, roots: Iterable[str]) -> list[str]:
    """Let the ops whose results roots need compute them; returns these ops, in order.

    Left alone are ops whose order is not known and those that get the variable from another op. Costs one look at
    each node that the roots need, once there is such an op.
    """
    index, roots = Index(graph), list(roots)
    order = _Order(index, roots)
    if not order.writers:
        return []
    rewired = order.rewired()
    wanted = _read_by(index, roots, rewired, order.writers)
    edit = GraphEdit(graph)
    taken = {node.name for node in graph}
    found = []
    for node in graph:
        if node.name not in wanted:
            continue
        if node.name in order.writers:
            _compute(edit, node, rewired.get((node.name, 0)), taken)
            found.append(node.name)
            continue
        for position in range(len(node.data_inputs)):
            if (node.name, position) in rewired:
                _read(edit, node, position, rewired[node.name, position])
    edit.apply()
    return found


class _Writer(NamedTuple):
    variable: Node
    bit: int


class _Order:
    """Which ops change variables, and what runs after them: a set of them, as bits, for each node that roots need."""

    def __init__(self, index: Index, roots: Iterable[str]) -> None:
        self._index = index
        self.writers: dict[str, _Writer] = {}
        self._after: dict[str, int] = {}
        for name in _postorder(index.producers, roots):
            node = index.producers[name]
            variable = index.producer(node.data_inputs[0]) if node.op in RESULTS and node.data_inputs else None
            if variable is not None and (variable.op in REF_OPS or variable.op in RESOURCE_OPS):
                self.writers[name] = _Writer(variable, 1 << len(self.writers))
            self._after[name] = self._before(node) | (self.writers[name].bit if name in self.writers else 0)

    def rewired(self) -> dict[tuple[str, int], str]:
        """Return which op's result to read where a variable is read; variables with no clear order lose their ops."""
        by_variable: dict[str, dict[str, int]] = {}
        for name, writer in self.writers.items():
            by_variable.setdefault(writer.variable.name, {})[name] = writer.bit
        found: dict[tuple[str, int], str] = {}
        for variable, bits in by_variable.items():
            rewired = self._rewired(self._index.producers[variable], bits)
            if rewired is None:
                for name in bits:
                    del self.writers[name]
            else:
                found.update(rewired)
        return found

    def _rewired(self, variable: Node, bits: Mapping[str, int]) -> dict[tuple[str, int], str] | None:
        found = {}
        all_bits = sum(bits.values())
        for reader, position in self._reads(variable, bits):
            before = self._before(reader) & all_bits
            if not before:
                continue
            last = [name for name, bit in bits.items() if before & bit and self._after[name] & before == before]
            if not last or (variable.op in RESOURCE_OPS and reader.op != "ReadVariableOp" and reader.name not in bits):
                return None
            found[reader.name, position] = last[0]
        return found

    def _reads(self, variable: Node, writers: Iterable[str]) -> Iterator[Edge]:
        """Yield what reads a variable, also by the references that ops hand on, as far as the roots need it."""
        sources = [variable.name, *writers] if variable.op in REF_OPS else [variable.name]
        for source in sources:
            for reader, position in self._index.consumers(source):
                if reader.name in self._after and reader.op not in IS_INITIALIZED_OPS:
                    yield reader, position

    def _before(self, node: Node) -> int:
        bits = 0
        for text in node.inputs:
            bits |= self._after.get(node_of_input(text), 0)
        return bits


def _postorder(producers: Mapping[str, Node], roots: Iterable[str]) -> Iterator[str]:
    """Yield what roots need, each node behind its inputs, but for the back edges of loops."""
    seen: set[str] = set()
    pending = [(name, False) for name in roots]
    while pending:
        name, is_done = pending.pop()
        if is_done:
            yield name
        elif name not in seen and name in producers:
            seen.add(name)
            pending.append((name, True))
            pending += [(node_of_input(text), False) for text in producers[name].inputs]


def _read_by(
    index: Index, roots: Iterable[str], rewired: Mapping[tuple[str, int], str], writers: Collection[str]
) -> set[str]:
    """Return what roots read, directly or not; what is assigned does not depend on what was there before."""
    found: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        node = index.producers.get(name)
        if node is not None and name not in found:
            found.add(name)
            first = 1 if name in writers and RESULTS[node.op] == "Identity" else 0
            for position, text in enumerate(node.inputs):
                if position >= first and not is_control(text):
                    pending.append(rewired.get((name, position)) or node_of_input(text))
    return found


def _compute(edit: GraphEdit, node: Node, base: str | None, taken: set[str]) -> None:
    """Replace an op; what it starts from is the variable, or the result of the op before it."""
    if base is not None:
        edit.set_input(node, 0, base)
    elif "dtype" in node.attrs and RESULTS[node.op] != "Identity":
        read = Node.new(
            unique_name(f"{node.name}/ReadVariableOp", taken), "ReadVariableOp", node.data_inputs[:1],
            device=node.device, attrs={"dtype": node.attrs["dtype"]},
        )  # fmt: skip
        taken.add(read.name)
        edit.add(read)
        edit.set_input(node, 0, read.name)
    *helpers, made = computing_nodes(edit.current(node), taken)
    taken.update(helper.name for helper in helpers)
    edit.replace(node.name, [made, *helpers])


def _read(edit: GraphEdit, node: Node, position: int, source: str) -> None:
    """Let a node read the result of an op instead of the variable."""
    edit.set_input(node, position, source)
    own = edit.edit(node)
    if own.op == "ReadVariableOp":
        own.op, own.attrs["T"] = "Identity", own.attrs.pop("dtype")


def _as_columns(node: Node, indices: str, taken: Collection[str]) -> list[Node]:
    """Make indices of rows what a TensorScatter op takes: each a vector of one."""
    names = set(taken)
    axis = Node.new(unique_name(f"{node.name}/axis", names), "Const", attrs={"dtype": INT32, "value": _LAST})
    attrs = {"T": node.attrs["Tindices"], "Tdim": INT32}
    return [axis, Node.new(unique_name(f"{node.name}/indices", names), "ExpandDims", [indices, axis.name], attrs=attrs)]
