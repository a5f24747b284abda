"""`ls`: rows for tensors and nodes."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests import notation
from tests.models import floats
from tests.object_graphs import BIAS, KERNEL, SLOT, write_trained


def names(done) -> list[str]:
    return [row["name"] for row in done.answer["rows"]]


def test_tensors_of_a_checkpoint(verb, checkpoint):
    done = verb("ls", checkpoint)
    assert done.out.splitlines() == [
        "name          dtype    shape  nbytes",
        "dense/kernel  float32  [1]         4",
        "w             float32  [2]         8",
    ]
    assert done.err == "2 tensors, 3 elements, 12 B\n"


def test_tensors_as_json(verb, checkpoint):
    answer = verb("ls", checkpoint, "--json").answer
    assert (answer["schema"], answer["verb"], answer["source"]) == (1, "ls", str(checkpoint))
    assert answer["rows"][1] == {"name": "w", "dtype": "float32", "shape": [2], "nbytes": 8}


def test_nodes_of_a_graph(verb, graph):
    rows = verb("ls", graph, "--json").answer["rows"]
    assert [row["name"] for row in rows] == ["x", "w", "w/read", "out"]
    assert rows[1] == {"name": "w", "op": "Const", "dtype": "float32", "shape": [3], "nbytes": 12, "inputs": []}
    assert rows[0]["shape"] is None
    assert rows[3]["inputs"] == ["x", "w/read"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--constants"], ["w"]),
        (["--inputs"], ["x"]),
        (["--outputs"], ["out"]),
        (["--op", "Mul", "--op", "Const"], ["w", "out"]),
        (["--variables"], []),
        (["w.*"], ["w", "w/read"]),
        (["w"], ["w"]),
        (["out:0"], ["out"]),
        (["w", "x"], ["x", "w"]),
        (["--constants", ".*"], ["w"]),
    ],
)
def test_narrowing(verb, graph, options, expected):
    assert names(verb("ls", graph, *options, "--json")) == expected


def test_reasons_are_shown(verb, graph):
    assert "must be fed" in verb("ls", graph, "--inputs").out


def test_loose_ends_are_inputs(verb, tmp_path):
    half = notation.model("y = Neg(gone:1) {T: f32}")
    (tmp_path / "half.pb").write_bytes(schema.serialize(half.to_graph_def()))
    rows = verb("ls", tmp_path / "half.pb", "--inputs", "--json").answer["rows"]
    assert [(row["name"], row["op"], row["dtype"]) for row in rows] == [("gone:1", "missing", "float32")]


def test_graph_options_look_at_the_meta(verb, checkpoint):
    assert names(verb("ls", checkpoint, "--constants", "--json")) == ["w"]


@pytest.mark.parametrize("pattern", ["dense/kernle", "w/raed:0", "z.*"])
def test_pattern_that_names_nothing(verb, checkpoint, pattern):
    done = verb("ls", checkpoint, pattern, "--json")
    assert (done.code, done.error["kind"], done.error["name"]) == (5, "tensor", pattern)
    assert "dense/kernel" in done.error["near"] or pattern != "dense/kernle"


def test_op_that_is_not_there(verb, graph):
    done = verb("ls", graph, "--op", "Mull", "--json")
    assert (done.code, done.error["near"]) == (5, ["Mul"])


def test_checkpoint_without_a_graph_has_no_nodes(verb, checkpoint):
    checkpoint.with_name("m.ckpt.meta").unlink()
    assert verb("ls", checkpoint, "--constants").code == 3


def test_partitioned_tensors_are_one_row(verb, fixtures):
    rows = verb("ls", fixtures / "partitioned.ckpt", "--json").answer["rows"]
    sliced = [row for row in rows if "slices" in row]
    assert sliced
    assert all(row["slices"] == 2 for row in sliced)


def test_variables_have_the_shape_of_their_values(verb, fixtures):
    rows = verb("ls", fixtures / "resource_cnn.ckpt.meta", "--variables", "--json").answer["rows"]
    tensors = {row["name"]: row for row in verb("ls", fixtures / "resource_cnn.ckpt", "--json").answer["rows"]}
    shared = [row for row in rows if row["name"] in tensors]
    assert shared
    for row in shared:
        assert (row["dtype"], row["shape"]) == (tensors[row["name"]]["dtype"], tensors[row["name"]]["shape"])


def test_names_beside_the_keys(verb, tmp_path):
    done = verb("ls", write_trained(tmp_path / "m"), "--names", "full", "net/.*")
    assert [line.split() for line in done.out.splitlines()] == [
        ["name", "full_name", "dtype", "shape", "nbytes", "slot"],
        [KERNEL, "net/kernel", "float32", "[3]", "12"],
        [SLOT, "net/kernel/Adam", "float32", "[3]", "12", "m", "of", "net/kernel"],
        [BIAS, "net/bias", "float32", "[1]", "4"],
    ]
    done = verb("ls", tmp_path / "m", "--names", "path", BIAS)
    assert done.out.splitlines()[1].split() == [BIAS, "model/layers/0/b..s", "float32", "[1]", "4"]


def test_names_as_json(verb, tmp_path):
    row = verb("ls", write_trained(tmp_path / "m"), "--names", "full", SLOT, "--json").answer["rows"][0]
    path = "model/kernel/.OPTIMIZER_SLOT/optimizer/m"
    assert {key: row[key] for key in ("full_name", "path", "slot", "slot_of")} == {
        "full_name": "net/kernel/Adam",
        "path": path,
        "slot": "m",
        "slot_of": KERNEL,
    }
    assert "full_name" not in verb("ls", tmp_path / "m", "--json").answer["rows"][0]


def test_names_of_a_checkpoint_that_was_saved_by_name(verb, checkpoint):
    assert verb("ls", checkpoint, "--names", "full").out.splitlines()[1].split()[:2] == ["dense/kernel"] * 2


def test_names_are_not_of_graphs(verb, graph, checkpoint):
    assert verb("ls", graph, "--names", "full").code == 2
    assert verb("ls", checkpoint, "--constants", "--names", "full").code == 2


def test_damaged_object_graph_is_no_answer(verb, tmp_path):
    save_checkpoint({OBJECT_GRAPH_KEY: StringTensor((), [b"\xff"]), "w": floats(1)}, tmp_path / "m")
    done = verb("ls", tmp_path / "m", "--names", "full")
    assert (done.code, done.out) == (3, "")
    assert names(verb("ls", tmp_path / "m", "--json")) == [OBJECT_GRAPH_KEY, "w"]
    assert verb("cat", tmp_path / "m", "w").code == 0
    assert "the object graph is damaged" in verb("inspect", tmp_path / "m").out


def test_several_patterns_in_one_text(verb, checkpoint, graph):
    every = names(verb("ls", checkpoint, "--json"))
    assert names(verb("ls", checkpoint, ",".join(every[:2]), "--json")) == every[:2]
    assert verb("ls", checkpoint, f"{every[0]},nowhere").code == 5
    assert verb("ls", graph, "--op", "Const,Placeholder").code == 0


def test_what_is_lost_with_a_data_file_is_marked(verb, tmp_path):
    save_checkpoint({"a": floats(1, 2), "b": floats(3)}, tmp_path / "x")
    data = tmp_path / "x.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:10])
    done = verb("ls", tmp_path / "x")
    assert done.code == 0
    assert done.out.splitlines() == [
        "name  dtype    shape  nbytes  damage",
        "a     float32  [2]         8",
        "b     float32  [1]         4  truncated",
    ]
    assert "10 of 12 bytes: 1 of 2 tensors is lost (b)" in done.err
    assert [row.get("damage") for row in verb("ls", tmp_path / "x", "--json").answer["rows"]] == [None, "truncated"]
    assert verb("cat", tmp_path / "x", "a", "--json").answer["value"] == [1, 2]
    assert verb("cat", tmp_path / "x", "b").code == 3


def test_statistics_of_tensors(verb, checkpoint):
    header, first, _ = verb("ls", checkpoint, "--stats").out.splitlines()
    assert header.split() == [
        "name", "dtype", "shape", "nbytes", "min", "max", "mean", "std", "zeros", "nan", "inf", "histogram",
    ]  # fmt: skip
    assert first.split()[0] == "dense/kernel"
    rows = verb("ls", checkpoint, "--stats", "--json").answer["rows"]
    assert all(row["stats"]["histogram"] for row in rows)
    assert verb("ls", checkpoint, "--stats", "--csv").out.startswith("name,dtype,shape,nbytes,min,max,mean,std,zeros")


def test_statistics_of_constants(verb, graph):
    rows = verb("ls", graph, "--stats", "--json").answer["rows"]
    assert [row["name"] for row in rows if row["stats"] is not None] == ["w"]
    assert "histogram" in verb("ls", graph, "--stats").out
    assert "histogram" in verb("ls", graph, "--inputs", "--stats").out


def test_a_tree_of_scopes(verb, tmp_path):
    save_checkpoint({"a/w": floats(1, 2), "a/v": floats(3), "b": floats(4)}, tmp_path / "m")
    done = verb("ls", tmp_path / "m", "--tree")
    assert [line.rstrip() for line in done.out.splitlines()] == [
        "name    dtype    shape  nbytes", "a/ (2)                      12", "  v     float32  [1]         4",
        "  w     float32  [2]         8", "b       float32  [1]         4",
    ]  # fmt: skip
    assert [row["name"] for row in verb("ls", tmp_path / "m", "--tree", "--json").answer["rows"]] == ["a/v", "a/w", "b"]
    assert verb("ls", tmp_path / "m", "--tree", "--csv").out.splitlines()[1] == "a/v,float32,[1],4"
