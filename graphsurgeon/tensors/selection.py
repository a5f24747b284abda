"""Selection of tensors by names and regular expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from graphsurgeon import names
from graphsurgeon.names import Names
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import tensors_html
from proto_utils.errors import UnsupportedError


@dataclass(frozen=True)
class Skipped:
    """A tensor that the edit was asked to change and did not."""

    name: str
    reason: str


class Chosen(dict[str, Tensor]):
    """Tensors by name; beside them what was `skipped`, with reasons, and what is `refused` unless it is left out."""

    def __init__(self, tensors: Mapping[str, Tensor] = MappingProxyType({}), skipped: Iterable[Skipped] = ()) -> None:
        super().__init__(tensors)
        self.skipped = list(skipped)
        self.refused: dict[str, UnsupportedError] = {}

    def _repr_html_(self) -> str:
        return tensors_html("tensors", self)

    def take(self, name: str, open_it: Callable[[], Tensor]) -> None:
        """Add what is opened; what no tensor can be made of is refused by name, and no obstacle to the others."""
        try:
            self[name] = open_it()
        except UnsupportedError as error:
            hint = error.hint or f"`exclude={name!r}` leaves it out"
            # Anew: the frames of this one would keep the file open.
            self.refused[name] = UnsupportedError(error.reason, path=error.path, offset=error.offset, hint=hint)

    def narrowed(self, names: Iterable[str] | None = None) -> Chosen:
        """Return these alone, in their order, or all; raise for the first that is refused."""
        chosen = Chosen(skipped=self.skipped)
        for name in [*self, *self.refused] if names is None else names:
            if name in self.refused:
                raise self.refused[name]
            chosen[name] = self[name]
        return chosen


def selected(tensors: Iterable[str], select: Names = (), exclude: Names = ()) -> list[str]:
    """Return the names that an edit is to work on, in their order.

    Parameters
    ----------
    tensors : iterable of str
    select : str or sequence of str
        Names or regular expressions that match the whole name, also several in one text, separated by commas; all
        names when empty.
    exclude : str or sequence of str
        Taken out again; likewise.

    Raises
    ------
    NotFoundError
        One of `select` or `exclude` matches nothing; near names are in the error.
    """
    found = list(tensors)
    known = set(found)
    select = names.split_patterns(names.texts_of(select, "select"), known)
    exclude = names.split_patterns(names.texts_of(exclude, "exclude"), known)
    for pattern in (*select, *exclude):
        if not any(names.matches(pattern, name) for name in found):
            raise names.unmatched("tensor", pattern, found)
    return [
        name
        for name in found
        if (not select or names.matches_any(select, name)) and not names.matches_any(exclude, name)
    ]
