"""Initial values of variables, by evaluation of the subgraphs that assign them.

Values of other variables that a subgraph reads are those that are known, else their own initial values; so the
``initialized_value`` of TensorFlow 1, which asks whether there is one, is what it would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator.walk import VARIABLES, Environment, Walk
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import ASSIGN_OPS, TABLE_INIT_OPS
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues, variable_nodes
from graphsurgeon.variables.layout import existing_variables
from proto_utils.errors import NotFoundError

_GROUPS = frozenset({"NoOp", "Identity"})


class Initializers:
    """The initial values of a model's variables.

    Parameters
    ----------
    model : Model
        Not modified.
    seed : int
        For random ops that have no seeds of their own. A value depends on it, the op's name and the calls around it.
    values : mapping of str to Tensor, optional
        Values of variables that are known, by node: for initializers that read other variables.
    assigned : mapping of str to str, optional
        Tensors to initialize variables with, by node, where it is not what the graph says.
    operation : str
        For errors.
    """

    def __init__(
        self,
        model: Model,
        *,
        seed: int = 0,
        values: Mapping[str, Tensor] | None = None,
        assigned: Mapping[str, str] | None = None,
        operation: str = "init",
    ) -> None:
        self._index = Index(model.graph)
        initial = {**_initial_tensors(model, self._index), **(assigned or {})}
        environment = Environment(values or {}, initial, model.library.functions, operation)
        self._walk = Walk(self._index, environment, seed)

    def __getitem__(self, name: str) -> Tensor:
        """Return the initial value of a variable, by its node: lazy, costs a walk over the initializer's subgraph.

        Raises
        ------
        NotFoundError
            There is no such variable.
        PassError
            It has no initializer, or one with an op that is not known here; the error names it.
        """
        node = self._index.producers.get(node_of(name))
        if node is None or node.op not in VARIABLES:
            names = (each.name for each in self._index.producers.values() if each.op in VARIABLES)
            raise NotFoundError.among("variable", name, names)
        tensor = self._walk.tensor(self._walk.initial(node))
        if tensor is None:
            raise self._walk.refusal(node.name, "its initializer stands in a branch that is not taken")
        dtype = node.attrs.get("dtype")
        if isinstance(dtype, DType) and dtype.base is not tensor.dtype:
            raise self._walk.refusal(node.name, f"is {dtype.base.name}, and its initializer gives {tensor.dtype.name}")
        return tensor


def assigned_values(model: Model, initializers: Iterable[str], operation: str) -> dict[str, Tensor]:
    """Evaluate initializer ops as if they ran after the model's checkpoint was restored.

    Parameters
    ----------
    model : Model
        Not modified; the variables that its initializers read have the values of its checkpoint.
    initializers : iterable of str
        Nodes: assignments, groups of them, or initializers of tables, which assign nothing.
    operation : str
        For errors.

    Returns
    -------
    dict of str to Tensor
        What they assign, by variable.

    Raises
    ------
    NotFoundError
        There is no such node.
    PassError
        One cannot be evaluated; the error names the node.
    """
    index = Index(model.graph)
    assigned = _assigned_tensors(index, initializers, operation)
    if not assigned:
        return {}
    stored = VariableValues(model, index)
    others = [node for node in variable_nodes(model.graph) if node.name not in assigned]
    values = {node.name: stored[node][1] for node in others if stored.place(node) is not None}
    initial = Initializers(model, values=values, assigned=assigned, operation=operation)
    return {name: initial[name] for name in assigned}


def _assigned_tensors(index: Index, initializers: Iterable[str], operation: str) -> dict[str, str]:
    """Return what is assigned, by variable, when initializer ops and what they wait for run."""
    found: dict[str, str] = {}
    waiting, seen = [node_of(name) for name in initializers], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        node = index.producers.get(name)
        if node is None:
            raise NotFoundError.among("node", name, index.producers)
        if node.op in ASSIGN_OPS and len(node.inputs) > 1:
            found[node_of_input(node.inputs[0])] = node.inputs[1]
        elif node.op not in TABLE_INIT_OPS | _GROUPS:
            raise PassError(operation, f"initializer op {node.op} cannot be evaluated without TensorFlow", node=name)
        waiting += map(node_of_input, node.inputs if node.op in _GROUPS else node.control_inputs)
    return found


def _initial_tensors(model: Model, index: Index) -> dict[str, str]:
    """Return the tensor that each variable is assigned at first, by node: as collections say, or as edges show."""
    found = {v.node: v.initial_value for v in existing_variables(model.graph, index) if v.initial_value}
    if model.meta is None:
        return found
    for definition in variable_defs(model.meta):
        initializer = index.producers.get(definition.initializer_name)
        if initializer is not None and initializer.op in ASSIGN_OPS and len(initializer.inputs) > 1:
            found[node_of(definition.variable_name)] = initializer.inputs[1]
    return found
