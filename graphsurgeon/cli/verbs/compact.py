"""Rewrite a checkpoint: only the bytes in use, in data files and a byte order of your choice."""

from __future__ import annotations

from typing import Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.edit_verb import finish


class _Size(click.ParamType):  # type: ignore[type-arg]
    """A number of bytes, as in 500M or 2GiB."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from graphsurgeon.errors import PassError
        from graphsurgeon.tools.compact import nbytes_of

        try:
            return nbytes_of(str(value))
        except PassError as error:
            self.fail(error.reason, param, ctx)


@click.command("compact", cls=Verb)
@options.source
@options.output_option("Prefix of the checkpoint to write; it may be SRC.")
@click.option("--shard-size", type=_Size(), help="Begin a new data file rather than let one grow past this, as in 2GB.")
@click.option("--byteorder", type=click.Choice(["little", "big"]), help="Of the values; little by default.")
@options.update_state
@options.common("dry_run", "force", "sync", "json", "quiet")
def command(source: str, output: str | None, shard_size: int | None, byteorder: str | None, **given: Any) -> None:
    """Rewrite a checkpoint: one data file without gaps, sharing no bytes with others, sorted by name.

    Edits link the data files of their source, whole, however little of them is still in use; this lets go of the rest.
    --shard-size divides the values among several data files, --byteorder turns a checkpoint of a big-endian machine
    into what every other one reads faster. Every checksum is verified on the way.
    """
    from graphsurgeon.edits._contract import EditReport
    from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint

    answer = Answer("compact", output, given)
    checkpoint = EditedCheckpoint(source)
    report = EditReport([], len(checkpoint.tensors))
    finish(answer, [source], checkpoint, report, shard_nbytes=shard_size, byteorder=byteorder or "little")
