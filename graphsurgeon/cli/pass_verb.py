"""Passes as verbs: everything a verb needs to know is in the function's signature and docstring.

============================ ==============================
parameter                    option
============================ ==============================
``x: tuple[str, ...] = ()``  ``--x TEXT``, repeatable
``x: Literal["a", "b"]``     ``--x [a|b]``
``x: bool = False``          ``--x``
``x: int | None = None``     ``--x INTEGER``
``x: float | None = None``   ``--x FLOAT``
``x: str | None = None``     ``--x TEXT``
``x: Mapping[str, Tensor]``  ``--x CHECKPOINT``
============================ ==============================

A parameter without a default is a required option. Help texts are those of the
docstring's Parameters section.
"""

from __future__ import annotations

import collections.abc
import inspect
import os
import re
import time
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import click

from graphsurgeon import passes
from graphsurgeon.cli import options
from graphsurgeon.cli.output import emit_json, emit_line, emit_table, format_nbytes, remark
from graphsurgeon.cli.reports import explain, summarize
from graphsurgeon.cli.serving import check_signature_options, made_servable, serving_lines, signature_options
from graphsurgeon.formats.save import OutputKind

if typing.TYPE_CHECKING:
    from graphsurgeon.model import Model

_PARAMETER = re.compile(r"^(\w+) : .*$")


def command_of(name: str) -> click.Command:
    """Make the verb of a pass.

    Parameters
    ----------
    name : str
        Of the pass; its function is imported.
    """
    function = passes.load(name)
    lines = parameter_help(function)
    verb = _verb(name, function)
    if "outputs" not in inspect.signature(function).parameters:
        verb = signature_options(verb)
    for parameter in reversed(pass_options(function, lines)):
        verb = parameter(verb)
    text = inspect.getdoc(function) or ""
    return click.command(name, help=text.partition("\n\nParameters\n")[0])(verb)


def pass_options(
    function: Callable[..., Any], lines: Mapping[str, str], without: Sequence[str] = ()
) -> list[Callable[[Any], Any]]:
    """Return the options of a pass, one for each keyword-only parameter but those in `without`."""
    hints = typing.get_type_hints(inspect.unwrap(function))
    parameters = inspect.signature(function).parameters.values()
    keyword_only = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY and p.name not in without]
    return [_option(p, hints[p.name], lines.get(p.name, "")) for p in keyword_only]


