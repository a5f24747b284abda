"""What a command line may look like: one value for an option of one, two dashes for a long one, near names."""

from __future__ import annotations

import pytest

from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.group import cli


@pytest.mark.parametrize("name", cli.list_commands(None))  # type: ignore[arg-type]
def test_every_verb_is_one(name):
    assert isinstance(cli.get_command(None, name), Verb)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "words",
    [
        ("--to", "graph_def", "--to", "meta_graph"),
        ("--to=graph_def", "--to=meta_graph"),
        ("--to", "graph_def", "--to", "meta_graph", "--to", "checkpoint"),
    ],
)
def test_second_value_of_an_option_of_one_is_refused(verb, graph, tmp_path, words):
    done = verb("unfreeze", graph, "-o", tmp_path / "x", *words)
    assert done.code == 2
    assert done.err.splitlines() == [
        "error: --to is given twice, 'graph_def' and 'meta_graph'",
        "hint: it takes one value",
    ]
    assert not list(tmp_path.glob("x*"))


def test_short_and_long_are_one_option(verb, graph, tmp_path):
    done = verb("unfreeze", graph, "-o", "a", "--output-path", "b")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: --output-path is given twice, 'a' and 'b'")


@pytest.mark.parametrize("word", ["-o{}", "-o={}", "--output-path={}"])
def test_a_value_may_be_attached(verb, graph, tmp_path, word):
    assert verb("unfreeze", graph, word.format(tmp_path / "x")).code == 0
    assert (tmp_path / "x.meta").exists()


def test_what_takes_several_takes_several(verb, graph):
    done = verb("unfreeze", graph, "--dry-run", "--exclude", "a", "--exclude", "b", "--json", "--json")
    assert "twice" not in done.err


def test_tools_of_tensorflow_take_the_last(verb, fixtures, tmp_path):
    checkpoint = fixtures / "mobile_cnn.ckpt"
    flags = [f"--input_meta_graph={checkpoint}.meta", f"--input_checkpoint={checkpoint}", "--input_binary=true"]
    last = ["--output_node_names=nothing", "--output_node_names=Predictions"]
    assert verb("freeze_graph", *flags, *last, f"--output_graph={tmp_path / 'f.pb'}").code == 0


@pytest.mark.parametrize(("word", "meant"), [("-force", "--force"), ("-output", "-o"), ("-json", "--json")])
def test_one_dash_for_two_is_refused(verb, graph, tmp_path, monkeypatch, word, meant):
    monkeypatch.chdir(tmp_path)
    done = verb("prune", graph, "--outputs", "y", word, "x")
    assert (done.code, done.err.splitlines()[0]) == (2, f"error: {word} has one dash")
    assert done.err.splitlines()[1] == f"hint: did you mean {meant!r}?"
    assert [path.name for path in tmp_path.iterdir()] == [graph.name]


def test_negative_numbers_and_attached_values_are_no_options(verb, checkpoint):
    assert verb("reverse", checkpoint, "--axis", "-1", "--select", "w", "-n").code == 0
    assert verb("prune", checkpoint, "-nfoo", "--outputs", "xyzzy").code == 5


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("unfreeze", "x", "--exclud", "a"), "did you mean '--exclude'?"),
        (("cat", "x", "y", "--ful"), "did you mean '--full'?"),
        (("prune", "x", "--output", "a"), "-o DST says where to write; --outputs names nodes"),
        (("cast", "x", "--output", "a"), "-o DST says where to write"),
        (("ls", "x", "--output", "a"), "did you mean '--outputs'?"),
    ],
)
def test_unknown_option_gets_near_ones(verb, words, hint):
    done = verb(*words)
    assert done.code == 2
    assert done.err.splitlines() == [f"error: graphsurgeon {words[0]} has no option {words[-2]}", f"hint: {hint}"] or (
        done.err.splitlines() == [f"error: graphsurgeon {words[0]} has no option {words[-1]}", f"hint: {hint}"]
    )


def test_unknown_option_before_the_verb_gets_near_ones(verb):
    done = verb("--versio")
    assert (done.code, done.err) == (
        2, "error: graphsurgeon has no option --versio\nhint: did you mean '--version'?\n",
    )  # fmt: skip


@pytest.mark.parametrize("flag", ["--verbose", "-q", "--dry-run"])
def test_an_option_of_verbs_stands_behind_the_verb(verb, flag):
    done = verb(flag, "inspect", "x")
    assert done.code == 2
    assert done.err.splitlines()[1] == f"hint: options of a verb stand behind it: graphsurgeon VERB {flag}"


def test_other_wrong_usage_shows_what_is_typed(verb):
    done = verb("cat", "x")
    assert done.code == 2
    assert done.err.splitlines()[1] == "hint: usage: graphsurgeon cat [OPTIONS] SRC NAME; --help tells more"


def test_no_option_is_short_for_a_longer_one(verb, graph):
    assert verb("unfreeze", graph, "--dry").code == 2


@pytest.mark.parametrize(
    ("short", "long"), [("-n", "--dry-run"), ("-f", "--force"), ("-q", "--quiet"), ("-v", "--verbose")]
)
@pytest.mark.parametrize("name", cli.list_commands(None))  # type: ignore[arg-type]
def test_every_verb_has_the_short_options(name, short, long):
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert [short, long] in [each.opts for each in command.params]


def test_short_options_do_what_long_ones_do(verb, graph, tmp_path):
    prefix = tmp_path / "m.ckpt"
    assert "would write" in verb("unfreeze", graph, "-o", prefix, "-n").out
    assert verb("unfreeze", graph, "-o", prefix, "-q").out == ""
    assert verb("unfreeze", graph, "-o", prefix).code == 6
    assert verb("unfreeze", graph, "-fqo", prefix).code == 0
