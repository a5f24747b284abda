"""Delete old checkpoints of a directory by TensorFlow's rules."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import count, emit_json, emit_line, format_nbytes, remark
from graphsurgeon.cli.tables import emit_table

if TYPE_CHECKING:
    from graphsurgeon.tools.retention import StoredCheckpoint


@click.command("prune-checkpoints", cls=Verb)
@click.argument("directory", metavar="DIR")
@click.option("--keep", type=click.IntRange(min=1), default=5, show_default=True, help="How many of the last to keep.")
@click.option(
    "--keep-every-hours", type=click.FloatRange(min=0, min_open=True), metavar="HOURS",
    help="Keep one more for each so many hours.",
)  # fmt: skip
@click.option(
    "--since", type=click.DateTime(), metavar="TIME",
    help="When the hours begin to count: 2026-01-31T12:00:00, in local time.",
)  # fmt: skip
@click.option("--unlisted", is_flag=True, help="Take those that the state file does not name like the others.")
@options.rows
@options.common("dry_run", "sync", "json", "quiet")
def command(
    directory: str,
    keep: int,
    keep_every_hours: float | None,
    since: dt.datetime | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Delete the old checkpoints of a directory, as TensorFlow does while it trains, and keep its state file true.

    The last ones stay, and with --keep-every-hours one more for each so many hours. Checkpoints that the state file
    does not name stay too, unless --unlisted is given: TensorFlow does not name those that it keeps for good. The
    latest is never deleted. Not for a directory in which a training is running.
    """
    from graphsurgeon.tools.retention import prune_checkpoints

    report = prune_checkpoints(
        directory,
        keep=keep,
        keep_every_hours=keep_every_hours,
        since=None if since is None else since.timestamp(),
        dry_run=dry_run,
        **given,
    )
    if as_json:
        outputs = [] if dry_run or report.state is None else [report.state]
        about = {"source": report.directory, "dry_run": dry_run}
        emit_json("prune-checkpoints", **about, **report.to_json(), outputs=outputs)
        return
    rows = [_row(each, dry_run) for each in sorted((*report.kept, *report.removed), key=lambda each: each.time)]
    emit_table(["checkpoint", "saved", "size", "fate", "why"], rows)
    for path in (path for each in report.removed for path in each.files) if dry_run else ():
        emit_line(f"would delete {path}")
    for prefix in report.missing:
        remark(f"{prefix} is in the state file, but not there", quiet=quiet)
    verb = "would remove" if dry_run else "removed"
    remark(f"{verb} {count(len(report.removed), 'checkpoint')}, {format_nbytes(report.freed_nbytes)}", quiet=quiet)


def _row(stored: StoredCheckpoint, dry_run: bool) -> list[object]:
    saved = dt.datetime.fromtimestamp(stored.time).isoformat(" ", "seconds")
    fate = "kept" if stored.reason else "to remove" if dry_run else "removed"
    return [stored.prefix, saved, format_nbytes(stored.nbytes), fate, stored.reason]
