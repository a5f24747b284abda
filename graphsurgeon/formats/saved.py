"""The result of saving: the paths of an output, with notes on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphsurgeon.display import html_of


class Saved(list[str]):
    """The paths of an output, in the order in which they were written.

    Attributes
    ----------
    notes : list of str
        What of the model the output lacks, or has beside it, for people.
    kept : list of str
        Paths that were there before and were not touched, where that is looked at.
    """

    def __init__(self, paths: Iterable[str] = (), *, notes: Sequence[str] = (), kept: Sequence[str] = ()) -> None:
        super().__init__(paths)
        self.notes = list(notes)
        self.kept = list(kept)

    def _repr_html_(self) -> str:
        return html_of("Saved", {"paths": list(self), "notes": self.notes or None, "kept": self.kept or None})

    @property
    def linked(self) -> list[str]:
        """Paths that share their bytes with other files."""
        # Imported here: a list of paths is all that most want.
        from graphsurgeon.formats.linked_shards import shared_paths

        return shared_paths(self)
