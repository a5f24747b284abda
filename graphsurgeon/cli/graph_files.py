"""The frame of TensorFlow's tools that read one GraphDef and write one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli.destination import check_file
from graphsurgeon.cli.output import emit_json, emit_line, format_nbytes, in_flags, note_lines
from proto_utils import places

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model


def require_flags(**given: str) -> None:
    """Refuse flags that are empty, as they are by default."""
    for name, text in given.items():
        if not text:
            raise click.UsageError(f"--{name} is not given")


def type_numbers(text: str) -> list[int]:
    """Return the numbers of dtypes, separated by commas."""
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise click.UsageError(
            f"--placeholder_type_enum is {text!r}: wanted is the number of a dtype, or several with commas between"
        ) from None


def read_graph_file(path: str, verb: str) -> Model:
    """Read a GraphDef, binary or text; what holds more than a graph is refused, for that would be lost."""
    from graphsurgeon.errors import PassError
    from graphsurgeon.formats.detect import detect
    from graphsurgeon.formats.load import load_graph

    found = detect(path)
    if found.kind != "graph_def":
        reason = f"{path} is a {found.name}, of which only the graph would be left"
        hint = f"make a frozen graph of it: graphsurgeon freeze {path} -o frozen.pb"
        raise PassError(verb, reason, hint=hint)
    return load_graph(found)


def emit_graph(
    verb: str,
    model: Model,
    path: str,
    facts: Mapping[str, Any],
    *,
    as_text: bool,
    sync: bool = False,
    as_json: bool = False,
    quiet: bool = False,
) -> None:
    """Write the graph of a model, and say so."""
    from graphsurgeon.formats.save import save

    check_file(path, "frozen.pb")
    # Variables of which a GraphDef has no values stay such.
    save(model, path, to="graph_def_text" if as_text else "graph_def", force=True, drop_values=True, sync=sync)
    if as_json:
        notes = [in_flags(note) for note in facts["notes"]]
        emit_json(verb, outputs=[path], nodes=len(model.graph), **{**facts, "notes": notes})
        return
    if not quiet:
        for line in note_lines(map(in_flags, facts["notes"])):
            emit_line(line)
        emit_line(f"wrote {path} ({format_nbytes(places.getsize(path))})")
