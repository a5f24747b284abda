"""The variables that stay when others become constants: what they need to be variables of a sound model.

They keep their initializers and reads, their entries in the collections, their keys, and
get a saver of their own; the rest of what surrounds the graph goes with its nodes.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.ir.colocation import colocated_with
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.collections import list_variables, listed_variables, unlist_variables
from graphsurgeon.meta_graph.dependencies import initialization_dependencies
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.pruning.kept_saver import find_saver, remake_saver
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues
from graphsurgeon.variables.layout import Variable, existing_variables
from graphsurgeon.variables.state_choice import StateChoice, missing_state
from proto_utils import schema


class KeptVariables:
    """Variables that stay, planned before the graph is edited.

    `names` stay variables, `frozen` become constants, `roots` stay with all they need. The model gets an empty meta
    graph when it has none. `also` and `init` say what sets up what stays, as `initialization_dependencies` does.
    It is a NotFoundError that the checkpoint has no value for one that stays, or for state beside them.
    """

    def __init__(
        self,
        model: Model,
        index: Index,
        names: Sequence[str],
        frozen: Sequence[str],
        roots: Sequence[str],
        choice: StateChoice,
    ) -> None:
        if model.meta is None:
            model.meta = schema.MetaGraphDef()
        self._model = model
        self._frozen = frozenset(frozen)
        self.also, self.init = initialization_dependencies(model.meta, index.producers, self._frozen)
        listed = listed_variables(model.meta)
        self._unlisted: list[Variable] = []
        for variable in existing_variables(model.graph, index):
            if variable.node not in names:
                continue
            parts = [node_of(part) for part in (variable.initializer, variable.snapshot) if part]
            self.also.setdefault(variable.node, []).extend(parts)
            if f"{variable.node}:0" not in listed and len(parts) == 2:
                self._unlisted.append(variable)
        values = VariableValues(model, index)
        self._values: dict[str, Tensor] = {}
        for name in names:
            key, _ = values[index.producers[name]]
            self._values[key] = model.variables[key]
        old = find_saver(model, index)
        staying = self._staying(index, [*roots, *names])
        self._saver = remake_saver(model, index, old._replace(state=old.state | set(names)), staying, choice)
        for key in (key for state in choice.savable(choice.restored(staying), names) for key in state.keys):
            if key not in model.variables:
                raise missing_state(key, model.variables)
            self._values[key] = model.variables[key]
        if not old.names and self._saver.saver is not None:
            self._saver.saver.saver_def.max_to_keep = 5
            self._saver.saver.saver_def.keep_checkpoint_every_n_hours = 10000.0

    def finish(self) -> list[str]:
        """Add the saver to the edited graph, and take what surrounds it to what is left; return notes on what went."""
        model, saver = self._model, self._saver.saver
        for node in [*self._saver.more, *(saver.nodes if saver is not None else ())]:
            if model.graph.get(node.name) is None:
                model.graph.append(node)
        if model.meta is not None:
            unlist_variables(model.meta, {f"{name}:0" for name in self._frozen})
            # Of a bare GraphDef nobody knows which are trained.
            list_variables(model.meta, [(each.to_proto(trainable=False), ["variables"]) for each in self._unlisted])
        there = {node.name for node in model.graph}
        gone = update_meta_graph(model, Removal(there, self._frozen, saver or "removed", has_lost=True))
        model.variables = dict(self._values)
        lost = [name for name in self._saver.unsaved if name not in self._frozen]
        notes = [f"the saver does not save {name!r} any more" for name in lost]
        if gone:
            where = ", ".join(sorted({each.where for each in gone}))
            notes.append(f"{len(gone)} entries went with their nodes, from: {where}")
        return notes

    def _staying(self, index: Index, roots: Sequence[str]) -> list[Node]:
        needs = {name: [*self.also.get(name, ()), *colocated_with(node)] for name, node in index.producers.items()}
        needed = ancestors(index.producers, roots, needs)
        nodes = [node for node in index.producers.values() if node.name in needed]
        # A name that is taken, but no variable any more.
        return [Node.new(node.name, "Const") if node.name in self._frozen else node for node in nodes]
