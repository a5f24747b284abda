"""Show what verbs there are, or all about one of them."""

from __future__ import annotations

import os
import sys

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import emit_json


@click.command("help", cls=Verb)
@click.argument("verb", required=False, metavar="[VERB]")
@options.common("json")
@click.pass_context
def command(context: click.Context, verb: str | None, as_json: bool) -> None:
    """Show what verbs there are, or all about one of them: its manual page.

    That is its --help, what it needs and leaves behind, and the exit codes. On a terminal it comes through the pager of
    the environment, PAGER, where it is longer than the screen.
    """
    from graphsurgeon.cli import catalog, help_page
    from graphsurgeon.cli.manual import exit_code_lines, remark_lines

    program = context.find_root()
    group = program.command
    if verb is None:
        if as_json:
            emit_json("help", groups=catalog.groups())
            return
        _show(group.get_help(program))
        return
    assert isinstance(group, click.Group)
    name, found, _ = group.resolve_command(program, [verb])
    assert found is not None
    with click.Context(found, info_name=name, parent=program) as own:
        if as_json:
            emit_json("help", **help_page.as_json(found, own))
            return
        width = help_page.page_width(own)
        lines = [found.get_help(own), *remark_lines(verb, found, width), *exit_code_lines(width)]
    _show("\n".join(lines))


def _show(text: str) -> None:
    if not sys.stdout.isatty():
        click.echo(text)
        return
    # The pager has the terminal for itself.
    click.get_current_context().meta[options.MUTED] = True
    # As git does: no pager for what fits the screen.
    os.environ.setdefault("LESS", "FRX")
    click.echo_via_pager(f"{text}\n")
