"""Directories as outputs: one rule for every verb that writes."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import click
import pytest

from graphsurgeon import edits, passes
from graphsurgeon.cli import catalog, verbs
from graphsurgeon.cli.destination import check_prefix, is_directory
from graphsurgeon.cli.options import DROP_INS, verb_name
from tests.example_files import make_example_files

VERBS = [verb_name(stem) for stem in (*verbs.names(), *passes.names(), *edits.names())]
FLAGS = ("-o", "--front", "--back", "--output_graph", "--out_graph", "--output")


def test_directories(tmp_path):
    assert is_directory(str(tmp_path))
    assert is_directory("new/")
    assert is_directory("new/.")
    assert not is_directory("new")


def test_a_prefix_is_no_directory_but_may_be_called_like_one(tmp_path):
    check_prefix(None)
    check_prefix(f"{tmp_path}/m")
    with pytest.raises(click.UsageError, match="is a directory"):
        check_prefix(str(tmp_path))
    tmp_path.with_name(f"{tmp_path.name}.index").touch()
    check_prefix(str(tmp_path))
    with pytest.raises(click.UsageError, match="is a directory"):
        check_prefix(f"{tmp_path}/")


def examples() -> list[str]:
    """Return one example of every verb that writes a file, or the files of a checkpoint."""
    found: dict[str, str] = {}
    for verb in VERBS:
        for line, _ in catalog.examples(verb):
            words = line.replace("=", " ", -1 if verb in DROP_INS else 1).split()
            is_directory_made = "saved_model" in words or any(word.endswith("/") for word in words)
            if set(words) & set(FLAGS) and not is_directory_made:
                found.setdefault(verb, line)
    return list(found.values())


def with_output(line: str, path: str) -> list[str]:
    """Return the words of a command line that writes somewhere else."""
    words = shlex.split(line)
    if words[0] in DROP_INS:
        flags = [word.partition("=")[0] for word in words]
        pairs = zip(flags, words, strict=True)
        return [f"{flag}={path}" if flag in FLAGS else word for flag, word in pairs]
    flag = next(flag for flag in FLAGS if flag in words)
    words[words.index(flag) + 1] = path
    return words


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, fixtures) -> Path:
    directory: Path = tmp_path_factory.mktemp("examples")
    make_example_files(fixtures, directory)
    return directory


@pytest.fixture
def here(prepared, tmp_path, monkeypatch) -> Path:
    """The files of the examples, a directory with a file, and one without."""
    place: Path = tmp_path / "here"
    shutil.copytree(prepared, place, copy_function=lambda a, b: Path(b).symlink_to(a))
    (place / "there").mkdir()
    (place / "there" / "file").touch()
    (place / "empty").mkdir()
    monkeypatch.chdir(place)
    return place


def test_every_verb_that_writes_is_looked_at():
    """All but those that have no output of their own."""
    looked_at = {line.split()[0] for line in examples()}
    looking = {"diff", "inspect", "inspect_checkpoint", "latest", "ls", "summary", "verify", "help", "completion"}
    with_examples = {verb for verb in VERBS if catalog.examples(verb)}
    assert with_examples - looked_at == looking | {"recover", "prune-checkpoints"}
    assert {"unfreeze", "average", "import", "fit", "split", "run", "freeze_graph", "cat"} <= looked_at


#: What writes into a directory, whatever else is in it, or by a template for many outputs.
INTO = ("tensorboard", "fleet")


@pytest.mark.parametrize(
    "line", [line for line in examples() if not line.startswith(INTO)], ids=lambda line: line.split()[0]
)
def test_where_no_directory_is_made_one_is_refused_in_the_same_words(verb, here, line):
    before = sorted(here.rglob("*"))
    for output in ("there", "there/", "empty", "missing/", "missing/deeper/", "."):
        if line.startswith("export ") and output != "there":
            continue
        done = verb(*with_output(line, output), *(["--to", "npz"] if line.startswith("export ") else []))
        assert done.code == 2, done.err
        assert f"{output!r} is a directory: name a " in done.err
        assert sorted(here.rglob("*")) == before


MODELS = ["convert frozen.pb", "prune frozen.pb --outputs Predictions", "unfreeze frozen.pb"]


@pytest.mark.parametrize("line", MODELS)
@pytest.mark.parametrize("output", ["missing", "missing/", "missing/deeper/", "empty", "empty/"])
def test_with_a_kind_that_is_a_directory_all_spellings_are_one(verb, here, line, output):
    assert verb(*line.split(), "-o", output, "--to", "saved_model").code == 0
    assert (here / output / "saved_model.pb").is_file()


OF_SAVED_MODELS = ["convert saved", "prune saved --outputs Predictions", "freeze saved --outputs Predictions",
                   "insert saved --op Identity --at Predictions", "run saved --recipe nothing.json"]  # fmt: skip


@pytest.mark.parametrize("line", OF_SAVED_MODELS)
def test_of_a_saved_model_a_directory_is_one(verb, here, line):
    (here / "nothing.json").write_text('[{"set_device": {"nodes": ["Predictions"], "device": ""}}]')
    for output in ("new/", "empty"):
        done = verb(*line.split(), "-o", output)
        assert done.code == 0, done.err
        assert (here / output / "saved_model.pb").is_file()


def test_a_directory_with_other_files_is_never_replaced(verb, here):
    for words in ("convert saved -o there", "export model.ckpt -o there", "export model.ckpt -o there/"):
        for force in ([], ["--force"]):
            done = verb(*words.split(), *force)
            assert done.code == 6, done.err
    assert (here / "there" / "file").is_file()


def test_what_is_missing_above_is_made(verb, here):
    lines = ["convert frozen.pb -o a/b/x.pb", "cat model.ckpt Logits/biases -o c/d/x.npy",
             "import arrays.npz -o e/f/m.ckpt", "export model.ckpt -o g/h/x.npz",
             "scale model.ckpt -o i/j/m.ckpt --select .* --factor 2"]  # fmt: skip
    for line in lines:
        done = verb(*line.split())
        assert done.code == 0, done.err
    assert {path.name for path in here.iterdir()} >= set("acegi")
