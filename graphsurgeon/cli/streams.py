"""``-`` in the place of a file: standard input where one is read, standard output where one is written.

A verb knows nothing of it: it gets files in a directory that goes when it has ended, for tensors stay in the files
where they are, and memory does not grow with them. What was read from standard input lies there as it came; what is
written goes to standard output when it is whole, so that a failure leaves nothing there. Everything that a verb says
meanwhile, ``--json`` too, goes to stderr: no byte of it is among those of the file.

Refused is what one stream cannot hold: checkpoints and SavedModels, which are several files; and a terminal.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import Any

import click

from graphsurgeon.cli.destination import STREAM, several
from graphsurgeon.cli.options import STREAMED
from graphsurgeon.cli.output import RENAMED
from proto_utils import disk
from proto_utils.files import CHUNK_NBYTES
from proto_utils.opening import open_source
from proto_utils.output import Transaction

#: What help calls a file that is read.
_READ = re.compile(r"(SRC|OTHER|TARGET|CHECKPOINT|PREFIX|FILE|[AB])(\.\.\.)?")
#: In the memory of a context: standard input is read.
_INPUT = "graphsurgeon.streams.input"
#: What one file is written as where only its suffix would tell.
_SUFFIXES = {"cat": ".npy"}


def take(context: click.Context, command: click.Command) -> None:
    """Replace each ``-`` among the values that a command was given by a file, and what is said then by ``-`` again.

    UsageError when a stream cannot serve: it is a terminal, asked for twice, or several files would be needed.
    """
    for parameter in command.params:
        name, word = parameter.name or "", parameter.metavar or ""
        value = context.params.get(name)
        if value != STREAM and not (isinstance(value, tuple) and STREAM in value):
            continue
        if name == "output":
            context.params[name] = _output(context, command.name or "")
        elif word == "DST":
            raise click.UsageError(f"{max(parameter.opts, key=len)} - : two models do not go to one standard output")
        elif word == "PICTURE":
            raise click.UsageError(f"{max(parameter.opts, key=len)} - : a picture goes to a file, which needs a name")
        elif _READ.fullmatch(word):
            every = value if isinstance(value, tuple) else (value,)
            files = tuple(_spooled(context) if each == STREAM else each for each in every)
            context.params[name] = files if isinstance(value, tuple) else files[0]


def give(context: click.Context) -> None:
    """Send what a verb has written to standard output."""
    path, stream = context.meta[STREAMED]
    beside = [name for name in os.listdir(os.path.dirname(path)) if name != os.path.basename(path)]
    if os.path.isdir(path) or beside:
        raise several("this output")
    if not os.path.exists(path):
        return
    stream.flush()
    with contextlib.closing(open_source(path)) as source:
        for chunk in source.chunks(0, source.size):
            stream.buffer.write(chunk)
    stream.buffer.flush()


def _spooled(context: click.Context) -> str:
    """Return a file with all that standard input gives."""
    if context.meta.get(_INPUT):
        raise click.UsageError("standard input (-) is given twice, and can be read once")
    if sys.stdin is None:
        raise click.UsageError("standard input (-) is closed")
    if sys.stdin.isatty():
        raise click.UsageError("standard input (-) is a terminal: - takes what a pipe or < gives")
    path = os.path.join(context.with_resource(disk.scratch_directory()), "stdin")
    RENAMED[path], context.meta[_INPUT] = STREAM, True
    with Transaction(path) as transaction:
        sink = transaction.create(path)
        while chunk := sys.stdin.buffer.read(CHUNK_NBYTES):
            sink.write(chunk)
    return path


def _output(context: click.Context, verb: str) -> str:
    """Return a file that `give` sends to standard output; what is printed goes to stderr from here on."""
    stream: Any = sys.stdout
    if getattr(stream, "name", None) == os.devnull:
        # What `main` put in its place; one that leads to the null device is called <stdout>.
        raise click.UsageError("standard output (-o -) is closed: send it to a file or a pipe, or name a file")
    if stream.isatty():
        raise click.UsageError("standard output (-o -) is a terminal: send it to a file or a pipe, or name a file")
    path = os.path.join(context.with_resource(disk.scratch_directory()), f"stdout{_SUFFIXES.get(verb, '')}")
    RENAMED[path] = STREAM
    context.meta[STREAMED] = path, stream
    context.with_resource(contextlib.redirect_stdout(sys.stderr))
    return path
