"""An interpreter of graphs: the value of a tensor, by a depth-first walk over its producers and into functions.

What conditions leave out is not evaluated, whether they are made of Switch and Merge or are an If with two functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator.values import HINT, as_scalar, check_operands, evaluate, refusing
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.frames import MERGE_OPS, SPLITTING_OPS, live_output
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import IS_INITIALIZED_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import num_outputs, output_number
from graphsurgeon.names import is_control, node_of_input, parse_input
from graphsurgeon.tensors.tensor import Tensor

#: Operations that one lies on top of another; an initializer has about ten.
MAX_DEPTH = 200

#: Functions that call one another.
MAX_CALLS = 8

VARIABLES = REF_OPS | RESOURCE_OPS

_IFS = frozenset({"If", "StatelessIf"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})

_MANY_OUTPUTS = 64
#: Of a node of which a condition leaves out all, so many can be read.
_MAX_OUTPUTS = 1 << 12

#: What a node gives: a tensor per output, None for one that a condition leaves out.
Outputs = Sequence[Tensor | None]


@dataclass(frozen=True)
class Environment:
    """The environment of an interpreter: what a walk knows beside the nodes.

    Attributes
    ----------
    values : mapping of str to Tensor
        Values of variables that are known, by node.
    initial : mapping of str to str
        The tensors that variables are assigned at first, by node.
    functions : mapping of str to Function
    operation : str
        For errors.
    """

    values: Mapping[str, Tensor]
    initial: Mapping[str, str]
    functions: Mapping[str, Function]
    operation: str


class Walk:
    """An interpreter of one graph, or of the body of a function with its `arguments`; it evaluates each node once.

    `num_calls` is its depth in the call stack of functions.
    """

    def __init__(
        self,
        index: Index,
        environment: Environment,
        seed: int | str,
        *,
        arguments: Mapping[str, Tensor] | None = None,
        num_calls: int = 0,
    ) -> None:
        self._index = index
        self._environment = environment
        self._seed = seed
        self._num_calls = num_calls
        self._known: dict[str, Outputs] = {name: [tensor] for name, tensor in (arguments or {}).items()}
        self._depth = dict.fromkeys(self._known, 0)

    def tensor(self, text: str) -> Tensor | None:
        """Return the value of a tensor, as an input names it; None of one that a condition leaves out.

        Raises
        ------
        PassError
            It needs something that is not known here; the error names the node.
        """
        waiting, is_open = [node_of_input(text)], set[str]()
        # Not by recursion, which has an end.
        while waiting:
            current = waiting[-1]
            if current in self._known:
                waiting.pop()
                continue
            node = self._index.producers.get(current)
            if node is None:
                raise self.refusal(current, "an initializer reads it, and it is not in the graph")
            needs = [node_of_input(each) for each in self._needs(node)]
            missing = [each for each in needs if each not in self._known]
            if not missing:
                self._depth[current] = 1 + max((self._depth[each] for each in needs), default=0)
                self._known[current] = self._evaluate(node)
                is_open.discard(waiting.pop())
            elif current in is_open:
                raise self.refusal(node.name, "its value depends on itself")
            else:
                is_open.add(current)
                waiting += missing
        return self._output(text)

    def _needs(self, node: Node) -> list[str]:
        """Return the inputs that have to be known before a node: of a variable, its initial value."""
        if node.op in VARIABLES:
            return [] if node.name in self._environment.values else [self.initial(node)]
        if node.op in IS_INITIALIZED_OPS:
            return []
        # Control inputs count where they say which branch this is: the pivot of a condition.
        return [text for text in node.inputs if not is_control(text) or self._is_pivot(text[1:])]

    def initial(self, node: Node) -> str:
        """Return the tensor that a variable is assigned at first; raise a `PassError` when nothing initializes it."""
        if node.name not in self._environment.initial:
            raise self.refusal(node.name, "has no initializer in the graph", HINT)
        return self._environment.initial[node.name]

    def _is_pivot(self, name: str) -> bool:
        node = self._index.producers.get(name)
        if node is None or node.op not in SPLITTING_OPS | {"Identity"} or not node.inputs:
            return False
        source = self._index.producer(node.inputs[0]) if node.op == "Identity" else node
        return source is not None and source.op in SPLITTING_OPS

    def _evaluate(self, node: Node) -> Outputs:
        count = self._check(node)
        if node.op in IS_INITIALIZED_OPS:
            return [as_scalar(parse_input(node.inputs[0]).node in self._environment.values)]
        if node.op in VARIABLES and node.name in self._environment.values:
            return [self._environment.values[node.name]]
        given = [self._output(text) for text in self._needs(node)]
        if node.op in VARIABLES:
            return given
        if node.op in MERGE_OPS:
            return _merged(given)
        operands = [tensor for tensor in given if tensor is not None]
        if len(operands) < len(given):
            # Where nothing says how many there are, more than anybody reads; an attr may say anything.
            return [None] * min(num_outputs(node) or _MANY_OUTPUTS, _MAX_OUTPUTS)
        if node.op in SPLITTING_OPS | _IFS | _CALLS:
            with refusing(node, self._environment.operation):
                return self._branch(node, operands[:count])
        return evaluate(node, operands[:count], seed=self._seed, operation=self._environment.operation)

    def _check(self, node: Node) -> int:
        """Return how many tensors a node is given; refuse one that is not well formed, or not for here."""
        if self._depth[node.name] > MAX_DEPTH:
            raise self.refusal(node.name, f"more than {MAX_DEPTH} operations deep")
        count = len(node.data_inputs)
        check_operands(node, count, self._environment.operation)
        if node.op in IS_INITIALIZED_OPS and self._num_calls:
            raise self.refusal(node.name, "asks within a function whether a variable that it is given has a value")
        return count

    def _branch(self, node: Node, data: Sequence[Tensor]) -> Outputs:
        if node.op in SPLITTING_OPS:
            count = num_outputs(node) or 0
            if not 0 < count <= _MAX_OUTPUTS:
                raise ValueError(f"has {count:,} outputs")
            live = live_output(node, int(data[1].numpy()))
            return [data[0] if number == live else None for number in range(count)]
        if node.op in _IFS:
            branch = "then_branch" if data[0].numpy().any() else "else_branch"
            return self._called(node, node.attrs[branch], data[1:])
        return self._called(node, node.attrs["f"], data)

    def _called(self, node: Node, function: Func, data: Sequence[Tensor]) -> Outputs:
        """Return the results of a function that a node calls."""
        found = self._environment.functions.get(function.name)
        if found is None or self._num_calls >= MAX_CALLS:
            raise ValueError(f"function {function.name!r} is {'missing' if found is None else 'called too deep'}")
        signature = found.proto.signature
        arguments = dict(zip((arg.name for arg in signature.input_arg), data, strict=True))
        # Names of nodes are only known within their function, and each call of it has random numbers of its own.
        seed = f"{self._seed} {node.name} {function.name}"
        walk = Walk(Index(found.body), self._environment, seed, arguments=arguments, num_calls=self._num_calls + 1)
        return [walk.tensor(found.proto.ret[arg.name]) for arg in signature.output_arg]

    def refusal(self, node: str, reason: str, hint: str | None = None) -> PassError:
        """Return the error for a node that cannot be evaluated."""
        return PassError(self._environment.operation, reason, node=node, hint=hint)

    def _output(self, text: str) -> Tensor | None:
        name = node_of_input(text)
        outputs = self._known[name]
        node, output = self._index.producers.get(name), text.partition(":")[2]
        number = output_number(node, output) if node is not None else 0 if output in ("", "0") else None
        if number is None or number >= len(outputs):
            raise self.refusal(name, f"has no output {text!r}")
        return outputs[number]


def _merged(given: Outputs) -> Outputs:
    live = next(((i, tensor) for i, tensor in enumerate(given) if tensor is not None), None)
    return [None, None] if live is None else [live[1], as_scalar(live[0])]
