"""`diff`: what it says, and the exit code that tells."""

from __future__ import annotations

from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats, frozen


def test_no_difference(verb, graph):
    done = verb("diff", graph, graph)
    assert (done.code, done.out, done.err) == (0, "graph: 4 equal\nno difference\n", "")
    assert verb("diff", graph, graph, "--quiet").out == "graph: 4 equal\n"
    answer = verb("diff", graph, graph, "--json").answer
    assert (answer["schema"], answer["verb"], answer["a"], answer["equal"]) == (1, "diff", str(graph), True)


def test_graphs(verb, graph, tmp_path):
    other = frozen()
    other.node[3].op = "Add"
    (tmp_path / "b.pb").write_bytes(other.SerializeToString())
    done = verb("diff", graph, tmp_path / "b.pb")
    assert done.code == 1
    assert done.out == "graph: 1 changed, 3 equal\n  ~ out (Mul): op: 'Mul' -> 'Add'\n"
    answer = verb("diff", graph, tmp_path / "b.pb", "--json").answer
    assert (answer["equal"], answer["graph"]["num_equal"]) == (False, 3)
    assert answer["graph"]["changed"] == [
        {"a": "out", "b": "out", "op": "Mul", "changes": [{"field": "op", "key": None, "a": "Mul", "b": "Add"}]}
    ]


def test_checkpoints(verb, checkpoint, tmp_path):
    save_checkpoint({"w": floats(5, 7), "new": floats(1)}, tmp_path / "b")
    done = verb("diff", checkpoint, tmp_path / "b", "--json")
    tensors = done.answer["tensors"]
    assert done.code == 1
    assert tensors["missing"] == [{"name": "dense/kernel", "dtype": "float32", "shape": [1]}]
    assert tensors["extra"] == [{"name": "new", "dtype": "float32", "shape": [1]}]
    assert [(row["name"], row["values"]["max_absolute"]) for row in tensors["changed"]] == [("w", 1.0)]


def test_all_rows(verb, tmp_path):
    save_checkpoint({f"t{i}": floats(1) for i in range(30)}, tmp_path / "a")
    save_checkpoint({"t0": floats(1)}, tmp_path / "b")
    assert "... and 9 more" in verb("diff", tmp_path / "a", tmp_path / "b").out
    assert len(verb("diff", tmp_path / "a", tmp_path / "b", "--all").out.splitlines()) == 30


def test_file_that_is_not_there(verb, graph, tmp_path):
    assert verb("diff", graph, tmp_path / "nothing").code == 5


def test_damaged_values(verb, tmp_path):
    for name in ("a", "b"):
        save_checkpoint({"w": floats(1, 2)}, tmp_path / name)
    data = tmp_path / "b.data-00000-of-00001"
    data.write_bytes(b"\xff" + data.read_bytes()[1:])
    done = verb("diff", tmp_path / "a", tmp_path / "b", "--json")
    assert (done.code, done.error["type"]) == (3, "CorruptionError")


def test_tolerance(verb, tmp_path):
    save_checkpoint({"w": floats(1, 2)}, tmp_path / "a")
    save_checkpoint({"w": floats(1, 2.001)}, tmp_path / "b")
    sides = tmp_path / "a", tmp_path / "b"
    assert verb("diff", *sides).code == verb("diff", *sides, "--atol", "1e-4").code == 1
    done = verb("diff", *sides, "--rtol", "1e-2")
    assert (done.code, done.out.splitlines()[0]) == (0, "tensors: 1 equal")
    assert verb("diff", *sides, "--rtol", "-1").code == 2


def test_as_csv_every_row(verb, tmp_path):
    save_checkpoint({f"t{i}": floats(1) for i in range(30)}, tmp_path / "a")
    save_checkpoint({"t0": floats(1)}, tmp_path / "b")
    done = verb("diff", tmp_path / "a", tmp_path / "b", "--csv")
    assert done.code == 1
    assert done.out.splitlines()[:2] == ["part,sign,name,other_name,what", "tensors,-,t1,,float32 [1]"]
    assert len(done.out.splitlines()) == 30
