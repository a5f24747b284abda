"""Help as people read it: what a verb does, its options by what they are about, and examples.

Everything comes from the command: its docstring, its options and the catalog. `as_json` gives the same to programs.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import click

from graphsurgeon.cli import catalog
from graphsurgeon.cli.options import SIGNATURE_METAVAR
from graphsurgeon.cli.output import in_flags

PROGRAM = "graphsurgeon"
#: Choices that are longer together stand in the text.
_MAX_CHOICES = 24
#: The column of the verbs; one that is longer has a line of its own.
_MAX_VERB = 24
_INDENT = "  "
#: The options of many verbs, in sections of their own, in this order; whatever else a verb has comes first.
_SECTIONS: dict[str, tuple[str, ...]] = {
    "Input": ("tags", "checkpoint"),
    "Output": (
        "output", "front", "back", "output_kind", "to", "inputs", "outputs", "drop_values", "update_state",
        "copy", "link", "sync", "force", "dry_run",
    ),
    "Common options": ("explain", "wide", "csv", "as_json", "threads", "quiet", "verbose", "debug", "help"),
}  # fmt: skip
_QUOTED = re.compile(r"(?<!`)(`{1,2})([^`]+)\1(?!`)")
#: What only callers of the library can do.
_LIBRARY_ONLY = re.compile(r" ?\(A mapping [^()]*\)")
_SHELL_WORD = re.compile(r"(?:'[^']*'|[^\s'])+")
#: Click's mark of a paragraph that stays as it is.
_AS_IT_IS = "\b"


def verb_page(command: click.Command, context: click.Context) -> str:
    """Return the help of a verb, as wide as the context has it."""
    width = page_width(context)
    lines = [*usage_lines(command, context, width)]
    for paragraph in _description(command).split("\n\n"):
        lines += ["", *_paragraph(paragraph, width)]
    lines += _option_lines(command, context, width)
    lines += example_lines(catalog.examples(command.name or ""), width)
    return "\n".join(lines)


def group_page(command: click.Command, context: click.Context, groups: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Return the help of the program: its verbs, with a summary each, by group, and the first steps."""
    width = page_width(context)
    lines = [*usage_lines(command, context, width)]
    for paragraph in _description(command).split("\n\n"):
        lines += ["", *_paragraph(paragraph, width)]
    room = min(max(len(verb) for rows in groups.values() for verb, _ in rows) + 2, _MAX_VERB)
    for title, rows in groups.items():
        short = [(verb, _shorten(text.replace("`", ""), width - room - 2)) for verb, text in rows]
        lines += ["", f"{title}:", *columns(short, width, room)]
    lines += _option_lines(command, context, width)
    lines += example_lines([catalog.examples(verb)[0] for verb in ("inspect", "unfreeze", "freeze")], width)
    lines += ["", *_paragraph(command.epilog or "", width)]
    return "\n".join(lines)


def page_width(context: click.Context) -> int:
    """Return how many letters a line of help has: what a terminal has, but no more than is read with pleasure."""
    return context.make_formatter().width


def usage_lines(command: click.Command, context: click.Context, width: int) -> list[str]:
    """Return what is typed."""
    pieces = " ".join(command.collect_usage_pieces(context))
    lines = wrap(f"Usage: {context.command_path} {pieces}", width - 7)
    return [lines[0], *(" " * 7 + line for line in lines[1:])]


def sections(command: click.Command, context: click.Context) -> dict[str, list[click.Option]]:
    """Return the options that a command shows, by the titles of its sections."""
    shown = [each for each in command.get_params(context) if isinstance(each, click.Option) and not each.hidden]
    places = {name: (title, number) for title, names in _SECTIONS.items() for number, name in enumerate(names)}
    found: dict[str, list[tuple[int, click.Option]]] = {"Options": [], **{title: [] for title in _SECTIONS}}
    for option in shown:
        # Else inputs and outputs are nodes, for the verb itself.
        is_own = option.name in ("inputs", "outputs") and option.metavar != SIGNATURE_METAVAR
        # Some versions of click have a name of their own for it.
        name = "help" if "--help" in option.opts else option.name or ""
        title, number = ("Options", 0) if is_own else places.get(name, ("Options", 0))
        found[title].append((number, option))
    by_number = itemgetter(0)
    return {title: [each for _, each in sorted(rows, key=by_number)] for title, rows in found.items() if rows}


def example_lines(examples: Iterable[catalog.Example], width: int) -> list[str]:
    """Return the section of the examples; long ones go on in the next line as they do in a shell."""
    lines: list[str] = []
    for command, does in examples:
        lines += [f"{_INDENT}# {does}"] if does else []
        lines += _shell_lines(f"{PROGRAM} {command}", width)
    return ["", "Examples:", *lines] if lines else []


def metavar(option: click.Option) -> str:
    """Return what an option takes; nothing of a flag. What may be given again ends in dots."""
    if option.is_flag or option.count:
        return ""
    word = option.metavar or _type_word(option)
    return f"{word}..." if option.multiple and not word.endswith("...") else word


