"""`ls`: rows for tensors and nodes."""

from __future__ import annotations

import pytest


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
