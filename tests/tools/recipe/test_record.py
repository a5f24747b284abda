"""Records are in collections, or in a function that nobody calls."""

from __future__ import annotations

import hashlib
import json

import pytest

from graphsurgeon.errors import CorruptionError, PassError
from graphsurgeon.ir.function_calls import trim_library
from graphsurgeon.ir.model import Model
from graphsurgeon.tools.inspect import inspect_model
from graphsurgeon.tools.recipe.record import COLLECTION, add_record, digests, read_records
from proto_utils import schema
from tests.passes.harness import model, reloaded

X = "x = Placeholder {dtype: f32}"


def entry(name: str) -> dict[str, object]:
    return {"graphsurgeon": "1", "sources": [], "steps": [name]}


@pytest.mark.parametrize("meta", [None, schema.MetaGraphDef()])
def test_records_are_kept_in_order(meta):
    of = model(X, meta=meta)
    add_record(of, entry("a"))
    of = reloaded(of)
    add_record(of, entry("b"))
    assert read_records(reloaded(of)) == [entry("a"), entry("b")]
    assert len(of.library.functions) == (meta is None)


def test_a_meta_graph_that_becomes_a_graph_has_it_in_both():
    of = model(X, meta=schema.MetaGraphDef())
    add_record(of, entry("a"), in_graph=True)
    assert read_records(of) == [entry("a")]
    assert read_records(Model.from_graph_def(of.to_graph_def())) == [entry("a")]


def test_it_stays_when_functions_go_that_nobody_calls():
    of = model(X)
    add_record(of, entry("a"))
    assert trim_library(of.library, set()) == []
    assert read_records(of) == [entry("a")]


def test_an_import_under_a_scope_leaves_it_readable():
    of = model(X, meta=schema.MetaGraphDef())
    assert of.meta is not None
    of.meta.collection_def[COLLECTION].bytes_list.value.append(b"scope/" + json.dumps(entry("a")).encode())
    assert read_records(of) == [entry("a")]


@pytest.mark.parametrize(
    "data", [b"{", b"{}", b"nothing", b'{"graphsurgeon": 1}', b'{"graphsurgeon": "1", "sources": [{}], "steps": []}',
             b'{"a": ' + b"[" * 100_000]
)  # fmt: skip
def test_what_is_no_record(data: bytes):
    of = model(X, meta=schema.MetaGraphDef())
    assert of.meta is not None
    of.meta.collection_def[COLLECTION].bytes_list.value.append(data)
    with pytest.raises(CorruptionError, match="the record of a run is damaged"):
        read_records(of)
    assert "the record of a run is damaged" in inspect_model(of).records[0]["damaged"]


def test_a_checkpoint_alone_has_no_place():
    with pytest.raises(PassError, match="no place for a record"):
        add_record(Model(), {})


def test_digests(tmp_path):
    path = tmp_path / "a.pb"
    path.write_bytes(b"abc")
    wanted = {"name": "a.pb", "nbytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    assert list(digests([str(path)])) == [wanted]
