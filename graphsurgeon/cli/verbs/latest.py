"""Print the prefix of a directory's latest checkpoint."""

from __future__ import annotations

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import emit_json, emit_line
from proto_utils.errors import NotFoundError


@click.command("latest")
@click.argument("directory", metavar="DIR")
@options.common("json")
def command(directory: str, as_json: bool) -> None:
    """Print the prefix of a directory's latest checkpoint, as its state file tells."""
    from graphsurgeon.formats.state_file import checkpoint_exists, read_state

    state = read_state(directory)
    if state is None:
        raise NotFoundError("checkpoint state file", f"{directory}/checkpoint")
    if not checkpoint_exists(state.latest):
        existing = [path for path in state.checkpoints if checkpoint_exists(path)]
        raise NotFoundError("checkpoint", state.latest, existing[-1:], where=f"what {directory}/checkpoint names")
    if as_json:
        emit_json("latest", source=directory, latest=state.latest, checkpoints=list(state.checkpoints))
    else:
        emit_line(state.latest)
