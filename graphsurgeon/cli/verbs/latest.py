"""Show the prefix of a directory's latest checkpoint."""

from __future__ import annotations

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import emit_json, emit_path


@click.command("latest", cls=Verb)
@click.argument("directory", metavar="DIR")
@options.common("json")
def command(directory: str, as_json: bool) -> None:
    """Show the prefix of a directory's latest checkpoint, according to its state file.

    DIR may be the state file itself. Checkpoints that are no longer where it says are looked for beside it.
    """
    from graphsurgeon.tools.latest import latest

    found = latest(directory)
    if as_json:
        emit_json("latest", source=directory, **found.to_json())
    else:
        emit_path(found.latest)
