"""Constant folding in a whole model: graph and function bodies, conditions that are decided, what is around them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.ir.op_families import CALL_OPS
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.meta_graph.contexts import CONTEXTS
from graphsurgeon.names import Names, node_of_input, parse_input, split_names
from graphsurgeon.rewrites.folding.constants import ConstantFolding, Evaluate, FoldingRules, StaticShape
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.serving.object_functions import exported_functions
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.rewrites.simplifying.handed_on import found_weights, hand_on_reads
from graphsurgeon.rewrites.simplifying.protected import Protected
from graphsurgeon.rewrites.specializing.models import NodeChange, specialize
from graphsurgeon.rewrites.specializing.surroundings import update_surroundings
from graphsurgeon.tensors.tensor import Tensor

#: A decided condition gives further constants, which may decide another; so often that is looked for.
_MAX_ROUNDS = 8
#: Where the predicate of a condition stands among the inputs.
_PREDICATES = {
    **dict.fromkeys(("Switch", "RefSwitch", "_SwitchN"), 1),
    **dict.fromkeys(("If", "StatelessIf", "Case", "StatelessCase"), 0),
}


class ModelFolding:
    """The folding of a model.

    Attributes
    ----------
    folded : dict of str to str
        The nodes that were computed, those of function bodies as FUNCTION/node, and their ops.
    approximate : set of str
        Those of them that are approximate, or computed of what is.
    kept : list of (str, str, str)
        Nodes that depend on constants alone and were not computed, with op and reason.
    decided : list of NodeChange
    notes : list of str
    """

    def __init__(
        self, model: Model, rules: FoldingRules, evaluate: Evaluate, operation: str, *, keeps_weights: bool
    ) -> None:
        self._model = model
        self._rules = rules
        self._evaluate = evaluate
        self._operation = operation
        self._found = found_weights(model) if keeps_weights else None
        self._weights = {name for name, _, _ in self._found or ()}
        self.folded: dict[str, str] = {}
        self.approximate: set[str] = set()
        self.kept: list[tuple[str, str, str]] = []
        self.decided: list[NodeChange] = []
        self.notes: list[str] = []

    def run(self, outputs: Names, inputs: Names) -> None:
        """Fold until nothing more is decided; names of outputs or inputs that mean no node are a NotFoundError."""
        # As people write them: those of signatures follow where a tensor is another now.
        asked = {text for text in split_names(outputs) if ":" in text}
        for _ in range(_MAX_ROUNDS):
            self._fold(Protected(self._model, outputs, inputs, self._operation))
            apart = Protected(self._model, outputs, inputs, self._operation, without=CONTEXTS)
            if not self._decide(apart.of(None), asked):
                break
        gone = {*hand_on_reads(self._model, Protected(self._model, outputs, inputs, self._operation), self._found)}
        self.kept = [row for row in self.kept if row[0] not in gone]
        if self._model.meta is not None:
            update_meta_graph(self._model, Removal({node.name for node in self._model.graph}, saver="kept"))

    def _fold(self, protected: Protected) -> None:
        self.kept = []
        functions = self._model.library.functions
        for function, graph in self._model.graphs():
            folding = ConstantFolding(
                graph,
                self._rules,
                self._evaluate,
                _static_shapes(graph, functions, is_body=function is not None),
                protected=protected.of(function),
                weights=self._weights if function is None else (),
            )
            ops = {node.name: node.op for node in graph}
            folding.apply()
            scope = "" if function is None else f"{function}/"
            self.folded |= {scope + name: op for name, op in folding.folded.items()}
            self.approximate |= {scope + name for name in folding.approximate}
            self.kept += [(scope + name, ops[name], reason) for name, reason in folding.kept.items()]

    def _decide(self, kept: Collection[str], asked: Collection[str]) -> bool:
        """Decide conditions whose predicate is a constant, of function bodies too; return whether there were any."""
        model = self._model
        inside = self._constants_inside()
        names = set(_constant_predicates(model.graph, model.library.functions))
        if not (names or inside):
            return False
        constants = {name: model.graph[name] for name in names}
        before, exported = model.snapshot(), exported_functions(model)
        how: dict[str, Any] = {"evaluate": self._evaluate, "operation": self._operation, "exported": exported}
        try:
            done = specialize(model, _values(model.graph, names), constants, kept, inside=inside, **how)
        except PassError:
            # A function would return what is never computed, which TensorFlow says when it runs.
            model.restore(before)
            return False
        lost = [name for name in kept if name in {each.node for each in done.removed}]
        if lost or not all(_is_there(model.graph, text) for text in asked) or not (done.changes or done.moved):
            # What is asked for is in the branch that is never taken, or tells which one is.
            model.restore(before)
            return False
        _, _, notes = update_surroundings(model, done, {}, has_objects=bool(exported))
        unread = [name for name in names if name not in kept and (node := model.graph.get(name)) is not None
                  and not model.graph.index.edges(node.name)]  # fmt: skip
        model.graph.remove(*unread)
        self.decided += done.changes
        self.notes += notes
        return True

    def _constants_inside(self) -> dict[str, dict[str, Tensor]]:
        """Return the constants of bodies that decide conditions there, by function."""
        functions = self._model.library.functions
        found = {}
        for name, function in functions.items():
            names = set(_constant_predicates(function.body, functions))
            if names:
                found[name] = _values(function.body, names)
        return found


def _is_there(graph: Graph, text: str) -> bool:
    """Whether a graph has a tensor."""
    name, output = parse_input(text)
    node = graph.get(name)
    count = None if node is None else num_outputs(node)
    return node is not None and (count is None or output < count)


def _values(graph: Graph, names: Iterable[str]) -> dict[str, Tensor]:
    """Return the values of constants, as far as they are sound."""
    values = {name: constant_value(graph[name]) for name in sorted(names)}
    return {name: value for name, value in values.items() if value is not None}


def _static_shapes(graph: Graph, functions: Any, *, is_body: bool) -> StaticShape:
    """Return what tells static shapes; they are inferred when the first is asked for."""
    inferred: list[ShapeInference] = []

    def shape(text: str) -> tuple[int, ...] | None:
        if not inferred:
            # What was inferred of a body holds for the arguments that it had then.
            inferred.append(ShapeInference(Index(graph), functions, {}, lambda _: not is_body))
        dims = inferred[0].dims(text)
        if dims is None or any(dim is None for dim in dims):
            return None
        return tuple([dim for dim in dims if dim is not None])

    return shape


def _constant_predicates(graph: Graph, functions: Mapping[str, Function]) -> Iterator[str]:
    """Yield the constants that decide conditions, or are given to a function whose condition they decide."""
    for node in graph.nodes_of(_PREDICATES.keys() | CALL_OPS):
        at = _PREDICATES.get(node.op)
        texts = node.data_inputs
        wanted = texts[at : at + 1] if at is not None else [texts[i] for i in _asked(node, functions) if i < len(texts)]
        for text in wanted:
            source = graph.get(node_of_input(text))
            if source is not None and source.op == "Const":
                yield source.name


def _asked(call: Node, functions: Mapping[str, Function]) -> list[int]:
    """Return the positions of arguments that a called function decides a condition by, itself."""
    func = attr_of(call, "f")
    function = functions.get(func.name) if isinstance(func, Func) else None
    if function is None:
        return []
    body = function.body
    asked = {node.data_inputs[_PREDICATES[node.op]] for node in body.nodes_of(_PREDICATES.keys())}
    return [i for i, argument in enumerate(function.proto.signature.input_arg) if argument.name in asked]
