"""The options that verbs share, under the same names and with the same meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "json": click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    "force": click.option("--force", is_flag=True, help="Replace existing output."),
    "dry_run": click.option("--dry-run", is_flag=True, help="Do everything but write."),
    "quiet": click.option("--quiet", is_flag=True, help="Print nothing but the answer and errors."),
    # Looked for in the arguments when an error is reported, because parsing itself may fail.
    "debug": click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."),
}

source = click.argument("source", metavar="SRC")


def common(*names: str) -> Callable[[F], F]:
    """Add shared options to a command, ``--debug`` always."""

    def add(function: F) -> F:
        for name in reversed((*names, "debug")):
            function = _OPTIONS[name](function)
        return function

    return add
