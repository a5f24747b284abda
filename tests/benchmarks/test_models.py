"""The synthetic graphs are well-formed GraphDefs of the promised size."""

from __future__ import annotations

import io
import math
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.models import VGG16, main, write_hole, write_nodes, write_text
from proto_utils import schema


@pytest.mark.parametrize("count", [5, 100, 1000])
def test_a_fifth_of_the_nodes_are_constants(count: int):
    file = io.BytesIO()
    write_nodes(file, count)
    graph = schema.GraphDef.FromString(file.getvalue())
    ops = Counter(node.op for node in graph.node)
    assert ops.pop("Placeholder") == 1
    assert sum(ops.values()) == count
    assert ops["Const"] == count // 5
    names = {node.name for node in graph.node}
    assert {name for node in graph.node for name in node.input} <= names


def test_hole_is_a_constant_full_of_zeros():
    file = io.BytesIO()
    write_hole(file, "a/w", (3, 50))
    file.seek(-1, io.SEEK_CUR)
    file.write(b"\0")  # the end of the hole becomes real
    (node,) = schema.GraphDef.FromString(file.getvalue()).node
    tensor = node.attr["value"].tensor
    assert (node.name, node.op, node.attr["dtype"].type, tensor.dtype) == ("a/w", "Const", 1, 1)
    assert [dim.size for dim in tensor.tensor_shape.dim] == [3, 50]
    assert tensor.tensor_content == bytes(600)


def test_towers_take_no_room_on_the_disk(tmp_path: Path):
    path = tmp_path / "towers.pb"
    main("towers", "2", str(path))
    weights = sum(math.prod(dims) + dims[-1] for _, dims in VGG16)
    assert path.stat().st_size > 2 * 4 * weights
    if path.stat().st_blocks * 512 > path.stat().st_size / 2:
        pytest.skip("this file system has no holes")
    assert path.stat().st_blocks * 512 < 1 << 20


@pytest.mark.parametrize("nbytes", [4, 4000, 10_000])
def test_a_constant_in_text(nbytes: int):
    file = io.BytesIO()
    write_text(file, nbytes)
    (node,) = schema.parse_text(schema.GraphDef, file.getvalue()).node
    tensor = node.attr["value"].tensor
    assert [dim.size for dim in tensor.tensor_shape.dim] == [nbytes // 4]
    assert tensor.tensor_content == b"\0\1\x80?" * (nbytes // 4)
