"""Passes as verbs: everything a verb needs to know is in the function's signature and docstring.

=================================== ===================================
parameter                           option
=================================== ===================================
``x: tuple[str, ...] = ()``         ``--x TEXT``, repeatable
``x: tuple[int, ...]``              ``--x N,N...``
``x: Literal["a", "b"]``            ``--x [a|b]``
``x: bool = False``                 ``--x``
``x: int | None = None``            ``--x INTEGER``
``x: float | None = None``          ``--x FLOAT``
``x: str | None = None``            ``--x TEXT``
``x: Mapping[str, Tensor]``         ``--x CHECKPOINT``
``x: Iterable[str] | None = None``  ``--x FILE``, whose lines are passed on
=================================== ===================================

A parameter without a default is a required option. Help texts are those of the
docstring's Parameters section. A pass with the option ``checkpoint_only`` changes no value,
so its verb links data files, and takes ``--copy`` and ``--link``.
"""

from __future__ import annotations

import collections.abc
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import click

from graphsurgeon import passes
from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer, is_directory
from graphsurgeon.cli.output import emit_line, emit_table, written_lines
from graphsurgeon.cli.reports import explain, summarize
from graphsurgeon.cli.serving import check_signature_options, made_servable, serving_lines, signature_options
from graphsurgeon.formats.save import OutputKind
from graphsurgeon.formats.saved import Saved

if typing.TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

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
    if typing.get_origin(hint) is tuple and typing.get_args(hint)[0] in (int, float):
        kind = typing.get_args(hint)[0]
        return click.option(flag, parameter.name, type=options.Numbers(kind), **given)
    if typing.get_origin(hint) is tuple:
        metavar = "PATTERN" if "pattern" in text.lower() else "VALUE"
        return click.option(flag, parameter.name, multiple=True, metavar=metavar, **given)
    if typing.get_origin(hint) is collections.abc.Mapping:
        return click.option(flag, parameter.name, metavar="CHECKPOINT", **given)
    if typing.get_origin(hint) is Literal:
        return click.option(flag, parameter.name, type=click.Choice(typing.get_args(hint)), show_default=True, **given)
    if is_lines(hint):
        return click.option(flag, parameter.name, metavar="FILE", **given)
    return click.option(flag, parameter.name, type=hint, **given)


def is_lines(hint: Any) -> bool:
    """Return whether a parameter stands for the lines of a file, which users name by its path."""
    return typing.get_origin(_without_none(hint)) is Iterable


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(each for each in typing.get_args(hint) if each is not type(None))
    return hint


def _verb(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    hints = typing.get_type_hints(inspect.unwrap(function))
    line_files = [key for key, hint in hints.items() if is_lines(hint)]

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
    def verb(source: str, output: str | None, to: OutputKind | None, **given: Any) -> None:
        answer = Answer(name, output, given)
        if output is not None and to != "saved_model" and is_directory(output):
            raise click.UsageError(
                f"{output!r} is a directory: name a file or a checkpoint prefix in it, such as model.ckpt, or add "
                "--to saved_model"
            )
        signature = _signature_of(function, to, given)
        where = {"tags": options.split_tags(given.pop("tags")), "checkpoint": given.pop("checkpoint")}
        given |= {key: options.lines_of(given[key]) for key in line_files if given[key] is not None}
        model = _loaded(source, **where, without_graph=given.get("checkpoint_only", False))
        report = function(model, **given)
        if model.meta is not None and model.meta.signature_def and "outputs" in given:
            # The pass kept signatures in step with its outputs: they name those already.
            signature = {"inputs": (), "outputs": ()}
        model, serving = made_servable(model, to, **signature)
        saved = answer.save(model, to) if answer.path is not None else Saved()
        facts = report.to_json()
        if saved.notes and to != "saved_model":
            facts["notes"] = [*facts.get("notes", ()), *saved.notes]
        is_whole = answer.explain or (answer.dry_run and getattr(report, "is_shown_by_dry_run", False))
        if is_whole and not answer.as_json:
            for title, headers, rows in explain(facts):
                emit_table(headers, rows, title=title)
                emit_line("")
        linked = {} if answer.links == "never" else {"linked": saved.linked}
        lines = [*summarize(facts), *serving_lines(serving), *written_lines(saved, linked.get("linked", ()))]
        named = {"source": source, "outputs": saved, **linked, **_named(facts), **serving}
        answer.finish(named, lines, is_asked_for=is_whole)

    return options.links(verb) if "checkpoint_only" in inspect.signature(function).parameters else verb


def _loaded(source: str, *, tags: Sequence[str] | None, checkpoint: str | None, without_graph: bool) -> Model:
    from graphsurgeon.formats.load import load, load_checkpoint
    from graphsurgeon.ir.model import Model

    if not without_graph:
        return load(source, tags=tags, checkpoint=checkpoint)
    model = Model()
    model.variables = dict(load_checkpoint(checkpoint or source))
    return model


def _named(facts: Mapping[str, object]) -> dict[str, Any]:
    """Return a report under the names that a verb gives it: its outputs are files, those of a pass are nodes."""
    return {"output_nodes" if key == "outputs" else key: value for key, value in facts.items()}


def _signature_of(
    function: Callable[..., Any], kind: OutputKind | None, given: dict[str, Any]
) -> dict[str, Sequence[str]]:
    """Take the inputs and outputs of the signature out of the options: the pass's own, where it has such."""
    if "outputs" in inspect.signature(function).parameters:
        return {"inputs": given.get("inputs", ()), "outputs": given["outputs"]}
    signature = {side: given.pop(side) for side in ("inputs", "outputs")}
    check_signature_options(kind, **signature)
    return signature
