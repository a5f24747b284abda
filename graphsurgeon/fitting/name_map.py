r"""Names of a checkpoint put into the words of a graph: ``old=new`` rules.

``old`` is a name or a regular expression that matches all of it, ``new`` what it becomes, with ``\1`` for what
the first group matched; a name that is there means itself alone. Every rule is tried on every name, so that one tensor
can go to several places; where two rules lead different tensors to one name, the first rule wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from graphsurgeon.errors import PassError, near_names
from graphsurgeon.fitting.requirements import OPERATION
from proto_utils.errors import NotFoundError


class Rule(NamedTuple):
    """One ``old=new``."""

    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.old}={self.new}"

    def apply(self, name: str) -> str | None:
        """Return the new name, None when the rule is not about this one."""
        if name == self.old:
            return self.new
        pattern = self._pattern()
        match = None if pattern is None else pattern.fullmatch(name)
        if match is None:
            return None
        try:
            return match.expand(self.new)
        except (re.error, IndexError) as error:
            raise PassError(OPERATION, f"the rule {str(self)!r} is not understood: {error}") from error

    def _pattern(self) -> re.Pattern[str] | None:
        try:
            return re.compile(self.old)
        except re.error:
            # It can still be a name.
            return None


class Mapped(NamedTuple):
    """Where a name of the graph comes from: a key of the checkpoint, by a rule."""

    key: str
    rule: Rule


def parse_rules(texts: Sequence[str] | Mapping[str, str]) -> list[Rule]:
    """Parse rules.

    Parameters
    ----------
    texts : sequence of str, or mapping of str to str
        ``old=new``, divided at the last ``=``; or old and new as they are.

    Raises
    ------
    PassError
        One of them has no ``=``, or nothing on one side of it.
    """
    if isinstance(texts, Mapping):
        return [Rule(old, new) for old, new in texts.items()]
    rules = []
    for text in texts:
        old, _, new = text.rpartition("=")
        if not (old and new):
            raise PassError(OPERATION, f"{text!r} is no rule", hint=r"write old=new, such as 'vgg_16/(.*)=my/\1'")
        rules.append(Rule(old, new))
    return rules


def parse_rule_file(text: str) -> list[str]:
    """Return the rules of a text with ``old`` and ``new`` in each line, divided by a tab; ``#`` begins a comment.

    Raises
    ------
    PassError
        A line has another number of columns.
    """
    rules = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 2 or not all(columns):
            raise PassError(OPERATION, f"line {number} of the names has {len(columns)} columns, not old and new")
        rules.append("=".join(columns))
    return rules


def mapped_names(rules: Iterable[Rule], names: Mapping[str, str]) -> dict[str, Mapped]:
    """Apply rules to the names of a checkpoint.

    Parameters
    ----------
    rules : iterable of Rule
    names : mapping of str to str
        Names and the keys that they stand for.

    Returns
    -------
    dict of str to Mapped
        By new name.

    Raises
    ------
    NotFoundError
        A rule is about no name.
    PassError
        One rule gives two tensors the same name, or speaks of a group that it has not.
    """
    found: dict[str, Mapped] = {}
    for rule in rules:
        by_rule: dict[str, str] = {}
        hits = ((rule.apply(name), name) for name in ([rule.old] if rule.old in names else names))
        for new, name in hits:
            if new is not None and by_rule.setdefault(new, names[name]) != names[name]:
                reason = f"the rule {str(rule)!r} gives {by_rule[new]!r} and {names[name]!r} the same name, {new!r}"
                raise PassError(OPERATION, reason)
        if not by_rule:
            raise NotFoundError("tensor for the rule", str(rule), near_names(rule.old, names))
        for new, key in by_rule.items():
            found.setdefault(new, Mapped(key, rule))
    return found
