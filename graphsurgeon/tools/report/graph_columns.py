"""The graphs of a model as columns: what a page draws.

============ ===========================================================================
main graph   its nodes
function     its arguments as nodes of op ``_Arg``, its nodes, its results as ``_Retval``,
             as TensorFlow has them when it runs one
============ ===========================================================================

An input is ``[node, output]``, ``[node, -1]`` for a control input, and ``[-1, text]`` where nothing makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.display import count
from graphsurgeon.ir.frames import ENTER_OPS, frame_tree
from graphsurgeon.ir.function_calls import named_functions
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import output_number
from graphsurgeon.names import is_control, node_of_input, parse_input
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tools.report.attr_texts import AttrTexts
from graphsurgeon.tools.report.output_texts import OutputTexts
from graphsurgeon.tools.report.texts import StringTable, named
from proto_utils import schema
from proto_utils.errors import UnsupportedError

#: A page has the first so many nodes of a model, those of functions included.
MAX_NODES = 200_000
#: Of a node with more inputs, the others are counted.
MAX_INPUTS = 1_000
ARGUMENT, RESULT = "_Arg", "_Retval"


class GraphColumns:
    """One graph as columns, to which what is known of its nodes is added by their numbers.

    Attributes
    ----------
    name : str
        Of the function; empty for the main graph.
    facts : dict
        What the page reads.
    numbers : dict of str to int
        The nodes by their names, as they are in the file; of two with one name, the first.
    """

    def __init__(self, name: str, signature: str | None) -> None:
        self.name = name
        self.numbers: dict[str, int] = {}
        self.nodes: dict[str, list[Any]] = {key: [] for key in ("name", "op", "device", "inputs", "shape", "attrs")}
        self.facts: dict[str, Any] = {
            "name": named(name), "signature": signature, "nodes": self.nodes, "made": [], "calls": {}, "role": {},
            "frames": [], "change": {}, "changed": {}, "edges": [], "plan": {}, "kept": {},
        }  # fmt: skip

    def __len__(self) -> int:
        return len(self.nodes["name"])

    def add(self, name: str, op: int, device: int, shape: list[int], attrs: list[list[int]]) -> int:
        """Add a node without inputs, and return its number."""
        number = len(self)
        row: tuple[Any, ...] = (named(name), op, device, [], shape, attrs)
        for column, cell in zip(self.nodes.values(), row, strict=True):
            column.append(cell)
        return number


class GraphReader:
    """Makes columns of the graphs of a model, one after the other, until the page is full.

    Parameters
    ----------
    model : Model
    index : Index
        Of its graph.
    strings : StringTable
    functions : dict of str to int, optional
        Which graph of the page each function is, where that is not the order of the library.

    Attributes
    ----------
    shapes : NodeShapes
        Of the graph.
    """

    def __init__(
        self, model: Model, index: Index, strings: StringTable, functions: dict[str, int] | None = None
    ) -> None:
        self._model, self._strings = model, strings
        self._index = index
        self._attrs = AttrTexts(strings)
        self._outputs = OutputTexts(model, index, strings)
        self.shapes = self._outputs.shapes
        own = {name: at for at, name in enumerate(model.library.functions, 1)}
        self._functions = own if functions is None else functions
        self._room = MAX_NODES

    def read(self) -> list[GraphColumns]:
        """Return the main graph, then each function that there is room for."""
        found = [self.graph(self._model.graph, self._index)]
        functions = list(self._model.library.functions.values())
        for function in functions:
            if self._room <= 0:
                break
            found.append(self.graph(function.body, Index(function.body), function))
        if len(found) <= len(functions):
            for each in found:
                each.facts["calls"] = dict(_calls_below(each.facts["calls"], len(found)))
        return found

    def graph(self, graph: Graph, index: Index, function: Function | None = None) -> GraphColumns:
        """Return the columns of a graph, or of the body of a function, as far as there is room."""
        name = "" if function is None else function.name
        made = GraphColumns(name, None if function is None else signature_text(function.proto.signature))
        if function is not None:
            self._add_arguments(made, function.proto.signature.input_arg)
        nodes: list[tuple[int, Node]] = []
        for node in graph:
            number = self.add(made, graph, index, node)
            if number is None:
                break
            made.numbers.setdefault(node.name, number)
            nodes.append((number, node))
        for number, node in nodes:
            made.nodes["inputs"][number] = self.inputs(made.numbers, graph, index, node)
        if function is not None:
            self._add_results(made, graph, index, function.proto)
        self._add_frames(made, graph, index)
        return made

    def add(self, made: GraphColumns, graph: Graph, index: Index, node: Node, function: str = "") -> int | None:
        """Add a node without its inputs, and return its number; None when the page is full.

        `function` is what the body is called that it is in, if not as the columns are.
        """
        if self._room <= 0:
            return None
        self._room -= 1
        number = made.add(
            node.name,
            self._strings[node.op],
            self._strings[node.device],
            self._outputs.of(function or made.name, graph, index, node),
            list(self._attrs.of(node)),
        )
        if self._functions:
            called = [self._functions[name] for name in named_functions([node]) if name in self._functions]
            if called:
                made.facts["calls"][number] = list(dict.fromkeys(called))
        return number

    def inputs(self, numbers: Mapping[str, int], graph: Graph, index: Index, node: Node) -> list[list[Any]]:
        """Return the inputs of a node by these numbers; of very many the first, and how many more there are."""
        found = [_input(numbers, graph, index, text) for text in node.inputs[:MAX_INPUTS]]
        more = len(node.inputs) - len(found)
        return [*found, [-1, f"... {count(more, 'more input')}"]] if more > 0 else found

    def _add_arguments(self, made: GraphColumns, arguments: Sequence[schema.OpDef.ArgDef]) -> None:
        for arg in arguments:
            shape = [self._strings[_type_text(arg)]]
            number = made.add(arg.name, self._strings[ARGUMENT], self._strings[""], shape, [])
            made.numbers.setdefault(arg.name, number)
            made.facts["made"].append(number)

    def _add_results(self, made: GraphColumns, graph: Graph, index: Index, proto: schema.FunctionDef) -> None:
        for arg in proto.signature.output_arg:
            number = made.add(arg.name, self._strings[RESULT], self._strings[""], [], [])
            made.facts["made"].append(number)
            if arg.name in proto.ret:
                made.nodes["inputs"][number] = [_input(made.numbers, graph, index, proto.ret[arg.name])]

    def _add_frames(self, made: GraphColumns, graph: Graph, index: Index) -> None:
        if not graph.nodes_of(ENTER_OPS):
            return
        tree = frame_tree(graph, index)
        rows: list[dict[str, Any]] = [
            {"name": named(frame.name), "parent": parent, "nodes": []}
            for frame, parent in zip(tree.frames, tree.parents, strict=True)
        ]
        for name, number in made.numbers.items():
            if name in tree.of_node:
                rows[tree.of_node[name]]["nodes"].append(number)
        made.facts["frames"] = rows


def _calls_below(calls: Mapping[int, Sequence[int]], end: int) -> Iterator[tuple[int, list[int]]]:
    """Yield the calls of functions that are on the page."""
    for node, called in calls.items():
        there = [number for number in called if number < end]
        if there:
            yield node, there


def _input(numbers: Mapping[str, int], graph: Graph, index: Index, text: str) -> list[Any]:
    if is_control(text):
        number = numbers.get(text[1:])
        return [-1, named(text)] if number is None else [number, -1]
    name, output = node_of_input(text), 0
    if not graph.is_body:
        name, output = parse_input(text)
    elif name in index.producers:
        # One that is not known counts as the first.
        output = output_number(index.producers[name], text[len(name) + 1 :], graph.signatures) or 0
    number = numbers.get(name)
    return [-1, named(text)] if number is None else [number, output]


def signature_text(signature: schema.OpDef) -> str:
    """Return a function's signature in a line: ``(x: float32) -> (y: float32)``."""
    sides = (signature.input_arg, signature.output_arg)
    given, results = (", ".join([f"{named(arg.name)}: {_type_text(arg)}" for arg in side]) for side in sides)
    return f"({given}) -> ({results})"


def _type_text(arg: schema.OpDef.ArgDef) -> str:
    """Return the type of an argument, or the attr that has it."""
    if not arg.type:
        return arg.type_attr or arg.type_list_attr or "?"
    try:
        return DType.from_number(arg.type).name
    except UnsupportedError:
        return "?"
