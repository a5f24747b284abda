r"""What users ask to be renamed: pairs of an old name, or a pattern of old names, and the new name.

As text, one entry is ``old=new``. The last ``=`` separates, unless a backslash stands before it, so lookaheads such as
``(?=x)`` may be in the old part; ``\=`` is a ``=`` in either part. A file has an entry per line, and its names are
exact, because names hold dots and such::

    # comment
    conv1/weights<TAB>stem/kernel
    re:block(\d+)/(.*)<TAB>stage\1/\2

An entry takes the names that are its old name, or that it matches as a regular expression from beginning to end; of
several that take a name, the first does. In the new name of an expression ``\1`` and ``\g<name>`` stand for its
groups, ``\g<0>`` for the old name, and ``\\`` for a backslash.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from graphsurgeon.errors import PassError, near_names
from graphsurgeon.names import meant_by, require_short, some_of, split_patterns
from proto_utils.backtracking import max_letters
from proto_utils.errors import NotFoundError
from proto_utils.named_tuple import NamedTuple

_SEPARATOR = re.compile(r"(?<!\\)=")
_GROUP = re.compile(r"\\(?:(\d{1,2})|g<(\w+)>|(\\))")
_SPECIAL = re.compile(r"[()\[\]{}?*+|^$\\.]")
#: What marks a line of a file as a regular expression.
_MARK = "re:"
_FILE = "map file"
_MAX_LISTED = 10


class Entry(NamedTuple):
    """One entry of a name map."""

    old: str
    new: str
    pattern: re.Pattern[str] | None  # None where the old name stands for itself only
    parts: list[str | int]  # of the new name: texts, and numbers of the pattern's groups
    where: str  # where it was given, for errors
    problem: str = ""  # why the old name, which might be one, is no regular expression; empty when it is

    def __str__(self) -> str:
        return f"{self.old}={self.new}"


class NameMap:
    """Entries in the order in which they count.

    Exact names cost nothing, however many there are; every other entry is tried on every name.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = list(entries)
        self._exact: dict[str, int] = {}
        self._patterns: list[tuple[int, re.Pattern[str], int]] = []
        for number, entry in enumerate(self._entries):
            self._exact.setdefault(entry.old, number)
            # A text without special characters matches only itself.
            if entry.pattern is not None and _SPECIAL.search(entry.old):
                self._patterns.append((number, entry.pattern, max_letters(entry.old)))
        self._used: set[int] = set()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, name: str) -> str | None:
        """Return the new name that the first entry which takes `name` gives it, None when none does."""
        exact = self._exact.get(name, len(self._entries))
        for number, pattern, longest in self._patterns:
            if number >= exact:
                break
            require_short(pattern.pattern, name, longest)
            match = pattern.fullmatch(name)
            if match is not None:
                return self._taken(number, match)
        if exact == len(self._entries):
            return None
        taken = self._entries[exact].pattern
        return self._taken(exact, None if taken is None else taken.fullmatch(name))

    def _taken(self, number: int, match: re.Match[str] | None) -> str:
        self._used.add(number)
        entry = self._entries[number]
        if match is None:
            return entry.new
        return "".join(part if isinstance(part, str) else match[part] or "" for part in entry.parts)

    def require_all_used(self, names: Iterable[str]) -> None:
        """Require that each entry has taken one of the `names`; a NotFoundError lists those that have not."""
        unused = [entry for number, entry in enumerate(self._entries) if number not in self._used]
        if not unused:
            return
        first, names = unused[0], list(names)
        near = near_names(first.old, names)
        hint = unmatched_hint(first, names, near)
        if hint is None and first is not self._entries[0]:
            hint = "earlier entries may take all it matches"
        if len(unused) > 1:
            some = some_of([entry.old for entry in unused], _MAX_LISTED)
            hint = f"{len(unused):,} entries take nothing: {some}" + (f"; for the first, {hint}" if hint else "")
        where = first.where if first.where.startswith(_FILE) else None
        listed = [entry.old for entry in unused] if len(unused) > 1 else []
        raise NotFoundError(
            "node or checkpoint key that matches", first.old, near, where=where, hint=hint, listed=listed
        )


