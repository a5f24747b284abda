"""What is wrong with a protobuf text, in words for people who did not write the parser.

Protobuf's parser has a line and a column for most faults, and words that speak of its classes; for a number that no
field holds, and for bytes that are no text, it has no place at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from proto_utils.errors import did_you_mean, near_names

#: A line is quoted up to this many letters around the column.
_MAX_QUOTED = 60
_MAX_TOKEN = 80
#: ``3:7 : 'the line': `` or without the line.
_PLACE = re.compile(r"(?s)\d+:\d+ : (?:'.*': (?=[A-Z']))?")
#: Strings of the text format; the last may lack its end.
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?")
_ENDED = "it ends inside a message: truncated? download it again"

_Words = Callable[[re.Match[str], Any], tuple[str, str | None]]


def _no_field(found: re.Match[str], pool: Any) -> tuple[str, str | None]:
    fields = pool.FindMessageTypeByName(found[1]).fields_by_name
    return f"a {_short(found[1])} has no field {found[2]!r}", _near(found[2], fields)


def _no_value(found: re.Match[str], pool: Any) -> tuple[str, str | None]:
    values = pool.FindEnumTypeByName(found[1]).values_by_name
    return f"no {_short(found[1])} is called {found[2]!r}", _near(found[2], values)


#: What protobuf says, and what that means.
_MEANINGS: tuple[tuple[str, str | _Words], ...] = (
    (r'Message type "([^"]+)" has no field named "([^"]*)"\.', _no_field),
    (r'Message type "([^"]+)" should not have multiple "([^"]*)" fields\.', "field {2!r} stands twice where it is one"),
    (r'Message type "([^"]+)" does not have extensions\.', "[...] names an extension, and here are none"),
    (r'Enum type "([^"]+)" has no value named (\S+)\.', _no_value),
    (r'Enum type "([^"]+)" has no value with number (\S+)\.', "no value of this enum has the number {2}"),
    (r"Expected identifier or number, got (.*)\.", "the name of a field is wanted, and here is {1!r}"),
    (r'Expected "(true)" or "false"\.', "true or false is wanted"),
    (r'Expected "([^"]*)"\.', "{1!r} is missing"),
    (r"Expected string but found: (.*)", "a text in quotes is wanted, and here is {1}"),
    (r"String missing ending quote: .*", "a text lacks the quote at its end"),
    (r"Couldn't parse integer: (.*)", "an integer is wanted, and here is {1!r}"),
    (r"(?:Couldn't parse|Invalid octal) float: (.*)", "a number is wanted, and here is {1!r}"),
    (r"Value out of range: (.*)", "the number {1} is out of the range of its field"),
    (r"Couldn't parse string: .*", "a text is not UTF-8"),
    (r"'(?:unicodeescape|latin-1|utf-8)' codec .*", "a text has a backslash that escapes nothing"),
    (r"Message too deep.*", "messages are nested deeper than it can be read"),
    (r"Type (\S+) not found in descriptor pool", "messages of type {1} are not known"),
)


def translate(error: Exception, text: str, pool: Any) -> tuple[str, str | None]:
    """Say what is wrong with a text that protobuf did not parse.

    Parameters
    ----------
    error : Exception
        Protobuf's: a ParseError, which has a place, or a ValueError.
    text : str
    pool : DescriptorPool
        Of the messages that the text is of.

    Returns
    -------
    reason : str
        With line and column, and the line when the column says little.
    hint : str or None
    """
    line, column = (getattr(error, name, lambda: None)() for name in ("GetLine", "GetColumn"))
    # Of a line of many megabytes the end is enough: the words stand behind it.
    said = str(error)
    place_said = _PLACE.match(said) if line is not None else None
    said = said if place_said is None else said[place_said.end() :]
    reason, hint = _meaning(said, pool)
    if line is None:
        number = re.fullmatch(r"Value out of range: (\S+)", said)
        place = None if number is None else re.search(rf"(?<![\w.+-]){re.escape(number[1])}(?![\w.])", text)
        line, column = (None, None) if place is None else _line_and_column(text, place.start())
    if _ends_inside(text):
        hint = _ENDED
    if line is None:
        return reason, hint
    return f"line {line}, column {column}: {reason}{_quoted(text, line, column or 1)}", hint


def describe_bytes(error: UnicodeDecodeError) -> str:
    """Say where bytes are that are no UTF-8."""
    before = bytes(error.object)[: error.start]
    line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
    return f"line {line}, byte {column}: the text is not UTF-8: {bytes(error.object)[error.start : error.start + 1]!r}"


def _meaning(said: str, pool: Any) -> tuple[str, str | None]:
    for pattern, words in _MEANINGS:
        found = re.fullmatch(pattern, said, re.DOTALL)
        if found is None:
            continue
        if callable(words):
            return words(found, pool)
        return words.format(*(_cut(each) for each in (found[0], *found.groups()))), None
    return "it cannot be understood", None


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TOKEN else f"{text[:_MAX_TOKEN]}..."


def _short(name: str) -> str:
    return name.removeprefix("tensorflow.")


def _near(name: str, known: Iterable[str]) -> str | None:
    return did_you_mean(near_names(name, list(known)))


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _quoted(text: str, line: int, column: int) -> str:
    """Return a line for the end of a sentence, of a long one the part around a column."""
    start = 0
    for _ in range(line - 1):
        start = text.index("\n", start) + 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    begin = max(start, start + column - 1 - _MAX_QUOTED // 2)
    part = text[begin : min(end, begin + _MAX_QUOTED)].strip()
    return f", in {part!r}" if part else ""


def _ends_inside(text: str) -> bool:
    """Whether there are more messages that begin than such that end."""
    unquoted = _QUOTED.sub("", text)
    return unquoted.count("{") > unquoted.count("}")
