"""The manual page: what a pass needs and leaves behind, in the words of the command line, and the exit codes."""

from __future__ import annotations

import pytest

from graphsurgeon.cli import run
from graphsurgeon.cli.group import cli
from graphsurgeon.cli.manual import EXIT_CODES, exit_code_lines, remark_lines


def remarks(name: str, width: int = 78) -> list[str]:
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    return list(remark_lines(name, command, width))


def test_headings_of_a_pass_are_sections():
    lines = remarks("prune")
    assert {"For:", "Prerequisites:", "Leaves behind:", "What else it meets:"} <= set(lines)
    assert "A node named in --inputs" in " ".join(lines)
    assert "`" not in "".join(lines)


@pytest.mark.parametrize("width", [58, 98])
@pytest.mark.parametrize("name", cli.list_commands(None))  # type: ignore[arg-type]
def test_it_fits(name, width):
    assert max(map(len, [*remarks(name, width), *exit_code_lines(width)])) <= width


def test_exit_codes_are_those_of_the_program():
    table = (run.__doc__ or "").splitlines()
    for code, meaning in EXIT_CODES:
        assert any(line.split()[:1] == [str(code)] for line in table)
        assert f"  {code}" in "\n".join(exit_code_lines(78))
        assert meaning in "\n".join(exit_code_lines(78))
