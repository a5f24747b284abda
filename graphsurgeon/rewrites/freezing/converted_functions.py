"""Functions that take by value what was a variable: copies of those in the library, and their callers.

A call passes handles on by position. The copy of the function that is called takes the
value instead, under the name that TensorFlow gives it: ``<base>_frozen_<n>``, where the base
is the function's name without a number at its end. TensorFlow counts on from whatever numbers
a process has given out, here they are 0, 1, ... in its order. One copy serves every caller that
passes values for the same arguments. It takes the function's place in the library; where
something that runs still passes handles, it stands behind the function.

Source: convert_to_constants.py of TensorFlow 2.21.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.ir.function_calls import called_functions, functions_of, named_functions, trim_library
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import Steps, closure
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from graphsurgeon.rewrites.freezing.updates import Obstacle, cut_updates, late_readers, read_for
from graphsurgeon.rewrites.freezing.value_reads import Value
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema

#: Callers: the first input that is an argument, and the attr with the arguments' types.
CALLERS = {
    "PartitionedCall": (0, "Tin"), "StatefulPartitionedCall": (0, "Tin"), "If": (1, "Tin"), "StatelessIf": (1, "Tin"),
    "Case": (1, "Tin"), "StatelessCase": (1, "Tin"), "While": (0, "T"), "StatelessWhile": (0, "T"),
}  # fmt: skip
_WHILE = frozenset({"While", "StatelessWhile"})
# TensorFlow may put another function with the same attr in its place, which would still take handles.
_INTERFACE = "api_implements"
_NUMBERED = re.compile(r"(.*)_(\d{1,18})", re.DOTALL)
_CONVERTED = re.compile(r".*_frozen_(\d{1,18})", re.DOTALL)

#: The callers that TensorFlow follows values into as well; there an argument stays of its type.
FOLLOWED = CALLERS.keys() - {"StatelessCase"}

#: Takes a body, a tensor, its value and whether it was a handle; returns the tensors that carry the value.
Follow = Callable[[BodyEdits, str, Value, bool], Steps[dict[str, Value]]]


class ConvertedFunction:
    """The copy of a function that takes some arguments by value."""

    def __init__(self, function: Function, original: str) -> None:
        self.function = function
        self.body = BodyEdits(function.body, original)
        self.returned: dict[int, list[int]] = {}  # by argument, the outputs that return it
        self.handles: set[int] = set()  # the arguments that were handles

    @property
    def name(self) -> str:
        """The copy's name."""
        return self.function.name

    def argument(self, number: int) -> str:
        """Return the name of an argument."""
        name: str = self.function.proto.signature.input_arg[number].name
        return name

    def settle(self) -> tuple[list[str], list[Obstacle]]:
        """Cut what changes variables; return what was cut, and what cannot be."""
        results = [node_of_input(text) for text in self.function.proto.ret.values()]
        cut, obstacles = cut_updates(self.body, results)
        if self.body.writers:
            # TensorFlow lets results wait for all reads; their callers do not see that.
            counting = read_for(self.body, results)
            self.body.readers = {text: names & counting for text, names in self.body.readers.items()}
        return cut, obstacles + late_readers(self.body, results)

    def finish(self) -> None:
        """Apply the edits to the body, and bring the signature in step with them."""
        proto, body = self.function.proto, self.body
        gone = {key for key, node in proto.control_ret.items() if body.is_removed(node)}
        for output in gone:
            del proto.control_ret[output]
        proto.signature.control_output[:] = [name for name in proto.signature.control_output if name not in gone]
        for name, text in proto.ret.items():
            node = body.get(node_of_input(text))
            # A ReadVariableOp that is an Identity now, or a VarIsInitializedOp that is a Const.
            if node is not None and node.op in ("Identity", "Const") and text.partition(":")[2] in _RENAMED:
                proto.ret[name] = f"{node.name}:output:0"
        body.apply()


_RENAMED = frozenset({"value:0", "is_initialized:0"})


