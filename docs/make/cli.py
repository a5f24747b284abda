"""The reference of the command line: what ``VERB --help`` says of every verb, as it is said there."""

from __future__ import annotations

import click

from graphsurgeon.cli.group import cli

_WIDTH = 96


def page() -> str:
    """Return the page: the verbs in order of their names, each with its help."""
    context = click.Context(cli, info_name="graphsurgeon", terminal_width=_WIDTH)
    parts = ["# Command line\n\nWhat `graphsurgeon VERB --help` says.\n", _fenced(cli.get_help(context))]
    for name in sorted(cli.list_commands(context)):
        verb = cli.get_command(context, name)
        if verb is not None:
            inner = click.Context(verb, info_name=name, parent=context, terminal_width=_WIDTH)
            parts.append(f"\n## {name}\n\n{_fenced(verb.get_help(inner))}")
    return "".join(parts)


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```\n"
