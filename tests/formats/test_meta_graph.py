"""MetaGraphDef files: a graph and what surrounds it."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.graph_def import encode_graph_def
from graphsurgeon.formats.meta_graph import encode_meta_graph, read_meta_graph
from proto_utils import schema
from tests.models import frozen, meta_graph


def joined(pieces) -> bytes:
    return b"".join(p if isinstance(p, bytes) else b"".join(map(bytes, p.chunks())) for p in pieces)


@pytest.mark.parametrize("is_text", [False, True])
def test_read(tmp_path, is_text):
    data = schema.print_text(meta_graph()).encode() if is_text else meta_graph().SerializeToString()
    (tmp_path / "x").write_bytes(data)
    model = read_meta_graph(tmp_path / "x", is_text=is_text)
    assert model.meta is not None
    assert model.meta.meta_info_def.tensorflow_version == "1.15.0"
    assert model.to_meta_graph_def() == meta_graph()


def test_unedited_meta_graph_is_the_bytes_it_was(tmp_path):
    data = meta_graph().SerializeToString(deterministic=False) + b"\x9a\x06\x02hi"
    (tmp_path / "x").write_bytes(data)
    assert joined(encode_meta_graph(read_meta_graph(tmp_path / "x"))) == data


def test_graph_comes_out_of_it(tmp_path):
    (tmp_path / "x").write_bytes(meta_graph().SerializeToString())
    data = joined(encode_graph_def(read_meta_graph(tmp_path / "x")))
    assert schema.parse(schema.GraphDef, data) == frozen()


def test_text_and_back(tmp_path):
    (tmp_path / "x").write_bytes(meta_graph().SerializeToString())
    text = joined(encode_meta_graph(read_meta_graph(tmp_path / "x"), as_text=True))
    assert schema.parse_text(schema.MetaGraphDef, text) == meta_graph()