class ConvertedFunctions:
    """All copies that a model needs.

    They are added to its library. `follow` rewrites what reads a tensor of a body, and returns the tensors that
    carry the value.
    """

    def __init__(self, model: Model, follow: Follow) -> None:
        self._library = model.library
        # A method of whoever holds this: to hold it, too, would keep the model and its files until the collector runs.
        self._follow = weakref.WeakMethod(follow)
        self._copies: dict[str, ConvertedFunction] = {}
        self._originals: dict[str, str] = {}
        self._calls: dict[tuple[int, str, str], tuple[BodyEdits, Node, dict[int, str]]] = {}

    def __iter__(self) -> Iterator[ConvertedFunction]:
        return iter(self._copies.values())

    def __bool__(self) -> bool:
        return bool(self._copies)

    def is_call(self, node: Node) -> bool:
        """Whether a node calls functions that can be converted."""
        return node.op in CALLERS or node.op in self._library.functions

    def call(
        self, body: BodyEdits, node: Node, position: int, text: str, value: Value, *, is_handle: bool = True
    ) -> Steps[list[str]]:
        """Let a call pass an argument by value.

        `position` is the input that is a value now, `text` the tensor by which the variable came into the body. Where
        it was no handle it was a value before; TensorFlow converts the functions all the same.
        Returns the outputs of the call that return what was a handle. For `run_nested`.
        """
        first, type_attr = CALLERS.get(node.op, (0, None))
        argument = position - first
        edited = body.edit(node)
        returned: set[int] = set()

        def convert(name: str) -> Steps[ConvertedFunction]:
            return self._convert(body, node, name, argument, text, value, is_handle)

        named: dict[str, list[Func]] = {}
        for key, func in functions_of(edited):
            named.setdefault(key, []).append(func)
        for key, called in named.items():
            copies = []
            for each in called:
                if self._known(each.name):
                    copies.append((yield convert(each.name)))  # noqa: PERF401 -- no comprehension yields
            if copies:
                functions = [Func(copy.name, each.attrs) for copy, each in zip(copies, called, strict=True)]
                edited.attrs[key] = functions if isinstance(edited.attrs[key], list) else functions[0]
            if key != "cond":
                returned.update(output for copy in copies for output in copy.returned[argument])
        if type_attr is None:
            copy = yield convert(edited.op)
            edited.op = copy.name
            returned.update(copy.returned[argument])
        else:
            _set_type(edited, type_attr, argument, value.dtype)
        if not is_handle:
            _set_loop_shape(edited, argument, value)
            return []
        return _set_returned(body, node, edited, sorted(returned), value)

    def settle(self, decline: Callable[[BodyEdits, Obstacle], PassError]) -> list[str]:
        """Cut what changes variables in all copies, callees first, and tell their callers' bodies of the rest.

        Returns what was cut, as ``function/node``.
        """
        cut: list[str] = []
        for copy in self._callees_first():
            self.tell(copy.body, decline)
            removed, obstacles = copy.settle()
            cut += [copy.body.where(name) for name in removed]
            for obstacle in obstacles:
                raise decline(copy.body, obstacle)
        return cut

    def tell(self, body: BodyEdits, decline: Callable[[BodyEdits, Obstacle], PassError]) -> None:
        """Note in a body which of its calls change or read variables."""
        for (_, _, name), (caller_body, caller, arguments) in self._calls.items():
            if caller_body is not body:
                continue
            callee = self._copies[name]
            for number, text in arguments.items():
                argument = callee.argument(number)
                changes, reads = _remain(callee, "writers", argument), _remain(callee, "readers", argument)
                has_cut = bool(callee.body.writers.get(argument))
                if (changes or has_cut) and reads and caller.op in _WHILE:
                    reason = f"changes variable {text!r} in a loop that reads it"
                    raise decline(body, Obstacle(caller, reason))
                if changes or has_cut:
                    body.writers.setdefault(text, set()).add(caller.name)
                if reads:
                    body.readers.setdefault(text, set()).add(caller.name)

    def finish(self, decline: Callable[[BodyEdits, Obstacle], PassError]) -> None:
        """Apply all edits of the copies; a PassError says that two callers disagree on which arguments are values."""
        for (_, _, name), (body, caller, arguments) in self._calls.items():
            copy = self._copies[name]
            other = copy.handles - arguments.keys()
            if other:
                argument = copy.argument(min(other))
                reason = f"passes a variable for {argument!r} to {name!r}, which takes a constant from another caller"
                raise decline(body, Obstacle(caller, reason))
        for copy in self:
            copy.finish()

    def replace_originals(self, graph: Graph) -> None:
        """Put the copies into the places of what they are copies of, which go unless the graph still calls them.

        What nothing calls stays, as with TensorFlow, but for functions that would call one which is gone.
        """
        if not self:
            return
        functions, names = self._library.functions, {original: copy.name for original, copy in self._copies.items()}
        gone = self._copies.keys() - called_functions(graph, self._library)
        trim_library(self._library, functions.keys() - _callers(gone, functions))
        left = self._library.functions
        copies = set(names.values())
        order = [each for name in functions for each in (name, names.get(name, "")) if name not in copies]
        self._library.functions = {name: left[name] for name in order if name in left}

    def _callees_first(self) -> list[ConvertedFunction]:
        """Return the copies, each behind those it calls; where they call each other, in any order."""
        called: dict[int, list[str]] = {}
        for body_id, _, name in self._calls:
            called.setdefault(body_id, []).append(name)
        done: dict[str, ConvertedFunction] = {}
        seen: set[str] = set()
        pending = [(name, False) for name in self._copies]
        while pending:
            name, is_behind = pending.pop()
            copy = self._copies[name]
            if is_behind:
                done.setdefault(name, copy)
            elif name not in seen:
                seen.add(name)
                pending.append((name, True))
                pending += [(each, False) for each in called.get(id(copy.body), ())]
        return list(done.values())

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """The names of copies, by those of the functions; asked for when there are no copies yet."""
        taken = [int(found[1]) for found in map(_CONVERTED.fullmatch, self._library.functions) if found]
        start = max(taken, default=-1) + 1
        parsed = sorted(map(_parsed, self._library.functions))
        return {name: f"{base}_frozen_{start + place}" for place, (_, base, name) in enumerate(parsed)}

    def _known(self, name: str) -> bool:
        return name in self._library.functions

    def _convert(
        self, body: BodyEdits, caller: Node, name: str, argument: int, text: str, value: Value, is_handle: bool
    ) -> Steps[ConvertedFunction]:
        name = self._originals.get(name, name)
        if name not in self._copies:
            self._copies[name] = self._copy(name)
        copy = self._copies[name]
        num_arguments = len(copy.function.proto.signature.input_arg)
        if argument >= num_arguments:
            reason = f"passes argument {argument} to function {name!r}, which takes {num_arguments}"
            raise GraphError(reason, node=caller.name, function=body.function)
        self._calls.setdefault((id(body), caller.name, name), (body, caller, {}))[2][argument] = text
        if argument not in copy.returned:
            proto = copy.function.proto
            # Before following: a function may call itself.
            copy.returned[argument] = []
            follow = self._follow()
            assert follow is not None, "whoever follows holds the functions"
            carried = yield follow(copy.body, copy.argument(argument), value, is_handle)
            _set_argument(proto, argument, value)
            if is_handle:
                copy.handles.add(argument)
            for number, output in enumerate(proto.signature.output_arg if is_handle else ()):
                if proto.ret[output.name] in carried:
                    output.type = value.dtype.number
                    copy.returned[argument].append(number)
        return copy

    def _copy(self, name: str) -> ConvertedFunction:
        original = self._library.functions[name]
        proto = schema.FunctionDef()
        proto.CopyFrom(original.proto)
        proto.signature.name = self._names[name]
        if _INTERFACE in proto.attr:
            del proto.attr[_INTERFACE]
        function = Function(proto, Graph(original.body))
        self._library.functions[function.name] = function
        self._originals[function.name] = name
        return ConvertedFunction(function, name)


