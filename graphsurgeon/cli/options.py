"""The options that verbs share, under the same names and with the same meaning."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from graphsurgeon.cli.output import choose_form
from proto_utils.errors import UnsupportedError
from proto_utils.side_files import read_side_file
from proto_utils.threads import set_num_threads

if TYPE_CHECKING:
    from graphsurgeon.formats.linked_shards import Links

F = TypeVar("F", bound=Callable[..., Any])

#: Of a file of lines, such as names and new names of a million variables.
MAX_LINES_NBYTES = 1 << 28

#: What `--inputs` and `--outputs` take where they are the signature of a SavedModel.
SIGNATURE_METAVAR = "[NAME=]TENSOR,..."

#: Flags, help, by the parameter.
_OPTIONS = {
    "dry_run": (("-n", "--dry-run"), "Do everything but write."),
    "force": (("-f", "--force"), "Replace existing output."),
    "sync": (("--sync",), "Return only when the output is on the disk."),
    "as_json": (("--json",), "Print one JSON object."),
    "quiet": (("-q", "--quiet"), "Print nothing but the answer and errors."),
    "verbose": (("-v", "--verbose"), "Say what is done to which file and when, and what time and memory it took."),
    # Looked for among the arguments when an error is reported, because parsing itself may fail.
    "debug": (("--debug",), "Show the traceback of an error."),
}
#: The flags of them all.
COMMON_FLAGS = frozenset(flag for flags, _ in _OPTIONS.values() for flag in flags)
#: What every verb does, whatever its function takes.
_OF_ALL = ("verbose", "debug")

update_state = click.option(
    "--update-state", is_flag=True, help="Make the checkpoint the latest of its directory, where another one is."
)

drop_values = click.option("--drop-values", is_flag=True, help="Write a graph without the values of its variables.")

source = click.argument("source", metavar="SRC")

tags = click.option("--tags", metavar="TAGS", help="The meta graph of a SavedModel, by its tags, comma separated.")

checkpoint = click.option("--checkpoint", metavar="PREFIX", help="The checkpoint of SRC, when it is not beside it.")


#: A shell that completes a command line sets it in the environment.
COMPLETION = "_GRAPHSURGEON_COMPLETE"
#: In the memory that the contexts of a command line share: the file that goes to standard output, and that stream.
STREAMED = "graphsurgeon.streamed"
#: The same: nobody reads along.
MUTED = "graphsurgeon.muted"


# Generic in new versions of click only.
class Numbers(click.ParamType):  # type: ignore[type-arg]
    """Numbers in one text: ``25088,4096``, or ``[25088, 4096]`` as shapes are printed."""

    name = "n,n..."

    def __init__(self, kind: type[int] | type[float]) -> None:
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Return the numbers, or fail as click does."""
        if not isinstance(value, str):
            return tuple(value)
        inner = value.strip().removeprefix("[").removesuffix("]").strip()
        try:
            return tuple(self._kind(each) for each in inner.split(",")) if inner else ()
        except ValueError:
            self.fail(f"{value!r} is no list of numbers such as 7,7,512", param, ctx)


#: TensorFlow's own tools, which keep the names that they have there.
DROP_INS = ("freeze_graph", "inspect_checkpoint", "optimize_for_inference", "strip_unused", "transform_graph")


def verb_name(stem: str) -> str:
    """Return the verb of a file: ``strip_optimizer`` is typed ``strip-optimizer``, TensorFlow's tools as they are."""
    return stem if stem in DROP_INS else stem.replace("_", "-")


def links(verb: F) -> F:
    """Add the options of a verb whose output may share data files with what it read; `links_of` takes them out."""
    for flag, text in (
        ("--link", "Never copy: link data files, symbolically where it must be, or refuse."),
        ("--copy", "Share no data file with SRC: copy what is not edited too, without gaps."),
    ):
        verb = click.option(flag, is_flag=True, help=text)(verb)
    return verb


def links_of(given: dict[str, Any]) -> Links:
    """Return whether data files are shared, as `save` is told; verbs without those options share none.

    Giving both options is a UsageError.
    """
    copy, link = given.pop("copy", True), given.pop("link", False)
    if copy and link:
        raise click.UsageError("--copy and --link exclude each other")
    return "never" if copy else "always" if link else "hard"


