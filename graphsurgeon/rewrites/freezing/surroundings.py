"""What surrounds a graph whose variables become constants: init ops, signatures, collections, assets.

Ops that run all initializers, such as the main op of a SavedModel, are cut down to those of
what is left, and may be among the outputs::

    init = NoOp(^v/Assign, ^fill)      becomes      init = NoOp(^fill)

Signatures, collections and assets stay as far as their nodes do: a SavedModel can be one again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain

from graphsurgeon.ir.function_calls import called_functions, trim_library
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.collections import unlist_variables
from graphsurgeon.meta_graph.contexts import CONTEXTS
from graphsurgeon.meta_graph.dangling import idle_inputs
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE, InitOps, init_ops, state_inputs
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.variables.unfreeze_note import UnfreezeNote
from proto_utils import schema

_NAMED = ("signature", "asset")
_SAVEABLES = "saveable_objects"


class Surroundings:
    """The init ops of a model, planned before its graph is edited, and what is around it, cut down afterwards.

    `roots` are the outputs, but for those that only run initializers: in their places these stand. `init` are the ops
    that run them all. No variable of `frozen` is one afterwards.
    """

    def __init__(self, model: Model, index: Index, outputs: Sequence[str], frozen: Collection[str]) -> None:
        self._model = model
        self._frozen = set(frozen)
        self.init = InitOps(() if model.meta is None else init_ops(model.meta), index.producers)
        self.init.keeps_idle = False
        self.init.wanted = {name for name in outputs if name in self.init}
        found: dict[str, None] = {}
        for name in outputs:
            for each in self.init.below(name):
                if each == name or self._frozen.isdisjoint(state_inputs(each, index.producers)):
                    found[each] = None
        self.roots = [*found, *self._idle_inputs(index, [*found])]

    def _idle_inputs(self, index: Index, roots: Sequence[str]) -> list[str]:
        """Return the inputs of a SavedModel's signatures that their outputs do not need: they are fed all the same."""
        meta = self._model.meta
        if meta is None or self._model.saved_model is None:
            return []
        kept = ancestors(index.producers, roots)
        return [name for name in idle_inputs(meta, kept, kept) if name in index.producers]

    def finish(self) -> list[str]:
        """Take what surrounds the edited graph to what is left; it has no variables. Returns notes."""
        model = self._model
        there = {node.name for node in model.graph}
        if not UnfreezeNote.read(model.meta).constants:
            # TensorFlow's result has a library, if an empty one.
            model.library.is_set = True
        notes = self._cut_meta_graph(there)
        model.variables, model.is_frozen = {}, True
        return notes

    def _cut_meta_graph(self, there: Collection[str]) -> list[str]:
        """Take the meta graph to what is left; one with nothing in it goes, but that of a SavedModel."""
        model, meta = self._model, self._model.meta
        if meta is None:
            return []
        if meta.HasField("object_graph_def"):
            # It was the objects that had functions, also those that nothing calls.
            trim_library(model.library, called_functions(model.graph, model.library))
        unlist_variables(meta, {f"{name}:0" for name in self._frozen})
        if UnfreezeNote.read(meta).contexts:
            for key in set(CONTEXTS) & set(meta.collection_def):
                del meta.collection_def[key]
        if _SAVEABLES in meta.collection_def:
            # TensorFlow would make a saver of them.
            del meta.collection_def[_SAVEABLES]
        for signature in meta.signature_def.values():
            for info in chain(signature.inputs.values(), signature.outputs.values()):
                if not info.dtype and not info.HasField("tensor_shape"):
                    # It says nothing, and its tensor's shape may be known now, which then is to be that of a scalar.
                    info.tensor_shape.unknown_rank = True
        gone = update_meta_graph(model, Removal(there, self._frozen, "removed", has_lost=True))
        rest = schema.parse(schema.MetaGraphDef, schema.serialize(meta))
        rest.ClearField("meta_info_def")
        if model.saved_model is None and not schema.serialize(rest):
            model.meta = None
        named = [each for each in gone if each.where in _NAMED and each.name != INIT_SIGNATURE]
        names = [f"{each.where} {each.name}" + (f" ({each.part})" if each.part else "") for each in named]
        return [f"gone with the nodes that are not kept: {', '.join(names)}"] if names else []
