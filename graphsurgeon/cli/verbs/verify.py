"""Check every well-formedness rule and every checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import count, emit_json, emit_line, is_csv

if TYPE_CHECKING:
    from graphsurgeon.checks.finding import Finding

_HEADERS = ("severity", "rule", "function", "node", "message")
_COLOURS = {"error": "red", "warning": "yellow"}


@click.command("verify", cls=Verb)
@options.source
@click.option("--against", metavar="OTHER", help="Another file; find out whether it is the same model.")
@options.rows
@options.common("json", "quiet", "threads")
def command(source: str, against: str | None, as_json: bool, quiet: bool) -> int:
    """Check every well-formedness rule of a model, whether its parts fit, and every checksum of its checkpoint.

    Exits with 1 when there are errors; warnings are what TensorFlow accepts but somebody may not mean. With --against
    it proves that a frozen graph and a graph with its checkpoint are the same model: the same nodes and edges up to
    the exchange of constants and variables, and the same bytes. Two graphs that are both frozen, or both are not, must
    not differ at all.
    """
    from graphsurgeon.tools.verify_source import verify_source

    report = verify_source(source, against=against)
    num_errors = report.num_errors
    if as_json:
        rows = [finding.to_json() for finding in report.findings]
        checked = {"nodes": report.num_nodes, "tensors": report.num_tensors}
        about = {"source": source, "against": against, "same": report.same, "lost": report.num_lost}
        emit_json("verify", **about, ok=not num_errors, findings=rows, checked=checked)
        return int(num_errors > 0)
    if is_csv():
        from graphsurgeon.cli.tables import emit_table

        emit_table(_HEADERS, ([getattr(finding, key) or "" for key in _HEADERS] for finding in report.findings))
    for finding in () if is_csv() else report.findings:
        emit_line(_line(finding), fg=_COLOURS[finding.severity])
    warnings = count(len(report.findings) - num_errors, "warning")
    lost = f" ({report.num_lost:,} lost)" if report.num_lost else ""
    checked_text = f"{count(report.num_nodes, 'node')}, {count(report.num_tensors, 'tensor')}{lost}"
    answer = [f"{checked_text}: {count(num_errors, 'error')}, {warnings}"]
    if report.same is not None:
        answer.append(f"{'the same model as' if report.same else 'not the same model as'} {against}")
    for line in () if quiet else answer:
        emit_line(line)
    return int(num_errors > 0)


def _line(finding: Finding) -> str:
    where = f"node {finding.node!r}: " if finding.node else ""
    if finding.function:
        where = f"function {finding.function!r}, {where}"
    return f"{finding.severity}: {where}{finding.message} [{finding.rule}]"
