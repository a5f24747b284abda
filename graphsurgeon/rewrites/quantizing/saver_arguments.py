"""Values that a saver's function is given as arguments, and does nothing with but save them.

Up to 2.11 TensorFlow reads variables in the graph, and calls the function that saves with their values::

    StatefulPartitionedCall(saver_filename, w/Read/ReadVariableOp) {Tin: [string, float]}
        SaveV2(file, tensor_names, shape_and_slices, savev2_w_read_readvariableop) {dtypes: [float]}

Such a call is as much a saver as SaveV2 itself: the types of its arguments follow what is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.op_families import CALL_OPS
from graphsurgeon.names import node_of_input
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.variables.saver_calls import SaverCall
from proto_utils.named_tuple import NamedTuple


class _Argument(NamedTuple):
    """Which argument a value is, of a function that one node calls, and which of the saved tensors."""

    caller: str
    number: int
    entry: int


class SaverArguments:
    """The arguments that functions of savers get by value; `calls` are a model's."""

    def __init__(self, model: Model, calls: Iterable[SaverCall]) -> None:
        self._functions = model.library.functions
        self._graph = model.graph
        self._arguments: dict[str, list[_Argument]] = {}
        saves = [(call.function, call) for call in calls if call.function is not None and not call.is_restore]
        self._saving = {function for function, _ in saves}
        callers = self._callers(model) if saves else {}
        for function, call in saves:
            caller = callers[function][0] if len(callers.get(function, ())) == 1 else None
            if caller is not None:
                self._arguments[function] = [*self._arguments.get(function, ()), *self._saved(call, function, caller)]
        self._edges = {(each.caller, each.number) for found in self._arguments.values() for each in found}

    def is_saved(self, reader: Node, position: int) -> bool:
        """Whether a node of the graph only saves what an input of it is, by a function."""
        return (reader.name, position) in self._edges

    def is_call(self, node: Node) -> bool:
        """Whether a node calls a function that saves."""
        called = attr_of(node, "f") if self._saving else None
        return node.op in self._saving or (isinstance(called, Func) and called.name in self._saving)

    def retype(self, call: SaverCall, types: list[DType], edit: GraphEdit) -> Iterator[str]:
        """Let arguments have the types of what is saved; yield the nodes of the graph that were edited."""
        for each in self._arguments.get(call.function or "", ()):
            dtype = types[each.entry]
            if dtype is not call.types[each.entry]:
                node = edit.edit(self._graph[each.caller])
                node.attrs["Tin"] = [dtype if i == each.number else had for i, had in enumerate(node.attrs["Tin"])]
                self._functions[call.function or ""].proto.signature.input_arg[each.number].type = dtype.number
                yield node.name

    def _callers(self, model: Model) -> dict[str, list[Node | None]]:
        """Return the nodes of the graph that call each function, None for one of a body."""
        found: dict[str, list[Node | None]] = {}
        for function, graph in model.graphs():
            for node in graph.nodes_of(CALL_OPS):
                called = attr_of(node, "f")
                if isinstance(called, Func):
                    found.setdefault(called.name, []).append(node if function is None else None)
        return found

    def _saved(self, call: SaverCall, function: str, caller: Node) -> Iterator[_Argument]:
        names = {arg.name: number for number, arg in enumerate(self._functions[function].proto.signature.input_arg)}
        returned = {node_of_input(text) for text in self._functions[function].proto.ret.values()}
        texts = call.node.data_inputs[call.num_arguments :]
        for entry, (text, _) in enumerate(zip(texts, call.types, strict=False)):
            name = node_of_input(text)
            if name in names and name not in returned and len(call.edges.consumers(name)) == 1:
                yield _Argument(caller.name, names[name], entry)
