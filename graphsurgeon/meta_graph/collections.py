"""Collections of a meta graph: what their bytes are, and the variables in them, as `import_meta_graph` finds them.

A collection of variables holds serialized VariableDefs. TensorFlow makes one variable of
equal bytes, however many collections hold them, and one more for each that differs; so
a variable is listed with the same bytes everywhere and only once in each.

Source: what TensorFlow 1.15 and 2.21 give `register_proto_function`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from proto_utils import schema

#: Collections that hold VariableDefs.
VARIABLE_COLLECTIONS = (
    "variables", "trainable_variables", "local_variables", "model_variables", "moving_average_variables",
    "metric_variables", "global_step", "eval_step",
)  # fmt: skip

#: What the bytes of a collection are, by its name; the bytes of others are texts, or unknown.
MESSAGES = {
    **dict.fromkeys(VARIABLE_COLLECTIONS, "VariableDef"),
    "savers": "SaverDef",
    "queue_runners": "QueueRunnerDef",
    "cond_context": "CondContextDef",
    "while_context": "WhileContextDef",
}


def messages(meta: schema.MetaGraphDef, key: str) -> Iterator[Any]:
    """Yield the messages of a collection of `MESSAGES`, which may be missing; CorruptionError when one is damaged."""
    if key in meta.collection_def:
        cls = getattr(schema, MESSAGES[key])
        for value in meta.collection_def[key].bytes_list.value:
            yield schema.parse(cls, value)


def variable_defs(
    meta: schema.MetaGraphDef, collections: Iterable[str] = VARIABLE_COLLECTIONS
) -> Iterator[schema.VariableDef]:
    """Yield the VariableDefs of collections; one that is in several comes several times."""
    for key in collections:
        yield from messages(meta, key)


def list_variables(meta: schema.MetaGraphDef, entries: Iterable[tuple[schema.VariableDef, Sequence[str]]]) -> None:
    """Add variables to the collections given with each, in place of what these say of variables of their names."""
    added: dict[str, list[bytes]] = {}
    names = set()
    for definition, collections in entries:
        names.add(definition.variable_name)
        data = schema.serialize(definition)
        for collection in collections:
            added.setdefault(collection, []).append(data)
    for collection, definitions in added.items():
        listed = meta.collection_def[collection].bytes_list.value
        listed[:] = [data for data in listed if _name(data) not in names] + definitions


def unlist_variables(meta: schema.MetaGraphDef, names: Collection[str]) -> None:
    """Take variables (``X:0``) out of all collections of variables; a collection that is left empty goes."""
    for collection in VARIABLE_COLLECTIONS:
        if collection not in meta.collection_def:
            continue
        listed = meta.collection_def[collection].bytes_list.value
        left = [data for data in listed if _name(data) not in names]
        if len(left) < len(listed):
            listed[:] = left
            if not left:
                del meta.collection_def[collection]


def set_trainable(meta: schema.MetaGraphDef, chosen: Mapping[str, bool]) -> None:
    """Let variables (``X:0``) be trained or not, in all that collections say of them; those not chosen stay."""
    trained: dict[str, bytes] = {}
    for collection in VARIABLE_COLLECTIONS if chosen else ():
        values = meta.collection_def[collection].bytes_list.value if collection in meta.collection_def else []
        for position, definition in enumerate(list(messages(meta, collection)) if values else ()):
            name = definition.variable_name
            if name in chosen:
                definition.trainable = chosen[name]
                values[position] = trained[name] = schema.serialize(definition)
    listed = meta.collection_def["trainable_variables"].bytes_list.value
    there = {_name(data) for data in listed}
    left = [data for data in listed if chosen.get(_name(data), True)]
    listed[:] = left + [data for name, data in trained.items() if chosen[name] and name not in there]
    if not listed:
        del meta.collection_def["trainable_variables"]


def listed_variables(meta: schema.MetaGraphDef) -> set[str]:
    """Return the tensor names (``X:0``) of the variables in any collection of variables."""
    return {each.variable_name for each in variable_defs(meta)}


def _name(data: bytes) -> str:
    return schema.parse(schema.VariableDef, data).variable_name
