"""The script that shells take; that they complete with it is tested in `tests/cli/test_completion.py`."""

from __future__ import annotations

import pytest

from graphsurgeon.cli.completion import VARIABLE
from graphsurgeon.cli.verbs.completion import SCRIPTS


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_is_the_answer(verb, shell):
    done = verb("completion", shell)
    assert (done.code, done.out, done.err) == (0, SCRIPTS[shell] + "\n", "")
    assert f"{VARIABLE}={shell} " in done.out
    assert verb("completion", shell, "--json").answer["script"] == SCRIPTS[shell]


def test_another_shell_is_wrong_usage(verb):
    assert verb("completion", "tcsh").code == 2
