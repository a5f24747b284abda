"""Calls of functions: which argument of which body an input of a call becomes.

======================================= ============================== ==================
op                                      functions in attrs             first argument
======================================= ============================== ==================
PartitionedCall, StatefulPartitionedCall f                              input 0
If, StatelessIf                         then_branch, else_branch       input 1
Case, StatelessCase                     branches                       input 1
While, StatelessWhile                   cond, body                     input 0
a function's own name                   itself                         input 0
======================================= ============================== ==================

A loop's argument is the same in every round only where the body hands it on unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from graphsurgeon.ir import ops
from graphsurgeon.ir.function_calls import functions_in
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import parse_input
from graphsurgeon.weights.roles import PASS, PASS_SECOND
from graphsurgeon.weights.scope import MAX_STEPS, Constant, Scope, constants_of

# The first input that is an argument of the called functions.
_FIRST_ARGUMENT = {
    "PartitionedCall": 0, "StatefulPartitionedCall": 0, "TPUPartitionedCall": 0, "BatchFunction": 0, "XlaLaunch": 0,
    "XlaLaunchV2": 0, "While": 0, "StatelessWhile": 0, "_While": 0, "XlaWhile": 0,
    "If": 1, "StatelessIf": 1, "_If": 1, "XlaIf": 1, "Case": 1, "StatelessCase": 1, "RemoteCall": 1,
}  # fmt: skip
_LOOPS = frozenset({"While", "StatelessWhile", "_While", "XlaWhile"})


class _Body:
    """A function's body, looked at once."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.arguments = [arg.name for arg in function.proto.signature.input_arg]

    @cached_property
    def index(self) -> Index:
        return Index(self.function.body)

    @cached_property
    def forwarded(self) -> dict[int, int]:
        """Argument by output, for the outputs that are nothing but an argument."""
        position = {name: i for i, name in enumerate(self.arguments)}
        found: dict[int, int] = {}
        for i, output in enumerate(self.function.proto.signature.output_arg):
            argument = self._argument(self.function.proto.ret.get(output.name, ""))
            if argument in position:
                found[i] = position[argument]
        return found

    def _argument(self, text: str) -> str:
        for _ in range(MAX_STEPS):
            node = self.index.producers.get(text.partition(":")[0])
            if node is None or not node.inputs:
                break
            if node.op == "IdentityN":
                text = node.inputs[min(parse_input(text).output, len(node.inputs) - 1)]
            elif node.op in PASS:
                text = node.inputs[0]
            elif node.op in PASS_SECOND and len(node.inputs) > 1:
                text = node.inputs[1]
            else:
                break
        return text


class CalledFunctions:
    """The functions of a model, as the search for weights sees them."""

    def __init__(self, model: Model) -> None:
        self._functions = model.library.functions
        self._bodies: dict[str, _Body] = {}

    def is_call(self, node: Node) -> bool:
        """Whether `node` calls a function whose arguments are known to be its inputs."""
        return node.op in _FIRST_ARGUMENT or node.op in self._functions

    def _body(self, name: str) -> _Body | None:
        if name not in self._bodies:
            function = self._functions.get(name)
            if function is None:
                return None
            self._bodies[name] = _Body(function)
        return self._bodies[name]

    def _called(self, node: Node) -> list[str]:
        if node.op in self._functions:
            return [node.op]
        known = ops.facts(node.op)
        attr = node.proto.attr
        values = [attr[key] for key in known.functions if key in attr] if known is not None else []
        return [each.name for value in values for each in functions_in(value) if each.name in self._functions]

    def forwarded_by(self, nodes: Iterable[Node]) -> dict[tuple[str, int], list[int]]:
        """Return the outputs of each call that are nothing but an input of it, by call and input position."""
        found: dict[tuple[str, int], list[int]] = {}
        if not self._functions:
            return found
        for node in nodes:
            if self.is_call(node):
                for output, argument in self._forwarded(node).items():
                    position = argument + _FIRST_ARGUMENT.get(node.op, 0)
                    found.setdefault((node.name, position), []).append(output)
        return found

    def _forwarded(self, node: Node) -> dict[int, int]:
        """Argument by output of a call; several branches must agree, a loop must keep it in place."""
        called = self._called(node)
        if node.op in _LOOPS:
            called = called[-1:]  # cond returns a truth value, only body hands arguments on
        bodies = [body for body in map(self._body, called) if body is not None]
        if not bodies:
            return {}
        same = dict(bodies[0].forwarded)
        for body in bodies[1:]:
            same = {output: arg for output, arg in same.items() if body.forwarded.get(output) == arg}
        return {output: arg for output, arg in same.items() if output == arg} if node.op in _LOOPS else same

    def arguments(self, scope: Scope, node: Node) -> Iterator[tuple[str, dict[str, Constant], dict[str, str]]]:
        """Yield each function that `node` calls, with the constants that its arguments always carry, by argument.

        Last come the inputs of the call that are no such constants, by argument.
        """
        first = _FIRST_ARGUMENT.get(node.op, 0)
        inputs = node.data_inputs[first:]
        kept = set(self._forwarded(node).values()) if node.op in _LOOPS else None
        for name in self._called(node):
            body = self._body(name)
            if body is None:
                continue
            given: dict[str, Constant] = {}
            others: dict[str, str] = {}
            for i, (argument, text) in enumerate(zip(body.arguments, inputs, strict=False)):
                constant = scope.constant(text)
                if constant is not None and (kept is None or i in kept):
                    given[argument] = constant
                else:
                    others[argument] = text
            if given:
                yield name, given, others

    def captured(self, function: str, numbers: Mapping[int, str], scope: Scope) -> dict[str, Constant]:
        """Return the constants of a scope that a function has of itself, by argument."""
        body = self._body(function)
        arguments = [] if body is None else body.arguments
        return {
            arguments[number]: scope.constants[name]
            for number, name in numbers.items()
            if name in scope.constants and 0 <= number < len(arguments)
        }

    def scope(self, function: str, constants: Iterable[Constant]) -> Scope:
        """Return the scope of a function's body: the given arguments are constants, and so are its Const nodes."""
        body = self._body(function)
        if body is None:
            raise KeyError(function)
        own = constants_of(body.function.body)
        return Scope(body.function.body, body.index, [*constants, *own], self.forwarded_by(body.function.body))
