"""The grammar of tensor names; nothing else takes them apart.

In a graph an input is ``node`` or ``node:0`` (output 0), ``node:2`` (output 2) or
``^node`` (a control input, which carries no tensor). In a function body an input
is ``argument`` (a function argument), ``node:output:index`` (element `index` of the
node's output argument `output`) or ``^node``. Outside a graph users write ``node``
for both a node and its output 0.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from proto_utils.errors import NotFoundError, UnsupportedError
from proto_utils.named_tuple import NamedTuple

#: What options take that are names, patterns and the like: one, or a sequence of them. What else can be looped over,
#: a set or a generator, is taken too.
Names: TypeAlias = str | Sequence[str]

CONTROL_OUTPUT = -1

_MAX_DIGITS = 18
#: An escaped character, a set of characters, or one character.
_PATTERN_TOKEN = r"(?s)\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|."

#: ``*`` and ``?`` as a shell means them: behind nothing that could be repeated.
_STAR = r"(?<![.)\]}\\])[*?]"


class TensorName(NamedTuple):
    """A parsed input of a graph's node: `output` is -1 for a control input."""

    node: str
    output: int

    @property
    def is_control(self) -> bool:
        """Whether it is a control input, which carries no tensor."""
        return self.output == CONTROL_OUTPUT

    def __str__(self) -> str:
        if self.output == CONTROL_OUTPUT:
            return "^" + self.node
        return self.node if self.output == 0 else f"{self.node}:{self.output}"


def parse_input(text: str) -> TensorName:
    """Parse an input of a node in a graph.

    Parameters
    ----------
    text : str
        ``a``, ``a:1`` or ``^a``.

    Returns
    -------
    TensorName
    """
    if text[:1] == "^":
        return TensorName(text[1:], CONTROL_OUTPUT)
    if ":" in text:
        node, _, port = text.rpartition(":")
        # More digits than any graph has outputs are part of a (bad) name; int() refuses thousands of them.
        if port.isascii() and port.isdecimal() and len(port) <= _MAX_DIGITS:
            return TensorName(node, int(port))
    return TensorName(text, 0)


def node_of_input(text: str) -> str:
    """Return the node, or function argument, that an input names; in graphs and in function bodies."""
    return text[1:] if text[:1] == "^" else text.partition(":")[0]


def is_control(text: str) -> bool:
    """Whether an input is a control input, ``^node``, which carries no tensor."""
    return text[:1] == "^"


def are_node_names(names: Sequence[str]) -> bool:
    """Whether TensorFlow allows nodes to have all these names; quick, False when in doubt."""
    # The matcher remembers where each name may have ended, which takes more memory than the names do.
    for start in range(0, len(names), _NAMES_AT_ONCE):
        batch = names[start : start + _NAMES_AT_ONCE]
        text = "\n".join([*batch, ""])
        if text.count("\n") != len(batch) or re.fullmatch(_NODE_NAMES, text) is None:
            return False
    return True


def spellings(text: str) -> tuple[str, ...]:
    """Return all texts by which an input may name the tensor that `text` names; ``a`` and ``a:0`` are one.

    In function bodies too: there it is ``argument`` that may be written ``argument:0``.
    """
    name, _, output = text.partition(":")
    return (name, f"{name}:0") if output in ("", "0") and not is_control(text) else (text,)


def node_of(text: str) -> str:
    """Return the node of a user's ``node`` or ``node:0``."""
    if text[-2:] == ":0" and text[:1] != "^":
        return text[:-2]
    return parse_input(text).node


def text_of(name: bytes) -> str:
    """Decode a name: UTF-8, with surrogate escapes (PEP 383) for the bytes that are not, so that they round-trip."""
    return name.decode("utf-8", "surrogateescape")


def bytes_of(name: str) -> bytes:
    """Encode a name: the inverse of `text_of`."""
    return name.encode("utf-8", "surrogateescape")


def texts_of(given: Names, option: str) -> tuple[str, ...]:
    """Return the texts that are given for an option; what holds no texts is a TypeError."""
    found: object = given
    texts: tuple[object, ...] = ()
    if isinstance(found, str):
        return (found,)
    if isinstance(found, Iterable) and not isinstance(found, bytes):
        texts = tuple(found)
    else:
        texts = (found,)
    if not all(isinstance(each, str) for each in texts):
        raise TypeError(f"{option} is a text, or a list of texts; not {reprlib.repr(given)}")
    return texts  # type: ignore[return-value]


