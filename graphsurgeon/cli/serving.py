"""SavedModels on the command line: the options of a signature, and the lines about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from graphsurgeon.cli.options import SIGNATURE_METAVAR
from graphsurgeon.cli.output import format_shape, in_flags, note_lines
from graphsurgeon.formats.kinds import OutputKind

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

F = TypeVar("F", bound=Callable[..., Any])


def signature_options(function: F, sides: Sequence[str] = ("outputs", "inputs")) -> F:
    """Add ``--inputs`` and ``--outputs`` of a SavedModel's signature, as `inputs` and `outputs`."""
    for side in sides:
        text = f"The {side} of the SavedModel's signature; by default guessed when it has none."
        function = click.option(f"--{side}", multiple=True, metavar=SIGNATURE_METAVAR, help=text)(function)
    return function


def check_signature_options(kind: OutputKind | None, *, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Refuse signature options for any other output than a SavedModel."""
    if (inputs or outputs) and kind != "saved_model":
        raise click.UsageError("--inputs and --outputs make the signature of a SavedModel: add --to saved_model")


def made_servable(
    model: Model, kind: OutputKind | None, *, inputs: Sequence[str], outputs: Sequence[str]
) -> tuple[Model, dict[str, Any]]:
    """Complete a model that is to become a SavedModel; the facts, ``serving``, say what was added."""
    if kind != "saved_model":
        return model, {}
    from graphsurgeon.rewrites.serving.servable import servable

    model, report = servable(model, inputs=inputs, outputs=outputs)
    # Imported here: few verbs make a SavedModel.
    from dataclasses import asdict

    return model, {"serving": {**asdict(report), "notes": list(map(in_flags, report.notes))}}


def serving_lines(facts: dict[str, Any]) -> Iterator[str]:
    """Yield lines about the signature that was made, and notes."""
    serving = facts.get("serving", {"signature": None, "notes": []})
    signature = serving["signature"]
    for side in ("inputs", "outputs") if signature is not None else ():
        for row in signature[side]:
            tensor = f"{row['tensor']} {row['dtype'] or '?'} {format_shape(row['shape'])}"
            yield f"{signature['key']} {side[:-1]} {row['name']!r}: {tensor} ({row['reason']})"
    yield from note_lines(serving["notes"])
