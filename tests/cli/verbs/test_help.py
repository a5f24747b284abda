"""`help`: all verbs, or the manual page of one; through the pager on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest


def test_alone_it_is_the_help_of_the_program(verb):
    assert verb("help").out == verb("--help").out


@pytest.mark.parametrize("name", ["unfreeze", "split-tensor", "freeze_graph", "import", "help"])
def test_page_is_the_help_of_the_verb_and_more(verb, name):
    done = verb("help", name)
    assert done.code == 0
    assert done.out.startswith(verb(name, "--help").out.rstrip("\n"))
    assert "\nExit codes:\n" in done.out


def test_unknown_verb_gets_near_ones(verb):
    done = verb("help", "unfreez")
    assert (done.code, done.err) == (2, "error: no verb 'unfreez'\nhint: did you mean 'unfreeze'?\n")


def test_as_json(verb):
    assert "unfreeze" in verb("help", "--json").answer["groups"]["Recover a trainable model"]
    answer = verb("help", "prune", "--json").answer
    assert answer["usage"] == "graphsurgeon prune [OPTIONS] SRC"
    (outputs,) = [row for row in answer["options"] if row["flags"] == ["--outputs"]]
    assert (outputs["takes"], outputs["required"], outputs["repeatable"]) == ("NODES...", True, True)
    assert answer["examples"][0]["command"].startswith("graphsurgeon prune frozen.pb")


def test_on_a_terminal_it_comes_through_the_pager(root, tmp_path):
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nsed s/^/paged:/\n")
    pager.chmod(0o755)
    main, other = pty.openpty()
    environment = {**os.environ, "PAGER": str(pager), "TERM": "xterm", "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "graphsurgeon", "help", "recover"]
    with subprocess.Popen(command, stdout=other, stdin=other, stderr=subprocess.PIPE, env=environment) as process:
        os.close(other)
        seen = b""
        while True:
            try:
                piece = os.read(main, 4096)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(main)
    assert process.returncode == 0
    assert seen.startswith(b"paged:Usage: graphsurgeon recover")
