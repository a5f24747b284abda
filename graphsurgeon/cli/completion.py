"""Completion of command lines, for the scripts that the verb `completion` prints.

A shell sets `VARIABLE` to its name and ``_GRAPHSURGEON_LINE`` to the line up to the cursor, runs the program, and gets
lines of a kind, a value and a text, with tabs between them:

======== =====================================================================
kind     asks the shell to
======== =====================================================================
plain    offer the value, with the text beside it if there is one
scope    offer the value, which goes on: no space after it
file     complete the name of a file, as it does
dir      complete the name of a directory
======== =====================================================================

Names of nodes and tensors are those of a SRC that stands earlier on the line; they are offered scope by scope, as files
are directory by directory. A SRC that cannot be read has none, and is no error.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, ShellComplete

from graphsurgeon.cli.options import COMPLETION
from graphsurgeon.errors import GraphSurgeonError
from proto_utils import places

if TYPE_CHECKING:
    from graphsurgeon.cli.group import VerbGroup

VARIABLE = COMPLETION
_LINE, _BREAKS = "_GRAPHSURGEON_LINE", "_GRAPHSURGEON_BREAKS"
_MAX_TEXT = 70

#: What help calls the values that are files, directories, one of few words, ops, and names of what is in a SRC.
_FILES = re.compile(r"(SRC|DST|FILE|PREFIX|CHECKPOINT|OTHER|TARGET|PAGE|PICTURE|[AB])(\.\.\.)?")
_DIRECTORIES = ("DIR", "LOGDIR")
_WORDS = re.compile(r"[a-z]+(\|[a-z]+)+")
_OP = "OP"
_NAMES = re.compile(r"NODES?|NAMES|TENSOR|PATTERN|OLD=|INPUT=")
#: Those that have names behind the sign too.
_NAMES_BEHIND = re.compile(r"=\]?(NEW|TENSOR)")
_SIGN_BEHIND = re.compile(r"(OLD|INPUT|NAME)=")
#: Names of what is there, and not of what shall be.
_NAMED = ("cat.name", "inspect_checkpoint.tensor_name", "set-inputs.set")
_SOURCES = ("source", "sources", "graph", "input_graph", "input_meta_graph", "file_name")


def complete(group: VerbGroup, program: str) -> Iterator[str]:
    """Yield the reply to a shell."""
    shell, line = os.environ[VARIABLE].partition("_")[0], os.environ.get(_LINE, "")
    words, is_quoted = _split(line)
    word = words.pop()
    # Of --option=value the value alone is looked for.
    option, sign, value = word.partition("=") if word.startswith("--") and "=" in word else ("", "", word)
    before = option + sign
    for item in _items(group, program, words[1:], word):
        whole = before + item.value
        if shell == "bash" and not is_quoted:
            whole = re.sub(r"([^\w./:=@%+,^-])", r"\\\1", whole[_broken_off(before + value) :])
        if whole.isprintable():
            yield "\t".join([item.type, whole, _short(item.help or "")])


def candidates(names: Iterable[str], begun: str) -> list[str]:
    """Return how names that begin so go on: up to the next slash, and further where there is only one way."""
    fitting = [name for name in names if name.startswith(begun)]
    while True:
        found = dict.fromkeys(name[: _next_slash(name, len(begun))] for name in fitting)
        only = next(iter(found), "")
        if len(found) != 1 or not only.endswith("/"):
            return list(found)
        begun = only


def _next_slash(name: str, start: int) -> int:
    end = name.find("/", start)
    return len(name) if end < 0 else end + 1


def _items(group: VerbGroup, program: str, words: list[str], word: str) -> list[CompletionItem]:
    """Ask click what stands at the cursor, and the parameter there for its values."""
    try:
        with click.Context(group, info_name=program, resilient_parsing=True) as context:
            command = next(filter(None, (group.get_command(context, each) for each in words[:1])), None)
        for parameter in command.params if command is not None else ():
            if not isinstance(parameter.type, click.Choice) and not getattr(parameter, "is_flag", False):
                own = partial(_values, parameter, words[0])
                parameter.shell_complete = own  # type: ignore[method-assign]
            if words[-1] in parameter.opts and not getattr(parameter, "is_flag", True):
                # Click would not parse what is before an option without a value.
                word = f"{words.pop()}={word}"
        return ShellComplete(group, {}, program, VARIABLE).get_completions(words, word)
    except (GraphSurgeonError, click.ClickException, OSError, MemoryError):
        return []


def _values(parameter: click.Parameter, verb: str, context: click.Context, begun: str) -> list[CompletionItem]:
    name, word = parameter.name or "", parameter.metavar or ""
    if word == "[VERB]" and context.parent is not None:
        return context.parent.command.shell_complete(context.parent, begun)
    if word in _DIRECTORIES or _FILES.fullmatch(word):
        return [CompletionItem(begun, type="dir" if word in _DIRECTORIES else "file")]
    if _WORDS.fullmatch(word):
        return [CompletionItem(each) for each in word.split("|") if each.startswith(begun)]
    if word == "DTYPE":
        from graphsurgeon.tensors import dtypes

        found = [each.name for each in vars(dtypes).values() if isinstance(each, dtypes.DType) and each.itemsize]
        return [CompletionItem(each) for each in found if each.startswith(begun)]
    if word != _OP and f"{verb}.{name}" not in _NAMED and not _NAMES.search(word):
        return []
    # What stands before a comma, or before the sign of OLD=NEW, is done.
    start = max(begun.rfind(",") + 1, begun.rfind("=") + 1 if _NAMES_BEHIND.search(word) else 0)
    if "=" in begun[start:]:
        return []
    paths = [path for key in _SOURCES for path in _as_paths(context.params.get(key))]
    names = dict.fromkeys(found for path in paths for found in _names_at(path, verb, ops=word == _OP))
    # What goes on behind the sign goes on with it.
    sign = "=" if _SIGN_BEHIND.match(word) and "=" not in begun[:start] else ""
    found = [each if each.endswith("/") else each + sign for each in candidates(names, begun[start:])]
    return [
        CompletionItem(begun[:start] + each, type="scope" if each.endswith(("/", "=")) else "plain") for each in found
    ]


def _as_paths(value: object) -> list[str]:
    return [value] if isinstance(value, str) and value else list(value) if isinstance(value, tuple) else []


def _names_at(path: str, verb: str, *, ops: bool) -> Iterator[str]:
    """Yield the tensors of a checkpoint and the nodes of a graph; for an edit its tensors, of a graph the constants.

    Or the ops that are in a graph.
    """
    from graphsurgeon import edits
    from graphsurgeon.formats.detect import detect
    from graphsurgeon.formats.load import load_graph, open_checkpoint

    if not places.lexists(path):
        # The line is as it was typed: no shell has looked at it yet.
        path = os.path.expandvars(os.path.expanduser(path))
    found, is_edit = detect(path), verb.replace("-", "_") in edits.names()
    if ops:
        yield from sorted(load_graph(found).graph.ops)
        return
    if found.prefix is not None:
        yield from open_checkpoint(found, partial=True)
    if found.graph is not None and not (is_edit and found.prefix is not None):
        for node in load_graph(found).graph:
            if not is_edit or node.op == "Const":
                yield node.name


def _split(line: str) -> tuple[list[str], bool]:
    """Return the words of a line, the last of which is not complete, and whether that one is in quotes."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words = []
    try:
        for word in lexer:
            words.append(word)  # noqa: PERF402 -- what was read before an error counts
    except ValueError:
        # A quote that is still open, or a backslash at the end.
        return [*words, lexer.token], True
    return ([*words, ""] if not line or line[-1].isspace() else words), False


def _broken_off(word: str) -> int:
    """Return where the part of a word begins that bash replaces: behind the last sign at which it breaks words."""
    breaks = os.environ.get(_BREAKS, "=:")
    return max(word.rfind(sign) + 1 if sign in breaks else 0 for sign in "=:")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 3]}..."
