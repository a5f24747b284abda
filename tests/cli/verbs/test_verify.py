"""`verify`: rules and checksums, and the exit code that tells."""

from __future__ import annotations

from proto_utils import schema
from tests.models import frozen


def test_sound_graph(verb, graph):
    done = verb("verify", graph)
    assert (done.code, done.out, done.err) == (0, "4 nodes, 0 tensors: 0 errors, 0 warnings\n", "")
    assert verb("verify", graph, "--quiet").out == ""


def test_broken_graph(verb, tmp_path):
    graph = frozen()
    graph.node[3].input[0] = "nobody"
    (tmp_path / "x.pb").write_bytes(graph.SerializeToString())
    done = verb("verify", tmp_path / "x.pb")
    assert done.code == 1
    assert done.out.startswith("error: node 'out': ")
    answer = verb("verify", tmp_path / "x.pb", "--json").answer
    assert (answer["ok"], answer["checked"]) == (False, {"nodes": 4, "tensors": 0})
    assert answer["findings"][0]["severity"] == "error"
    assert answer["findings"][0]["node"] == "out"


def test_every_checksum_is_checked(verb, checkpoint):
    assert verb("verify", checkpoint, "--json").answer["checked"] == {"nodes": 4, "tensors": 2}
    data = checkpoint.with_name("m.ckpt.data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    done = verb("verify", checkpoint, "--json")
    assert done.code == 1
    errors = [row for row in done.answer["findings"] if row["severity"] == "error"]
    assert [(row["rule"], row["node"]) for row in errors] == [("checksum", "w")]


def test_missing_shard_is_a_finding(verb, checkpoint):
    checkpoint.with_name("m.ckpt.data-00000-of-00001").unlink()
    done = verb("verify", checkpoint)
    assert done.code == 1
    assert "data-00000-of-00001" in done.out


def test_errors_come_before_warnings(verb, tmp_path):
    graph = frozen()
    graph.node.add(name="odd", op="SomebodysOp")
    graph.node.add(name="bad", op="Relu", input=["nobody"]).attr["T"].type = 1
    (tmp_path / "x.pb").write_bytes(graph.SerializeToString())
    severities = [row["severity"] for row in verb("verify", tmp_path / "x.pb", "--json").answer["findings"]]
    assert severities[0] == "error"
    assert severities == sorted(severities)


def test_real_fixtures_are_sound(verb, fixtures):
    for path in sorted(fixtures.glob("*.pb")):
        assert verb("verify", path).code == 0, path


def test_not_ours(verb, tmp_path):
    (tmp_path / "x").write_bytes(schema.GraphDef().SerializeToString())
    assert verb("verify", tmp_path / "x").code == 3


def test_against_the_same_model(verb, fixtures):
    done = verb("verify", fixtures / "cond.pb", "--against", fixtures / "cond.ckpt", "--json")
    assert done.code == 0
    answer = done.answer
    assert answer["against"] == str(fixtures / "cond.ckpt")
    assert (answer["same"], answer["ok"]) == (True, True)
    assert {row["severity"] for row in answer["findings"]} <= {"warning"}
    text = verb("verify", fixtures / "cond.ckpt.meta", "--against", fixtures / "cond.pb")
    assert text.code == 0
    assert text.out.endswith(f"\nthe same model as {fixtures / 'cond.pb'}\n")


def test_against_another_model(verb, fixtures):
    done = verb("verify", fixtures / "cond.pb", "--against", fixtures / "mobile_cnn.ckpt", "--json")
    assert done.code == 1
    assert (done.answer["same"], done.answer["ok"]) == (False, False)
    assert {"missing-node"} <= {row["rule"] for row in done.answer["findings"]}
    text = verb("verify", fixtures / "cond.pb", "--against", fixtures / "mobile_cnn.ckpt")
    assert "not the same model as" in text.out


def test_against_nothing(verb, fixtures, checkpoint):
    assert verb("verify", fixtures / "cond.pb", "--json").answer["against"] is None
    assert verb("verify", fixtures / "cond.pb", "--against", fixtures / "none").code == 5
    checkpoint.with_name("m.ckpt.meta").unlink()
    assert verb("verify", fixtures / "cond.pb", "--against", checkpoint).code == 4


def test_what_does_not_fit_is_a_finding(verb, checkpoint):
    """The graph is frozen: nothing takes the values beside it."""
    done = verb("verify", checkpoint)
    assert done.code == 0
    assert done.out.startswith("warning: 2 values in the checkpoint that no variable of the graph takes: ")
    assert done.out.splitlines()[0].endswith(" [extra-value]")


def test_a_state_file_that_leads_nowhere(verb, tmp_path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m.ckpt"\n')
    done = verb("verify", tmp_path)
    assert done.code == 1
    assert done.out.splitlines()[0].endswith(" [state-file]")