def _parsed(name: str) -> tuple[int, str, str]:
    """Return the number at the end of a function's name, -1 for none, what is before it, and the name."""
    found = _NUMBERED.fullmatch(name)
    return (int(found[2]), found[1], name) if found is not None else (-1, name, name)


def _callers(gone: Iterable[str], functions: Mapping[str, Function]) -> set[str]:
    """Return functions and all that call them."""
    callers: dict[str, list[str]] = {}
    for name, function in functions.items():
        for called in named_functions(function.body):
            callers.setdefault(called, []).append(name)
    return closure(gone, lambda name: callers.get(name, ()))


def _remain(copy: ConvertedFunction, kind: str, argument: str) -> set[str]:
    noted: dict[str, set[str]] = getattr(copy.body, kind)
    return {name for name in noted.get(argument, ()) if not copy.body.is_removed(name)}


def _set_returned(body: BodyEdits, node: Node, edited: Node, returned: list[int], value: Value) -> list[str]:
    if returned:
        # They were inferred for the handles that come back.
        edited.attrs.pop("_output_shapes", None)
    for output in returned:
        before = _type_at(edited, "Tout", output)
        if node.op not in _WHILE and before is not None:
            _set_type(edited, "Tout", output, value.dtype)
        if edited.attrs.get("output_shapes"):
            shapes = edited.attrs["output_shapes"]
            # Two branches may return different variables here.
            is_first = node.op in _WHILE or before is not value.dtype
            shapes[output] = Shape(value.shape) if is_first or shapes[output] == Shape(value.shape) else Shape()
            edited.attrs["output_shapes"] = shapes
    return [body.output(node, output) for output in returned]


def _set_loop_shape(edited: Node, argument: int, value: Value) -> None:
    shapes = edited.attrs.get("output_shapes") if edited.op in _WHILE else None
    if shapes:
        shapes[argument] = Shape(value.shape)
        edited.attrs["output_shapes"] = shapes


def _type_at(node: Node, attr: str, position: int) -> DType | None:
    types = node.attrs.get(attr)
    return types[position] if isinstance(types, list) else None


def _set_type(node: Node, attr: str, position: int, dtype: DType) -> None:
    types = node.attrs[attr]
    types[position] = dtype
    node.attrs[attr] = types


def _set_argument(proto: schema.FunctionDef, argument: int, value: Value) -> None:
    proto.signature.input_arg[argument].type = value.dtype.number
    if "_input_shapes" in proto.attr:
        proto.attr["_input_shapes"].list.shape[argument].CopyFrom(schema.TensorShapeProto(unknown_rank=True))
    # An entry without attrs where there is none, as in TensorFlow's result.
    attrs = proto.arg_attr[argument].attr
    if "_output_shapes" in attrs:
        attrs["_output_shapes"].list.shape[0].CopyFrom(schema.TensorShapeProto(unknown_rank=True))
