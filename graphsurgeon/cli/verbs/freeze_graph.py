"""Freeze with the flags of TensorFlow's freeze_graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import check_file
from graphsurgeon.cli.output import emit_json, emit_line, format_nbytes
from proto_utils import places
from proto_utils.errors import GraphSurgeonError

F = TypeVar("F", bound=Callable[..., Any])

_TEXTS = {
    "input_graph": ("FILE", "The GraphDef to load, binary or text."),
    "input_saver": ("FILE", "The SaverDef to restore with."),
    "input_checkpoint": ("PREFIX", "The checkpoint: what the names of its files begin with."),
    "output_graph": ("FILE", "The file to write."),
    "output_node_names": ("NODES", "The output nodes, comma separated."),
    "initializer_nodes": ("NODES", "Initializers to evaluate before freezing, comma separated."),
    "variable_names_whitelist": ("NAMES", "The only variables to convert, comma separated."),
    "variable_names_denylist": ("NAMES", "Variables not to convert, comma separated."),
    "input_meta_graph": ("FILE", "The MetaGraphDef to load."),
    "input_saved_model_dir": ("DIR", "The SavedModel to load."),
}


def _flags(function: F) -> F:
    for name, (metavar, text) in reversed(_TEXTS.items()):
        names = [f"--{name}", "--variable_names_blacklist"] if name.endswith("denylist") else [f"--{name}"]
        function = click.option(*names, name, default="", metavar=metavar, help=text)(function)
    return function


@click.command("freeze_graph", cls=Verb)
@_flags
@options.switch("input_binary", "Not needed: files are told by their bytes.", show_default=True)
@options.switch("clear_devices", "Drop the devices of nodes.", default="true", show_default=True)
@click.option("--checkpoint_version", type=int, metavar="1|2", default=2, help="1 or 2; both are read.")
@click.option(
    "--saved_model_tags",
    metavar="TAGS",
    default="serve",
    show_default=True,
    help="The tags of a meta graph, comma separated.",
)
@click.option("--restore_op_name", metavar="NAME", default="save/restore_all", help="Not used.")
@click.option("--filename_tensor_name", metavar="NAME", default="save/Const:0", help="Not used.")
@options.common("sync", "json", "quiet")
def command(
    checkpoint_version: int,
    input_binary: bool,
    restore_op_name: str,
    filename_tensor_name: str,
    sync: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Convert the variables of a graph and a checkpoint to constants, with the flags of TensorFlow's freeze_graph.

    Takes those flags and writes what TensorFlow writes. The verb freeze does more: partial freezing, moving averages,
    notes for the way back.
    """
    from graphsurgeon.compat.freeze_graph import Flags, write_frozen_graph

    del input_binary, restore_op_name, filename_tensor_name
    if checkpoint_version not in (1, 2):
        raise click.UsageError(f"Invalid checkpoint version (must be '1' or '2'): {checkpoint_version}")
    check_file(given["output_graph"] or None, "frozen.pb")
    try:
        model = write_frozen_graph(Flags(**given), sync=sync)
    except (ValueError, RuntimeError, AssertionError) as error:
        if isinstance(error.__cause__, GraphSurgeonError):
            raise error.__cause__ from None
        raise click.UsageError(str(error)) from error
    path = given["output_graph"]
    if as_json:
        emit_json("freeze_graph", outputs=[path] if path else [], nodes=len(model.graph))
    elif path and not quiet:
        emit_line(f"wrote {path} ({format_nbytes(places.getsize(path))})")
