"""What a manual page says beyond ``--help``: the rest of a pass's or an edit's docstring, and the exit codes."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphsurgeon.cli.help_page import columns, told, wrap

if TYPE_CHECKING:
    import click

#: What codes mean, as `graphsurgeon.cli.run` says it.
EXIT_CODES = (
    (0, "done"),
    (1, "a finding: verify failed, diff differs"),
    (2, "usage"),
    (3, "the file is bad or not ours"),
    (4, "the operation declines"),
    (5, "not found"),
    (6, "input or output: permissions, disk full, output exists"),
    (70, "a defect of this program"),
)
_HEADING = re.compile(r"(For|Prerequisites|Leaves behind|What else it meets): ")


def remark_lines(verb: str, command: click.Command, width: int) -> Iterator[str]:
    """Yield what the module of a pass or an edit says of it below its first line, heading by heading."""
    stem = verb.replace("-", "_")
    module = next((sys.modules[name] for name in _homes(stem) if name in sys.modules), None)
    text = inspect.cleandoc(module.__doc__ or "") if module is not None else ""
    for paragraph in text.split("\n\n")[1:]:
        heading = _HEADING.match(paragraph)
        yield from ("", f"{heading[1]}:") if heading is not None else ("",)
        yield from wrap(told(paragraph[heading.end() if heading else 0 :], command), width - 2, "  ")


def exit_code_lines(width: int) -> Iterator[str]:
    """Yield the section of the exit codes."""
    yield from ("", "Exit codes:", *columns([(str(code), meaning) for code, meaning in EXIT_CODES], width, 4))


def _homes(stem: str) -> tuple[str, ...]:
    return f"graphsurgeon.passes.{stem}", f"graphsurgeon.edits.{stem}"
