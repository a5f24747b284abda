"""What command lines are completed with, and that shells do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from graphsurgeon.cli import completion
from graphsurgeon.cli.group import VerbGroup, cli
from graphsurgeon.cli.verbs.completion import SCRIPTS
from tests.terminal import typing

Completed = Callable[..., list[str]]


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch, fixtures: Path) -> Completed:
    """The kinds and values that a line is completed with; `fixtures` is the directory."""
    assert isinstance(cli, VerbGroup)
    monkeypatch.chdir(fixtures)

    def call(line: str, shell: str = "zsh") -> list[str]:
        monkeypatch.setenv(completion.VARIABLE, shell)
        monkeypatch.setenv("_GRAPHSURGEON_LINE", f"graphsurgeon {line}")
        return [reply.rpartition("\t")[0].replace("\t", " ") for reply in completion.complete(cli, "graphsurgeon")]

    return call


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("unf", ["plain unfreeze"]),
        ("cast x --dt", ["plain --dtype"]),
        ("help unf", ["plain unfreeze"]),
        ("completion ", ["plain bash", "plain zsh", "plain fish"]),
        ("compact x --byteorder b", ["plain big"]),
        ("cast x --dtype float1", ["plain float16"]),
        ("cast x --dtype bf", ["plain bfloat16"]),
        ("inspect mob", ["file mob"]),
        ("prune mobile_cnn.pb -o ", ["file "]),
        ("latest fi", ["dir fi"]),
        ("tensorboard mobile_cnn.pb -o lo", ["dir lo"]),
        ("report mobile_cnn.pb -o pa", ["file pa"]),
        ("report mobile_cnn.pb --svg pi", ["file pi"]),
        ("freeze_graph --clear_devices f", ["plain false"]),
        ("ls mobile_cnn.pb --op Ma", ["plain MatMul"]),
        ("remove-nodes mobile_cnn.pb --op Iden", ["plain Identity"]),
        ("cat mobile_cnn.pb Pred", ["plain Predictions"]),
        ("cat mobile_cnn.pb MobileNet/P", ["scope MobileNet/Pool/", "plain MobileNet/Pool"]),
        ("cat mobile_cnn.ckpt.meta Logits/w", ["plain Logits/weights", "scope Logits/weights/"]),
        ("ls mobile_cnn.ckpt Logits/b", ["plain Logits/biases", "scope Logits/biases/"]),
        ("bypass mobile_cnn.pb input Pred", ["plain Predictions"]),
        ("insert mobile_cnn.pb --op Identity --at Pred", ["plain Predictions"]),
        ("prune mobile_cnn.pb --outputs Pred", ["plain Predictions"]),
        ("prune mobile_cnn.pb --outputs=Pred", ["plain --outputs=Predictions"]),
        ("prune mobile_cnn.pb --outputs Logits/BiasAdd,Pred", ["plain Logits/BiasAdd,Predictions"]),
        ("reroute mobile_cnn.pb --map MatMul=Pred", ["plain MatMul=Predictions"]),
        ("prune mobile_cnn.pb --outputs 'Pred", ["plain Predictions"]),
        ("cast mobile_cnn.ckpt --select Logits/", ["plain Logits/biases", "plain Logits/weights"]),
        ("cast mobile_cnn.pb --select Pred", []),
        ("fit --graph mobile_cnn.ckpt.meta --from mobile_cnn.ckpt --map Pred", ["scope Predictions="]),
        ("set-shape mobile_cnn.pb --shape in", ["scope input="]),
        ("set-inputs mobile_cnn.pb --set in", ["scope input="]),
        ("freeze_graph --input_meta_graph mobile_cnn.ckpt.meta --output_node_names Pred", ["plain Predictions"]),
        ("set-inputs mobile_cnn.pb --set input=1", []),
        ("prune --outputs Pred", []),
        ("cat MANIFEST x", []),
        ("cat absent.pb x", []),
        ("cat mobile_cnn.pb Pred extra", []),
        ("nonsense x", []),
    ],
)  # fmt: skip
def test_lines_are_completed(completed: Completed, line: str, replies: list[str]):
    assert completed(line) == replies


@pytest.mark.parametrize("source", ["~/m", "$MODELS/m", "~/$NAME", "'~/m'"])
def test_a_source_may_be_typed_as_shells_expand_it(completed: Completed, monkeypatch, tmp_path: Path, source: str):
    from graphsurgeon.formats.save import save_checkpoint
    from tests.models import floats

    for name, value in {"HOME": tmp_path, "MODELS": tmp_path, "NAME": "m"}.items():
        monkeypatch.setenv(name, str(value))
    save_checkpoint({"w": floats(1)}, tmp_path / "m")
    assert completed(f"cat {source} ") == ["plain w"]


def test_every_verb_is_offered_with_its_sentence_and_none_is_imported(completed: Completed):
    assert isinstance(cli, VerbGroup)
    assert len(completed("")) == len(cli.list_commands(click.Context(cli)))
    script = """import graphsurgeon.cli.completion as c, graphsurgeon.cli.group as g, sys
