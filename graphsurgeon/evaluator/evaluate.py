"""From a variable to its initial value: the subgraph that assigns it.

Values of other variables that the subgraph reads are those that are known, else their own initial values; so the
``initialized_value`` of TensorFlow 1, which asks whether there is one, is what it would be.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphsurgeon.errors import near_names
from graphsurgeon.evaluator.walk import VARIABLES, Surroundings, Walk, refusal
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.dependencies import variable_defs
from graphsurgeon.names import node_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.layout import existing_variables
from proto_utils.errors import NotFoundError

_ASSIGNS = frozenset({"Assign", "AssignVariableOp"})


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
    """

    def __init__(self, model: Model, *, seed: int = 0, values: Mapping[str, Tensor] | None = None) -> None:
        self._index = Index(model.graph)
        known = {} if values is None else values
        around = Surroundings(known, _initial_tensors(model, self._index), model.library.functions)
        self._walk = Walk(self._index, around, seed)

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
        if node is None or node.op not in VARIABLES:
            names = (each.name for each in self._index.producers.values() if each.op in VARIABLES)
            raise NotFoundError("variable", name, near_names(name, names))
        tensor = self._walk.tensor(self._walk.initial(node))
        if tensor is None:
            raise refusal(node, "its initializer stands in a branch that is not taken")
        dtype = node.attrs.get("dtype")
        if isinstance(dtype, DType) and dtype.base is not tensor.dtype:
            raise refusal(node, f"is {dtype.base.name}, and its initializer gives {tensor.dtype.name}")
        return tensor


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