def split_names(texts: Iterable[str]) -> list[str]:
    """Return the single names of texts that may each hold several, separated by commas; blanks do not count."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def split_patterns(texts: Iterable[str], known: Container[str] = ()) -> tuple[str, ...]:
    r"""Return the single patterns of texts that may each hold several, separated by commas.

    A comma in brackets of any kind, or after a backslash, is part of a regular expression; a text that is one of the
    `known` names is that name, whatever is in it.
    """
    found: list[str] = []
    for text in texts:
        if "," not in text or text in known:
            found.append(text)
            continue
        parts = [""]
        depth = 0
        for token in re.findall(_PATTERN_TOKEN, text):
            depth += (token in ("(", "{")) - (token in (")", "}"))
            if token == "," and depth <= 0:
                parts.append("")
            else:
                parts[-1] += token
        found += [part.strip() for part in parts if part.strip()]
    return tuple(found)


def scope_of(name: str) -> str:
    """Return the name scope: everything before the last slash, or the empty string."""
    return name.rpartition("/")[0]


def unique_name(wanted: str, taken: Iterable[str] | set[str] | dict[str, object]) -> str:
    """Return `wanted`, or ``wanted_1``, ``wanted_2`` ... the first that is not taken."""
    names = taken if isinstance(taken, (set, dict)) else set(taken)
    if wanted not in names:
        return wanted
    number = 1
    while f"{wanted}_{number}" in names:
        number += 1
    return f"{wanted}_{number}"


def new_node_name(wanted: str, lowered: Container[str]) -> str:
    """Return `wanted`, or ``wanted_1`` ...: as TensorFlow's ``unique_name``, which takes ``Add`` and ``add`` for one.

    `lowered` are the names that are taken, in small letters.
    """
    name, number = wanted, 0
    while name.lower() in lowered:
        number += 1
        name = f"{wanted}_{number}"
    return name


def free_scope(wanted: str, names: Iterable[str]) -> str:
    """Return `wanted`, or ``wanted_1`` ...: the first outermost name scope with none of the names in it."""
    return unique_name(wanted, {name.partition("/")[0] for name in names if name.startswith(wanted)})


@lru_cache(maxsize=256)
def _compile(pattern: str) -> tuple[re.Pattern[str] | None, int]:
    """Return a regular expression, None of what is not one, and how long the names may be that it is to match."""
    # Imported here: few commands are given one.
    from proto_utils.backtracking import max_letters

    try:
        return re.compile(pattern), max_letters(pattern)
    except (re.error, RecursionError, OverflowError):
        return None, 0


def matches(pattern: str, name: str) -> bool:
    """Whether `pattern` is `name` itself or a regular expression that matches all of it.

    Raises
    ------
    UnsupportedError
        It may take for ever, or longer than a minute: see `proto_utils.backtracking`.
    """
    if pattern == name:
        return True
    compiled, longest = _compile(pattern)
    if compiled is None:
        return False
    require_short(pattern, name, longest)
    return compiled.fullmatch(name) is not None


def require_short(pattern: str, name: str, longest: int) -> None:
    """Require that a name is not longer than a pattern can be tried on: an UnsupportedError, when it is."""
    if len(name) > longest:
        reason = f"pattern {pattern!r} has too many repeats for a name of {len(name):,} letters"
        raise UnsupportedError(reason, hint="write it with fewer of * and +")


def matches_any(patterns: Sequence[str], name: str) -> bool:
    """Whether any of `patterns` matches `name`."""
    for pattern in patterns:  # noqa: SIM110 -- of a million names, any() would make a generator each
        if matches(pattern, name):
            return True
    return False


def unmatched(
    kind: str, pattern: str, known: Iterable[str], *, like: str | None = None, where: str | None = None
) -> NotFoundError:
    """Return the error for a pattern that matches none of the names, with near names and what it may have meant.

    `like` is what near names resemble, when not the pattern.
    """
    known = list(known)
    error = NotFoundError.among(kind, pattern, known, like=like, where=where)
    meant, fault = meant_by(pattern, known), _fault_of(pattern)
    if meant is not None:
        advice = f"patterns are regular expressions: {meant!r}"
    elif fault is not None:
        advice = f"patterns are regular expressions, which this is not: {fault}; '{re.escape(pattern)}' is the text"
    else:
        return error
    error.hint = advice if error.hint is None else f"{advice}; {error.hint}"
    return error


def _fault_of(pattern: str) -> str | None:
    """Return what keeps a text from being a regular expression, None of one that is."""
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    except (RecursionError, OverflowError):
        return "it is nested too deep, or repeats too often"
    return None


def meant_by(pattern: str, known: Sequence[str]) -> str | None:
    """Return a regular expression that matches whole names, for a part of one or a shell's ``*``; None when unknown."""
    for text in dict.fromkeys((re.sub(_STAR, lambda star: ".*" if star[0] == "*" else ".", pattern), pattern)):
        compiled, _ = _compile(text)
        if compiled is None or not text:
            continue
        # It may begin at every letter.
        _, longest = _compile(f".*(?:{text})")
        found = [match for name in known if len(name) <= longest and (match := compiled.search(name))]
        if not found:
            continue
        if any(match.span() == (0, len(match.string)) for match in found):
            return text
        begin = "" if any(match.start() == 0 for match in found) else ".*"
        end = "" if any(match.end() == len(match.string) for match in found) else ".*"
        return begin + text + (end if begin or end else ".*")
    return None


def some_of(items: Sequence[str], limit: int = 5, separator: str = ", ") -> str:
    """Join texts for a message, those past a limit as their number: ``a, b and 3 more``, ``a; b; and 3 more``."""
    shown = separator.join(items[:limit])
    joint = " " if separator == ", " else separator
    return shown if len(items) <= limit else f"{shown}{joint}and {len(items) - limit:,} more"


#: TensorFlow 2.21's rule for nodes of a graph.
NODE_NAME = r"[A-Za-z0-9.][A-Za-z0-9_./-]*(?:>[A-Za-z0-9.][A-Za-z0-9_./-]*)*"
# Names of nodes, one a line, and how many are matched together.
_NODE_NAMES, _NAMES_AT_ONCE = rf"(?:{NODE_NAME}\n)*", 128
