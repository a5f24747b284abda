"""From reference or handle to value: rewriting what reads a variable when it becomes a constant.

A reference variable hands out a ``float_ref``, a resource variable a handle; a
constant hands out the value itself. What passes the one on must pass on the other:

======================================== ===========================================
reads a handle                            becomes
======================================== ===========================================
Identity Enter Exit Switch Merge ...      the same, its type attr changed
ReadVariableOp                            Identity
ResourceGather, ResourceGatherNd          GatherV2 with a ``<name>/axis``, GatherNd
While If Case PartitionedCall ...         the same on a converted copy of the function
AssignVariableOp and other writers        removed when only control edges wait for them
======================================== ===========================================

Of references only ``RefSwitch`` and its kin change their op; every other reader of
a reference reads its value already.

Source: convert_to_constants.py (2.21) and graph_util_impl.py (1.15) of TensorFlow,
whose results these equal where those have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from graphsurgeon import ops
from graphsurgeon.attr_value import Func, Shape
from graphsurgeon.dtypes import DType
from graphsurgeon.errors import PassError
from graphsurgeon.graph import Function, Graph
from graphsurgeon.index import Index
from graphsurgeon.model import Model
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.node import Node
from graphsurgeon.tensor import FillTensor
from proto_utils import schema

_PASS_ON = frozenset({"Identity", "Enter", "Exit", "Switch", "Merge", "NextIteration", "_SwitchN"})
_REF_PASS_ON = {f"Ref{op}": op for op in ("Identity", "Enter", "Exit", "Switch", "Merge", "NextIteration")}
#: Callers: the first input that is an argument, and the attr with the arguments' types.
_CALLERS = {
    "PartitionedCall": (0, "Tin"), "StatefulPartitionedCall": (0, "Tin"), "If": (1, "Tin"), "StatelessIf": (1, "Tin"),
    "Case": (1, "Tin"), "StatelessCase": (1, "Tin"), "While": (0, "T"), "StatelessWhile": (0, "T"),
}  # fmt: skip
_WHILE = frozenset({"While", "StatelessWhile"})


class Value(NamedTuple):
    """What is passed by value from now on.

    Attributes
    ----------
    dtype : DType
    shape : tuple of int
    variable : str
        Whose value it is.
    is_thawed : bool
        It was a constant before: its readers keep all their attrs.
    """

    dtype: DType
    shape: tuple[int, ...]
    variable: str
    is_thawed: bool = False


class Scope:
    """The edits of one graph or function body: copies of nodes, by name."""

    def __init__(self, graph: Graph, function: str | None = None) -> None:
        self.graph = graph
        self.function = function
        self.index = Index(graph)
        self.edited: dict[str, Node] = {}
        self.added: list[Node] = []
        self.removed: dict[str, str] = {}

    def edit(self, node: Node) -> Node:
        """Return the copy of a node that is edited in its place."""
        if node.name not in self.edited:
            self.edited[node.name] = node.copy()
        return self.edited[node.name]

    def output(self, node: Node, number: int) -> str:
        """Return how readers write an output of a node."""
        if self.function is None:
            return node.name if number == 0 else f"{node.name}:{number}"
        for name, count in ops.output_names(node) or []:
            if number < count:
                return f"{node.name}:{name}:{number}"
            number -= count
        return f"{node.name}:output:{number}"

    def readers(self, text: str) -> list[tuple[Node, int]]:
        """Return the (reader, input position) pairs of a tensor."""
        texts = {text, f"{text}:0"} if self.function is None and ":" not in text else {text}
        return [(n, i) for n, i in self.index.edges(node_of_input(text)) if n.inputs[i] in texts]

    def nodes(self) -> Iterator[Node]:
        """Yield the nodes after all edits; what waited for a removed node no longer does."""
        gone = {f"^{name}" for name in self.removed}
        for node in [*self.graph, *self.added]:
            if node.name in self.removed:
                continue
            if gone and not gone.isdisjoint(node.inputs):
                self.edit(node).inputs = [text for text in self.edit(node).inputs if text not in gone]
            yield self.edited.get(node.name, node)


class ValueFlow:
    """Follows variables that became constants through a model.

    Parameters
    ----------
    model : Model
        Converted functions are added to its library under new names.
    operation : str
        The pass, for errors.

    Attributes
    ----------
    main : Scope
        The main graph.
    cut : list of str
        Writers that were removed, as ``node`` or ``function/node``.
    """

    def __init__(self, model: Model, operation: str) -> None:
        self._model = model
        self._operation = operation
        self._copies: dict[str, _Copy] = {}
        self._originals: dict[str, str] = {}
        self._calls: dict[tuple[int, str, str], tuple[Scope, Node, set[int]]] = {}
        self.main = Scope(model.graph)
        self.cut: list[str] = []

    def follow(self, scope: Scope, text: str, value: Value, *, is_ref: bool) -> dict[str, Value]:
        """Rewrite everything that reads a tensor which is a value from now on.

        Parameters
        ----------
        scope : Scope
        text : str
            The tensor, as its readers write it.
        value : Value
        is_ref : bool
            Whether it was a reference; a handle otherwise.

        Returns
        -------
        dict of str to Value
            Every tensor of the scope that carries the value now.

        Raises
        ------
        PassError
            A reader needs the reference or handle itself.
        """
        reached: dict[str, Value] = {}
        waiting = [text]
        while waiting:
            tensor = waiting.pop()
            if tensor in reached:
                continue
            reached[tensor] = value
            for node, position in scope.readers(tensor):
                step = self._ref if is_ref else self._handle
                waiting += step(scope, node, position, value)
        return reached

    def finish(self) -> None:
        """Apply all edits to the graph and to the converted functions.

        Raises
        ------
        PassError
            Two callers of one function disagree on which arguments are constants.
        """
        for (_, _, name), (scope, caller, arguments) in self._calls.items():
            other = set(self._copies[name].returned) - arguments
            if other:
                reason = f"passes a variable for argument {min(other)} of {name!r}, another caller a constant"
                raise self._decline(scope, caller, reason)
        for copy in self._copies.values():
            copy.finish()
        self._model.graph.set_nodes(self.main.nodes())

    def _ref(self, scope: Scope, node: Node, position: int, value: Value) -> list[str]:
        if node.op in _PASS_ON:
            return [] if value.is_thawed else _retype(scope, node, value)
        if node.op in _REF_PASS_ON:
            edited = scope.edit(node)
            edited.op = _REF_PASS_ON[node.op]
            return [scope.output(edited, number) for number in range(2 if node.op in ("RefSwitch", "RefMerge") else 1)]
        named = ops.facts(node.op)
        if named is not None and _input_name(node, position) in named.ref_inputs:
            self._remove_writer(scope, node)
        return []

    def _handle(self, scope: Scope, node: Node, position: int, value: Value) -> list[str]:
        if node.op in _PASS_ON:
            return _retype(scope, node, value)
        if node.op == "ReadVariableOp" and value.is_thawed:
            edited = scope.edit(node)
            edited.op, edited.attrs["T"] = "Identity", edited.attrs.pop("dtype")
        elif node.op == "ReadVariableOp":
            _to_identity(scope, node)
        elif node.op == "ResourceGather":
            self._to_gather(scope, node)
        elif node.op == "ResourceGatherNd":
            _become(scope, node, "GatherNd", node.inputs[:2])
        elif node.op in _CALLERS or node.op in self._model.library.functions:
            return self._call(scope, node, position, value)
        elif ops.output_names(node) == []:
            self._remove_writer(scope, node)
        else:
            reason = f"op {node.op} needs the variable {value.variable!r} itself, not its value"
            raise self._decline(scope, node, reason)
        return []

    def _remove_writer(self, scope: Scope, node: Node) -> None:
        """Remove an op that changes a variable, if nothing reads its result."""
        if scope.index.consumers(node.name):
            raise self._decline(scope, node, f"op {node.op} changes a variable, and its result is read")
        if node.name not in scope.removed:
            scope.removed[node.name] = node.op
            self.cut.append(node.name if scope.function is None else f"{scope.function}/{node.name}")

    def _decline(self, scope: Scope, node: Node, reason: str) -> PassError:
        where = "" if scope.function is None else f"in function {scope.function!r}: "
        return PassError(self._operation, where + reason, node=node.name, hint="keep the variable with --keep")

    def _to_gather(self, scope: Scope, node: Node) -> None:
        if node.attrs.get("batch_dims", 0) != 0:
            raise self._decline(scope, node, "ResourceGather with batch_dims other than 0")
        name, indices = f"{node.name}/axis", node.attrs["Tindices"]
        if name not in scope.index.producers and name not in {added.name for added in scope.added}:
            axis = FillTensor(indices, (), bytes(indices.itemsize))
            scope.added.append(Node.new(name, "Const", attrs={"dtype": indices, "value": axis}))
        axis_text = name if scope.function is None else f"{name}:output:0"
        _become(scope, node, "GatherV2", [*node.inputs[:2], axis_text], {"Taxis": indices})

    def _call(self, scope: Scope, node: Node, position: int, value: Value) -> list[str]:
        first, type_attr = _CALLERS.get(node.op, (0, None))
        argument = position - first
        if argument < 0:
            raise self._decline(scope, node, f"a variable decides which branch {node.op} takes")
        edited = scope.edit(node)
        returned: set[int] = set()
        for key in edited.attrs:
            called = _functions(edited.attrs[key])
            copies = [self._convert(scope, node, each.name, argument, value) for each in called]
            if copies:
                functions = [Func(copy.name, each.attrs) for copy, each in zip(copies, called, strict=True)]
                edited.attrs[key] = functions if isinstance(edited.attrs[key], list) else functions[0]
            if key != "cond":
                returned.update(output for copy in copies for output in copy.returned[argument])
        if type_attr is None:
            copy = self._convert(scope, node, edited.op, argument, value)
            edited.op = copy.name
            returned.update(copy.returned[argument])
        else:
            _set_type(edited, type_attr, argument, value.dtype)
        return _set_returned(scope, node, edited, sorted(returned), value)

    def _convert(self, scope: Scope, caller: Node, name: str, argument: int, value: Value) -> _Copy:
        """Let the converted copy of a function take an argument by value."""
        name = self._originals.get(name, name)
        if name not in self._copies:
            self._copies[name] = self._copy(name)
        copy = self._copies[name]
        self._calls.setdefault((id(scope), caller.name, name), (scope, caller, set()))[2].add(argument)
        if argument not in copy.returned:
            proto = copy.function.proto
            # Before following: a function may call itself.
            copy.returned[argument] = []
            carried = self.follow(copy.scope, proto.signature.input_arg[argument].name, value, is_ref=False)
            _set_argument(proto, argument, value)
            for number, output in enumerate(proto.signature.output_arg):
                if proto.ret[output.name] in carried:
                    output.type = value.dtype.number
                    copy.returned[argument].append(number)
        return copy

    def _copy(self, name: str) -> _Copy:
        original = self._model.library.functions[name]
        proto = schema.FunctionDef()
        proto.CopyFrom(original.proto)
        proto.signature.name = unique_name(f"{name}_frozen", set(self._model.library.functions))
        function = Function(proto, Graph(original.body))
        self._model.library.functions[function.name] = function
        self._originals[function.name] = name
        return _Copy(function, Scope(function.body, name), {})


class _Copy:
    """The copy of a function that takes some arguments by value; by argument, the outputs that return it."""

    def __init__(self, function: Function, scope: Scope, returned: dict[int, list[int]]) -> None:
        self.function = function
        self.scope = scope
        self.returned = returned

    @property
    def name(self) -> str:
        """The copy's name."""
        return self.function.name

    def finish(self) -> None:
        """Put the edited nodes into the body, and the signature in step with them."""
        proto, scope = self.function.proto, self.scope
        self.function.body.set_nodes(scope.nodes())
        for output in [key for key, node in proto.control_ret.items() if node in scope.removed]:
            del proto.control_ret[output]
        for name, text in proto.ret.items():
            node = scope.edited.get(node_of_input(text))
            # A ReadVariableOp that is an Identity now.
            if node is not None and node.op == "Identity" and text == f"{node.name}:value:0":
                proto.ret[name] = f"{node.name}:output:0"


