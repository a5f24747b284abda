"""The reference of JSON answers: a table of keys for every verb."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from docs.make.json_answers import answers
from docs.make.json_fields import Field, flattened

_HEAD = """# Answers in JSON

With `--json` a verb prints one object on standard output, in schema 1. Keys are added in later versions; one that is
renamed, removed or means something else makes it schema 2. `variables[].name` is the key `name` of each object in
the array `variables`, `dtypes.*.count` the key `count` of each value in the object `dtypes`. Keys in *italics* are not
always there.

dtypes are numpy's names, `string` for strings. A shape is an array, with null for an unknown dimension, and null for
an unknown rank. An error is an object `{"error": {"type", "message", ...}}` on standard error.
"""


def page() -> str:
    """Return the page."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for fields, verbs in _grouped().items():
        title = ", ".join(verbs) if len(verbs) < 3 else "Edits of checkpoints"
        of = "" if len(verbs) < 3 else f"Of {', '.join(f'`{verb}`' for verb in verbs)}:\n\n"
        yield f"\n## {title}\n\n{of}| key | type | meaning |\n| --- | --- | --- |\n"
        yield from _rows(fields)


def _grouped() -> dict[tuple[Field, ...], list[str]]:
    """Return the verbs that answer alike, in the order of the first of each."""
    groups: dict[tuple[Field, ...], list[str]] = {}
    for verb, fields in answers().items():
        groups.setdefault(fields, []).append(verb)
    return groups


def _rows(fields: tuple[Field, ...]) -> Iterable[str]:
    for path, field in flattened(fields):
        key = f"`{path}`" if field.is_always else f"*`{path}`*"
        yield f"| {key} | {field.type.spell()} | {_cell(field.meaning)} |\n"


def _cell(text: str) -> str:
    first = text[:1] if text[:2].isupper() else text[:1].lower()
    return f"{first}{text[1:]}".replace("``", "`").replace("|", "\\|").rstrip(".")
