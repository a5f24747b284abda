"""Running a command line: exit codes and error messages.

==== ====================================================
code means
==== ====================================================
0    done
1    a finding: `verify` failed, `diff` differs
2    usage
3    the file is bad or not ours
4    the operation declines
5    not found
6    input or output: permissions, disk full, output exists
70   a defect of this program
==== ====================================================

130, 141 and 143 are what shells say of a program ended by an interrupt, a closed pipe and a termination.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import TextIO

import click

from graphsurgeon.cli.missing import DECLINED, describe_missing, missing_package
from graphsurgeon.cli.options import COMPLETION
from graphsurgeon.cli.output import RENAMED, as_typed, folded, in_flags, printable, styled
from proto_utils.errors import (
    ChangedError,
    FileFormatError,
    GraphSurgeonError,
    NotFoundError,
    OutputBusyError,
    OutputExistsError,
)

FINDING, USAGE, BAD_FILE = 1, 2, 3
NOT_FOUND, IO = 5, 6
#: Letters of a message.
_MAX_SHOWN = 2000
_DEFECT, _INTERRUPTED, _PIPE_CLOSED = 70, 130, 141
_PROGRAM = "graphsurgeon"
#: What of an error names options, as the library does.
_ADVICE = ("message", "reason", "hint")


def run(arguments: Sequence[str]) -> int:
    """Run a command line, without the program's name; errors go to stderr. Return the exit code."""
    RENAMED.clear()
    try:
        result = _invoke(arguments)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        _drop(sys.stdout)
        return _PIPE_CLOSED
    except (click.ClickException, GraphSurgeonError, OSError, MemoryError) as error:
        _try_to_report(error, arguments)
        return exit_code(error)
    except Exception as error:  # noqa: BLE001 -- whatever it is, 1 would mean that something differs
        _try_to_report(error, arguments)
        return DECLINED if missing_package(error) else _DEFECT
    return result if isinstance(result, int) else 0


def _invoke(arguments: Sequence[str]) -> object:
    from graphsurgeon.cli.group import cli

    if COMPLETION in os.environ:
        from graphsurgeon.cli.completion import complete

        for line in complete(cli, _PROGRAM):
            click.echo(line)
        return 0
    # Not `cli.main`, which has its own ideas of how errors look and what a closed pipe means.
    with cli.make_context(_PROGRAM, list(arguments)) as context:
        if not arguments:
            click.echo(context.get_help(), err=True)
            return USAGE
        if not _can_be_drawn_on(sys.stderr):
            return cli.invoke(context)
        from graphsurgeon.cli.progress import shown

        with shown(context.meta):
            return cli.invoke(context)


def _can_be_drawn_on(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def exit_code(error: Exception) -> int:
    """Return the exit code that an error means."""
    from graphsurgeon.errors import GraphError, PassError

    if isinstance(error, (ChangedError, OutputBusyError, OutputExistsError)):
        return IO
    if isinstance(error, (NotFoundError, FileNotFoundError)):
        return NOT_FOUND
    if isinstance(error, (FileFormatError, GraphError)):
        return BAD_FILE
    if isinstance(error, (GraphSurgeonError, MemoryError)):
        return USAGE if isinstance(error, PassError) and error.is_usage else DECLINED
    if isinstance(error, OSError):
        return IO
    return USAGE


def describe(error: Exception) -> dict[str, object]:
    """Return an error as the object that ``--json`` prints: type, message, then its own fields."""
    if isinstance(error, GraphSurgeonError):
        return {"type": type(error).__name__, "message": error.message, **error.fields()}
    if isinstance(error, click.ClickException):
        facts: dict[str, object] = {"type": "UsageError", "message": _in_a_line(error)}
        hint = _usage_hint(error)
        return {**facts, "hint": hint} if hint else facts
    if isinstance(error, MemoryError):
        return {"type": "MemoryError", "message": f"not enough memory{f': {error}' if str(error) else ''}"}
    package = missing_package(error)
    if package:
        return describe_missing(package)
    if not isinstance(error, OSError):
        message = f"internal error, please report it: {type(error).__name__}: {error}"
        return {"type": "InternalError", "message": message, "hint": "--debug shows where it happened"}
    path = getattr(error, "filename", None)
    reason = getattr(error, "strerror", None) or str(error)
    message = f"{path}: {reason}" if path else reason
    code = errno.errorcode.get(getattr(error, "errno", None) or 0)
    return {"type": type(error).__name__, "message": message, "path": path, "errno": code}


def _try_to_report(error: Exception, arguments: Sequence[str]) -> None:
    """Print an error. When that fails, on a full disk, the exit code is all there is."""
    try:
        _report(error, arguments)
    except OSError:
        _drop(sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:
        # What could not be written is tried again when the interpreter ends, which would make an exit code of its own.
        _drop(sys.stdout)


def _report(error: Exception, arguments: Sequence[str]) -> None:
    facts = {
        key: (in_flags(as_typed(value)) if key in _ADVICE else as_typed(value)) if isinstance(value, str) else value
        for key, value in describe(error).items()
    }
    if "--debug" in arguments:
        import traceback

        for line in "".join(traceback.format_exception(error)).splitlines():
            click.echo(printable(line), err=True)
    if "--json" in arguments:
        import json

        click.echo(json.dumps({"error": facts}), err=True)
        return
    message = printable(_shown(str(facts["message"]).replace("\n", " ")))
    told = folded(f"error: {message}", err=True).removeprefix("error: ")
    click.echo(styled("error: ", err=True, fg="red") + told, err=True)
    if "hint" in facts:
        click.echo(folded(f"hint: {printable(_shown(str(facts['hint'])))}", err=True), err=True)


def _shown(text: str) -> str:
    """Return what of a message is shown to people: what a file states may be as long as the file."""
    if len(text) <= _MAX_SHOWN:
        return text
    end = _MAX_SHOWN // 4
    return f"{text[: _MAX_SHOWN - end]} ... {len(text) - _MAX_SHOWN:,} letters more ... {text[-end:]}"


def _in_a_line(error: click.ClickException) -> str:
    """Return click's message, which has each of several choices in a line of its own."""
    return error.format_message().replace("\n\t", " ")


def _usage_hint(error: click.ClickException) -> str | None:
    hint: str | None = getattr(error, "hint", None)
    context = getattr(error, "ctx", None)
    if hint is not None or context is None:
        return hint
    usage = " ".join(context.command.collect_usage_pieces(context))
    return f"usage: {context.command_path} {usage}; --help tells more"


def _drop(stream: TextIO) -> None:
    """Redirect a stream to the null device: the interpreter flushes it once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
