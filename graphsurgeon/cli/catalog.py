"""The verbs by what they are for, with examples: what ``catalog.txt`` says, the one place that says it.

=================  ==============================================
a line             is
=================  ==============================================
without indent     a group
two spaces         a verb of it
four spaces        an example of that verb, ``# what it does``
=================  ==============================================
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence

_PATH = os.path.join(os.path.dirname(__file__), "catalog.txt")

_TRANSFORMS = "Transform graphs"

#: An example: what follows the name of the program, and what it does, or nothing.
Example = tuple[str, str]


@functools.cache
def _read() -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[Example]]]:
    groups: dict[str, list[str]] = {}
    examples: dict[str, list[Example]] = {}
    group, verb = "", ""
    with open(_PATH, encoding="utf-8") as file:
        for line in map(str.rstrip, file):
            text = line.lstrip()
            if not text or line.startswith("#"):
                continue
            if line == text:
                group = text
                groups[group] = []
            elif not line.startswith("    "):
                verb = text
                groups[group].append(verb)
                examples[verb] = []
            else:
                command, _, does = text.partition("  # ")
                examples[verb].append((command, does))
    return groups, examples


def groups() -> Mapping[str, Sequence[str]]:
    """Return the verbs of each group, in the order in which both are shown."""
    return _read()[0]


def examples(verb: str) -> Sequence[Example]:
    """Return the examples of a verb; of none for one that is not in the catalog."""
    return _read()[1].get(verb, ())


def is_transform(verb: str) -> bool:
    """Whether a verb is a transform of graphs, as the Graph Transform Tool has them."""
    return verb in groups()[_TRANSFORMS]
