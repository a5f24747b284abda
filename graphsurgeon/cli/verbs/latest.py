"""Show the prefix of a directory's latest checkpoint."""

from __future__ import annotations

import os

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import emit_json, emit_path
from proto_utils.errors import NotFoundError


@click.command("latest")
@click.argument("directory", metavar="DIR")
@options.common("json")
def command(directory: str, as_json: bool) -> None:
    """Show the prefix of a directory's latest checkpoint, according to its state file.

    DIR may be the state file itself. Checkpoints that are no longer where it says are looked for beside it.
    """
    from graphsurgeon.formats.state_file import FILE_NAME, checkpoint_exists, read_state

    place, name = os.path.split(directory) if os.path.isfile(directory) else (directory, FILE_NAME)
    state = read_state(place, name)
    file = os.path.join(place, name)
    if state is None:
        raise NotFoundError("checkpoint state file", file)
    if not checkpoint_exists(state.latest):
        existing = [path for path in state.checkpoints if checkpoint_exists(path)]
        raise NotFoundError("checkpoint", state.latest, existing[-1:], where=f"what {file} names")
    if as_json:
        emit_json("latest", source=directory, latest=state.latest, checkpoints=list(state.checkpoints))
    else:
        emit_path(state.latest)
