"""What a graph needs to be served from a SavedModel, and has not yet.

============================ ==============================================================
part                         who asks for it
============================ ==============================================================
tags                         every loader: ``serve``
version                      TensorFlow 2 parses it, and refuses what it cannot
signature                    clients; `tf.saved_model.load` makes functions of signatures
SaverDef, save/ subgraph     loaders run its restore op, feeding the path of ``variables``
VariableDefs                 TensorFlow 2 makes live ``.variables`` of resource variables
initializer op               loaders run it after restoring; without one, nobody fills tables
                             and local variables in TensorFlow 1
============================ ==============================================================

What is there already stays, and a model that came from a SavedModel is taken to have what
its makers wanted it to have. The object graph of a TensorFlow 2 SavedModel goes when
functions or tensors that it names are gone: TensorFlow then goes by the signatures.
Source: TensorFlow's ``saved_model/builder_impl.py``, ``loader_impl.py``, ``load_v1_in_v2.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import ENTER_OPS
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS, REF_OPS, V1_RESTORE_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.arguments import SERVING_DEFAULT
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE, MAIN_OP, MAIN_OP_COLLECTIONS, table_fillers
from graphsurgeon.meta_graph.version import stamp_version
from graphsurgeon.names import node_of, some_of, unique_name
from graphsurgeon.rewrites.serving.limits import may_need_saver
from graphsurgeon.rewrites.serving.object_functions import unrestored
from graphsurgeon.rewrites.serving.signature import Signature, make_signature
from graphsurgeon.variables.checkpoint_keys import VariableValues, restored_by_objects
from graphsurgeon.variables.layout import existing_variables, new_read
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saved_state import SavedState
from graphsurgeon.variables.saver import SavedVariable, new_saver, with_copies
from graphsurgeon.variables.saver_calls import saver_calls
from graphsurgeon.variables.state_choice import StateChoice
from proto_utils import schema
from proto_utils.errors import NotFoundError

SERVE = "serve"
_NUMBER = re.compile(r"\d+(\.\d+)+", re.ASCII)
_FED_OPS = PLACEHOLDER_OPS | {"PlaceholderWithDefault"}


@dataclass(frozen=True)
class ServingReport(Displayed):
    """What was added to make a graph servable."""

    # ``key``, ``inputs`` and ``outputs`` (rows of `SignatureRow`) of the one made
    signature: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self)}


def servable(model: Model, *, inputs: Sequence[str] = (), outputs: Sequence[str] = ()) -> tuple[Model, ServingReport]:
    """Complete a model with what it lacks to be a SavedModel.

    `inputs` and `outputs` are those of the signature ``serving_default``, as for `signature.make_signature`. When
    none are given, the signatures that the model has stay as they are; when it has none and did not come from a
    SavedModel, one is guessed.
    Returns the same object when it lacks nothing; else a new one that shares its nodes. A given tensor that does
    not exist, or a saver that restores what `model.variables` lacks, is a NotFoundError; what makes no signature a
    PassError.
    """
    draft = _Draft(model)
    is_new = model.saved_model is None or model.meta is None
    signature = None
    if any(inputs) or any(outputs) or (is_new and not draft.meta.signature_def):
        signature = draft.add_signature(inputs, outputs)
    if is_new:
        draft.add_tags_and_version()
        draft.add_main_op()
    draft.drop_stale_object_graph()
    draft.add_saver(has_objects=draft.meta.HasField("object_graph_def"))
    draft.note_init_op()
    draft.check_saver()
    draft.check_assets()
    made, notes = draft.result(), draft.notes
    if not made.graph.ops.isdisjoint(ENTER_OPS | {"_SwitchN"}):
        # Imported here: few graphs have such, and it takes longer than all else.
        from graphsurgeon.rewrites.serving.eager_functions import with_eager_functions

        made, more = with_eager_functions(made)
        notes = [*notes, *more]
    return made, ServingReport(signature, notes)


def restorable(model: Model) -> Model:
    """Give a model a saver for the checkpoints we write, when the one it has reads only V1 checkpoints.

    Or when it leaves out what signatures read, as that of a model of TensorFlow 2 may, whose objects no .meta loads.
    Most often the same object is returned; else a new one that shares its nodes. The old saver's nodes stay.
    """
    if not may_need_saver(model):
        return model
    return _with_saver(model).result()


def note_of_new_saver(model: Model) -> list[str]:
    """Return what is to be said when `restorable` gives a model a new saver, nothing when it does not."""
    return [] if model.meta is None else _with_saver(model).notes


def _with_saver(model: Model) -> _Draft:
    draft = _Draft(model)
    draft.add_saver(has_objects=False)
    return draft


class _Draft:
    """A copy of a model's MetaGraphDef, and the nodes to be added."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._before = None if model.meta is None else schema.serialize(model.meta)
        self.meta = schema.parse(schema.MetaGraphDef, self._before or b"")
        self._edit = GraphEdit(model.graph)
        calls = saver_calls(model, self._index)
        # Those in functions are restored by objects, which TensorFlow 2 goes by as long as it can.
        self._restores = [call for call in calls if call.is_restore and call.is_main and call.function is None]
        self.notes: list[str] = []

    def result(self) -> Model:
        """Return the completed model."""
        model = self._model
        after = schema.serialize(self.meta)
        if after == self._before and self._edit.is_empty:
            return model
        graph = Graph(self._edit.nodes())
        made = Model(graph, model.library, rest=schema.serialize(model.rest), meta=after)
        made.variables, made.path, made.saved_model = model.variables, model.path, model.saved_model
        return made

    @property
    def _index(self) -> Index:
        return self._edit.index

    def add_tags_and_version(self) -> None:
        """Add the tag of what is served, and a version that can be parsed."""
        info = self.meta.meta_info_def
        if not info.tags:
            info.tags.append(SERVE)
        if self._before is not None and not info.tensorflow_version:
            # TensorFlow takes that as it is, and another version would change what it makes of VariableDefs.
            return
        replaced = stamp_version(self.meta)
        if replaced is not None:
            number = _NUMBER.match(replaced)
            info.tensorflow_version = number[0] if number is not None else info.tensorflow_version
            self.notes.append(
                f"TensorFlow cannot parse its version {replaced!r}, so that is {info.tensorflow_version!r} now"
            )

    def add_signature(self, inputs: Sequence[str], outputs: Sequence[str]) -> dict[str, Any] | None:
        """Add the signature that is asked for, or one that is guessed."""
        signature = make_signature(self._model, self._index, inputs=inputs, outputs=outputs)
        if signature is None:
            self.notes.append("no outputs could be guessed, so there is no signature: name them with `outputs`")
            return None
        self.meta.signature_def[SERVING_DEFAULT].CopyFrom(signature.to_proto())
        if not REF_OPS.isdisjoint(self._model.graph.ops):
            self.notes.append(
                "its variables are references, as in TensorFlow 1: tf.saved_model.load runs the graph but has no "
                '.variables to train; freeze it and unfreeze it with `variables="resource"` for that'
            )
        return _plain(signature)

    def add_saver(self, *, has_objects: bool) -> None:
        """Add a saver for the variables that have values, when there is none that can restore them."""
        model, restore_op = self._model, self.meta.saver_def.restore_op_name
        is_old = any(call.node.op in V1_RESTORE_OPS for call in self._restores)
        is_short = bool(restore_op) and not has_objects and self._needs_objects()
        if not model.variables or (restore_op and not is_old and not is_short):
            return
        saved = self._saved_variables()
        states = self._other_states({each.variable.node for each in saved})
        if not saved and not states:
            return
        saver, self._restores = new_saver(model.graph, [*saved, *states]), []
        if is_old:
            self.notes.append(f"{restore_op!r} reads V1 checkpoints only, so there is a new saver")
        elif is_short:
            self.notes.append(f"{restore_op!r} does not restore what signatures read, so there is a new saver")
        for node in saver.nodes:
            self._edit.add(node)
        self.meta.saver_def.CopyFrom(saver.saver_def)
        if "variables" not in self.meta.collection_def:
            definitions = [s.variable.to_proto(trainable=False) for s in saved if s.variable.initializer]
            listed = [schema.serialize(each) for each in definitions if each.snapshot_name]
            self.meta.collection_def["variables"].bytes_list.value.extend(listed)

    def _needs_objects(self) -> bool:
        """Whether signatures need variables that objects alone restore."""
        if OBJECT_GRAPH_KEY not in self._model.variables:
            return False
        missing = unrestored(self._model, self.meta, self._index)
        return not missing.isdisjoint(restored_by_objects(self._model, self._index) if missing else ())

    def _saved_variables(self) -> list[SavedVariable]:
        """Return the variables that have values, each with what reads it: that is added where it lacks."""
        values, taken, saved = VariableValues(self._model, self._index), set(self._index.producers), []
        for each in existing_variables(self._model.graph, self._index):
            place = values.place(self._index.producers[each.node])
            if place is None:
                continue
            snapshot = each.snapshot
            if not snapshot:
                read = new_read(each.node, each.kind, each.dtype, taken, device=each.device)
                self._edit.add(read)
                snapshot = f"{read.name}:0"
            saved.append(SavedVariable(place.key, each._replace(snapshot=snapshot), place.slice))
        return with_copies(saved) if OBJECT_GRAPH_KEY in self._model.variables else saved

    def _other_states(self, saved: set[str]) -> list[SavedState]:
        """Return the state besides variables that are saved; what a new saver cannot save is a PassError."""
        return StateChoice(self._model, self._index, None, "save").savable(self._model.graph, saved)

    def add_main_op(self) -> None:
        """Add an op that fills tables and local variables, when there is something to fill and no such op."""
        collections = self.meta.collection_def
        if INIT_SIGNATURE in self.meta.signature_def or any(key in collections for key in MAIN_OP_COLLECTIONS):
            return
        fillers = table_fillers(self.meta, self._index.producers, self._model.library)
        initializers = dict.fromkeys([*fillers, *self._local_initializers()])
        there = [name for name in initializers if name in self._index.producers]
        if not there:
            return
        name = unique_name(MAIN_OP, self._index.producers)
        self._edit.add(Node.new(name, "NoOp", [f"^{each}" for each in there]))
        collections[MAIN_OP].node_list.value.append(name)

    def drop_stale_object_graph(self) -> None:
        """Drop an object graph that names functions or tensors which are gone."""
        if not self.meta.HasField("object_graph_def"):
            return
        model, parts = self._model, self._model.saved_model
        functions = sorted(self.meta.object_graph_def.concrete_functions)
        gone = [name for name in functions if name not in model.library.functions]
        gone += [] if parts is None else [key for key in parts.variables if key not in model.variables]
        if gone:
            self.meta.ClearField("object_graph_def")
            self.notes.append(
                f"dropped the object graph, which needs {some_of([*map(repr, gone)], 1)}: TensorFlow 2 loads the "
                "signatures, not the Python objects"
            )

    def note_init_op(self) -> None:
        """Note an initializer op that is fed asset paths in a collection, not as a signature.

        Without an object graph TensorFlow 2 makes a function of every signature, and refuses one that is fed unasked.
        """
        signatures, collections = self.meta.signature_def, self.meta.collection_def
        if INIT_SIGNATURE not in signatures or self.meta.HasField("object_graph_def"):
            return
        ops = [info.name for info in signatures[INIT_SIGNATURE].outputs.values()]
        if self._needs(map(node_of, ops), _FED_OPS):
            del signatures[INIT_SIGNATURE]
            if not any(key in collections for key in MAIN_OP_COLLECTIONS):
                collections[MAIN_OP].node_list.value.extend(ops)

    def check_assets(self) -> None:
        """Note assets that are named, but are not among the files that go along."""
        parts = self._model.saved_model
        there = {} if parts is None else parts.files
        lost = sorted({f.filename for f in self.meta.asset_file_def if f"assets/{f.filename}" not in there})
        if lost:
            some = some_of([*map(repr, lost)], 1)
            self.notes.append(f"asset {some} did not come with the graph: put it into the folder assets")

    def check_saver(self) -> None:
        """Refuse a saver that restores what there is not."""
        for call in self._restores:
            for key in call.keys:
                if key not in self._model.variables:
                    where = f"the values of the variables, where {call.node.name!r} restores it from"
                    raise NotFoundError.among("tensor", key, self._model.variables, where=where)

    def _needs(self, names: Iterable[str], ops: frozenset[str]) -> bool:
        """Whether nodes need one of these ops."""
        producers = self._index.producers
        return any(producers[name].op in ops for name in ancestors(producers, names))

    def _local_initializers(self) -> Iterator[str]:
        for definition in variable_defs(self.meta, ["local_variables"]):
            yield node_of(definition.initializer_name)


def _plain(signature: Signature) -> dict[str, Any]:
    sides = {"inputs": signature.inputs, "outputs": signature.outputs}
    return {"key": SERVING_DEFAULT, **{side: [asdict(row) for row in rows] for side, rows in sides.items()}}
