"""The JSON answer of every verb: the fields of its report, and those that the command line puts around it."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Callable, Mapping

import click

from docs.make.json_fields import ANYTHING, Field, Type, fields_of, text
from graphsurgeon import edits, passes
from graphsurgeon.cli.group import cli
from graphsurgeon.options import options_of

_TEXTS = Type(("array",), items=Type(("string",)))
_COUNT = Type(("integer",))
_FLAG = Type(("boolean",))
_TEXT_OR_NULL = Type(("string", "null"))
_SHAPE = Type(("array",), items=_COUNT)

SCHEMA = Field("schema", _COUNT, "1: what the keys mean; fields may be added to it")
VERB = text("verb", "the verb")
SOURCE = Field("source", Type(("string", "array"), items=Type(("string",))), "SRC as it was given; several as an array")
OUTPUTS = Field("outputs", _TEXTS, "the paths that were written")
LINKED = Field("linked", _TEXTS, "data files that are hard links to those of SRC, or could be")
NOTES = Field("notes", _TEXTS, "what else was changed, or could not be kept")
SECONDS = Field("seconds", Type(("number",)), "how long it took")
WOULD = (
    Field("would_write", _TEXTS, "with `--dry-run`: the paths that would be written", is_always=False),
    Field("would_delete", _TEXTS, "with `--dry-run` and `--force`: what would go for it", is_always=False),
)
_ENDPOINTS = Type(
    ("array",),
    items=Type(
        ("object",),
        fields=(
            text("name", "the argument"),
            text("tensor", "the tensor"),
            Field("dtype", _TEXT_OR_NULL, "its dtype"),
            Field("shape", Type(("array", "null"), items=Type(("integer", "null"))), "its static shape"),
            text("reason", "why it was chosen"),
        ),
    ),
)
_SIGNATURE = Type(
    ("object", "null"),
    fields=(
        text("key", "its name, `serving_default`"),
        Field("inputs", _ENDPOINTS, "its inputs"),
        Field("outputs", _ENDPOINTS, "its outputs"),
    ),
)
SERVING = Field(
    "serving",
    Type(
        ("object",),
        fields=(
            Field("signature", _SIGNATURE, "the signature that was made; null if none was"),
            Field("notes", _TEXTS, "what else a SavedModel needed"),
        ),
    ),
    "with a SavedModel as output: what was added to make it servable",
    is_always=False,
)


def answers() -> dict[str, tuple[Field, ...]]:
    """Return the fields of every verb that has ``--json``, by verb."""
    return {verb: (SCHEMA, VERB, *_fields(verb.replace("-", "_"))) for verb in verbs_with_json() if _is_known(verb)}


def verbs_with_json() -> list[str]:
    """Return the verbs that have ``--json``."""
    context = click.Context(cli)
    found = []
    for verb in sorted(cli.list_commands(context)):
        command = cli.get_command(context, verb)
        options = [] if command is None else command.params
        if any("--json" in option.opts and not getattr(option, "hidden", False) for option in options):
            found.append(verb)
    return found


def _is_known(verb: str) -> bool:
    stem = verb.replace("-", "_")
    return stem in _OTHERS or stem in edits.names() or stem in passes.names()


def _fields(stem: str) -> tuple[Field, ...]:
    if stem in _OTHERS:
        return _OTHERS[stem]()
    if stem in edits.names():
        return _edit()
    return _pass(stem)


def _report(path: str) -> tuple[Field, ...]:
    module, _, name = path.rpartition(".")
    return fields_of(getattr(importlib.import_module(f"graphsurgeon.{module}"), name))


def _pass(stem: str) -> tuple[Field, ...]:
    """Of a pass: what it reports of outputs is told as ``output_nodes``, for its outputs are files."""
    function = inspect.unwrap(passes.load(stem))
    report = fields_of(typing.get_type_hints(function)["return"])
    own = tuple(field._replace(name="output_nodes") if field.name == "outputs" else field for field in report)
    notes = () if any(field.name == "notes" for field in own) else (NOTES._replace(is_always=False),)
    links = (LINKED._replace(is_always="checkpoint_only" in options_of(function)),)
    return (SOURCE, OUTPUTS, *links, *own, *notes, SERVING, *WOULD, SECONDS)


def _edit() -> tuple[Field, ...]:
    return (SOURCE, OUTPUTS, LINKED, *_report("edits._contract.EditReport"), *WOULD, SECONDS)


def _split() -> tuple[Field, ...]:
    halves = tuple(Field(name, _TEXTS, f"the paths of the {name}") for name in ("front", "back"))
    return (SOURCE, OUTPUTS, *halves, *_report("passes.split.SplitReport"), *WOULD, SECONDS)


def _run() -> tuple[Field, ...]:
    step = (text("step", "its verb"), Field("report", ANYTHING, "what its verb reports"))
    own = (
        Field("steps", Type(("array",), items=Type(("object",), fields=step)), "what each step did, in order"),
        Field("recipe", Type(("array",), items=ANYTHING), "all steps with their options, parameters filled in"),
        Field("num_left_out", _COUNT, "how many steps stand behind the one to stop after"),
        Field("record", ANYTHING, "what was put into the model about this; null without `--record`"),
    )
    return (SOURCE, OUTPUTS, LINKED, NOTES, *own, SERVING, *WOULD, SECONDS)


def _fleet() -> tuple[Field, ...]:
    report = [each for each in _report("beam.fleets.FleetReport") if each.name not in ("outputs", "seconds")]
    at_work = Field("worker_seconds", SECONDS.type, "how long workers were at models, all together")
    return (Field("sources", _TEXTS, "as they were given"), *report, at_work, *WOULD, SECONDS)


def _fit() -> tuple[Field, ...]:
    report = _report("tools.fit.report.FitReport")
    renamed = tuple(
        field
        if field.type.items is None or not field.type.items.fields
        else field._replace(type=field.type._replace(items=_with_from(field.type.items)))
        for field in report
    )
    counts = Field("counts", Type(("object",), values=_COUNT), "how many rows there are of each action")
    return (text("graph", "the graph, as it was given"), SOURCE, OUTPUTS, LINKED, *renamed, counts, *WOULD, SECONDS)


def _with_from(row: Type) -> Type:
    return row._replace(fields=tuple(f._replace(name="from") if f.name == "source" else f for f in row.fields))


def _inspect() -> tuple[Field, ...]:
    meta_graphs = Type(("array", "null"), items=_TEXTS)
    graph = tuple(field._replace(is_always=False) for field in _report("tools.inspect.Inspection"))
    return (
        SOURCE,
        text("kind", "`graph_def`, `meta_graph`, `saved_model`, `checkpoint`, `checkpoint_v1`; with `_text` for texts"),
        Field("graph", _TEXT_OR_NULL, "the file that has the graph"),
        Field("is_text", _FLAG, "whether that is a text"),
        Field("nbytes", _COUNT, "its size, in bytes"),
        *graph,
        Field("meta_graphs", meta_graphs, "the tags of each meta graph of a SavedModel", is_always=False),
        Field("graph_fault", _TEXT_OR_NULL, "without a graph: why it cannot be read, if it is there", is_always=False),
        Field("checkpoint", Type(("object", "null"), fields=_report("tools.checkpoint_summary.CheckpointSummary")),
              "the checkpoint that belongs to it"),
    )  # fmt: skip


_NUMBER_OR_NULL = Type(("number", "null"))
_STATS = Type(
    ("object", "null"),
    fields=(
        Field("minimum", _NUMBER_OR_NULL, "least finite value; null without any"),
        Field("maximum", _NUMBER_OR_NULL, "greatest finite value"),
        Field("mean", _NUMBER_OR_NULL, "mean of the finite values"),
        Field("standard_deviation", _NUMBER_OR_NULL, "their standard deviation"),
        Field("norm", _NUMBER_OR_NULL, "their Euclidean norm"),
        Field("num_zeros", _COUNT, "how many are zero"),
        Field("num_nan", _COUNT, "how many are NaN"),
        Field("num_infinite", _COUNT, "how many are infinite"),
        Field("histogram", Type(("array",), items=_COUNT),
              "about how many lie in each of sixteen bins of one width between the least and the greatest"),
    ),
)  # fmt: skip


def _summary() -> tuple[Field, ...]:
    return (SOURCE, *_report("tools.summary.report.Summary"))


def _ls() -> tuple[Field, ...]:
    def some(name: str, type_: Type, meaning: str) -> Field:
        return Field(name, type_, meaning, is_always=False)

    row = (
        text("name", "key of the tensor, or name of the node"),
        Field("dtype", _TEXT_OR_NULL, "its dtype; null if nothing says it"),
        Field("shape", Type(("array", "null"), items=Type(("integer", "null"))), "its static shape"),
        some("nbytes", Type(("integer", "null")), "bytes of a tensor, or of a constant's value"),
        some("slices", _COUNT, "of a partitioned tensor: how many slices it has"),
        some("damage", Type(("string",)), "of a tensor whose values are lost: the damage of its data file"),
        some("op", Type(("string",)), "of a node: its op"),
        some("inputs", _TEXTS, "of a node: its inputs"),
        some("device", Type(("string",)), "of a node: its device, if it has one"),
        some("stats", _STATS, "with `--stats`: what its values are like; null of what has none"),
        some("reason", Type(("string",)), "with `--inputs` or `--outputs`: why it is thought to be one"),
        some("full_name", _TEXT_OR_NULL, "with `--names`: the name that TensorFlow 1 would give the variable"),
        some("path", _TEXT_OR_NULL, "with `--names`: the way to it from the root object"),
        some("slot", _TEXT_OR_NULL, "with `--names`: the name of the optimizer's slot"),
        some("slot_of", _TEXT_OR_NULL, "with `--names`: the key of the variable that the slot belongs to"),
    )
    return (SOURCE, Field("rows", Type(("array",), items=Type(("object",), fields=row)), "one per tensor, or per node"))


def _cat() -> tuple[Field, ...]:
    return (
        SOURCE,
        text("name", "key of the tensor, or name of the node"),
        text("dtype", "its dtype"),
        Field("shape", _SHAPE, "its shape"),
        OUTPUTS,
        Field("value", ANYTHING, "without `-o` and `--stats`: the values as nested arrays", is_always=False),
        Field("stats", _STATS, "with `--stats`: what they are like; null of what has no numbers", is_always=False),
    )


def _verify() -> tuple[Field, ...]:
    checked = (Field("nodes", _COUNT, "how many nodes"), Field("tensors", _COUNT, "how many tensors"))
    findings = Type(("array",), items=Type(("object",), fields=_report("checks.finding.Finding")))
    return (
        SOURCE,
        Field("against", _TEXT_OR_NULL, "OTHER, as it was given"),
        Field("same", Type(("boolean", "null")), "whether the two are the same model; null without OTHER"),
        Field("lost", _COUNT, "how many tensors are lost where files are damaged"),
        Field("ok", _FLAG, "whether there are no errors"),
        Field("findings", findings, "the rules that are broken"),
        Field("checked", Type(("object",), fields=checked), "what was checked"),
    )


def _diff() -> tuple[Field, ...]:
    sides = (text("a", "the first side, as it was given"), text("b", "the second side, as it was given"))
    return (*sides, Field("equal", _FLAG, "whether no difference was found"), *_report("compare.DiffReport"))


def _latest() -> tuple[Field, ...]:
    return (
        SOURCE,
        text("latest", "prefix of the latest checkpoint"),
        Field("checkpoints", _TEXTS, "prefixes of all that the state file names"),
    )


def _export() -> tuple[Field, ...]:
    return (SOURCE, *_report("formats.arrays.transfer.ExportReport"), *WOULD, SECONDS)


def _tensorboard() -> tuple[Field, ...]:
    return (SOURCE, *_report("tools.tensorboard.TensorBoardReport"), *WOULD, SECONDS)


def _page() -> tuple[Field, ...]:
    return (SOURCE, *_report("tools.report.report.PageReport"), *WOULD, SECONDS)


def _import() -> tuple[Field, ...]:
    tensor = (text("name", "its key"), text("dtype", "its dtype"), Field("shape", _SHAPE, "its shape"))
    skipped = (text("name", "its name"), text("reason", "why"))
    return (
        SOURCE, OUTPUTS,
        Field("tensors", Type(("array",), items=Type(("object",), fields=tensor)), "the tensors of the checkpoint"),
        Field("skipped", Type(("array",), items=Type(("object",), fields=skipped)), "what was left out"),
        NOTES, *WOULD, SECONDS,
    )  # fmt: skip


def _completion() -> tuple[Field, ...]:
    return (text("shell", "the shell"), text("script", "what its configuration is to read"))


def _convert() -> tuple[Field, ...]:
    kinds = (text("kind", "what SRC is, as `inspect` says it"), text("to", "what was written"))
    return (SOURCE, *kinds, OUTPUTS, SERVING, NOTES, *WOULD, SECONDS)


def _prune_checkpoints() -> tuple[Field, ...]:
    stored = tuple(
        field._replace(name={"prefix": "checkpoint", "is_listed": "listed"}.get(field.name, field.name))
        for field in _report("tools.retention.stored.StoredCheckpoint")
    )
    rows = Type(("array",), items=Type(("object",), fields=stored))
    report = {field.name: field for field in _report("tools.retention.RetentionReport")}
    own = (report["latest"], *(report[name]._replace(type=rows) for name in ("kept", "removed")))
    return (SOURCE, _DRY, *own, report["missing"], report["freed_nbytes"], OUTPUTS)


_DRY = Field("dry_run", _FLAG, "whether nothing was done")


def _recover() -> tuple[Field, ...]:
    return (SOURCE, _DRY, *_report("tools.recover.Recovery"))


def _help() -> tuple[Field, ...]:
    option = (
        Field("flags", _TEXTS, "how it is typed"),
        text("section", "where the page has it"),
        Field("takes", _TEXT_OR_NULL, "what its value is; null for one without"),
        text("help", "what it does"),
        Field("required", _FLAG, "whether it must be given"),
        Field("repeatable", _FLAG, "whether it may be given several times"),
        Field("choices", _TEXTS, "the only values, if there are such"),
    )
    example = (text("command", "what is typed"), Field("does", _TEXT_OR_NULL, "what that is for"))

    def rows(fields: tuple[Field, ...]) -> Type:
        return Type(("array",), items=Type(("object",), fields=fields))

    return (
        Field(
            "groups", Type(("object",), values=_TEXTS), "without VERB: the verbs, by what they are for", is_always=False
        ),
        text("name", "the verb that was asked for", is_always=False),
        text("usage", "what is typed", is_always=False),
        text("help", "what it does", is_always=False),
        Field("options", rows(option), "its options", is_always=False),
        Field("examples", rows(example), "command lines that run", is_always=False),
    )


def _freeze_graph() -> tuple[Field, ...]:
    return (OUTPUTS, Field("nodes", _COUNT, "how many nodes the graph has"))


def _one_graph() -> tuple[Field, ...]:
    return (*_freeze_graph(), NOTES._replace(meaning="what stayed, and what was left out"))


def _transform_graph() -> tuple[Field, ...]:
    return (*_one_graph(), Field("transforms", _TEXTS, "the transforms that were done, in their order"))


_OTHERS: Mapping[str, Callable[[], tuple[Field, ...]]] = {
    "cat": _cat, "compact": _edit, "completion": _completion, "convert": _convert,
    "diff": _diff, "edit": _edit, "export": _export, "fit": _fit, "fleet": _fleet,
    "freeze_graph": _freeze_graph, "help": _help, "import": _import, "inspect": _inspect, "latest": _latest, "ls": _ls,
    "optimize_for_inference": _one_graph, "prune_checkpoints": _prune_checkpoints, "recover": _recover, "report": _page,
    "run": _run,
    "split": _split, "strip_unused": _one_graph, "summary": _summary, "tensorboard": _tensorboard,
    "transform_graph": _transform_graph, "verify": _verify,
}  # fmt: skip