def switch(name: str, text: str, *, default: str = "false", **how: Any) -> Callable[[F], F]:
    """Add a flag of TensorFlow's tools: ``--name`` alone is true, and any value but ``true`` is false."""
    return click.option(
        f"--{name}", name, is_flag=False, flag_value="true", default=default, metavar="true|false",
        callback=lambda _, __, value: str(value).lower() == "true", help=text, **how,
    )  # fmt: skip


def wrong_usage(message: str, hint: str | None, context: click.Context | None = None) -> click.UsageError:
    """Return the error of wrong usage, with a hint of its own."""
    error = click.UsageError(message, context)
    error.hint = hint  # type: ignore[attr-defined]
    return error


def lines_of(path: str) -> list[str]:
    """Return the lines of a file that users name: texts in UTF-8, `MAX_LINES_NBYTES` at most."""
    data = read_side_file(path, "the file", MAX_LINES_NBYTES)
    try:
        return io.StringIO(data.decode("utf-8-sig"), newline=None).readlines()
    except UnicodeDecodeError as error:
        raise UnsupportedError("not a text in UTF-8", path=path, offset=error.start) from None


def split_tags(text: str | None) -> list[str] | None:
    """Return the tags of ``--tags``, None when it was not given."""
    return None if text is None else [tag for tag in text.split(",") if tag]


def _mute(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    if value:
        ctx.meta[MUTED] = True
    return value


def _trace(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    # Its lines and a bar would be in each other's way.
    if _mute(ctx, param, value):
        from graphsurgeon.cli.trace import tracing

        ctx.with_resource(tracing())
    return value


def _choose_json(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    if _mute(ctx, param, value):
        choose_form("json", beside=("csv", "wide"))
    return value


def _choose_rows(_: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        name = str(param.name)
        choose_form(name, beside=("json", "wide" if name == "csv" else "csv"))


def rows(verb: F) -> F:
    """Add the options of a verb that prints rows, which `graphsurgeon.cli.tables` goes by."""
    for name, text in (
        ("wide", "Shorten no name of a table, however narrow the terminal is."),
        ("csv", "Print the rows as CSV, and nothing else to stdout."),
    ):
        option = click.option(f"--{name}", name, is_flag=True, expose_value=False, callback=_choose_rows, help=text)
        verb = option(verb)
    return verb


def _show_help(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


#: As click's own, which looks for its text in the languages of the system each time that a command is made.
help_flag = click.option(
    "-h", "--help", is_flag=True, expose_value=False, is_eager=True, callback=_show_help,
    help="Show this message and exit.",
)  # fmt: skip


def _use_threads(ctx: click.Context, _: click.Parameter, value: int | None) -> None:
    if value is not None and not ctx.resilient_parsing:
        set_num_threads(value)
        ctx.call_on_close(lambda: set_num_threads(None))


def common(*names: str) -> Callable[[F], F]:
    """Add the shared options to a command whose function takes those named, ``json`` as `as_json`.

    The others are accepted too, so that every verb may be given the same ones, but do nothing; ``--help`` does not show
    them.
    """
    taken = {"as_json" if name == "json" else name for name in names}

    def add(function: F) -> F:
        function = help_flag(function)
        for name in reversed(_OPTIONS):
            flags, text = _OPTIONS[name]
            is_hidden = name not in taken and name not in _OF_ALL
            json = _mute if is_hidden else _choose_json
            callback = {"as_json": json, "quiet": _mute, "verbose": _trace}.get(name)
            option = click.option(
                *flags, name, is_flag=True, help=text, hidden=is_hidden, expose_value=name in taken, callback=callback
            )
            function = option(function)
        threads = click.option(
            "--threads", type=click.IntRange(min=1), metavar="N", hidden="threads" not in taken, expose_value=False,
            callback=_use_threads,
            help="Compute values by N threads. By default, as many as there are cores for them, at most 8.",
        )  # fmt: skip
        return threads(function)

    return add


def output_option(text: str, metavar: str = "DST", **how: Any) -> Callable[[F], F]:
    """Add ``-o``, given as `output`. Its long name is not that of the outputs of a graph but for one letter."""
    return click.option("-o", "--output-path", "output", metavar=metavar, help=text, **how)
