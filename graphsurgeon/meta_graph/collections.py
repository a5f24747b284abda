"""Variables in the collections of a meta graph, as `import_meta_graph` finds them.

A collection of variables holds serialized VariableDefs. TensorFlow makes one variable of
equal bytes, however many collections hold them, and one more for each that differs; so
a variable is listed with the same bytes everywhere and only once in each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from proto_utils import schema

#: Collections that hold VariableDefs.
VARIABLE_COLLECTIONS = (
    "variables", "trainable_variables", "local_variables", "model_variables", "moving_average_variables",
    "metric_variables", "global_step", "eval_step",
)  # fmt: skip


def list_variables(meta: schema.MetaGraphDef, entries: Iterable[tuple[schema.VariableDef, Sequence[str]]]) -> None:
    """Add variables to collections, in place of what the collections say of variables of these names.

    Parameters
    ----------
    meta : MetaGraphDef
        Edited.
    entries : iterable of (VariableDef, sequence of str)
        Each with the names of its collections.
    """
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
    """Take variables out of all collections of variables; a collection that is left empty goes.

    Parameters
    ----------
    meta : MetaGraphDef
        Edited.
    names : collection of str
        Tensor names, ``X:0``.
    """
    for collection in VARIABLE_COLLECTIONS:
        if collection not in meta.collection_def:
            continue
        listed = meta.collection_def[collection].bytes_list.value
        left = [data for data in listed if _name(data) not in names]
        if len(left) < len(listed):
            listed[:] = left
            if not left:
                del meta.collection_def[collection]


def listed_variables(meta: schema.MetaGraphDef) -> set[str]:
    """Return the tensor names (``X:0``) of the variables in any collection of variables."""
    return {
        _name(data)
        for collection in VARIABLE_COLLECTIONS
        if collection in meta.collection_def
        for data in meta.collection_def[collection].bytes_list.value
    }


def _name(data: bytes) -> str:
    return schema.parse(schema.VariableDef, data).variable_name
