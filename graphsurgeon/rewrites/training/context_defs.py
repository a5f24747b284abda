"""The messages of contexts, as TensorFlow exports them: CondContextDef and WhileContextDef.

==================  =====================================================================================
field               of a loop                                of a branch
==================  ==================================================================================
values              what is right in it, what is in its      all in it but what is inside of a loop in
                    branches, Exits of loops in it           it; Exits of loops in it; the predicate
external_values     where an invariant comes from, outside   where what a Switch leads in comes from,
                    of all contexts: the Enter's output      outside of all contexts and right outside
==================  =====================================================================================

`import_meta_graph` puts each op that `values` names and `external_values` does not into the context, then does the
same with the contexts inside; and gradients take a tensor that `values` does not name for one from outside. Of each op
all outputs are named, also those that only gradients read.

Source: ``to_proto`` and ``_init_from_proto`` of control_flow_ops.py in TensorFlow 1.15 and 2.21.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, SWITCH_OPS, entered
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.names import node_of, parse_input, scope_of, unique_name
from graphsurgeon.rewrites.training.context_places import ContextPlaces
from graphsurgeon.rewrites.training.context_tree import Context
from graphsurgeon.rewrites.training.loop_variables import Loop
from graphsurgeon.rewrites.training.normal_form import NormalForm
from proto_utils import schema


class ContextDefs:
    """Makes the messages of contexts; what older ones said that no graph tells stays.

    Attributes
    ----------
    made : dict of Context to message
        Without those inside of them.
    """

    def __init__(
        self, places: ContextPlaces, form: NormalForm, loops: Mapping[Context, Loop], before: schema.MetaGraphDef
    ) -> None:
        self._places = places
        self._form = form
        self._loops = loops
        self._index: Index = places.index
        older = list(contexts(before))
        self._older = {each.context_name: each for each in older}
        self._names = {(each.pred_name, each.branch): each.context_name for each in older if hasattr(each, "branch")}
        self._taken = set(self._older) | set(places.frames)
        self.made: dict[Context, Any] = {}
        self._values: dict[Context, set[str]] = {}

    def make(self, members: Mapping[Context, list[Node]]) -> None:
        """Make the messages of contexts that have these nodes right in them."""
        for context, nodes in members.items():
            self.made[context] = self._loop(context, nodes) if context.is_loop else self._branch(context, nodes)
            self._values[context] = set(self.made[context].values_def.external_values)
        for context, nodes in members.items():
            self._list(context, nodes)
        for context, message in self.made.items():
            message.values_def.values.extend(sorted(self._values[context]))

    def nest(self) -> None:
        """Put contexts into those around them, from the outside in, so that each is copied once."""
        for context in sorted(self.made, key=lambda each: each.depth):
            if context.parent in self.made:
                within = self.made[context.parent].nested_contexts.add()
                nested = within.while_ctxt if context.is_loop else within.cond_ctxt
                nested.CopyFrom(self.made[context])
                self.made[context] = nested

    def _loop(self, context: Context, nodes: list[Node]) -> schema.WhileContextDef:
        loop, form = self._loops[context], self._form
        older = self._older.get(context.frame or "")
        older = older if isinstance(older, schema.WhileContextDef) else None
        made = schema.WhileContextDef(
            context_name=context.frame,
            parallel_iterations=entered(loop.enters[0]).parallel_iterations,
            back_prop=older is None or older.back_prop,
            swap_memory=older is not None and older.swap_memory,
            pivot_name=f"{loop.conds[0].name}:0",
            pivot_for_pred_name=f"{loop.variables[0].merge}:0",
            pivot_for_body_name=f"{form.bodies[context]}:0",
        )
        if older is not None and node_of(older.maximum_iterations_name) in self._index.producers:
            made.maximum_iterations_name = older.maximum_iterations_name
        made.loop_enter_names.extend(dict.fromkeys(f"{each.enter}:0" for each in loop.variables))
        exits = (form.exits[each.merge] for each in loop.variables if each.merge in form.exits)
        made.loop_exit_names.extend(f"{name}:0" for name in exits)
        for node in nodes:
            if node.op in ENTER_OPS and self._places.entry(node)[1]:
                made.values_def.external_values[self._origin(node.inputs[0])] = f"{node.name}:0"
        return made

    def _branch(self, context: Context, nodes: list[Node]) -> schema.CondContextDef:
        pred = _tensor(self._form.preds[context])
        made = schema.CondContextDef(pred_name=pred, branch=context.branch)
        made.pivot_name = f"{self._form.pivots[context]}:0"
        if (pred, context.branch) in self._names:
            made.context_name = self._names[pred, context.branch]
        else:
            wanted = f"{scope_of(pred) or node_of(pred)}/cond_text"
            made.context_name = unique_name(wanted, self._taken)
            self._taken.add(made.context_name)
        outside = made.values_def.external_values
        outside[pred] = pred
        for node in nodes:
            if self._is_data_switch(node):
                near = _tensor(node.inputs[0])
                far = self._origin(near)
                if far != near:
                    outside[near] = near
                outside[far] = f"{node.name}:{context.branch}"
        return made

    def _list(self, context: Context, nodes: list[Node]) -> None:
        """List the outputs of nodes in their context, and in those around it that list them too."""
        inside: list[str] = []
        for node in nodes:
            names = self._outputs(node)
            inside += names
            if node.op in EXIT_OPS and context.parent in self._values:
                self._values[context.parent].update(names)
        self._values[context].update(inside)
        for each in context.around() if not context.is_loop else ():
            if each in self._values:
                self._values[each].update(inside)

    def _outputs(self, node: Node) -> list[str]:
        count = num_outputs(node)
        if count is None:
            texts = self._index.texts(node.name)
            count = 1 + max((parse_input(text).output for text in texts), default=0)
        return [f"{node.name}:{number}" for number in range(count)]

    def _origin(self, text: str) -> str:
        """Return the tensor outside of all contexts where a way in by invariant Enters and Switches begins."""
        while True:
            node = self._index.producer(text)
            if node is None or not (
                self._places.entry(node)[1] if node.op in ENTER_OPS else self._is_data_switch(node)
            ):
                return _tensor(text)
            text = node.inputs[0]

    def _is_data_switch(self, node: Node) -> bool:
        if node.op not in SWITCH_OPS or self._places.is_loop_switch(node):
            return False
        return parse_input(node.inputs[0]) != parse_input(node.inputs[1])


def _tensor(text: str) -> str:
    """Return the name of a tensor as collections have it: ``a:0``."""
    name, output = parse_input(text)
    return f"{name}:{output}"
