"""The options that verbs share, under the same names and with the same meaning."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from proto_utils.errors import UnsupportedError
from proto_utils.side_files import read_side_file

if TYPE_CHECKING:
    from graphsurgeon.formats.linked_shards import Links

F = TypeVar("F", bound=Callable[..., Any])

#: Of a file of lines, such as names and new names of a million variables.
MAX_LINES_NBYTES = 1 << 28

#: Flag, parameter, help.
_OPTIONS = {
    "dry_run": ("--dry-run", "dry_run", "Do everything but write."),
    "force": ("--force", "force", "Replace existing output."),
    "sync": ("--sync", "sync", "Return only when the output is on the disk."),
    "json": ("--json", "as_json", "Print one JSON object."),
    "quiet": ("--quiet", "quiet", "Print nothing but the answer and errors."),
    # Looked for among the arguments when an error is reported, because parsing itself may fail.
    "debug": ("--debug", "debug", "Show the traceback of an error."),
}

update_state = click.option(
    "--update-state", is_flag=True, help="Make the checkpoint the latest of its directory, where another one is."
)

drop_values = click.option("--drop-values", is_flag=True, help="Write a graph without the values of its variables.")

source = click.argument("source", metavar="SRC")

tags = click.option("--tags", help="The meta graph of a SavedModel, by its tags, comma separated.")

checkpoint = click.option("--checkpoint", metavar="PREFIX", help="The checkpoint of SRC, when it is not beside it.")


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
DROP_INS = ("freeze_graph", "inspect_checkpoint")


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


def wrong_usage(message: str, hint: str | None) -> click.UsageError:
    """Return the error of wrong usage, with a hint of its own."""
    error = click.UsageError(message)
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


def common(*names: str) -> Callable[[F], F]:
    """Add the shared options to a command whose function takes those named.

    The others are accepted too, so that every verb may be given the same ones, but do nothing; ``--help`` does not show
    them.
    """

    def add(function: F) -> F:
        for name in reversed(_OPTIONS):
            flag, parameter, text = _OPTIONS[name]
            is_hidden = name not in names and name != "debug"
            option = click.option(
                flag, parameter, is_flag=True, help=text, hidden=is_hidden, expose_value=name in names
            )
            function = option(function)
        return function

    return add
