"""The record of a run, in what it made: steps, versions, and digests of what it was made from.

It is JSON. A MetaGraphDef holds it in a collection of its own, which TensorFlow carries along when the graph is
imported and exported. A GraphDef has no place for texts; there it is an attr of a function that has no nodes and that
nothing calls, which TensorFlow 1.15 and 2.21 import without using it::

    library { function { signature { name: "graphsurgeon_record" } attr { "_graphsurgeon_record": [JSON, ...] } } }
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir import attr_value
from graphsurgeon.ir.function_calls import RECORD_FUNCTION
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from proto_utils import meter, schema
from proto_utils.errors import CorruptionError
from proto_utils.opening import open_source

COLLECTION = "graphsurgeon/record"
_ATTR = "_graphsurgeon_record"


def add_record(model: Model, entry: dict[str, Any], *, in_graph: bool = False) -> None:
    """Add an entry to the records of a model, of which older ones stay.

    With `in_graph` it is in the graph itself, which is all that is left of the model when it becomes a GraphDef. A
    checkpoint without a graph has no place for it, a PassError.
    """
    if not len(model.graph):
        raise PassError("run", "a checkpoint alone has no place for a record", hint="leave out `record`")
    data = json.dumps(entry, separators=(",", ":")).encode()
    if model.meta is not None:
        model.meta.collection_def[COLLECTION].bytes_list.value.append(data)
    if model.meta is None or in_graph:
        functions = model.library.functions
        before = _in_graph(model)
        proto = schema.FunctionDef()
        proto.signature.name = RECORD_FUNCTION
        proto.attr[_ATTR].CopyFrom(attr_value.encode([*before, data]))
        model.library.functions = {**functions, RECORD_FUNCTION: Function(proto, Graph())}


def read_records(model: Model) -> list[dict[str, Any]]:
    """Return the entries of a model, oldest first; damage is a CorruptionError."""
    found = list(dict.fromkeys([*_in_graph(model), *_in_collection(model)]))
    try:
        records = [json.loads(data[data.index(b"{") :]) for data in found]
    except (ValueError, RecursionError) as error:
        raise CorruptionError(f"the record of a run is damaged: {error}") from None
    if not all(map(_is_record, records)):
        raise CorruptionError("the record of a run is damaged: it does not say version, sources and steps")
    return records


def _is_record(entry: Any) -> bool:
    """Whether an entry, which anybody may have written, has what is shown of one."""
    if not isinstance(entry, dict) or not isinstance(entry.get("graphsurgeon"), str):
        return False
    sources, steps = entry.get("sources"), entry.get("steps")
    if not isinstance(sources, list) or not isinstance(steps, list):
        return False
    return all(isinstance(s, dict) and all(isinstance(s.get(key), str) for key in ("name", "sha256")) for s in sources)


def digests(paths: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield name, size and SHA-256 of files; a checkpoint's index has a checksum of each tensor."""
    for path in paths:
        digest = hashlib.sha256()
        with contextlib.closing(open_source(path)) as source:
            meter.expect(source.size)
            for block in source.chunks(0, source.size):
                digest.update(block)
        yield {"name": os.path.basename(path), "nbytes": source.size, "sha256": digest.hexdigest()}


def _in_graph(model: Model) -> list[bytes]:
    function = model.library.functions.get(RECORD_FUNCTION)
    return [] if function is None else list(function.proto.attr[_ATTR].list.s)


def _in_collection(model: Model) -> list[bytes]:
    if model.meta is None or COLLECTION not in model.meta.collection_def:
        return []
    return list(model.meta.collection_def[COLLECTION].bytes_list.value)