def unmatched_hint(entry: Entry, names: Iterable[str], near: Sequence[str]) -> str | None:
    """Return why an entry may take none of the names, None when unknown; `near` are those that resemble it."""
    if entry.problem:
        meant = meant_by(entry.old, list(names))
        advice = "" if meant is None else f"; patterns are regular expressions: {meant!r}"
        return f"{entry.old!r} is no regular expression: {entry.problem}{advice}"
    found = [] if entry.pattern is None else [name for name in names if entry.pattern.search(name)]
    if found:
        text = f"(.*){entry.old}(.*)"
        return f"whole names are matched; it is a part of {len(found):,}, such as {found[0]!r}, which {text!r} takes"
    return f"did you mean {' or '.join(map(repr, near))}?" if near else None


def parse_texts(texts: Iterable[str] | Mapping[str, str], operation: str = "rename") -> Iterator[Entry]:
    """Yield the entries of ``old=new`` texts, or of a mapping of exact names; `operation` is who asks, for errors.

    One without ``=``, or with an empty part, is a PassError.
    """
    if isinstance(texts, Mapping):
        for old, new in texts.items():
            yield _entry(old, new, f"entry {old!r}", operation, is_exact=True)
        return
    for text in itertools.chain.from_iterable(map(_entries_of, texts)):
        separators = list(_SEPARATOR.finditer(text))
        if not separators:
            raise PassError(
                operation, f"map {text!r} has no '='", hint="write old=new, as in 'conv(.*)=net/conv\\1'", is_usage=True
            )
        at = separators[-1].start()
        old, new = (part.replace("\\=", "=") for part in (text[:at], text[at + 1 :]))
        yield _entry(old, new, f"map {text!r}", operation)


def expansions(old: str, new: str, operation: str) -> Callable[[str], str]:
    r"""Return what makes the `new` name of one that `old` matches, in which \1 is a group; errors as `parse_texts`."""
    found = NameMap([_entry(old, new, f"{old!r} to {new!r}", operation)])
    return lambda name: found.find(name) or name


def _entries_of(text: str) -> Sequence[str]:
    """Return the entries in a text: its parts between commas when each is one; else a comma is a character."""
    parts = split_patterns([text])
    return parts if all(_SEPARATOR.search(part) for part in parts) else [text]


def parse_lines(lines: Iterable[str], operation: str = "rename") -> Iterator[Entry]:
    """Yield the entries of a file's lines; `operation` is who asks, for errors.

    A line that cannot be read is a PassError with its number.
    """
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if not text.strip() or text.startswith("#"):
            continue
        where, columns = f"{_FILE}, line {number}", text.split("\t")
        if len(columns) != 2:
            found = "no tab" if len(columns) == 1 else f"{len(columns) - 1} tabs"
            raise PassError(
                operation, f"{where}: {found} in {text!r}", hint="a line is the old name, a tab, the new one"
            )
        old, new = columns
        is_exact = not old.startswith(_MARK)
        yield _entry(old if is_exact else old[len(_MARK) :], new, where, operation, is_exact=is_exact)


def _entry(old: str, new: str, where: str, operation: str, *, is_exact: bool = False) -> Entry:
    if not old or not new:
        raise PassError(operation, f"{where}: the {'new' if old else 'old'} name is empty")
    pattern, problem = None, ""
    if not is_exact:
        try:
            pattern = re.compile(old)
            max_letters(old)
        except (re.error, RecursionError, OverflowError) as error:
            pattern = None
            # What users type may be a name that happens to be no expression; a line says which it is.
            if where.startswith(_FILE):
                raise PassError(operation, f"{where}: {old!r} is no regular expression: {error}") from None
            problem = str(error)
    parts = [] if pattern is None else _parts(new, pattern, where, operation)
    return Entry(old, new, pattern, parts, where, problem)


def _parts(new: str, pattern: re.Pattern[str], where: str, operation: str) -> list[str | int]:
    """Take a new name apart into texts and groups."""
    parts: list[str | int] = []
    position = 0
    for match in _GROUP.finditer(new):
        parts.append(_plain(new[position : match.start()], new, where, operation))
        number, name, backslash = match.groups()
        if backslash:
            parts.append(backslash)
        else:
            group = pattern.groupindex.get(name, -1) if name and not name.isdecimal() else int(number or name)
            if not 0 <= group <= pattern.groups:
                raise PassError(
                    operation, f"{where}: {match[0]} in the new name, but the expression has {pattern.groups} groups"
                )
            parts.append(group)
        position = match.end()
    parts.append(_plain(new[position:], new, where, operation))
    return [part for part in parts if part != ""]


def _plain(text: str, new: str, where: str, operation: str) -> str:
    if "\\" in text:
        raise PassError(
            operation, f"{where}: a backslash in {new!r} stands before no group", hint=r"groups are \1 or \g<name>"
        )
    return text
