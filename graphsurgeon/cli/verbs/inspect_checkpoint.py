"""Show a checkpoint's tensors with the flags of TensorFlow's inspect_checkpoint."""

from __future__ import annotations

import re
from typing import Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.run import USAGE, exit_code

_LIST_FLAG = "--printoptions"
_USAGE = (
    "Usage: inspect_checkpoint --file_name=checkpoint_file_name [--tensor_name=tensor_to_print] [--all_tensors] "
    "[--all_tensor_names] [--count_exclude_pattern] [--printoptions]"
)


class _Command(Verb):
    """A command one of whose flags takes all that follows up to the next flag, which click's do not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the flag for each of its values."""
        spelled, is_list = [], False
        for arg in args:
            if arg.startswith("--"):
                is_list = arg == _LIST_FLAG
                spelled += [] if is_list else [arg]
            else:
                spelled += [_LIST_FLAG, arg] if is_list else [arg]
        return super().parse_args(ctx, spelled)


def _parse_printoptions(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    from graphsurgeon.compat.inspect_checkpoint import parse_numpy_printoption

    try:
        return dict(map(parse_numpy_printoption, values))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("inspect_checkpoint", cls=_Command)
@click.option(
    "--file_name", default="", metavar="PREFIX", help="The checkpoint: what the names of its files begin with."
)
@click.option("--tensor_name", default="", metavar="NAME", help="The tensor to print.")
@click.option(
    "--count_exclude_pattern", default="", metavar="REGEX", help="Do not count tensors in whose names it is found."
)
@options.switch("all_tensors", "Print the names and values of all tensors.")
@options.switch("all_tensor_names", "Print the names of all tensors.")
@click.option(
    _LIST_FLAG, multiple=True, metavar="K=V ...", callback=_parse_printoptions, help="For numpy.set_printoptions()."
)
@click.option(
    "--tf_version", type=click.Choice(["1", "2"]), default="2", show_default=True,
    help="Print the lines of TensorFlow 1.15 or of 2.21; TensorFlow's tools have no such flag.",
)  # fmt: skip
@options.common()
def command(
    file_name: str,
    tensor_name: str,
    count_exclude_pattern: str,
    all_tensors: bool,
    all_tensor_names: bool,
    printoptions: dict[str, Any],
    tf_version: str,
) -> int:
    """Show a checkpoint's tensors and the number of their elements, with the flags of TensorFlow's inspect_checkpoint.

    Takes those flags and prints what TensorFlow prints, to stdout also when something goes wrong; the exit code then
    tells. The verbs ls and cat do more: patterns, slices, JSON, files.
    """
    import numpy as np

    from graphsurgeon.compat.errors import OpError
    from graphsurgeon.compat.inspect_checkpoint import checkpoint_lines, error_lines

    if not file_name:
        click.echo(_USAGE)
        return USAGE
    names = (tensor_name, all_tensors, all_tensor_names, count_exclude_pattern)
    try:
        with np.printoptions(**printoptions):
            for line in checkpoint_lines(file_name, *names, tf_version=int(tf_version)):
                click.echo(line)
    except (OpError, re.error) as error:
        for line in error_lines(error, file_name):
            click.echo(line)
        return exit_code(error)
    except ValueError as error:
        # Of numpy, about a value of its own.
        raise click.UsageError(str(error)) from error
    return 0