list(c.complete(g.cli, 'graphsurgeon'))
sys.exit('graphsurgeon.cli.pass_verb' in sys.modules)"""
    subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, completion.VARIABLE: "bash"},
        check=True,
        cwd=Path(__file__).parents[2],
    )


def test_bash_gets_what_it_replaces(completed: Completed):
    """It breaks words at = and :, unless they are quoted."""
    assert completed("prune mobile_cnn.pb --outputs=Pred", "bash") == ["plain Predictions"]
    assert completed("reroute mobile_cnn.pb --map MatMul:0=Pred", "bash") == ["plain Predictions"]
    assert completed("reroute mobile_cnn.pb --map 'MatMul:0=Pred", "bash") == ["plain MatMul:0=Predictions"]


def test_scopes_are_offered_like_directories():
    names = ["a/b/c/d", "a/b/c/e", "f", "a/b/c"]
    assert completion.candidates(names, "") == ["a/", "f"]
    assert completion.candidates(names, "a/") == ["a/b/c/", "a/b/c"]
    assert completion.candidates(["a/b/c/d", "a/b/c/e"], "") == ["a/b/c/d", "a/b/c/e"], "where there is one way only"
    assert completion.candidates(names, "x") == []


def test_names_of_files_steer_no_terminal(completed: Completed, tmp_path: Path):
    from graphsurgeon.formats.save import save_checkpoint
    from tests.models import floats

    save_checkpoint({"bad\nname": floats(1), "a b": floats(1)}, tmp_path / "m")
    assert completed(f"cat {tmp_path}/m ") == ["plain a b"]
    assert completed(f"cat {tmp_path}/m a", "bash") == ["plain a\\ b"]


@pytest.fixture
def environment(tmp_path: Path, root: Path) -> dict[str, str]:
    """The environment of a shell that finds the program."""
    program = tmp_path / "bin" / "graphsurgeon"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m graphsurgeon "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8", "TERM": "xterm"}


IN_BASH = r"""
eval "$(graphsurgeon completion bash)"
compopt() { echo "compopt $*"; }
complete_line() {
    COMP_LINE="$1" COMP_POINT=${#1}
    _graphsurgeon_completion graphsurgeon
    echo "$1 -> ${COMPREPLY[*]}"
}
complete -p graphsurgeon
complete_line 'graphsurgeon unf'
complete_line 'graphsurgeon cat mobile_cnn.pb MobileNet/P'
complete_line 'graphsurgeon prune mobile_cnn.pb --outputs Logits/BiasAdd,Pr'
complete_line 'graphsurgeon convert mob'
complete_line 'graphsurgeon cat MANIFEST x'
complete_line 'graphsurgeon nonsense x'
"""


def test_bash_completes(environment: dict[str, str], fixtures: Path):
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    words = ["bash", "--norc", "-c", IN_BASH]
    done = subprocess.run(words, cwd=fixtures, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "complete -o nosort -F _graphsurgeon_completion graphsurgeon",
        "graphsurgeon unf -> unfreeze",
        "compopt -o nospace",
        "graphsurgeon cat mobile_cnn.pb MobileNet/P -> MobileNet/Pool/ MobileNet/Pool",
        "graphsurgeon prune mobile_cnn.pb --outputs Logits/BiasAdd,Pr -> Logits/BiasAdd,Predictions",
        "compopt -o default",
        "graphsurgeon convert mob -> ",
        "graphsurgeon cat MANIFEST x -> ",
        "graphsurgeon nonsense x -> ",
    ]


#: What is typed behind the program's name, and the line that it becomes.
TYPED = {
    "unf\t--help": "unfreeze --help",
    "cat mobile_cnn.pb Pre\t": "cat mobile_cnn.pb Predictions",
    "cat mobile_cnn.pb MobileNet/Co\tw\t": "cat mobile_cnn.pb MobileNet/Conv/weights",
    "prune mobile_cnn.pb --outputs=Pre\t": "prune mobile_cnn.pb --outputs=Predictions",
    "prune mobile_cnn.pb --outputs Logits/BiasAdd,Pre\t": "prune mobile_cnn.pb --outputs Logits/BiasAdd,Predictions",
    "reroute mobile_cnn.pb --map MatMul:0=Pre\t": "reroute mobile_cnn.pb --map MatMul:0=Predictions",
    "set-shape mobile_cnn.pb --shape in\t1": "set-shape mobile_cnn.pb --shape input=1",
    "inspect mobile_cnn.p\t": "inspect mobile_cnn.pb",
    "inspect ~/a\t": "inspect {home}/a b.pb",
    "cat ~/a\\ b.pb Pre\t": "cat {home}/a b.pb Predictions",
    "cat MANIFEST Pre\t": "cat MANIFEST Pre",
}


@pytest.mark.parametrize(
    ("name", "options", "before"),
    [
        ("bash", ["--norc"], 'eval "$(graphsurgeon completion bash)"'),
        ("zsh", ["-f"], 'autoload -U compinit; compinit -u -D; eval "$(graphsurgeon completion zsh)"'),
        ("fish", ["--no-config"], "graphsurgeon completion fish | source"),
    ],
)
def test_the_tab_key_completes(environment, fixtures: Path, name: str, options: list[str], before: str):
    """As a person types it, on a terminal; what became of the line is printed by an echo that is put before it."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    home = Path(environment["HOME"])
    (home / "a b.pb").symlink_to(fixtures / "mobile_cnn.pb")
    with typing([name, *options, "-i"], cwd=fixtures, env=environment) as session:
        session.type(f"{before}; echo REA''DY\n")
        session.wait_for("READY")
        lines = []
        for number, keys in enumerate(TYPED):
            session.type(f"graphsurgeon {keys}")
            session.type(f"\x01echo {number}''MARK \n")
            lines.append(session.wait_for(f"{number}MARK graphsurgeon (.*?)[ \r\x1b]*[\r\n]"))
    assert lines == [line.format(home=home) for line in TYPED.values()]


def test_zsh_loads_the_script_by_itself(environment: dict[str, str], fixtures: Path):
    """A file of `fpath` is read at the first tab, and what it defined is called at the next ones."""
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    functions = Path(environment["HOME"]) / "functions"
    functions.mkdir()
    (functions / "_graphsurgeon").write_text(SCRIPTS["zsh"])
    with typing(["zsh", "-f", "-i"], cwd=fixtures, env=environment) as session:
        session.type("fpath=(~/functions $fpath); autoload -U compinit; compinit -u -D; echo REA''DY\n")
        session.wait_for("READY")
        for number in range(2):
            session.type("graphsurgeon unf\t")
            session.type(f"\x01echo {number}''MARK \n")
            session.wait_for(f"{number}MARK graphsurgeon unfreeze[ \r\x1b]*[\r\n]")
