"""Every encoding of a tensor decodes to what TensorFlow's Const gives when it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.errors import FileFormatError
from proto_utils.files import BytesSource, Span
from tests import encodings
from tests.tf.judge import TensorFlow

CASES = encodings.cases()


def in_file(raw: bytes) -> Tensor:
    """Decode from a GraphDef: long payloads are left where they are."""
    entry = encodings.length_delimited(1, b"value") + encodings.length_delimited(2, encodings.length_delimited(8, raw))
    node = schema.serialize(schema.NodeDef(name="c", op="Const")) + encodings.length_delimited(5, entry)
    data = encodings.length_delimited(1, node)
    return Model.read_graph_def(Span(BytesSource(data), 0, len(data))).graph.node("c").tensor


def value(raw: bytes) -> Any:
    try:
        tensor = in_file(raw)
        if tensor.dtype is dtypes.STRING:
            return [list(tensor.shape), [one.hex() for one in tensor.strings()]]
        return [list(tensor.shape), b"".join(bytes(chunk) for chunk in tensor.chunks()).hex()]
    except FileFormatError as error:
        return {"refused": str(error)}


@pytest.fixture(scope="module")
def theirs(tf2: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path: Path = tmp_path_factory.mktemp("protos") / "protos.json"
    path.write_text(json.dumps({name: raw.hex() for name, raw in CASES.items()}))
    return dict(tf2.call("decoding:constants", path=path))


def test_every_encoding_decodes_as_in_tensorflow(theirs: dict[str, Any]):
    wrong = {}
    for name, raw in CASES.items():
        ours, wanted = value(raw), theirs[name]
        if isinstance(wanted, dict) != isinstance(ours, dict) or (isinstance(wanted, list) and ours != wanted):
            wrong[name] = (ours, wanted)
    assert wrong == {}
