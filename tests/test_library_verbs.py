"""Every verb of the command line is a library call: the same name, the same options, the same answer."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

import graphsurgeon as gs
from graphsurgeon import edits, passes
from graphsurgeon.cli.group import cli
from graphsurgeon.cli.options import DROP_INS
from graphsurgeon.cli.run import run
from tests.models import floats, frozen

#: Options about how an answer is shown, not what it is; and those of input and output, which models in memory have not.
SHOWN = {
    "as_json",
    "quiet",
    "debug",
    "explain",
    "full",
    "show_all",
    "prints",
    "csv",
    "wide",
    "help",
    "verbose",
    "threads",
    "as_tree",
}
FILES = {
    "source",
    "sources",
    "output",
    "output_kind",
    "tags",
    "checkpoint",
    "links",
    "link",
    "copy",
    "dry_run",
    "force",
}
FILES |= {"update_state", "drop_values", "sync", "kind", "front", "back"}
#: Of verbs whose library call takes what was loaded: what the command line loads it from.
LOADED = {"fit": {"graph", "to"}, "verify": {"against"}, "run": set[str](), "diff": set[str]()}
NAMES = {"import": "import_"}
#: About the command line itself.
ABOUT = ("help", "completion")


def function_of(verb: str) -> Callable[..., Any]:
    return getattr(gs, NAMES.get(verb, verb.replace("-", "_")))  # type: ignore[no-any-return]


def verbs() -> list[str]:
    context = click.Context(cli)
    return [name for name in cli.list_commands(context) if name not in DROP_INS and name not in ABOUT]


@pytest.mark.parametrize("verb", verbs())
def test_it_is_there_with_the_options_of_the_verb(verb: str):
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    given = {each.name for each in command.params if not getattr(each, "hidden", False)} - SHOWN
    parameters = set(inspect.signature(function_of(verb)).parameters)
    if verb.replace("-", "_") in (*passes.names(), *edits.names()):
        given -= FILES | {"inputs", "outputs", "to"}
        assert given <= parameters
    elif verb in LOADED:
        assert given - FILES - LOADED[verb] <= parameters
    else:
        assert given - {"links", "link", "copy", "dry_run", "recipe"} <= parameters


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.pb").write_bytes(frozen().SerializeToString())
    gs.save_checkpoint({"b": floats(3), "w": floats(1, 2)}, tmp_path / "d" / "m")
    gs.export("d/m", "arrays.npz")
    (tmp_path / "r.json").write_text('[{"rename": {"add_scope": "my"}}]')
    return tmp_path


CALLS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "inspect a graph": ("inspect x.pb", lambda _: gs.inspect("x.pb")),
    "inspect a checkpoint": ("inspect d/m", lambda _: gs.inspect("d/m")),
    "ls": ("ls d/m w", lambda _: gs.ls("d/m", "w")),
    "ls of a graph": ("ls x.pb --constants", lambda _: gs.ls("x.pb", constants=True)),
    "ls of outputs": ("ls x.pb --outputs", lambda _: gs.ls("x.pb", outputs=True)),
    "cat": ("cat d/m w[1:]", lambda _: gs.cat("d/m", "w[1:]")),
    "cat to a file": ("cat d/m w -o DST.npy", lambda dst: gs.cat("d/m", "w", output=f"{dst}.npy")),
    "latest": ("latest d", lambda _: gs.latest("d")),
    "convert": ("convert x.pb -o DST.pbtxt", lambda dst: gs.convert("x.pb", f"{dst}.pbtxt")),
    "convert to a SavedModel": (
        "convert x.pb --to saved_model -o DST", lambda dst: gs.convert("x.pb", dst, to="saved_model"),
    ),
    "compact": ("compact d/m -o DST", lambda dst: gs.compact("d/m", dst)),
    "edit": ("edit d/m --recipe r.json -o DST", lambda dst: gs.edit("d/m", "r.json", dst)),
    "export": ("export d/m -o DST.npz", lambda dst: gs.export("d/m", f"{dst}.npz")),
    "import": ("import arrays.npz -o DST", lambda dst: gs.import_("arrays.npz", dst)),
    "recover": ("recover d", lambda _: gs.recover("d")),
    "prune-checkpoints": ("prune-checkpoints d --dry-run", lambda _: gs.prune_checkpoints("d", dry_run=True)),
    "diff": ("diff d/m d/m", lambda _: gs.diff(gs.load("d/m"), gs.load("d/m"))),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_it_answers_what_the_verb_prints(files: Path, capfd: pytest.CaptureFixture[str], call: str):
    line, function = CALLS[call]
    assert run([*line.replace("DST", "one/out").split(), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    about = {"schema", "verb", "source", "seconds", "a", "b", "dry_run"} | ({"outputs"} if "prune" in call else set())
    wanted = {key: value for key, value in told.items() if key not in about}
    found = json.dumps(function("two/out").to_json()).replace('"two/', '"one/')
    assert json.loads(found) == wanted
    assert os.listdir(files)
