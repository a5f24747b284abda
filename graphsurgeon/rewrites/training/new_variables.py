"""Variables that a pass adds to a model, with their values: for saver, collections and checkpoint to know them.

A pass makes each, puts its nodes into the graph, and then calls `NewVariables.finish`. The saver is made anew over what
it saved and these, which are saved under their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import NAME, Node
from graphsurgeon.meta_graph.collections import list_variables
from graphsurgeon.rewrites.joining.savers import give_saver, take_saver
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import SavedAs
from graphsurgeon.variables.layout import Variable, VariableKind, VariableNodes, new_variable
from proto_utils import schema


class NewVariables:
    """The variables that are added to one model; `taken` are the names of its nodes and the keys of its values.

    Parameters
    ----------
    model : Model
        Edited by `finish` alone.
    operation : str
        For errors.
    """

    def __init__(self, model: Model, operation: str) -> None:
        self._model = model
        self._operation = operation
        self.taken = {*map(NAME, model.graph), *model.variables}
        self.values: dict[str, Tensor] = {}
        self.made: list[Variable] = []
        self._listed: list[tuple[schema.VariableDef, tuple[str, ...]]] = []

    def make(
        self,
        name: str,
        value: Tensor,
        kind: VariableKind,
        *,
        trainable: bool = False,
        initial: Sequence[Node] = (),
        beside: str = "",
        device: str = "",
    ) -> VariableNodes:
        """Make the nodes of a variable that has a value, which is not read; they are not in the graph yet.

        Parameters
        ----------
        name : str
            Also its key in the checkpoint.
        value : Tensor
        kind : {"ref", "resource"}
        trainable : bool
            Whether the collection ``trainable_variables`` lists it, too.
        initial : sequence of Node
            What gives the initial value, last the node that does; zeros by default.
        beside : str
            A variable on whose device it is to be.
        device : str
        """
        attrs: dict[str, Any] | None = {"_class": [b"loc:@" + beside.encode()]} if beside else None
        made = new_variable(name, value, kind, self.taken, device=device, attrs=attrs, initial=initial)
        self.taken.add(name)
        self.values[name] = value
        self.made.append(made.variable)
        collections = ("variables", *(["trainable_variables"] if trainable else []))
        self._listed.append((made.variable.to_proto(trainable=trainable), collections))
        return made

    def finish(self, node_lists: Iterable[tuple[str, Iterable[str]]] = ()) -> None:
        """Let collections, saver and checkpoint know the variables, whose nodes are in the graph now.

        `node_lists` are further names for collections of nodes and tensors, each after what it lists already.
        """
        model = self._model
        if model.meta is None:
            model.meta = schema.MetaGraphDef()
        # First, for the saver takes the reads that are named there.
        list_variables(model.meta, self._listed)
        for key, names in node_lists:
            model.meta.collection_def[key].node_list.value.extend(names)
        taken = take_saver(model, self._operation, {each.node: SavedAs(each.node) for each in self.made})
        model.variables = {**model.variables, **self.values}
        give_saver(model, [taken])
