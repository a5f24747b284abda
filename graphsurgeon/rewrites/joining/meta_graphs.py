"""What surrounds several graphs, as what surrounds the one that they became.

===================== ==================================================================================
part                  of several
===================== ==================================================================================
collections           one behind the other, as when TensorFlow imports several meta graphs into one graph
ops that initialize   what loaders and sessions run as one op waits for all
``ready_op`` ...      go: TensorFlow makes them of all variables and summaries where there are none
``global_step``       the first; a graph has one
signatures            all, below the name of their model
op list               all ops, each as the first has it
tags                  all
trainable             said by each VariableDef, where some of the meta graphs are of before 1.9
stripped defaults     where all are
object graph          goes: TensorFlow 2 loads the signatures
versions              the oldest producer, which no op is too old for; the newest that must be able to read it
===================== ==================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.collections import listed_variables, messages, set_trainable
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE, MAIN_OP, MAIN_OP_COLLECTIONS
from graphsurgeon.names import node_of, some_of, unique_name
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

#: Collections of ops that are run as one.
_GROUPED = ("init_op", "local_init_op", "serving_init_op")
#: Collections of which TensorFlow takes one item, and makes it of all there is when it finds none.
_MADE_OF_ALL = ("ready_op", "ready_for_local_init_op", "summary_op")
_GLOBAL_STEP = "global_step"
#: Of TensorFlow before 1.9.
_OLD_VERSION = re.compile(r"0\.|1\.[0-8](\D|$)")


class JoinedPart(NamedTuple):
    """A model whose graph is to come into another."""

    model: Model
    scope: str  # before its names; empty for none


def join_surroundings(model: Model, parts: Sequence[JoinedPart], operation: str) -> list[str]:
    """Let what surrounds a model speak of several graphs, of which its own is the first; return notes.

    The graphs are joined already. A collection that holds something else in each is a PassError.
    """
    notes = list(_join_versions(model, [part.model for part in parts]))
    known = [(part.scope, part.model.meta) for part in parts if part.model.meta is not None]
    if not known:
        return notes
    metas = [meta for _, meta in known]
    _say_what_trains(metas)
    mains = [_main_ops(meta) for meta in metas]
    joined = schema.MetaGraphDef()
    joined.CopyFrom(metas[0])
    if len(known) < len(parts):
        joined.meta_info_def.stripped_default_attrs = False
    for meta in metas[1:]:
        # At most one has a saver: that of several is made anew.
        if meta.saver_def.restore_op_name:
            joined.saver_def.CopyFrom(meta.saver_def)
        _join_info(joined.meta_info_def, meta.meta_info_def)
        _join_collections(joined, meta, operation)
        joined.asset_file_def.extend(meta.asset_file_def)
    joined.ClearField("signature_def")
    for scope, meta in known:
        _add_signatures(joined, scope, meta, operation)
    if any(meta.HasField("object_graph_def") for meta in metas):
        joined.ClearField("object_graph_def")
        notes.append("there is no object graph of several: TensorFlow 2 loads the signatures, not the Python objects")
    model.meta = joined
    if len(known) > 1:
        notes += _settle(model, mains)
    return notes


def _add_signatures(joined: schema.MetaGraphDef, scope: str, meta: schema.MetaGraphDef, operation: str) -> None:
    for key, signature in meta.signature_def.items():
        name = f"{scope}/{key}" if scope and key != INIT_SIGNATURE else key
        if name in joined.signature_def and key != INIT_SIGNATURE:
            hint = "give each model a prefix, which stands before the keys of its signatures too"
            raise PassError(operation, f"two of the models have a signature {name!r}", hint=hint)
        joined.signature_def[name].CopyFrom(signature)


def _say_what_trains(metas: Sequence[schema.MetaGraphDef]) -> None:
    """Let variables of old meta graphs say whether they are trained, where those of newer ones do.

    Of a meta graph of TensorFlow before 1.9 the collection tells, by the version; which is that of a newer one then.
    """
    old = [meta for meta in metas if _OLD_VERSION.match(meta.meta_info_def.tensorflow_version)]
    newer = [meta for meta in metas if meta not in old]
    if not old or not newer:
        return
    for meta in old:
        trained = {each.variable_name for each in messages(meta, "trainable_variables")}
        set_trainable(meta, {name: name in trained for name in listed_variables(meta)})
        meta.meta_info_def.tensorflow_version = newer[0].meta_info_def.tensorflow_version


def _join_versions(model: Model, parts: Sequence[Model]) -> Iterator[str]:
    versions = [part.rest.versions for part in parts]
    producers = [each.producer or part.rest.version for each, part in zip(versions, parts, strict=True)]
    consumers = [each.min_consumer for each in versions]
    bad = sorted({number for each in versions for number in each.bad_consumers})
    if len(set(producers)) > 1:
        found = ", ".join(map(str, sorted(set(producers))))
        yield (
            f"the graphs are of the versions {found}: it is {min(producers)} now, "
            "by which TensorFlow takes all their ops as meant"
        )
    own = model.rest.versions
    if producers != [own.producer] * len(producers):
        own.producer = min(producers)
    if max(consumers) != own.min_consumer:
        own.min_consumer = max(consumers)
    if bad != list(own.bad_consumers):
        own.bad_consumers[:] = bad


def _join_info(info: schema.MetaGraphDef.MetaInfoDef, other: schema.MetaGraphDef.MetaInfoDef) -> None:
    info.tags.extend(tag for tag in other.tags if tag not in info.tags)
    listed = {op.name for op in info.stripped_op_list.op}
    info.stripped_op_list.op.extend(op for op in other.stripped_op_list.op if op.name not in listed)
    info.stripped_default_attrs = info.stripped_default_attrs and other.stripped_default_attrs
    info.tensorflow_version = info.tensorflow_version or other.tensorflow_version
    for name, alias in other.function_aliases.items():
        info.function_aliases[name] = alias


def _join_collections(joined: schema.MetaGraphDef, other: schema.MetaGraphDef, operation: str) -> None:
    for key in sorted(other.collection_def):
        own, more = joined.collection_def[key], other.collection_def[key]
        kinds = [each.WhichOneof("kind") for each in (own, more)]
        if None not in kinds and kinds[0] != kinds[1]:
            raise PassError(
                operation, f"the collection {key!r} holds a {kinds[0]} in one model, a {kinds[1]} in another"
            )
        own.MergeFrom(more)


def _main_ops(meta: schema.MetaGraphDef) -> list[str]:
    """Return the ops that a loader runs after it restored a model: of several ways to name some, the first counts."""
    if INIT_SIGNATURE in meta.signature_def:
        return [node_of(info.name) for info in meta.signature_def[INIT_SIGNATURE].outputs.values()]
    for key in MAIN_OP_COLLECTIONS:
        if key in meta.collection_def:
            return [node_of(name) for name in meta.collection_def[key].node_list.value]
    return []


def _settle(model: Model, mains: Sequence[Sequence[str]]) -> Iterator[str]:
    """Make one of what a graph has once."""
    meta = model.meta
    assert meta is not None
    if sum(map(bool, mains)) > 1:
        for key in MAIN_OP_COLLECTIONS:
            if key in meta.collection_def:
                del meta.collection_def[key]
        if INIT_SIGNATURE in meta.signature_def:
            del meta.signature_def[INIT_SIGNATURE]
        ops = [name for each in mains for name in each]
        meta.collection_def[MAIN_OP].node_list.value.append(_group(model, MAIN_OP, ops))
    for key in _GROUPED:
        values = meta.collection_def[key].node_list.value if key in meta.collection_def else []
        if len(values) > 1:
            values[:] = [_group(model, key, list(map(node_of, values)))]
    for key in _MADE_OF_ALL:
        if key in meta.collection_def and len(meta.collection_def[key].node_list.value) > 1:
            del meta.collection_def[key]
            yield f"the collection {key!r} is empty now: TensorFlow makes what it takes from it of the whole graph"
    steps = meta.collection_def[_GLOBAL_STEP].bytes_list.value if _GLOBAL_STEP in meta.collection_def else []
    if len(steps) > 1:
        names = [node_of(schema.parse(schema.VariableDef, each).variable_name) for each in steps]
        del steps[1:]
        yield f"a graph has one global step, which is {names[0]!r}; {some_of(names[1:])} stays a variable"


def _group(model: Model, wanted: str, names: Sequence[str]) -> str:
    """Add an op that runs others; return its name."""
    name = unique_name(wanted, {node.name for node in model.graph})
    model.graph.append(Node.new(name, "NoOp", [f"^{each}" for each in dict.fromkeys(names)]))
    return name
