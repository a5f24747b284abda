"""Drop-ins for TensorFlow's strip_unused_lib, on our own messages and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.compat.strip_unused_lib import strip_model, strip_unused, strip_unused_from_files
from graphsurgeon.errors import CorruptionError, PassError
from graphsurgeon.ir.attr_value import Shape
from proto_utils import schema
from tests.compat.test_graph_util import graph, lines
from tests.passes.harness import model

FLOAT, INT32 = 1, 3


def net() -> schema.GraphDef:
    whole = graph("file = Const {f32 [2]}\nx = Relu(file)\ny = Relu(x)\nz = Mul(x, y)\nhead = Relu(z)")
    whole.node[1].attr["_output_shapes"].list.shape.append(Shape([2]).to_proto())
    whole.node[2].attr["shape"].shape.CopyFrom(Shape([3]).to_proto())
    return whole


def test_inputs_become_placeholders_and_the_rest_goes():
    before = net()
    out = strip_unused(before, ["x"], ["z"], FLOAT)
    assert before == net()
    assert lines(out) == ["x:", "y: x", "z: x y"]
    assert (out.node[0].op, out.node[0].attr["dtype"].type) == ("Placeholder", FLOAT)
    assert sorted(out.node[0].attr) == ["_output_shapes", "dtype"]


def test_each_input_has_its_type_and_shape():
    out = strip_unused(net(), ["y", "x"], ["z"], [INT32, FLOAT])
    assert [(n.name, n.attr["dtype"].type, sorted(n.attr)[-1]) for n in out.node[:2]] == [
        ("x", FLOAT, "dtype"),
        ("y", INT32, "shape"),
    ]


def test_library_and_versions_stay():
    whole = net()
    whole.versions.producer = 27
    whole.library.function.add().signature.name = "f"
    out = strip_unused(whole, ["x"], ["z"], FLOAT)
    assert (out.versions, out.library) == (whole.versions, whole.library)


def test_wrong_names():
    with pytest.raises(ValueError, match="'x:0' names a tensor"):
        strip_unused(net(), ["x:0"], ["z"], FLOAT)
    with pytest.raises(KeyError, match="xx"):
        strip_unused(net(), ["xx"], ["z"], FLOAT)
    with pytest.raises(AssertionError, match="zz is not in graph"):
        strip_unused(net(), ["x"], ["zz"], FLOAT)


@pytest.mark.parametrize("is_binary", [True, False])
def test_files(tmp_path: Path, is_binary: bool):
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(schema.serialize(net()) if is_binary else schema.print_text(net()).encode())
    strip_unused_from_files(str(source), is_binary, str(target), not is_binary, "x", "z,y", FLOAT)
    read = schema.parse_text if is_binary else schema.parse
    assert lines(read(schema.GraphDef, target.read_bytes())) == ["x:", "y: x", "z: x y"]


def test_bad_files(tmp_path: Path):
    source, target = tmp_path / "in", tmp_path / "out"
    with pytest.raises(FileNotFoundError):
        strip_unused_from_files(str(source), True, str(target), True, "x", "z", FLOAT)
    source.write_bytes(b"no graph")
    with pytest.raises(CorruptionError):
        strip_unused_from_files(str(source), True, str(target), True, "x", "z", FLOAT)
    with pytest.raises(ValueError, match="no output"):
        strip_unused_from_files(str(source), True, str(target), True, "x", "", FLOAT)
    assert not target.exists()


def test_a_model_is_checked():
    text = "i = Placeholder {dtype: i32}; a = Neg(i); b = Neg(i); out = Mul(a, b); more = Abs(a)"
    of = model(text)
    assert strip_model(of, "a,b", ("out",), FLOAT) == []
    assert [(node.name, node.op) for node in of.graph] == [("a", "Placeholder"), ("b", "Placeholder"), ("out", "Mul")]
    assert {node.attrs["dtype"].name for node in of.graph if node.op == "Placeholder"} == {"int32"}
    assert strip_model(model(text), "a,b", "out", [INT32, FLOAT]) == []
    with pytest.raises(PassError, match="takes int32"):
        strip_model(model(text), "a", "out", 9)
    with pytest.raises(PassError, match="1 dtypes for 2 inputs"):
        strip_model(model(text), "a,b", "out", [INT32])
    with pytest.raises(KeyError, match="aa"):
        strip_model(model(text), "aa", "out", FLOAT)


def test_an_input_that_is_not_needed_is_told():
    of = model("x = Placeholder {dtype: f32}; y = Placeholder {dtype: i32}; out = Neg(x)")
    assert strip_model(of, "x,y", "out", [FLOAT, INT32]) == ["the outputs do not need the input 'y'"]
