"""`cat`: a value, printed, as JSON, or streamed to a file."""

from __future__ import annotations

import csv

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import RawTensor, StringTensor
from proto_utils.files import BytesSource, Span
from tests.object_graphs import KERNEL, write_trained


def test_value_on_stdout_and_what_it_is_on_stderr(verb, checkpoint):
    done = verb("cat", checkpoint, "w")
    assert (done.code, done.out) == (0, "[5. 6.]\n")
    assert done.err == "w: float32 [2], 2 elements, 8 B\n"


def test_constant_of_a_graph(verb, graph):
    assert verb("cat", graph, "w:0", "--quiet") == (0, "[1. 2. 3.]\n", "")


def test_json(verb, checkpoint):
    answer = verb("cat", checkpoint, "w", "--json").answer
    assert answer["value"] == [5.0, 6.0]
    assert (answer["name"], answer["dtype"], answer["shape"], answer["outputs"]) == ("w", "float32", [2], [])


VALUES = {
    "nan": (np.array([np.nan, np.inf, 1.0]), ["nan", "inf", 1.0]),
    "complex": (np.array([1 + 2j]), [[1.0, 2.0]]),
    "bool": (np.array([[True], [False]]), [[True], [False]]),
    "int": (np.array(2**62), 2**62),
    "bfloat16": (np.array([1.5], dtype=ml_dtypes.bfloat16), [1.5]),
    "int4": (np.array([-8, 7], dtype=ml_dtypes.int4), [-8, 7]),
    "strings": (np.array([b"a", b"\xff"], dtype=object), ["a", "\\xff"]),
    "empty": (np.zeros((0, 2), dtype="int32"), []),
}


@pytest.mark.parametrize("name", VALUES)
def test_every_kind_of_value_as_json(verb, tmp_path, name):
    array, expected = VALUES[name]
    save_checkpoint({"v": array}, tmp_path / "m")
    # As text: 1 and 1.0 are not the same in JSON.
    assert repr(verb("cat", tmp_path / "m", "v", "--json").answer["value"]) == repr(expected)
    assert verb("cat", tmp_path / "m", "v").code == 0


def test_large_values_are_abridged_unless_asked(verb, tmp_path):
    save_checkpoint({"v": np.arange(2000)}, tmp_path / "m")
    assert "..." in verb("cat", tmp_path / "m", "v").out
    full = verb("cat", tmp_path / "m", "v", "--full").out
    assert "..." not in full
    assert "1234" in full


def test_saved_value(verb, checkpoint, tmp_path):
    path = tmp_path / "w.npy"
    assert verb("cat", checkpoint, "w", "-o", path).code == 0
    assert np.load(path).tolist() == [5, 6]
    assert verb("cat", checkpoint, "w", "-o", path, "--json").code == 6
    answer = verb("cat", checkpoint, "w", "-o", path, "--force", "--json").answer
    assert (answer["outputs"], "value" in answer) == ([str(path)], False)


def test_saved_value_is_not_held_in_memory(verb, tmp_path, monkeypatch):
    """The array of a saved value is never made."""
    save_checkpoint({"v": np.zeros(1 << 20)}, tmp_path / "m")
    monkeypatch.setattr("graphsurgeon.tensors.tensor.Tensor.numpy", None)
    assert verb("cat", tmp_path / "m", "v", "-o", tmp_path / "v.npy").code == 0
    assert np.load(tmp_path / "v.npy").shape == (1 << 20,)


def test_saved_strings_keep_every_byte(verb, tmp_path):
    save_checkpoint({"s": np.array([b"a\0"], dtype=object)}, tmp_path / "m")
    assert verb("cat", tmp_path / "m", "s", "-o", tmp_path / "s.npy").code == 0
    assert bytes(np.load(tmp_path / "s.npy")["bytes"][0]) == b"a\0"


def test_unknown_name(verb, checkpoint):
    done = verb("cat", checkpoint, "dense/kernal", "--json")
    assert (done.code, done.error["near"]) == (5, ["dense/kernel"])


def test_damaged_value_is_not_printed(verb, checkpoint):
    data = checkpoint.with_name("m.ckpt.data-00000-of-00001")
    data.write_bytes(bytes(data.stat().st_size))
    done = verb("cat", checkpoint, "w", "--json")
    assert (done.code, done.out, done.error["type"]) == (3, "", "CorruptionError")


def test_a_few_bytes_that_claim_everything(verb, tmp_path):
    from graphsurgeon.ir.node import Node
    from graphsurgeon.tensors.values import FillTensor
    from proto_utils import schema

    node = Node.new("w", "Const", attrs={"dtype": dtypes.FLOAT})
    value = node.editable_proto().attr["value"].tensor
    value.dtype = 1
    value.tensor_shape.dim.add(size=1 << 60)
    assert isinstance(node.tensor, FillTensor)
    (tmp_path / "x.pb").write_bytes(schema.GraphDef(node=[node.proto]).SerializeToString())
    assert verb("cat", tmp_path / "x.pb", "w").code == 4
    assert verb("ls", tmp_path / "x.pb").code == 0
    assert verb("inspect", tmp_path / "x.pb").code == 0


def test_raw_bytes_stay_as_they_are(verb, tmp_path):
    raw = RawTensor(dtypes.QINT8, (2,), Span(BytesSource(b"\x80\x7f"), 0, 2))
    save_checkpoint({"q": raw}, tmp_path / "m")
    assert verb("cat", tmp_path / "m", "q", "--json").answer["value"] == [-128, 127]