def _functions(attr: object) -> list[Func]:
    if isinstance(attr, Func):
        return [attr]
    return [each for each in attr if isinstance(each, Func)] if isinstance(attr, list) else []


def _set_returned(scope: Scope, node: Node, edited: Node, returned: list[int], value: Value) -> list[str]:
    if returned:
        # They were inferred for the handles that come back.
        edited.attrs.pop("_output_shapes", None)
    for output in returned:
        if node.op not in _WHILE and "Tout" in edited.attrs:
            _set_type(edited, "Tout", output, value.dtype)
        if edited.attrs.get("output_shapes"):
            shapes = edited.attrs["output_shapes"]
            shapes[output] = Shape(value.shape)
            edited.attrs["output_shapes"] = shapes
    return [scope.output(node, output) for output in returned]


def _retype(scope: Scope, node: Node, value: Value) -> list[str]:
    edited = scope.edit(node)
    edited.attrs["T"] = value.dtype
    edited.attrs.pop("_output_shapes", None)
    if node.op == "_SwitchN":
        return [scope.output(node, number) for number in range(node.attrs["num_outs"])]
    return [scope.output(node, number) for number in range(2 if node.op == "Switch" else 1)]


def _to_identity(scope: Scope, node: Node) -> None:
    """Make a ReadVariableOp an Identity; in a body its readers write ``:output:`` for ``:value:``."""
    dtype, at = node.attrs["dtype"], node.attrs.get("_class")
    attrs = {"T": dtype} if at is None else {"T": dtype, "_class": at}
    inputs = node.inputs[:1]
    scope.edited[node.name] = Node.new(node.name, "Identity", inputs, attrs=attrs)
    if scope.function is not None:
        for reader, position in scope.readers(f"{node.name}:value:0"):
            inputs_now = list(scope.edit(reader).inputs)
            inputs_now[position] = f"{node.name}:output:0"
            scope.edit(reader).inputs = inputs_now


