"""Selection of tensors by names and regular expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from graphsurgeon import names
from graphsurgeon.tensors.tensor import Tensor


@dataclass(frozen=True)
class Skipped:
    """A tensor that the edit was asked to change and did not."""

    name: str
    reason: str


class Chosen(dict[str, Tensor]):
    """Tensors by name, and what was `skipped` beside them, with the reasons."""

    def __init__(self, tensors: Mapping[str, Tensor] = MappingProxyType({}), skipped: Iterable[Skipped] = ()) -> None:
        super().__init__(tensors)
        self.skipped = list(skipped)


def selected(tensors: Iterable[str], select: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    """Return the names that an edit is to work on, in their order.

    Parameters
    ----------
    tensors : iterable of str
    select : sequence of str
        Names or regular expressions that match the whole name, also several in one text, separated by commas; all
        names when empty.
    exclude : sequence of str
        Taken out again; likewise.

    Raises
    ------
    NotFoundError
        One of `select` or `exclude` matches nothing; near names are in the error.
    """
    found = list(tensors)
    known = set(found)
    select, exclude = names.split_patterns(select, known), names.split_patterns(exclude, known)
    for pattern in (*select, *exclude):
        if not any(names.matches(pattern, name) for name in found):
            raise names.unmatched("tensor", pattern, found)
    return [
        name
        for name in found
        if (not select or names.matches_any(select, name)) and not names.matches_any(exclude, name)
    ]
