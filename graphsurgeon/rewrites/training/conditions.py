"""A condition of version 1 that is made: as `tf.cond` lays it out, with the contexts of its branches.

::

    cond/Switch(predicate, predicate)    cond/switch_f, cond/switch_t    the pivots: constants of a branch wait for one
    cond/pred_id                         what each Switch of a branch asks
    X/Switch(data, cond/pred_id)         one for each tensor from outside and branch
"""

from __future__ import annotations

from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.contexts import CONTEXTS
from graphsurgeon.rewrites.training.made_nodes import Maker
from graphsurgeon.tensors import dtypes
from proto_utils import schema


class Condition:
    """A condition of version 1 that is being made: its predicate, its Switches, and the contexts of its branches."""

    def __init__(self, make: Maker, name: str, predicate: str) -> None:
        self._make = make
        self._name = name
        switch = make(f"{name}/Switch", "Switch", [predicate, predicate])
        no = make(f"{name}/switch_f", "Identity", [switch])
        self._pivots = no, make(f"{name}/switch_t", "Identity", [f"{switch}:1"])
        self._predicate = make(f"{name}/pred_id", "Identity", [predicate])
        self._inside: tuple[list[str], list[str]] = ([], [])
        self._outside: tuple[dict[str, str], dict[str, str]] = ({}, {})

    def constant(self, value: object) -> str:
        """Make a constant of the branch that is taken when the predicate is true."""
        name = self._make.constant(f"{self._name}/Const", value, dtypes.FLOAT, waits=[self._pivots[1]])
        self._inside[1].append(f"{name}:0")
        return name

    def switch(self, text: str, scope: str, side: int) -> str:
        """Return a tensor within a branch."""
        name = self._make(f"{scope}/Switch", "Switch", [text, self._predicate])
        inside = f"{name}:{side}"
        self._outside[side][text if ":" in text else f"{text}:0"] = inside
        self._inside[side].append(inside)
        return inside if side else name

    def join(self, node: Node, side: int) -> None:
        """Let a node stand in a branch."""
        self._inside[side].extend(output.name for output in node.outputs)

    def write(self, meta: schema.MetaGraphDef) -> None:
        """Note the contexts of the branches."""
        predicate = f"{self._predicate}:0"
        for side in (1, 0):
            pivot = f"{self._pivots[side]}:0"
            outside = {predicate: predicate, **self._outside[side]}
            context = schema.CondContextDef(
                context_name=f"{self._name}/cond_text{'' if side else '_1'}",
                pred_name=predicate, pivot_name=pivot, branch=side,
            )  # fmt: skip
            context.values_def.values.extend(sorted({*self._inside[side], *outside, pivot}))
            context.values_def.external_values.update(outside)
            meta.collection_def[CONTEXTS[0]].bytes_list.value.append(schema.serialize(context))
