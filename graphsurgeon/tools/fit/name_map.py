r"""Renaming rules, ``old=new``, from names of a checkpoint to names of a graph.

They are written as those of `rename`, see `graphsurgeon.rewrites.renaming.name_map`, and here every rule is tried on
every name, so that one tensor can go to several places; where two rules lead different tensors to one name, the first
rule wins. A name that is there means itself alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphsurgeon.errors import PassError, near_names
from graphsurgeon.rewrites.renaming.name_map import Entry, NameMap, parse_lines, parse_texts, unmatched_hint
from graphsurgeon.tools.fit.requirements import OPERATION
from proto_utils.errors import NotFoundError
from proto_utils.named_tuple import NamedTuple


class Mapped(NamedTuple):
    """Where a name of the graph comes from: a key of the checkpoint, by a rule."""

    key: str
    rule: Entry


def parse_rules(texts: Sequence[str] | Mapping[str, str], lines: Iterable[str] = ()) -> list[Entry]:
    """Parse rules ``old=new``, or old and new names, and the lines of a file; a bad one is a PassError."""
    return [*parse_texts(texts, OPERATION), *parse_lines(lines, OPERATION)]


def mapped_names(rules: Iterable[Entry], names: Mapping[str, str]) -> dict[str, Mapped]:
    """Return what rules make of names, which come with their keys, by new name.

    NotFoundError when a rule is about no name, PassError when one gives two tensors the same name.
    """
    found: dict[str, Mapped] = {}
    for rule in rules:
        by_rule: dict[str, str] = {}
        new_name = NameMap([rule]).find
        hits = ((new_name(name), name) for name in ([rule.old] if rule.old in names else names))
        for new, name in hits:
            if new is not None and by_rule.setdefault(new, names[name]) != names[name]:
                reason = f"the rule {str(rule)!r} gives {by_rule[new]!r} and {names[name]!r} the same name, {new!r}"
                raise PassError(OPERATION, reason)
        if not by_rule:
            near = near_names(rule.old, names)
            hint = unmatched_hint(rule, names, near)
            raise NotFoundError("tensor for the rule", str(rule), near, hint=hint)
        for new, key in by_rule.items():
            found.setdefault(new, Mapped(key, rule))
    return found