def test_part_of_a_value(verb, tmp_path):
    whole = np.arange(12).reshape(4, 3)
    save_checkpoint({"v": whole}, tmp_path / "m")
    done = verb("cat", tmp_path / "m", "v[1:3, -1]")
    assert (done.out, done.err) == ("[5 8]\n", "v[1:3, -1]: int64 [2], 2 elements, 16 B\n")
    answer = verb("cat", tmp_path / "m", "v[2]", "--json").answer
    assert (answer["name"], answer["shape"], answer["value"]) == ("v[2]", [3], [6, 7, 8])
    assert verb("cat", tmp_path / "m", "v[..., 0]", "-o", tmp_path / "v.npy").code == 0
    assert np.load(tmp_path / "v.npy").tolist() == whole[..., 0].tolist()


@pytest.mark.parametrize("part", ["v[4]", "v[0:4:2]", "v[a]", "v[0, 0, 0]"])
def test_no_such_part(verb, tmp_path, part):
    save_checkpoint({"v": np.zeros((4, 3))}, tmp_path / "m")
    done = verb("cat", tmp_path / "m", part)
    assert (done.code, done.out) == (5, "")
    assert "a part is written" in done.err


def test_variable_by_its_full_name(verb, tmp_path):
    done = verb("cat", write_trained(tmp_path / "m"), "net/kernel", "--json").answer
    assert (done["name"], done["value"]) == (KERNEL, [1, 2, 3])


TABLES = {
    "scalar": (np.array(2.5, np.float32), [["2.5"]]),
    "vector": (np.array([0.1, np.nan, -np.inf], np.float32), [["0.1"], ["nan"], ["-inf"]]),
    "matrix": (np.array([[1, -2], [3, 2**62]]), [["1", "-2"], ["3", str(2**62)]]),
    "bfloat16": (np.array([1.5, 3e38], ml_dtypes.bfloat16), [["1.5"], ["2.9908e+38"]]),
    "int4": (np.array([-8, 7], ml_dtypes.int4), [["-8"], ["7"]]),
    "complex": (np.array([1 + 2j]), [["1+2j"]]),
    "bool": (np.array([[True], [False]]), [["True"], ["False"]]),
    "strings": (np.array([[b"a,b", b'"x"'], [b"two\nlines", b""]], object), [["a,b", '"x"'], ["two\nlines", ""]]),
    "empty": (np.zeros((0, 2), np.int32), []),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_value_as_csv(verb, tmp_path, name):
    array, rows = TABLES[name]
    save_checkpoint({"v": array}, tmp_path / "m")
    assert verb("cat", tmp_path / "m", "v", "-o", tmp_path / "v.csv").code == 0
    with open(tmp_path / "v.csv", newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))
    if name == "bfloat16":
        assert [np.float32(row[0]) for row in found] == [np.float32(each) for each in array]
    else:
        assert found == rows


def test_large_csv_streams_and_comes_back(verb, tmp_path, monkeypatch):
    values = np.random.default_rng(1).normal(size=(3000, 17)).astype(np.float32)
    save_checkpoint({"v": values}, tmp_path / "m")
    monkeypatch.setattr("graphsurgeon.tensors.tensor.Tensor.numpy", None)
    assert verb("cat", tmp_path / "m", "v", "-o", tmp_path / "v.csv").code == 0
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "v.csv", np.float32, delimiter=","), values)


def test_what_csv_cannot_hold(verb, tmp_path):
    save_checkpoint({"v": np.zeros((2, 3, 4)), "s": np.array([b"\xff"], object)}, tmp_path / "m")
    done = verb("cat", tmp_path / "m", "v", "-o", tmp_path / "v.csv")
    assert done.code == 4
    assert "NAME[0, 0]" in done.err
    assert verb("cat", tmp_path / "m", "v[0]", "-o", tmp_path / "v.csv").code == 0
    assert "no UTF-8" in verb("cat", tmp_path / "m", "s", "-o", tmp_path / "s.csv").err
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.parametrize("name", ["v.txt", "v", "v.CSVX"])
def test_another_suffix_is_refused_with_those_known(verb, checkpoint, tmp_path, name):
    done = verb("cat", checkpoint, "w", "-o", tmp_path / name)
    assert done.code == 2
    assert ".npy (for numpy.load), .csv (of at most two axes)" in done.err
    assert not (tmp_path / name).exists()


def test_statistics_instead_of_the_value(verb, checkpoint):
    lines = verb("cat", checkpoint, "w", "--stats").out.splitlines()
    assert [line.split()[0] for line in lines][:3] == ["minimum", "maximum", "mean"]
    answer = verb("cat", checkpoint, "w", "--stats", "--json").answer
    assert "value" not in answer
    assert sum(answer["stats"]["histogram"]) == 2
    assert verb("cat", checkpoint, "w", "--stats", "--full").code == 2
    assert verb("cat", checkpoint, "w", "--stats", "-o", "x.npy").code == 2


def test_statistics_of_texts(verb, tmp_path):
    save_checkpoint({"s": StringTensor([], [b"a"])}, tmp_path / "m")
    assert verb("cat", tmp_path / "m", "s", "--stats").out == "no statistics: these are no real numbers\n"
    assert verb("cat", tmp_path / "m", "s", "--stats", "--json").answer["stats"] is None
