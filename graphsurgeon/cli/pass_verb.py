"""Passes as verbs: everything a verb needs to know is in the function's signature and docstring.

The table in `graphsurgeon.options` says which parameter becomes which option. A pass with the option
``checkpoint_only`` changes no value, so its verb links data files, and takes ``--copy`` and ``--link``.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from graphsurgeon import passes
from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.catalog import is_transform
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import kind_at
from graphsurgeon.cli.metavars import metavar_of
from graphsurgeon.cli.output import in_flags, written_lines
from graphsurgeon.cli.reports import show_tables, summarize
from graphsurgeon.cli.serving import check_signature_options, made_servable, serving_lines, signature_options
from graphsurgeon.display import Displayed
from graphsurgeon.formats.kinds import OUTPUT_KINDS, OutputKind
from graphsurgeon.formats.saved import Saved
from graphsurgeon.options import Option, description_of, options_of

if typing.TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

_NUMBERS: dict[str, type[int] | type[float]] = {"integer": int, "number": float}
#: Further flags of options.
_ALSO = {"prefixes": ("--prefix",)}
#: What makes the checkpoint that training starts from, which is the latest of its directory.
_STARTS = ("add_head", "train_mode", "unfreeze")
#: What changes no value: data files can be linked.
_NO_NEW_VALUES = (
    "add_default_attributes", "bypass", "copy", "dense_to_conv", "flatten_atrous_conv", "functionalize",
    "infer_shapes", "insert", "join", "lower", "merge_duplicate_nodes", "obfuscate_names", "rebuild_contexts",
    "remove", "remove_attribute", "remove_control_dependencies", "remove_default_attributes", "remove_nodes",
    "remove_training_nodes", "rename_attribute", "rename_op", "reroute", "set_attr", "set_device", "set_inputs",
    "set_shape", "set_trainable", "sort", "train_mode",
)  # fmt: skip


def command_of(name: str) -> click.Command:
    """Make the verb of a pass, whose function is imported."""
    function = passes.load(name)
    verb = _verb(name, function)
    if "outputs" not in options_of(function):
        verb = signature_options(verb, [side for side in ("outputs", "inputs") if side not in options_of(function)])
    if name not in _STARTS:
        verb = options.update_state(verb)
    for option in reversed(list(options_of(function).values())):
        if not option.is_internal and option.kind.item != "model":
            verb = click_option(option, name)(verb)
    text = description_of(function)
    if "nodes" in options_of(function):
        text += f"\n\nNODES: {options_of(function)['nodes'].help}"
    command = click.command(options.verb_name(name), cls=Verb, help=text)(verb)
    # SRC comes first of the arguments.
    command.params.sort(key=lambda each: each.name == "nodes")
    return command


def click_option(option: Option, verb: str) -> Callable[[Any], Any]:
    """Return the decorator that gives a verb, of that name, an option."""
    kind = option.kind
    if option.name == "nodes":
        return click.argument("nodes", metavar="NODES...", nargs=-1, required=option.is_required)
    given: dict[str, Any] = {"help": option.help, "required": option.is_required}
    if not option.is_required:
        given |= {"default": option.default, "show_default": True}
    if kind.item in ("integer", "number") and kind.is_list:
        given |= {"type": options.Numbers(_NUMBERS[kind.item]), "metavar": metavar_of(option, verb)}
    elif kind.is_list:
        given |= {"multiple": True, "metavar": metavar_of(option, verb)}
    elif kind.item == "choice":
        given |= {"type": click.Choice(kind.choices)}
    elif kind.item == "flag":
        given |= {"is_flag": True, "show_default": False}
    else:
        given |= {"type": _NUMBERS.get(kind.item, str), "metavar": metavar_of(option, verb)}
    word = option.word.replace("_", "-")
    flags = [f"--{word}", *_ALSO.get(option.name, ())]
    if option.default is True:
        # What is done by default has a flag to leave it, of which its help speaks last.
        flags = [f"--no-{word}"]
        text = option.help.rpartition("; else ")[2]
        given |= {"flag_value": False, "help": text[:1].upper() + text[1:]}
    return click.option(*flags, option.name, **given)


def _verb(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    known = options_of(function)
    is_for_several = any(option.kind.item == "model" for option in known.values())

    @options.output_option("File, prefix of the checkpoint, or directory to write.")
    @click.option(
        _kind_flag(function),
        "output_kind",
        type=click.Choice(OUTPUT_KINDS),
        help="What to write; by default what the model asks for.",
    )
    @options.drop_values
    @click.option("--explain", is_flag=True, help="Show the whole report as tables.")
    @options.rows
    @options.common("dry_run", "force", "sync", "json", "quiet")
    def verb(source: str | Sequence[str], output: str | None, output_kind: OutputKind | None, **given: Any) -> None:
        answer = Answer(options.verb_name(name), output, given)
        model, *others = _models(known, source, given)
        output_kind = kind_at(output, output_kind, model, flag=_kind_flag(function))
        signature = _signature_of(function, output_kind, given, model)
        output_kind = output_kind or _kind_of_nothing(model, source)
        report = function(model, *others, **given)
        if model.meta is not None and model.meta.signature_def and "outputs" in given:
            # The pass kept signatures in step with its outputs: they name those already.
            signature = {"inputs": (), "outputs": ()}
        model, serving = made_servable(model, output_kind, **signature)
        saved = answer.save(model, output_kind) if answer.path is not None else Saved()
        facts = report.plain_facts() if isinstance(report, Displayed) else report.to_json()
        if "notes" in facts or (saved.notes and output_kind != "saved_model"):
            more = saved.notes if output_kind != "saved_model" else []
            facts["notes"] = [*map(in_flags, facts.get("notes", ())), *more]
        is_whole = answer.explain or (answer.dry_run and getattr(report, "is_shown_by_dry_run", False))
        if is_whole and not answer.as_json:
            show_tables({"": facts})
        linked = {} if answer.links == "never" else {"linked": saved.linked}
        lines = [*summarize(facts), *serving_lines(serving), *written_lines(saved, linked.get("linked", ()))]
        where = source if isinstance(source, str) else list(source)
        named = {"source": where, "outputs": saved, **linked, **_named(facts), **serving}
        answer.finish(named, lines, is_asked_for=is_whole)

    if is_for_several:
        verb = click.argument("source", metavar="SRC...", nargs=-1, required=True)(verb)
    else:
        verb = options.source(options.tags(options.checkpoint(verb)))
    return options.links(verb) if "checkpoint_only" in known or name in _NO_NEW_VALUES else verb


def _kind_of_nothing(model: Model, source: str | Sequence[str]) -> OutputKind | None:
    """Return what a copy of a checkpoint without tensors is, which the model does not tell: a checkpoint."""
    if model.variables or len(model.graph) or model.meta is not None or not isinstance(source, str):
        return None
    from graphsurgeon.formats.detect import detect

    return "checkpoint" if detect(source).prefix is not None else None


def _kind_flag(function: Callable[..., Any]) -> str:
    """Return the flag that says what to write: ``--to``, unless that is an option of the pass."""
    return "--kind" if "to" in options_of(function) else "--to"


def _models(known: Mapping[str, Option], source: str | Sequence[str], given: dict[str, Any]) -> list[Model]:
    """Load the models of a verb; make of what was given what its pass takes."""
    where = {"tags": options.split_tags(given.pop("tags", None)), "checkpoint": given.pop("checkpoint", None)}
    for key, option in known.items():
        if option.kind.item == "lines" and given[key] is not None:
            given[key] = options.lines_of(given[key])
    sources = [source] if isinstance(source, str) else source
    if "sources" in known:
        given["sources"] = tuple(sources)
    return [_loaded(each, **where, without_graph=given.get("checkpoint_only", False)) for each in sources]


def _loaded(source: str, *, tags: Sequence[str] | None, checkpoint: str | None, without_graph: bool) -> Model:
    from graphsurgeon.formats.detect import detect
    from graphsurgeon.formats.load import load, load_checkpoint
    from graphsurgeon.ir.model import Model

    if not without_graph:
        return load(source, tags=tags, checkpoint=checkpoint)
    if tags is not None:
        raise click.UsageError("--tags choose a meta graph, and --checkpoint-only reads none")
    if checkpoint is not None and detect(source).kind.startswith("checkpoint"):
        raise click.UsageError("--checkpoint with --checkpoint-only is for a SRC that is a graph; SRC is a checkpoint")
    model = Model()
    model.variables = load_checkpoint(checkpoint or source).tensors()
    return model


def _named(facts: Mapping[str, object]) -> dict[str, Any]:
    """Return a report under the names that a verb gives it: its outputs are files, those of a pass are nodes."""
    return {"output_nodes" if key == "outputs" else key: value for key, value in facts.items()}


def _signature_of(
    function: Callable[..., Any], kind: OutputKind | None, given: dict[str, Any], model: Model
) -> dict[str, Sequence[str]]:
    """Take the inputs and outputs of the signature out of the options: the pass's own, where it has such.

    Transforms that need not know them, and write no signature, only look whether they are there.
    """
    if "outputs" in options_of(function):
        return {"inputs": given.get("inputs", ()), "outputs": given["outputs"]}
    own = options_of(function)
    signature = {side: () if side in own else given.pop(side) for side in ("inputs", "outputs")}
    if kind != "saved_model" and any(signature.values()) and is_transform(options.verb_name(function.__name__)):
        _require_nodes(model, [*signature["inputs"], *signature["outputs"]], function.__name__)
        return {"inputs": (), "outputs": ()}
    check_signature_options(kind, **signature)
    return signature


def _require_nodes(model: Model, texts: Sequence[str], operation: str) -> None:
    from graphsurgeon.meta_graph.arguments import find_outputs
    from graphsurgeon.names import split_names

    find_outputs(model, {node.name: node for node in model.graph}, split_names(texts), operation)
