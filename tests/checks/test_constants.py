"""Constants are judged by their headers and the length of their payloads."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.checks import verify
from graphsurgeon.checks.body import Body, const_findings
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor, as_tensor
from proto_utils import schema
from proto_utils.errors import FileFormatError
from proto_utils.files import BytesSource, Span
from tests import encodings

CASES = encodings.cases()
SMALL = [name for name in CASES if name.split(": ")[1].split()[0].rstrip(",") in ("2x3", "content", "empty", "3")]


def test_an_incomplete_payload_in_the_file_is_seen_without_reading_it():
    attrs = {"dtype": dtypes.FLOAT, "value": as_tensor(np.zeros(100_000, np.float32))}
    message = Model(Graph([Node.new("c", "Const", attrs=attrs)])).to_graph_def()
    message.node[0].attr["value"].tensor.tensor_shape.dim[0].size = 99_999
    reads = []

    class Counting(BytesSource):
        def read(self, start: int, end: int) -> bytes:
            reads.append(end - start)
            return super().read(start, end)

    raw = schema.serialize(message)
    model = Model.read_graph_def(Span(Counting(raw), 0, len(raw)))
    assert [f.message for f in verify(model)] == ["its value has 400000 bytes, but its dtype and shape take 399996"]
    assert sum(reads) < 100_000


def found(node: Node) -> list[str]:
    return [finding.message for finding in const_findings(Body(Graph([node]), OpSignatures({})))]


@pytest.mark.parametrize("name", SMALL)
def test_a_constant_is_sound_when_it_decodes(name: str):
    """In memory, the rule and the decoder say the same of every encoding."""
    tensor = schema.parse(schema.TensorProto, CASES[name])
    node = Node(schema.NodeDef(name="c", op="Const"))
    node.proto.attr["dtype"].type = tensor.dtype
    node.proto.attr["value"].tensor.CopyFrom(tensor)
    try:
        _ = node.tensor
    except FileFormatError:
        assert len(found(node)) == 1
    else:
        assert found(node) == []


def test_a_constant_that_a_pass_made_is_sound():
    for value in (FillTensor(dtypes.FLOAT, [1 << 20]), as_tensor(np.ones(5000, np.int8)), as_tensor([b"a"] * 3000)):
        assert found(Node.new("c", "Const", attrs={"dtype": value.dtype, "value": value})) == []
