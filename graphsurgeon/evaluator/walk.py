"""A walk over nodes that gives the value of a tensor: of a graph, and of the functions that it calls.

What conditions leave out is not evaluated, whether they are made of Switch and Merge or are an If with two functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator.values import as_scalar, outputs_of
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.graph import Function
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import num_outputs, signature_of
from graphsurgeon.names import node_of_input, parse_input
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import FileFormatError, LimitError

OPERATION = "init"

#: Operations that one lies on top of another; an initializer has about ten.
MAX_DEPTH = 200

#: Dimensions that numpy knows, in all versions.
MAX_RANK = 32

#: Functions that call one another.
MAX_CALLS = 8

VARIABLES = REF_OPS | RESOURCE_OPS

_QUESTIONS = frozenset({"IsVariableInitialized", "VarIsInitializedOp"})
_SWITCHES = frozenset({"Switch", "RefSwitch"})
_MERGES = frozenset({"Merge", "RefMerge"})
_IFS = frozenset({"If", "StatelessIf"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})

_MANY_OUTPUTS = 64

#: What a node gives: a tensor per output, None for one that a condition leaves out.
Outputs = Sequence[Tensor | None]


@dataclass(frozen=True)
class Surroundings:
    """What a walk knows beside the nodes.

    Attributes
    ----------
    values : mapping of str to Tensor
        Values of variables that are known, by node.
    initial : mapping of str to str
        The tensors that variables are assigned at first, by node.
    functions : mapping of str to Function
    """

    values: Mapping[str, Tensor]
    initial: Mapping[str, str]
    functions: Mapping[str, Function]


class Walk:
    """Evaluates tensors of one graph, or of the body of a function; each node once.

    Parameters
    ----------
    index : Index
    around : Surroundings
    seed : int or str
        For random ops without seeds.
    arguments : mapping of str to Tensor, optional
        Of the function whose body it is.
    num_calls : int
        How many functions have led here.
    """

    def __init__(
        self,
        index: Index,
        around: Surroundings,
        seed: int | str,
        *,
        arguments: Mapping[str, Tensor] | None = None,
        num_calls: int = 0,
    ) -> None:
        self._index = index
        self._around = around
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
                raise PassError(OPERATION, "an initializer reads it, and it is not in the graph", node=current)
            needs = [node_of_input(each) for each in self._needs(node)]
            missing = [each for each in needs if each not in self._known]
            if not missing:
                self._depth[current] = 1 + max((self._depth[each] for each in needs), default=0)
                self._known[current] = self._evaluate(node)
                is_open.discard(waiting.pop())
            elif current in is_open:
                raise refusal(node, "its value depends on itself")
            else:
                is_open.add(current)
                waiting += missing
        return self._output(text)

    def _needs(self, node: Node) -> list[str]:
        """Return the inputs that have to be known before a node: of a variable, its initial value."""
        if node.op in VARIABLES:
            return [] if node.name in self._around.values else [self.initial(node)]
        if node.op in _QUESTIONS:
            return []
        # Control inputs count where they say which branch this is: the pivot of a condition.
        return [text for text in node.inputs if text[:1] != "^" or self._is_pivot(text[1:])]

    def initial(self, node: Node) -> str:
        """Return the tensor that a variable is assigned at first.

        Raises
        ------
        PassError
            It has no initializer.
        """
        if node.name not in self._around.initial:
            hint = "give it zeros, or a value from another checkpoint"
            raise refusal(node, "has no initializer in the graph", hint)
        return self._around.initial[node.name]

    def _is_pivot(self, name: str) -> bool:
        node = self._index.producers.get(name)
        if node is None or node.op not in _SWITCHES | {"Identity"} or not node.inputs:
            return False
        source = self._index.producer(node.inputs[0]) if node.op == "Identity" else node
        return source is not None and source.op in _SWITCHES

    def _evaluate(self, node: Node) -> Outputs:
        count = self._check(node)
        if node.op in _QUESTIONS:
            return [as_scalar(parse_input(node.inputs[0]).node in self._around.values)]
        if node.op in VARIABLES and node.name in self._around.values:
            return [self._around.values[node.name]]
        given = [self._output(text) for text in self._needs(node)]
        if node.op in VARIABLES:
            return given
        if node.op in _MERGES:
            return _merged(given)
        operands = [tensor for tensor in given if tensor is not None]
        if len(operands) < len(given):
            # Where nothing says how many there are, more than anybody reads.
            return [None] * (num_outputs(node) or _MANY_OUTPUTS)
        try:
            return self._computed(node, operands[:count])
        except (ValueError, LookupError, TypeError, ArithmeticError, LimitError, FileFormatError) as error:
            # Ours, of what is not known here, or numpy's, of operands that do not fit.
            hint = "give it zeros, or a value from another checkpoint"
            raise refusal(node, f"{node.op} cannot be evaluated without TensorFlow: {error}", hint) from error

    def _check(self, node: Node) -> int:
        """Return how many tensors a node is given; refuse one that is not well formed, or not for here."""
        if self._depth[node.name] > MAX_DEPTH:
            raise refusal(node, f"more than {MAX_DEPTH} operations deep")
        count, names = sum(text[:1] != "^" for text in node.inputs), signature_of(node).input_names
        if names is not None and sum(size for _, size in names) != count:
            raise refusal(node, f"has {count} inputs, and {node.op} takes {sum(size for _, size in names)}")
        if node.op in _QUESTIONS and self._num_calls:
            raise refusal(node, "asks within a function whether a variable that it is given has a value")
        return count

    def _computed(self, node: Node, data: Sequence[Tensor]) -> Outputs:
        if any(len(tensor.shape) > MAX_RANK for tensor in data):
            raise ValueError(f"more than {MAX_RANK} dimensions")
        if node.op in _SWITCHES:
            return [None, data[0]] if bool(data[1].numpy()) else [data[0], None]
        if node.op in _IFS:
            branch = "then_branch" if data[0].numpy().any() else "else_branch"
            return self._called(node, node.attrs[branch], data[1:])
        if node.op in _CALLS:
            return self._called(node, node.attrs["f"], data)
        return outputs_of(node, data, self._seed)

    def _called(self, node: Node, function: Func, data: Sequence[Tensor]) -> Outputs:
        """Return the results of a function that a node calls."""
        found = self._around.functions.get(function.name)
        if found is None or self._num_calls >= MAX_CALLS:
            raise ValueError(f"function {function.name!r} is {'missing' if found is None else 'called too deep'}")
        signature = found.proto.signature
        arguments = dict(zip((arg.name for arg in signature.input_arg), data, strict=True))
        # Names of nodes are only known within their function, and each call of it has random numbers of its own.
        seed = f"{self._seed} {node.name} {function.name}"
        walk = Walk(Index(found.body), self._around, seed, arguments=arguments, num_calls=self._num_calls + 1)
        return [walk.tensor(found.proto.ret[arg.name]) for arg in signature.output_arg]

    def _output(self, text: str) -> Tensor | None:
        name = node_of_input(text)
        outputs = self._known[name]
        output = self._number(name, text)
        if output is None or output >= len(outputs):
            raise PassError(OPERATION, f"has no output {text!r}", node=name)
        return outputs[output]

    def _number(self, name: str, text: str) -> int | None:
        """Return the number of the output that an input names, as a graph does or a body: ``x:1``, ``x:out:1``."""
        parts = text.split(":")[1:]
        if len(parts) < 2:
            return int(parts[0]) if parts and parts[0].isdecimal() else 0
        node = self._index.producers.get(name)
        number = 0
        for argument, size in (node is not None and signature_of(node).output_names) or ():
            if argument == parts[0]:
                return number + int(parts[1])
            number += size
        return None


def _merged(given: Outputs) -> Outputs:
    live = next(((i, tensor) for i, tensor in enumerate(given) if tensor is not None), None)
    return [None, None] if live is None else [live[1], as_scalar(live[0])]


def refusal(node: Node, reason: str, hint: str | None = None) -> PassError:
    """Return the error for a node that cannot be evaluated."""
    return PassError(OPERATION, reason, node=node.name, hint=hint)
