"""Multiset difference of the collections of two meta graphs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from graphsurgeon.compare.messages import message_to_json
from graphsurgeon.compare.plain import number
from graphsurgeon.compare.report import CollectionDiff
from graphsurgeon.meta_graph.collections import MESSAGES, VARIABLE_COLLECTIONS
from graphsurgeon.meta_graph.contexts import CONTEXTS
from proto_utils import schema
from proto_utils.errors import CorruptionError


def diff_collections(a: schema.MetaGraphDef, b: schema.MetaGraphDef) -> list[CollectionDiff]:
    """Compare collections as multisets: the items one side has more of, and whether the order differs."""
    return [row for name in sorted({*a.collection_def, *b.collection_def}) for row in _rows(name, a, b)]


def _rows(name: str, a: schema.MetaGraphDef, b: schema.MetaGraphDef) -> Iterator[CollectionDiff]:
    if name in a.collection_def and name in b.collection_def and a.collection_def[name] == b.collection_def[name]:
        return
    left, right = items_of(name, a), items_of(name, b)
    here, there = [[json.dumps(item, sort_keys=True) for item in items] for items in (left, right)]
    removed, kept = _split(left, here, there)
    added, others = _split(right, there, here)
    is_reordered = kept != others
    is_new = (name in a.collection_def) != (name in b.collection_def)
    if removed or added or is_reordered or is_new:
        yield CollectionDiff(name, removed, added, is_reordered)


def _split(items: list[Any], keys: list[str], others: list[str]) -> tuple[list[Any], list[str]]:
    """Return the items of which there are more than in the other list, and the keys of the rest."""
    left = Counter(others)
    only, kept = [], []
    for item, key in zip(items, keys, strict=True):
        if left[key]:
            left[key] -= 1
            kept.append(key)
        else:
            only.append(item)
    return only, kept


def items_of(name: str, meta: schema.MetaGraphDef) -> list[Any]:
    """Return the items of a collection as JSON types; messages that are known by their fields."""
    if name not in meta.collection_def:
        return []
    collection = meta.collection_def[name]
    kind = collection.WhichOneof("kind")
    if kind is None:
        return []
    values = getattr(collection, kind).value
    if kind == "any_list":
        return [{"type_url": any_.type_url, "value": number(any_.value)} for any_ in values]
    if kind == "bytes_list" and name in VARIABLE_COLLECTIONS:
        return [_fields(value, "VariableDef", "variable_name") for value in values]
    if kind == "bytes_list" and name in CONTEXTS:
        return [_fields(value, MESSAGES[name], "context_name") for value in values]
    return [number(value) for value in values]


def _fields(value: bytes, name: str, wanted: str) -> Any:
    """Return a message by its fields, in which maps have no order; other bytes, which lack a field, as text."""
    try:
        message = schema.parse(getattr(schema, name), value)
    except CorruptionError:
        return number(value)
    return message_to_json(message) if getattr(message, wanted) else number(value)
