"""Verbs derived from passes: options from the signature, help from the docstring, files from the model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

import click
import pytest

import graphsurgeon as gs
from graphsurgeon import passes
from graphsurgeon.cli.pass_verb import command_of
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.ir.model import Model
from graphsurgeon.options import options_of
from tests import notation
from tests.models import floats, meta_graph


@dataclass
class Report:
    """What the pass was given."""

    given: dict[str, object]

    def to_json(self) -> dict[str, object]:
        """Return it."""
        return {"given": self.given}


def example(
    model: Model,
    *,
    outputs: tuple[str, ...],
    kind: Literal["a", "b"] = "a",
    keep: bool = False,
    limit: int | None = None,
) -> Report:
    """Do something.

    Parameters
    ----------
    model : Model
        Edited.
    outputs : tuple of str
        What to keep,
        in two lines.
    kind : {"a", "b"}
        Which.
    keep : bool
        Whether.
    limit : int, optional
        How many.

    Returns
    -------
    Report
    """
    return Report({"outputs": list(outputs), "kind": kind, "keep": keep, "limit": limit})


@pytest.fixture
def made(monkeypatch) -> click.Command:
    monkeypatch.setattr(passes, "load", lambda _: example)
    return command_of("example")


def test_options_come_from_the_signature(made, graph, capsys):
    arguments = [
        str(graph),
        "--dry-run",
        "--outputs",
        "x",
        "--outputs",
        "y",
        "--kind",
        "b",
        "--keep",
        "--limit",
        "3",
        "--json",
    ]
    made.main(arguments, standalone_mode=False)
    assert '"given": {"outputs": ["x", "y"], "kind": "b", "keep": true, "limit": 3}' in capsys.readouterr().out


def test_defaults_come_from_the_signature(made, graph, capsys):
    made.main([str(graph), "--dry-run", "--outputs", "x", "--json"], standalone_mode=False)
    assert '"kind": "a", "keep": false, "limit": null' in capsys.readouterr().out


def test_parameter_without_a_default_is_required(made, graph):
    with pytest.raises(click.MissingParameter, match="outputs"):
        made.main([str(graph), "--dry-run"], standalone_mode=False)


def test_choices_come_from_the_literal(made, graph):
    with pytest.raises(click.BadParameter, match="'a', 'b'"):
        made.main([str(graph), "--dry-run", "--outputs", "x", "--kind", "c"], standalone_mode=False)


def test_help_comes_from_the_docstring(made):
    text = made.get_help(click.Context(made))
    assert "Do something." in text
    assert "What to keep, in two lines." in text
    assert "Returns" not in text


@pytest.mark.parametrize("name", passes.names())
def test_every_option_of_every_pass_is_explained(name):
    command = command_of(name)
    found = {each.name: each.help for each in command.params if isinstance(each, click.Option)}
    found["nodes"] = (command.help or "").partition("NODES: ")[2]
    for option in options_of(passes.load(name)).values():
        if option.kind.item == "model" or option.is_internal:
            continue
        wanted = option.help
        if option.default is True:
            # What is done by default has a flag to leave it.
            wanted = wanted.rpartition("; else ")[2].capitalize()
        assert (found[option.name] or "").lower() == wanted.lower() != ""


def test_unfreeze_writes_a_checkpoint(verb, graph, tmp_path):
    prefix = tmp_path / "out" / "model.ckpt"
    done = verb("unfreeze", graph, "-o", prefix)
    assert done.code == 0
    assert sorted(os.listdir(prefix.parent)) == [
        "checkpoint", "model.ckpt.data-00000-of-00001", "model.ckpt.index", "model.ckpt.meta",
    ]  # fmt: skip
    lines = done.out.splitlines()
    assert lines[0] == "variables: 1 (1 trainable, 12 B)"
    assert f"wrote {prefix}.index" in done.out
    assert gs.load_checkpoint(prefix)["w"].numpy().tolist() == [1, 2, 3]


def test_unfreeze_as_json(verb, graph, tmp_path):
    answer = verb("unfreeze", graph, "-o", tmp_path / "m", "--json").answer
    assert list(answer)[:4] == ["schema", "verb", "source", "outputs"]
    assert (answer["schema"], answer["verb"], answer["source"]) == (1, "unfreeze", str(graph))
    assert answer["outputs"] == [
        *(f"{tmp_path}/m{suffix}" for suffix in (".data-00000-of-00001", ".index", ".meta")),
        f"{tmp_path}/checkpoint",
    ]
    (row,) = answer["variables"]
    assert set(row) == {"name", "node", "dtype", "shape", "nbytes", "trainable", "role", "evidence"}
    assert (row["name"], row["dtype"], row["shape"], row["nbytes"], row["trainable"]) == ("w", "float32", [3], 12, True)
    assert row["evidence"]
    assert answer["kept"] == []
    assert answer["seconds"] > 0


def test_kept_constants_have_reasons(verb, fixtures):
    kept = verb("unfreeze", fixtures / "mobile_cnn.pb", "--dry-run", "--json", "--exclude", ".*").code
    assert kept == 4
    answer = verb("unfreeze", fixtures / "mobile_cnn.pb", "--dry-run", "--json", "--exclude", ".*BatchNorm.*").answer
    assert answer["kept"]
    assert all({"node", "dtype", "shape", "nbytes", "reason"} == set(row) and row["reason"] for row in answer["kept"])


def test_dry_run_writes_nothing(verb, graph, tmp_path):
    before = sorted(os.listdir(tmp_path))
    done = verb("unfreeze", graph, "--dry-run", "--explain")
    assert done.code == 0
    assert "evidence" in done.out
    assert "wrote nothing" in done.out
    assert verb("unfreeze", graph, "--dry-run", "-o", tmp_path / "m", "--json").answer["outputs"] == []
    assert sorted(os.listdir(tmp_path)) == before


def test_dry_run_tells_what_exists(verb, graph, tmp_path):
    (tmp_path / "m.meta").write_bytes(b"precious")
    command = ["unfreeze", graph, "--dry-run", "-o", tmp_path / "m"]
    done = verb(*command)
    assert done.code == 0
    assert f"{tmp_path / 'm.meta'}: exists already" in done.err
    assert "exists" not in verb(*command, "--force").err
    assert "exists" not in verb(*command, "--quiet").err


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_what_the_output_lacks_is_told(verb, tmp_path, more):
    meta = meta_graph()
    meta.object_graph_def.SetInParent()
    (tmp_path / "m.meta").write_bytes(meta.SerializeToString())
    save_checkpoint({"w": floats(1, 2)}, tmp_path / "m", force=True)
    command = ["rename", tmp_path / "m", "--add-scope", "a", "-o", tmp_path / "x", *more]
    assert "note: this is an object-based model" in verb(*command).out
    assert "object-based" in verb(*command, "--json", "--force").answer["notes"][-1]


def test_output_is_needed(verb, graph):
    done = verb("unfreeze", graph)
    assert done.code == 2
    assert "-o" in done.err


@pytest.mark.parametrize("suffix", ["", "/", "/new/"])
def test_directory_is_no_prefix(verb, graph, tmp_path, suffix):
    done = verb("unfreeze", graph, "-o", f"{tmp_path}{suffix}")
    assert done.code == 2
    assert "is a directory" in done.err


def test_existing_output_needs_force(verb, graph, tmp_path):
    assert verb("unfreeze", graph, "-o", tmp_path / "m").code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    refused = verb("unfreeze", graph, "-o", tmp_path / "m", "--json")
    assert (refused.code, refused.error["type"]) == (6, "OutputExistsError")
    assert verb("unfreeze", graph, "-o", tmp_path / "m", "--force").code == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_quiet_says_nothing(verb, graph, tmp_path):
    done = verb("unfreeze", graph, "-o", tmp_path / "m", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_declined_is_told_with_a_way_out(verb, tmp_path):
    from proto_utils import schema

    graph = schema.GraphDef()
    graph.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    (tmp_path / "x.pb").write_bytes(graph.SerializeToString())
    done = verb("unfreeze", tmp_path / "x.pb", "-o", tmp_path / "m", "--json")
    assert (done.code, done.error["type"], done.error["operation"]) == (4, "PassError", "unfreeze")
    assert sorted(os.listdir(tmp_path)) == ["x.pb"]


def test_other_kinds_of_output(verb, graph, tmp_path):
    given = ("unfreeze", graph, "-o", tmp_path / "x.pbtxt", "--to", "graph_def_text")
    for more in ((), ("--dry-run",)):
        done = verb(*given, *more)
        assert (done.code, (tmp_path / "x.pbtxt").exists()) == (4, False)
        assert "would be lost" in done.err
        assert "--drop-values" in done.err
    answer = verb(*given, "--drop-values", "--json").answer
    assert any("values of 1 variable are not in it" in note for note in answer["notes"])
    assert "VariableV2" in (tmp_path / "x.pbtxt").read_text()


@pytest.mark.parametrize("name", ["x.pb", "x.onnx", "x.tflite", "x.h5", "m.ckpt.meta", "m.ckpt.index"])
def test_names_that_promise_something_else(verb, graph, checkpoint, tmp_path, name):
    out = tmp_path / "made" / name
    for more in ((), ("--dry-run",)):
        assert verb("unfreeze", graph, "-o", out, *more).code == 2
        assert verb("convert", checkpoint, "-o", out, *more).code == 2
        assert verb("scale", checkpoint, "-o", out, "--select", "w", "--factor", 2, *more).code == 2
    assert not out.parent.exists()


def test_a_pass_does_not_move_the_latest_checkpoint(verb, checkpoint):
    state = (checkpoint.parent / "checkpoint").read_text()
    given = ("rename", checkpoint, "-o", checkpoint.with_name("new"), "--map", "w=v", "--force", "--json")
    (note,) = [each for each in verb(*given).answer["notes"] if "latest" in each]
    assert note == "'m.ckpt' stays the latest checkpoint of the directory; --update-state moves it"
    assert (checkpoint.parent / "checkpoint").read_text() == state
    assert verb(*given, "--update-state").code == 0
    assert 'model_checkpoint_path: "new"' in (checkpoint.parent / "checkpoint").read_text()


def test_the_checkpoint_may_be_elsewhere(verb, fixtures, tmp_path):
    graph = gs.load(fixtures / "mobile_cnn.ckpt.meta")
    graph.meta, graph.variables = None, {}
    gs.save(graph, tmp_path / "graph.pb")
    out, prefix = tmp_path / "frozen.pb", fixtures / "mobile_cnn.ckpt"
    done = verb("freeze", tmp_path / "graph.pb", "-o", out, "--outputs", "Predictions")
    assert (done.code, out.exists()) == (5, False)
    assert "--checkpoint" in done.err
    arguments = ("--outputs", "Predictions", "--json", "--checkpoint")
    answer = verb("freeze", tmp_path / "graph.pb", "-o", out, *arguments, prefix).answer
    assert (len(answer["constants"]), answer["variables"], answer["cut"]) == (37, [], [])
    assert (answer["outputs"], answer["output_nodes"]) == ([str(out)], ["Predictions"])
    assert verb("freeze", tmp_path / "graph.pb", "-o", out, *arguments, tmp_path / "nothing").code == 5


def test_prune_tells_files_from_nodes(verb, fixtures):
    answer = verb("prune", fixtures / "mobile_cnn.pb", "--outputs", "Predictions", "--dry-run", "--json").answer
    assert (answer["outputs"], answer["output_nodes"]) == ([], ["Predictions"])


def test_freeze_without_outputs_proposes_some(verb, fixtures):
    done = verb("freeze", fixtures / "mobile_cnn.ckpt.meta", "--dry-run")
    assert done.code == 4
    assert "--outputs Predictions" in done.err


def test_the_way_there_and_back_with_a_note(verb, fixtures, tmp_path):
    frozen, prefix = tmp_path / "frozen.pb", tmp_path / "again.ckpt"
    source = fixtures / "partitioned.ckpt.meta"
    assert verb("freeze", source, "-o", frozen, "--outputs", "output", "--remember").code == 0
    rows = verb("unfreeze", frozen, "-o", prefix, "--json").answer["variables"]
    assert {row["name"] for row in rows} == set(gs.load_checkpoint(fixtures / "partitioned.ckpt"))
    assert all(row["evidence"] == ["noted by freeze"] for row in rows)


def test_fix_writes_what_was_broken(verb, tmp_path):
    text = "v = Const {f32 [2]}; x = Placeholder {dtype: f32}; u = AssignAdd(v, x) {T: f32}; y = Mul(x, v, ^u)"
    gs.save(notation.model(text), tmp_path / "broken.pb")
    assert verb("verify", tmp_path / "broken.pb").code == 1
    answer = verb("fix", tmp_path / "broken.pb", "-o", tmp_path / "fixed.pb", "--json").answer
    assert [(row["node"], row["op"]) for row in answer["repairs"]] == [("u", "AssignAdd")]
    assert verb("verify", tmp_path / "fixed.pb").code == 0
    gs.save(notation.model("a = Neg(nothing) {T: f32}"), tmp_path / "broken.pb", force=True)
    assert verb("fix", tmp_path / "broken.pb", "-o", tmp_path / "worse.pb").code == 3
    assert not (tmp_path / "worse.pb").exists()


def test_rename_links_what_it_does_not_change(verb, fixtures, tmp_path):
    prefix = tmp_path / "new.ckpt"
    answer = verb("rename", fixtures / "mobile_cnn.ckpt", "-o", prefix, "--add-scope", "my", "--json").answer
    data = f"{prefix}.data-00000-of-00001"
    assert answer["outputs"] == [data, f"{prefix}.index", f"{prefix}.meta", str(tmp_path / "checkpoint")]
    assert os.path.samefile(data, fixtures / "mobile_cnn.ckpt.data-00000-of-00001") is (answer["linked"] == [data])
    assert (answer["num_keys"], answer["num_variables"]) == (37, 37)
    assert {"name": "my/Logits/weights", "was": "Logits/weights", "kind": "key"} in answer["renamed"]
    assert verb("verify", prefix).code == 0


def test_rename_copies_when_asked(verb, checkpoint, tmp_path):
    prefix, data = tmp_path / "new.ckpt", "m.ckpt.data-00000-of-00001"
    answer = verb("rename", checkpoint, "-o", prefix, "--map", "w=v", "--copy", "--checkpoint-only", "--json").answer
    assert "linked" not in answer
    assert not os.path.samefile(f"{prefix}.data-00000-of-00001", checkpoint.with_name(data))
    assert verb("rename", checkpoint, "-o", prefix, "--map", "w=v", "--copy", "--link").code == 2
    assert verb("rename", checkpoint, "-o", prefix, "--map", "w=v", "--link", "--force", "--checkpoint-only").code == 0
    assert os.path.samefile(f"{prefix}.data-00000-of-00001", checkpoint.with_name(data))


def test_rename_may_replace_what_it_reads(verb, checkpoint):
    before = gs.load_checkpoint(checkpoint)["dense/kernel"].numpy().tolist()
    assert verb("rename", checkpoint, "-o", checkpoint, "--map", "dense/kernel=k").code == 6
    assert verb("rename", checkpoint, "-o", checkpoint, "--map", "dense/kernel=k", "--force").code == 0
    after = gs.load_checkpoint(checkpoint)
    assert list(after) == ["k", "w"]
    assert after["k"].numpy().tolist() == before
    assert verb("verify", checkpoint).code == 0


def test_checkpoint_only_writes_no_graph(verb, checkpoint, tmp_path):
    prefix = tmp_path / "new.ckpt"
    done = verb("rename", checkpoint, "-o", prefix, "--map", "w=v", "--checkpoint-only")
    assert done.code == 0
    assert list(gs.load_checkpoint(prefix)) == ["dense/kernel", "v"]
    assert not (tmp_path / "new.ckpt.meta").exists()
    only = verb("rename", tmp_path / "frozen.pb", "-o", prefix, "--map", "w=v", "--checkpoint-only")
    assert only.code in (3, 5)


def test_a_dry_run_of_rename_shows_the_names(verb, checkpoint, tmp_path):
    done = verb("rename", checkpoint, "--map", "dense/(.*)=fc/\\1", "--dry-run")
    assert done.code == 0
    assert [line.split() for line in done.out.splitlines() if "fc/" in line] == [["fc/kernel", "dense/kernel", "key"]]
    assert "wrote nothing" in done.out
    without = verb("rename", checkpoint, "-o", tmp_path / "m", "--map", "dense/(.*)=fc/\\1")
    assert "fc/kernel" not in without.out


def test_names_from_a_file(verb, checkpoint, tmp_path):
    names = tmp_path / "names.tsv"
    names.write_text("\ufeff# old\tnew\ndense/kernel\té\n", encoding="utf-8")
    command = ["rename", checkpoint, "-o", tmp_path / "m", "--checkpoint-only", "--force", "--map-file", names]
    assert verb(*command).code == 0
    assert list(gs.load_checkpoint(tmp_path / "m")) == ["w", "é"]
    names.write_bytes(b"dense/kernel\t\xff\n")
    assert verb(*command).code == 3
    names.write_text("dense/kernel\n")
    refused = verb(*command, "--json")
    assert (refused.code, refused.error["type"]) == (4, "PassError")
    assert "line 1" in refused.error["message"]
    names.unlink()
    assert verb(*command).code == 5
    assert list(gs.load_checkpoint(tmp_path / "m")) == ["w", "é"]


def test_what_cannot_apply_is_wrong_usage(verb, fixtures, checkpoint, tmp_path):
    frozen, out = fixtures / "mobile_cnn.pb", tmp_path / "out"
    for more in (("--tags", "serve"), ("--checkpoint", checkpoint)):
        assert verb("unfreeze", frozen, "-o", out, *more).code == 2
    for more in (("--tags", "serve"), ("--checkpoint", checkpoint)):
        given = ("rename", checkpoint, "--checkpoint-only", "--add-scope", "a", "-o", out, *more)
        assert verb(*given).code == 2
    assert verb("inspect", checkpoint, "--tags", "serve").code == 2
    assert verb("convert", frozen, "-o", out, "--to", "graph_def_text", "--tags", "serve").code == 2
    assert not list(tmp_path.glob("out*"))


def test_idle_patterns_are_errors_also_when_quiet(verb, graph, tmp_path):
    for option in ("--select", "--exclude", "--only"):
        done = verb("unfreeze", graph, "-o", tmp_path / "out", "--quiet", option, "w,nowhere")
        assert (done.code, "no constant 'nowhere'" in done.err) == (5, True)


def test_inputs_of_a_pass_are_not_those_of_a_signature(verb, tmp_path):
    loose = notation.model("w = Const {f32 [2,2]}; y = MatMul(front, w) {T: f32}")
    gs.save(loose, tmp_path / "loose.pb")
    done = verb("fix", tmp_path / "loose.pb", "-o", tmp_path / "fixed.pb", "--inputs", "front")
    assert done.code == 0
    assert gs.load(tmp_path / "fixed.pb").graph["front"].op == "Placeholder"
    done = verb("fix", tmp_path / "loose.pb", "-o", tmp_path / "other.pb")
    assert "--inputs front" in done.err


def test_state_that_cannot_come_along_is_declined_with_the_flag(verb, tmp_path):
    model = notation.model("it = IteratorV2 {output_types: [f32]}; y = IteratorGetNext(it) {output_types: [f32]}")
    model.variables = {"it:0-state": floats(1)}
    gs.save(model, tmp_path / "model.ckpt")
    done = verb("freeze", tmp_path / "model.ckpt", "--outputs", "y", "-o", tmp_path / "frozen.pb")
    assert done.code == 4
    assert "'it:0-state' would be lost" in done.err
    assert "--drop-state it" in done.err
    done = verb("freeze", tmp_path / "model.ckpt", "--outputs", "y", "-o", tmp_path / "f.pb", "--drop-state", "it.*")
    assert done.code == 0


def test_nodes_are_arguments_behind_the_source(verb, fixtures, tmp_path):
    source = str(fixtures / "mobile_cnn.pb")
    nodes = ("MobileNet/Conv/weights", "MobileNet/Pool")
    result = verb("set-device", source, *nodes, "--device", "/cpu:0", "-o", str(tmp_path / "x.pb"), "--json")
    assert [row["node"] for row in result.answer["placed"]] == [*nodes]
    assert result.answer["verb"] == "set-device"


def test_nodes_may_be_needed(verb, fixtures):
    result = verb("set-attr", str(fixtures / "mobile_cnn.pb"), "--attr", "T=int32", "--dry-run")
    assert result.code == 2


def test_transforms_that_need_no_outputs_look_whether_they_are_there(verb, graph, tmp_path):
    target = tmp_path / "sorted.pb"
    assert verb("sort", graph, "-o", target, "--outputs", "w").code == 0
    assert target.exists()
    missing = verb("sort", graph, "-o", tmp_path / "other.pb", "--outputs", "nowhere")
    assert (missing.code, "no node 'nowhere'" in missing.err) == (5, True)
    assert verb("set-device", graph, "-o", tmp_path / "x.pb", "--device", "", "--outputs", "w").code == 2
