"""Compare two graphs, two checkpoints or two models."""

from __future__ import annotations

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import emit_json, emit_line, is_csv

_COLOURS = {"-": "red", "+": "green"}


@click.command("diff", cls=Verb)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--all", "show_all", is_flag=True, help="Print every row, not the first 20 of a kind.")
@click.option("--rtol", type=float, metavar="R", help="Let numbers be apart by R times the one of B.")
@click.option("--atol", type=float, metavar="T", help="Let numbers be apart by T, beside what --rtol allows.")
@options.rows
@options.common("json", "quiet")
def command(a: str, b: str, show_all: bool, rtol: float | None, atol: float | None, as_json: bool, quiet: bool) -> int:
    """Compare two graphs, two checkpoints or two models; exits with 1 when they differ.

    Nodes are compared by name and, where names differ, by structure, so that a renamed scope shows as such. Values are
    read and compared bit by bit; with --rtol or --atol numbers count as equal when |a - b| <= atol + rtol * |b|, and
    NaN as equal to NaN. In what is printed - stands for A only, + for B only, > for renamed and ~ for changed. --csv
    prints every row.
    """
    from graphsurgeon.compare import diff
    from graphsurgeon.formats.load import load
    from graphsurgeon.ir.graph_def import read_together

    with read_together():
        sides = load(a), load(b)
    report = diff(*sides, rtol=rtol, atol=atol)
    if as_json:
        emit_json("diff", a=a, b=b, **report.to_json())
    elif is_csv():
        from graphsurgeon.cli.tables import emit_table
        from graphsurgeon.compare.rows import HEADERS, diff_rows

        emit_table(HEADERS, diff_rows(report))
    else:
        for line in report.lines(None if show_all else 20):
            emit_line(line, fg=_COLOURS.get(line.lstrip()[:1]))
        if report.is_equal and not quiet:
            emit_line("no difference")
    return int(not report.is_equal)
