"""From a variable to its initial value: a walk over the subgraph that assigns it.

Values of other variables that the subgraph reads are those that are known, else their own initial values. What
conditions leave out (the ``initialized_value`` of TensorFlow 1 is one) is not evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.dtypes import DType
from graphsurgeon.errors import PassError, near_names
from graphsurgeon.index import Index
from graphsurgeon.initializers.values import as_scalar, outputs_of
from graphsurgeon.model import Model
from graphsurgeon.names import node_of, parse_input
from graphsurgeon.node import Node
from graphsurgeon.surroundings.companions import variable_defs
from graphsurgeon.tensor import Tensor
from graphsurgeon.variables.layout import REF_OPS, RESOURCE_OPS, existing_variables
from proto_utils.errors import FileFormatError, LimitError, NotFoundError

OPERATION = "init"

#: Operations that one lies on top of another; an initializer has about ten.
MAX_DEPTH = 200

_ASSIGNS = frozenset({"Assign", "AssignVariableOp"})
_QUESTIONS = frozenset({"IsVariableInitialized", "VarIsInitializedOp"})
_SWITCHES = frozenset({"Switch", "RefSwitch"})
_MERGES = frozenset({"Merge", "RefMerge"})

#: What a node gives: a tensor per output, None for one that a condition leaves out.
Outputs = Sequence[Tensor | None]


class Initializers:
    """The initial values of a model's variables.

    Parameters
    ----------
    model : Model
        Not modified.
    seed : int
        For random ops that have no seeds of their own. A value depends on it and the op's name alone.
    values : mapping of str to Tensor, optional
        Values of variables that are known, by node: for initializers that read other variables.
    """

    def __init__(self, model: Model, *, seed: int = 0, values: Mapping[str, Tensor] | None = None) -> None:
        self._index = Index(model.graph)
        self._seed = seed
        self._values = {} if values is None else values
        self._initial = _initial_tensors(model, self._index)
        self._known: dict[str, Outputs] = {}
        self._depth: dict[str, int] = {}

    def __getitem__(self, name: str) -> Tensor:
        """Return the initial value of a variable.

        Parameters
        ----------
        name : str
            Its node.

        Returns
        -------
        Tensor
            Lazy; costs a walk over the subgraph of the initializer and reads shapes.

        Raises
        ------
        NotFoundError
            There is no such variable.
        PassError
            It has no initializer, or one with an op that is not known here; the error names it.
        """
        node = self._index.producers.get(node_of(name))
        if node is None or node.op not in REF_OPS | RESOURCE_OPS:
            names = (each.name for each in self._index.producers.values() if each.op in REF_OPS | RESOURCE_OPS)
            raise NotFoundError("variable", name, near_names(name, names))
        tensor = self._tensor(self._initial_of(node))
        if tensor is None:
            raise _refusal(node, "its initializer stands in a branch that is not taken")
        dtype = node.attrs.get("dtype")
        if isinstance(dtype, DType) and dtype.base is not tensor.dtype:
            raise _refusal(node, f"is {dtype.base.name}, and its initializer gives {tensor.dtype.name}")
        return tensor

    def _initial_of(self, node: Node) -> str:
        initial = self._initial.get(node.name)
        if initial is None:
            raise _refusal(
                node, "has no initializer in the graph", hint="give it zeros, or a value from another checkpoint"
            )
        return initial

    def _tensor(self, text: str) -> Tensor | None:
        """Evaluate a tensor of the graph, and before it all that it needs; not by recursion, which has an end."""
        name, output = parse_input(text)
        waiting, open_nodes = [name], set[str]()
        while waiting:
            current = waiting[-1]
            if current in self._known:
                waiting.pop()
                continue
            node = self._index.producers.get(current)
            if node is None:
                raise PassError(OPERATION, f"{current!r}, which an initializer reads, is not in the graph", node=name)
            needs = [parse_input(each).node for each in self._needs(node)]
            missing = [each for each in needs if each not in self._known]
            if not missing:
                self._depth[current] = 1 + max((self._depth[each] for each in needs), default=0)
                self._known[current] = self._evaluate(node)
                open_nodes.discard(waiting.pop())
            elif current in open_nodes:
                raise _refusal(node, "its value depends on itself")
            else:
                open_nodes.add(current)
                waiting += missing
        outputs = self._known[name]
        if output >= len(outputs):
            raise PassError(OPERATION, f"has no output {output}", node=name)
        return outputs[output]

    def _needs(self, node: Node) -> list[str]:
        """Return the inputs that have to be known before a node: of a variable, its initial value."""
        if node.op in REF_OPS or node.op in RESOURCE_OPS:
            return [] if node.name in self._values else [self._initial_of(node)]
        if node.op in _QUESTIONS:
            return []
        # Control inputs count where they say which branch this is: the pivot of a condition.
        return [text for text in node.inputs if text[:1] != "^" or self._is_pivot(text[1:])]

    def _is_pivot(self, name: str) -> bool:
        node = self._index.producers.get(name)
        if node is None or node.op not in _SWITCHES | {"Identity"} or not node.inputs:
            return False
        source = self._index.producer(node.inputs[0]) if node.op == "Identity" else node
        return source is not None and source.op in _SWITCHES

    def _evaluate(self, node: Node) -> Outputs:
        if self._depth[node.name] > MAX_DEPTH:
            raise _refusal(node, f"more than {MAX_DEPTH} operations deep")
        if node.op in _QUESTIONS:
            return [as_scalar(parse_input(node.inputs[0]).node in self._values)]
        if node.name in self._values and (node.op in REF_OPS or node.op in RESOURCE_OPS):
            return [self._values[node.name]]
        given = [self._output(text) for text in self._needs(node)]
        if node.op in REF_OPS or node.op in RESOURCE_OPS:
            return given
        if node.op in _MERGES:
            return self._merged(given)
        operands = [tensor for tensor in given if tensor is not None]
        if len(operands) < len(given):
            return [None] * 8  # more outputs than any op here has
        data = operands[: sum(text[:1] != "^" for text in node.inputs)]
        try:
            if node.op in _SWITCHES:
                return [None, data[0]] if bool(data[1].numpy()) else [data[0], None]
            return outputs_of(node, data, self._seed)
        except (ValueError, IndexError, TypeError, LimitError, FileFormatError) as error:
            # Ours, of what is not known here, or numpy's, of operands that do not fit.
            hint = "give it zeros, or a value from another checkpoint"
            raise _refusal(node, f"{node.op} cannot be evaluated without TensorFlow: {error}", hint) from error

    def _output(self, text: str) -> Tensor | None:
        name, output = parse_input(text.removeprefix("^"))
        outputs = self._known[name]
        if output >= len(outputs):
            raise PassError(OPERATION, f"has no output {output}", node=name)
        return outputs[output]

    def _merged(self, given: Outputs) -> Outputs:
        live = next(((i, tensor) for i, tensor in enumerate(given) if tensor is not None), None)
        return [None, None] if live is None else [live[1], as_scalar(live[0])]


def _initial_tensors(model: Model, index: Index) -> dict[str, str]:
    """Return the tensor that each variable is assigned at first, by node: as collections say, or as edges show."""
    found = {v.node: v.initial_value for v in existing_variables(model.graph, index) if v.initial_value}
    if model.meta is None:
        return found
    for definition in variable_defs(model.meta):
        initializer = index.producers.get(definition.initializer_name)
        if initializer is not None and initializer.op in _ASSIGNS and len(initializer.inputs) > 1:
            found[node_of(definition.variable_name)] = initializer.inputs[1]
    return found


def _refusal(node: Node, reason: str, hint: str | None = None) -> PassError:
    return PassError(OPERATION, reason, node=node.name, hint=hint)
