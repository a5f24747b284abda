"""The command group: verbs are discovered by their files and imported on use."""

from __future__ import annotations

import importlib
import os
import re
from typing import TYPE_CHECKING

import click

from graphsurgeon import edits, passes
from graphsurgeon.cli import options, verbs
from graphsurgeon.cli.command import no_such_option
from graphsurgeon.cli.options import verb_name
from graphsurgeon.errors import did_you_mean, near_names

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: What others call what these verbs do.
_OTHER_WORDS = {
    "list": "ls",
    "show": "inspect",
    "print": "cat",
    "reshard": "compact",
    "drop": "select",
    "concat": "merge",
}
_SUMMARY = r'r?"""(.*?)(?:"""|\n)'


class VerbGroup(click.Group):
    """A click group that loads its commands lazily."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click passes it
        """Return the names of all verbs."""
        return [verb_name(stem) for stem in (*verbs.names(), *passes.names(), *edits.names())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click passes it
        """Import a verb; None when no verb has the name."""
        # Click asks twice for the verb that it runs.
        if cmd_name not in self.commands:
            stem = cmd_name.replace("-", "_")
            command = _imported(stem) if verb_name(stem) == cmd_name else None
            if command is None:
                return None
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer verbs, with the first sentence of their files, and options; imports no verb."""
        from click.shell_completion import CompletionItem

        stems = {verb_name(stem): room.path(stem) for room in (verbs, passes, edits) for stem in room.names()}
        found = [CompletionItem(name, help=summary(stems[name])) for name in stems if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; for an unknown one suggest those with similar names."""
        command = self.get_command(ctx, args[0])
        if command is None and not args[0].startswith("-"):
            error = click.UsageError(f"no verb {args[0]!r}", ctx)
            known = _OTHER_WORDS.get(args[0])
            near = (known,) if known else near_names(args[0], self.list_commands(ctx))
            error.hint = did_you_mean(near)  # type: ignore[attr-defined]
            raise error
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before the verb."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise no_such_option(error.option_name, self, ctx) from error

    def get_help(self, ctx: click.Context) -> str:
        """Return the help: the verbs by group, with the first sentence of their files; imports none of them."""
        from graphsurgeon.cli.help_page import group_page

        return group_page(self, ctx, grouped())


def grouped() -> dict[str, list[tuple[str, str]]]:
    """Return the verbs that there are, with their summaries, by what they are for; last those of no group."""
    from graphsurgeon.cli import catalog

    summaries = {verb_name(stem): summary(room.path(stem)) for room in (verbs, passes, edits) for stem in room.names()}
    known = {title: [(name, summaries.pop(name)) for name in names if name in summaries]
             for title, names in catalog.groups().items()}  # fmt: skip
    return {title: rows for title, rows in {**known, "Other verbs": list(summaries.items())}.items() if rows}


def _imported(stem: str) -> click.Command | None:
    command: click.Command | None = None
    if stem in verbs.names():
        command = importlib.import_module(f"graphsurgeon.cli.verbs.{verbs.stem(stem)}").command
    elif stem == "split":
        command = importlib.import_module("graphsurgeon.cli.split_verb").command_of(stem)
    elif stem in passes.names():
        command = importlib.import_module("graphsurgeon.cli.pass_verb").command_of(stem)
    elif stem in edits.names():
        command = importlib.import_module("graphsurgeon.cli.edit_verb").command_of(stem)
    return command


def summary(file: str | os.PathLike[str]) -> str:
    """Return the first line of a module's docstring, read without importing it."""
    with open(file, encoding="utf-8") as text:
        found = re.match(_SUMMARY, text.read(400))
    return found.group(1).rstrip(".") if found else ""


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from graphsurgeon import __version__

        click.echo(f"graphsurgeon {__version__}")
        ctx.exit()


@click.group(
    cls=VerbGroup,
    context_settings={"max_content_width": 100},
    epilog="graphsurgeon VERB --help tells the options of a verb, graphsurgeon help VERB all about it. Exit codes: 0 "
    "done, 1 a finding, 2 usage, 3 bad or foreign file, 4 declined, 5 not found, 6 input or output, 70 internal error.",
    no_args_is_help=False,
    invoke_without_command=True,
    subcommand_metavar="VERB ...",
)
@click.option(
    "-V", "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
@options.help_flag
def cli() -> None:
    """TensorFlow graph and checkpoint surgery, without TensorFlow.

    A SRC is any file TensorFlow writes: GraphDef or MetaGraphDef (binary or text), SavedModel, checkpoint (its
    prefix, one of its files, or its directory). It is recognised by its bytes.
    """
