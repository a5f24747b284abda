"""Bring back what a run that was killed had put aside."""

from __future__ import annotations

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import emit_json, emit_line, remark


@click.command("recover", cls=Verb)
@click.argument("directory", metavar="DIR")
@options.common("dry_run", "sync", "json", "quiet")
def command(directory: str, dry_run: bool, sync: bool, as_json: bool, quiet: bool) -> None:
    """Bring back what a run that was killed while it replaced files had put aside, and remove what else it left.

    Afterwards each output in the directory is what it was before that run, or the new one; what somebody writes to at
    the moment is left alone. The next run that writes to such an output does the same for it.
    """
    from graphsurgeon.tools.recover import recover

    done = recover(directory, dry_run=dry_run, sync=sync)
    if as_json:
        emit_json("recover", source=directory, dry_run=dry_run, **done.to_json())
        return
    for path in done.restored:
        emit_line(path)
    for path in done.removed if dry_run else ():
        emit_line(f"would delete {path}")
    verbs = ("would bring back", "would remove") if dry_run else ("brought back", "removed")
    remark(f"{verbs[0]} {len(done.restored)}, {verbs[1]} {len(done.removed)}", quiet=quiet)
