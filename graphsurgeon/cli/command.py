"""A verb as a command: what its command line may look like, what is said when it does not, and its help."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from graphsurgeon.cli.options import COMMON_FLAGS, DROP_INS, STREAMED, wrong_usage
from graphsurgeon.errors import did_you_mean, near_names

#: What it is written to was called so, one letter from the nodes to keep, `--outputs`.
_FORMER_OUTPUT = "--output"


class Verb(click.Command):
    """A command that takes each option at its word: no flag twice, none with one dash for two, and near names.

    Tools of TensorFlow let the last of several values count, as they do there.
    """

    def make_parser(self, ctx: click.Context) -> Any:
        """Return click's parser, with options of one value that refuse a second one."""
        parser: Any = super().make_parser(ctx)
        # Click looks for -o among the long flags first, and compares what is not one with all of them.
        parser._long_opt = {**parser._short_opt, **parser._long_opt}
        for option in {*parser._long_opt.values(), *parser._short_opt.values()} if self.name not in DROP_INS else ():
            if option.action == "store":
                option.process = functools.partial(_store_once, option, option.process, ctx)
        return parser

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; of an unknown flag the error names those that resemble it."""
        flags = [flag for each in self.get_params(ctx) if isinstance(each, click.Option) for flag in each.opts]
        given = [] if ctx.resilient_parsing else args[: args.index("--")] if "--" in args else args
        for word in given:
            # -force would be -f -o rce: written to a file of that name.
            meant = "-" + word.partition("=")[0]
            meant = "-o" if meant == _FORMER_OUTPUT else meant
            if meant in flags and len(word) > 2 and word.startswith("-") and not word.startswith("--"):
                raise wrong_usage(f"{word} has one dash", did_you_mean([meant]), ctx)
        has_stream = any(word == "-" or word.endswith("=-") for word in args)
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise no_such_option(error.option_name, self, ctx) from error
        if has_stream and not ctx.resilient_parsing and self.name not in DROP_INS:
            from graphsurgeon.cli.streams import take

            take(ctx, self)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; what it wrote to ``-`` goes to standard output."""
        result = super().invoke(ctx)
        if ctx.meta.get(STREAMED):
            from graphsurgeon.cli.streams import give

            give(ctx)
        return result

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, as wide as the terminal allows."""
        from graphsurgeon.cli.help_page import verb_page

        return verb_page(self, ctx)


def no_such_option(flag: str, command: click.Command, ctx: click.Context) -> click.UsageError:
    """Return the error of an option that a command does not have, with those that resemble it."""
    shown = [each for each in command.get_params(ctx) if isinstance(each, click.Option) and not each.hidden]
    # All begin with the same dashes, which make none resemble another.
    words = [each.removeprefix("--") for option in shown for each in option.opts if len(each) > 2]
    near = [f"--{each}" for each in near_names(flag.lstrip("-"), words)]
    hint = did_you_mean(near)
    if flag == _FORMER_OUTPUT and any("-o" in option.opts for option in shown):
        names = "; --outputs names nodes" if "--outputs" in near else ""
        hint = f"-o DST says where to write{names}"
    if isinstance(command, click.Group) and flag in COMMON_FLAGS:
        hint = f"options of a verb stand behind it: {ctx.command_path} VERB {flag}"
    return wrong_usage(f"{ctx.command_path} has no option {flag}", hint, ctx)


def _store_once(option: Any, store: Callable[[Any, Any], None], ctx: click.Context, value: Any, state: Any) -> None:
    if option.dest in state.opts:
        before = state.opts[option.dest]
        flag = max(option.obj.opts, key=len)
        raise wrong_usage(f"{flag} is given twice, {before!r} and {value!r}", "it takes one value", ctx)
    store(value, state)
