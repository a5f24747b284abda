"""Compare two graphs, two checkpoints or two models."""

from __future__ import annotations

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import emit_json, emit_line, remark


@click.command("diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--all", "show_all", is_flag=True, help="Print every row, not the first 20 of a kind.")
@options.common("json", "quiet")
def command(a: str, b: str, show_all: bool, as_json: bool, quiet: bool) -> int:
    """Compare two graphs, two checkpoints or two models; exits with 1 when they differ.

    Nodes are compared by name and, where names differ, by structure, so that a renamed scope shows as such. Values are
    read and compared exactly. In what is printed - stands for A only, + for B only, > for renamed and ~ for changed.
    """
    from graphsurgeon.compare import diff
    from graphsurgeon.formats.load import load

    report = diff(load(a), load(b))
    if as_json:
        emit_json("diff", a=a, b=b, **report.to_json())
    elif report.is_equal:
        remark("no difference", quiet=quiet)
    if not as_json:
        for line in report.lines(None if show_all else 20):
            emit_line(line)
    return int(not report.is_equal)