def parameter_help(function: Callable[..., Any]) -> dict[str, str]:
    """Return the descriptions in the Parameters section of a numpy-style docstring."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    section = (inspect.getdoc(function) or "").partition("\nParameters\n")[2].partition("\n\n")[0]
    for line in section.splitlines():
        match = _PARAMETER.match(line)
        if match is not None:
            current = found.setdefault(match.group(1), [])
        elif line.strip("-"):
            current.append(line.strip())
    return {name: " ".join(texts) for name, texts in found.items()}


def _option(parameter: inspect.Parameter, hint: Any, text: str) -> Callable[[Any], Any]:
    flag = "--" + parameter.name.replace("_", "-")
    is_required = parameter.default is inspect.Parameter.empty
    given: dict[str, Any] = {"help": text} if is_required else {"help": text, "default": parameter.default}
    given["required"] = is_required
    hint = _without_none(hint)
    if hint is bool:
        return click.option(flag, parameter.name, is_flag=True, **given)
    if typing.get_origin(hint) is tuple:
        metavar = "PATTERN" if "pattern" in text.lower() else "VALUE"
        return click.option(flag, parameter.name, multiple=True, metavar=metavar, **given)
    if typing.get_origin(hint) is collections.abc.Mapping:
        return click.option(flag, parameter.name, metavar="CHECKPOINT", **given)
    if typing.get_origin(hint) is Literal:
        return click.option(flag, parameter.name, type=click.Choice(typing.get_args(hint)), show_default=True, **given)
    return click.option(flag, parameter.name, type=hint, **given)


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(each for each in typing.get_args(hint) if each is not type(None))
    return hint


def _verb(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @options.source
    @click.option("-o", "--output", metavar="DST", help="File, prefix of the checkpoint, or directory to write.")
    @click.option(
        "--to",
        type=click.Choice(typing.get_args(OutputKind)),
        help="What to write; by default what the model asks for.",
    )
    @options.tags
    @options.checkpoint
    @click.option("--explain", is_flag=True, help="Show the whole report as tables.")
    @options.common("dry_run", "force", "json", "quiet")
    def verb(
        source: str,
        output: str | None,
        to: OutputKind | None,
        explain: bool,
        dry_run: bool,
        force: bool,
        as_json: bool,
        quiet: bool,
        **given: Any,
    ) -> None:
        _check_output(output, to, dry_run)
        tags, checkpoint = options.split_tags(given.pop("tags")), given.pop("checkpoint")
        signature = _signature_of(function, to, given)
        from graphsurgeon.cli.progress import saving
        from graphsurgeon.formats.load import load
        from graphsurgeon.formats.save import save

        start = time.perf_counter()
        model = load(source, tags=tags, checkpoint=checkpoint)
        report = function(model, **given)
        if model.meta is not None and model.meta.signature_def and "outputs" in given:
            # The pass kept signatures in step with its outputs: they name those already.
            signature = {"inputs": (), "outputs": ()}
        model, serving = made_servable(model, to, **signature)
        written: list[str] = []
        if output is not None and not dry_run:
            with saving(model, quiet=quiet or as_json):
                written = save(model, output, to=to, overwrite=force)
        elif output is not None and not force and not quiet:
            _tell_existing(model, output, to)
        seconds = round(time.perf_counter() - start, 3)
        facts = report.to_json()
        if as_json:
            # The outputs of a verb are files; those of a pass are nodes.
            named = {"output_nodes" if key == "outputs" else key: value for key, value in facts.items()}
            emit_json(name, source=source, outputs=written, **named, **serving, seconds=seconds)
        else:
            _show(facts, serving, written, seconds, is_whole=explain, quiet=quiet)

    return verb


def _signature_of(
    function: Callable[..., Any], kind: OutputKind | None, given: dict[str, Any]
) -> dict[str, Sequence[str]]:
    """Take the inputs and outputs of the signature out of the options: the pass's own, where it has such."""
    if "outputs" in inspect.signature(function).parameters:
        return {"inputs": given.get("inputs", ()), "outputs": given["outputs"]}
    signature = {side: given.pop(side) for side in ("inputs", "outputs")}
    check_signature_options(kind, **signature)
    return signature


def _check_output(output: str | None, kind: OutputKind | None, dry_run: bool) -> None:
    if output is None and not dry_run:
        raise click.UsageError("nothing says where to write: give -o, or --dry-run to write nothing")
    if output is not None and kind != "saved_model" and (output.endswith(("/", os.sep)) or os.path.isdir(output)):
        raise click.UsageError(
            f"{output!r} is a directory: name a file or a checkpoint prefix in it, such as model.ckpt, or add "
            "--to saved_model"
        )


def _tell_existing(model: Model, output: str, kind: OutputKind | None) -> None:
    """Say what a run that writes would be refused for."""
    from graphsurgeon.formats.save import choose_kind, existing_outputs

    for path in existing_outputs(output, kind or choose_kind(model, output))[:1]:
        remark(f"{path}: exists already; to write, --force will be needed")


def _show(
    facts: Mapping[str, object],
    serving: dict[str, Any],
    written: list[str],
    seconds: float,
    *,
    is_whole: bool,
    quiet: bool,
) -> None:
    if is_whole:
        for title, headers, rows in explain(facts):
            emit_table(headers, rows, title=title)
            emit_line("")
    if quiet and not is_whole:
        return
    for line in [*summarize(facts), *serving_lines(serving)]:
        emit_line(line)
    for path in written:
        emit_line(f"wrote {path} ({format_nbytes(os.path.getsize(path))})")
    if not written:
        emit_line("wrote nothing")
    remark(f"{seconds:.2f} s", quiet=quiet)
