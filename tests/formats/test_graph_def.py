"""GraphDef files: read lazily, written as the bytes they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphsurgeon.formats.graph_def import encode_graph_def, read_graph_def
from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.wire import fields, len_header
from tests.models import frozen


def encoded(model, *, as_text=False) -> bytes:
    pieces = encode_graph_def(model, as_text=as_text)
    return b"".join(p if isinstance(p, bytes) else b"".join(map(bytes, p.chunks())) for p in pieces)


def sparse_graph(path: Path, nbytes: int) -> None:
    """A graph with one constant of `nbytes` zero bytes that take no room on the disk."""
    graph = schema.GraphDef()
    node = graph.node.add(name="w", op="Const")
    node.attr["dtype"].type = 1
    tensor = schema.TensorProto(dtype=1, tensor_shape={"dim": [{"size": nbytes // 4}]}).SerializeToString()
    tensor += len_header(4, nbytes)
    value = len_header(8, len(tensor) + nbytes) + tensor
    entry = b"\x0a\x05value" + len_header(2, len(value) + nbytes) + value
    body = node.SerializeToString() + len_header(5, len(entry) + nbytes) + entry
    head = len_header(1, len(body) + nbytes) + body
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + nbytes)


@pytest.mark.parametrize("is_text", [False, True])
def test_read(tmp_path, is_text):
    (tmp_path / "x").write_bytes(schema.print_text(frozen()).encode() if is_text else frozen().SerializeToString())
    model = read_graph_def(tmp_path / "x", is_text=is_text)
    assert [node.name for node in model.graph] == ["x", "w", "w/read", "out"]
    assert model.graph["w"].tensor.numpy().tolist() == [1, 2, 3]
    assert model.path == str(tmp_path / "x")


def test_unedited_graph_is_the_bytes_it_was(tmp_path):
    data = frozen().SerializeToString() + b"\x9a\x06\x02hi"  # a field no version knows
    (tmp_path / "x").write_bytes(data)
    assert encoded(read_graph_def(tmp_path / "x")) == data


def test_text_and_back(tmp_path):
    (tmp_path / "x").write_bytes(frozen().SerializeToString())
    text = encoded(read_graph_def(tmp_path / "x"), as_text=True)
    assert schema.parse_text(schema.GraphDef, text) == frozen()


def test_text_refuses_to_lose_fields(tmp_path):
    (tmp_path / "x").write_bytes(frozen().SerializeToString() + b"\x9a\x06\x02hi")
    with pytest.raises(UnsupportedError, match="unknown"):
        encode_graph_def(read_graph_def(tmp_path / "x"), as_text=True)


def test_graph_past_two_gibibytes_is_read_without_its_payload(tmp_path):
    path = tmp_path / "big.pb"
    sparse_graph(path, 3 << 30)
    if os.stat(path).st_blocks * 512 > 1 << 20:
        pytest.skip("this file system has no sparse files")
    model = read_graph_def(path)
    assert model.graph["w"].tensor.nbytes == 3 << 30
    with pytest.raises(LimitError):
        encode_graph_def(model)


def test_every_truncation_is_noticed_or_between_nodes(tmp_path):
    data = frozen().SerializeToString()
    ends = {0, *(field.end for field in fields(data))}
    for cut in range(len(data)):
        (tmp_path / "x").write_bytes(data[:cut])
        if cut in ends:
            assert encoded(read_graph_def(tmp_path / "x")) == data[:cut]
            continue
        with pytest.raises(CorruptionError) as caught:
            read_graph_def(tmp_path / "x")
        assert caught.value.path == str(tmp_path / "x")