def _become(
    scope: Scope, node: Node, op: str, inputs: tuple[str, ...] | list[str], more: dict[str, DType] | None = None
) -> None:
    attrs = {"Tparams": node.attrs["dtype"], "Tindices": node.attrs["Tindices"], **(more or {})}
    if "_class" in node.attrs:
        attrs["_class"] = node.attrs["_class"]
    scope.edited[node.name] = Node.new(node.name, op, inputs, attrs=attrs)


def _set_type(node: Node, attr: str, position: int, dtype: DType) -> None:
    types = node.attrs[attr]
    types[position] = dtype
    node.attrs[attr] = types


def _set_argument(proto: schema.FunctionDef, argument: int, value: Value) -> None:
    proto.signature.input_arg[argument].type = value.dtype.number
    if "_input_shapes" in proto.attr:
        proto.attr["_input_shapes"].list.shape[argument].CopyFrom(schema.TensorShapeProto(unknown_rank=True))
    if argument in proto.arg_attr and "_output_shapes" in proto.arg_attr[argument].attr:
        shapes = proto.arg_attr[argument].attr["_output_shapes"].list.shape
        shapes[0].CopyFrom(schema.TensorShapeProto(unknown_rank=True))


def _input_name(node: Node, position: int) -> str:
    for name, count in ops.input_names(node) or []:
        if position < count:
            return name
        position -= count
    return ""