def as_json(command: click.Command, context: click.Context) -> dict[str, Any]:
    """Return what the page says, for programs."""
    rows = [
        {
            "flags": [*option.opts, *option.secondary_opts],
            "section": title,
            "takes": metavar(option) or None,
            "help": told(option.help or "", command),
            "required": option.required,
            "repeatable": option.multiple,
            "choices": _choices(option),
        }
        for title, options in sections(command, context).items()
        for option in options
    ]
    return {
        "name": command.name,
        "usage": " ".join(usage_lines(command, context, 10_000)).removeprefix("Usage: "),
        "help": _description(command),
        "options": rows,
        "examples": [
            {"command": f"{PROGRAM} {line}", "does": does or None}
            for line, does in catalog.examples(command.name or "")
        ],
    }


def _description(command: click.Command) -> str:
    return told(inspect.cleandoc(command.help or ""), command)


def _choices(option: click.Option) -> list[str]:
    return list(option.type.choices) if isinstance(option.type, click.Choice) else []


def _type_word(option: click.Option) -> str:
    choices = "|".join(_choices(option))
    if choices and len(choices) <= _MAX_CHOICES:
        return choices
    if choices:
        return "KIND" if option.name in ("to", "output_kind") else (option.name or "").strip("_").upper()
    kinds = ((click.types.IntParamType, "N"), (click.types.FloatParamType, "NUMBER"))
    return next((word for kind, word in kinds if isinstance(option.type, kind)), option.type.name.upper())


def _option_lines(command: click.Command, context: click.Context, width: int) -> Iterator[str]:
    """Yield the sections of the options, whose columns are alike in all of them."""
    rows = {
        title: [(_option_head(option), _option_text(option, command)) for option in options]
        for title, options in sections(command, context).items()
    }
    widest = max(len(head) for section in rows.values() for head, _ in section)
    room = min(widest + 2, max(24, width * 2 // 5))
    for title, section in rows.items():
        yield from ("", f"{title}:", *columns(section, width, room))


def _option_head(option: click.Option) -> str:
    flags = sorted((*option.opts, *option.secondary_opts), key=lambda flag: len(flag) > 2)
    head = f"{', '.join(flags)} {metavar(option)}".rstrip()
    return head if len(flags[0]) == 2 else f"    {head}"


def _option_text(option: click.Option, command: click.Command) -> str:
    text = told(option.help or "", command)
    choices = _choices(option)
    if choices and "|".join(choices) != metavar(option):
        text += f" One of {', '.join(choices)}."
    if option.required:
        return f"{text} [required]"
    has_default = isinstance(option.default, (str, int, float)) and option.default != ""
    is_shown = has_default and option.show_default and not option.is_flag
    return f"{text} [default: {option.default}]" if is_shown else text


def told(text: str, command: click.Command) -> str:
    """Return a text of the library as the command line says it: options of the verb as flags, nothing in backquotes."""
    names = {parameter.name for parameter in command.params}

    def spell(quoted: re.Match[str]) -> str:
        name = re.match(r"\w*", quoted[2])
        return in_flags(f"`{quoted[2]}`") if name is not None and name[0] in names else quoted[2]

    return _QUOTED.sub(spell, _LIBRARY_ONLY.sub("", text))


def _paragraph(text: str, width: int) -> list[str]:
    if text.startswith(_AS_IT_IS):
        return [_INDENT + line for line in text.splitlines()[1:]]
    return wrap(text, width - len(_INDENT), _INDENT)


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text in lines of at most `width` letters, each behind the indent."""
    text = " ".join(text.split())
    if len(text) <= width:
        return [indent + text] if text else []
    # Imported here: most lines of the list of verbs fit.
    import textwrap

    return [indent + line for line in textwrap.wrap(text, width, break_on_hyphens=False)]


def columns(rows: Iterable[tuple[str, str]], width: int, room: int) -> Iterator[str]:
    """Yield rows of two columns, the first of them `room` wide; what is wider has its text below."""
    for head, text in rows:
        lines = wrap(text, width - room - len(_INDENT)) or [""]
        if len(head) + 2 > room:
            yield from _wrap_flags(head, width)
        else:
            yield f"{_INDENT}{head.ljust(room)}{lines.pop(0)}".rstrip()
        yield from (" " * (room + len(_INDENT)) + line for line in lines if line)


def _wrap_flags(head: str, width: int) -> Iterator[str]:
    if len(head) + len(_INDENT) <= width:
        yield _INDENT + head
        return
    first, _, rest = head.rpartition(", ")
    yield f"{_INDENT}{first},"
    yield f"{_INDENT}    {rest}"


def _shorten(text: str, room: int) -> str:
    """Return a summary without what it explains behind a colon when it has no room."""
    return text if len(text) <= room else text.partition(": ")[0]


def _shell_lines(command: str, width: int) -> list[str]:
    """Return a command line, broken where it is too long: before options if that is enough."""
    words = [
        word
        for part in re.split(r" (?=-)", command)
        for word in ([part] if len(part) + 7 <= width else _SHELL_WORD.findall(part))
    ]
    lines, line = [], f"{_INDENT}$"
    for word in words:
        if len(line) + len(word) + 3 > width and line.strip() != "$":
            lines.append(f"{line} \\")
            line = "     "
        line += f" {word}"
    return [*lines, line]
