"""Errors about bytes and files, and the root of the whole error tree.

`graphsurgeon.errors` adds the ones about graphs and passes and is where users
import all of them from. Every error keeps its facts as attributes, so that a
program can act on them and the command line can print them as JSON.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

# Pairs of letters: about as many as of 2,000 names of a hundred letters each.
_MAX_COMPARED = 20_000_000


class GraphSurgeonError(Exception):
    """Root of every error this library raises for bad input.

    Attributes
    ----------
    hint : str or None
        One sentence on what to try, when there is something to try.
    listed : tuple of str
        All of what the message lists some of; empty when it lists nothing.
    """

    #: Names of the attributes that `fields` reports, in order.
    field_names: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        # Who sees the exception alone sees what to try, near names above all.
        return self.message if self.hint is None else f"{self.message}; {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        # Processes hand errors on as pickles; what made the message is kept as attributes, not in `args`.
        return _rebuild, (type(self), self.args, self.__dict__)

    def fields(self) -> dict[str, object]:
        """Return the facts of the error by name, ready for JSON."""
        facts: dict[str, object] = {name: getattr(self, name) for name in self.field_names}
        if self.listed:
            facts["listed"] = list(self.listed)
        if self.hint is not None:
            facts["hint"] = self.hint
        return facts


def _rebuild(
    cls: type[GraphSurgeonError], args: tuple[object, ...], attributes: dict[str, object]
) -> GraphSurgeonError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


class FileFormatError(GraphSurgeonError):
    """A file is not what it should be.

    Attributes
    ----------
    path : str or None
        The file, or None for bytes in memory.
    offset : int or None
        Byte offset in the file where it shows, when known.
    reason : str
        What was found against what was wanted.
    """

    field_names = ("path", "offset", "reason")

    def __init__(
        self, reason: str, *, path: str | None = None, offset: int | None = None, hint: str | None = None
    ) -> None:
        where = path if path is not None else "<memory>"
        at = "" if offset is None else f" at byte {offset}"
        super().__init__(f"{where}{at}: {reason}", hint=hint)
        self.path = path
        self.offset = offset
        self.reason = reason


class CorruptionError(FileFormatError):
    """The bytes are damaged: truncated, a checksum differs, a size is impossible."""


class UnsupportedError(FileFormatError):
    """The bytes are sound, but of a kind that is not handled."""


class ChangedError(FileFormatError):
    """A file is another one than when it was opened, or was written to meanwhile; it is not damaged."""


class NotFoundError(GraphSurgeonError, KeyError):
    """A name that does not exist.

    Attributes
    ----------
    kind : str
        What was looked for: "tensor", "node", "file" ...
    name : str
        The name that was asked for.
    near : tuple of str
        Existing names that resemble it, closest first.
    """

    field_names = ("kind", "name", "near")

    def __init__(
        self,
        kind: str,
        name: str,
        near: Sequence[str] = (),
        *,
        where: str | None = None,
        hint: str | None = None,
        listed: Sequence[str] = (),
    ) -> None:
        place = f" in {where}" if where else ""
        if hint is None:
            hint = did_you_mean(near)
        super().__init__(f"no {kind} {name!r}{place}", hint=hint)
        self.kind = kind
        self.name = name
        self.near = tuple(near)
        self.listed = tuple(listed)

    @classmethod
    def among(
        cls,
        kind: str,
        name: str,
        names: Iterable[str],
        *,
        like: str | None = None,
        where: str | None = None,
        hint: str | None = None,
    ) -> NotFoundError:
        """Make the error for a name that is not among `names`, with those that resemble it, or `like`."""
        return cls(kind, name, near_names(name if like is None else like, names), where=where, hint=hint)


class LimitError(GraphSurgeonError):
    """A size is past a limit, said before anything is written.

    Attributes
    ----------
    what : str
        What is too large.
    size, limit : int
        In bytes unless `what` says otherwise.
    """

    field_names = ("what", "size", "limit")

    def __init__(self, what: str, size: int, limit: int, *, hint: str | None = None) -> None:
        super().__init__(f"{what} is {size:,}, the limit is {limit:,}", hint=hint)
        self.what = what
        self.size = size
        self.limit = limit


class OutputExistsError(GraphSurgeonError, FileExistsError):
    """The output exists and replacing it was not asked for.

    Attributes
    ----------
    path : str
        The existing file or directory.
    """

    field_names = ("path",)

    def __init__(self, path: str, *, hint: str | None = None) -> None:
        super().__init__(f"{path}: exists already", hint=hint or "`force=True` replaces it")
        self.path = path


class OutputBusyError(GraphSurgeonError, BlockingIOError):
    """Another process writes to the output at the moment.

    Attributes
    ----------
    path : str
        The output.
    lock : str
        The file by which that is told.
    """

    field_names = ("path", "lock")

    def __init__(self, path: str, who: str, lock: str) -> None:
        hint = f"wait for it to end, or write to another place; {lock} is its lock, left behind if no such process runs"
        super().__init__(f"{path}: {who} is writing to it", hint=hint)
        self.path = path
        self.lock = lock


def did_you_mean(near: Sequence[str]) -> str | None:
    """Return the hint that offers near names, None without any."""
    return "did you mean " + " or ".join(map(repr, near)) + "?" if near else None


def near_names(name: object, names: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return the existing names that resemble `name` most, closest first.

    Names that share the last component come before names that merely look alike.
    Costs one pass over the names; the expensive comparison runs on at most 2,000, fewer when they are long, and not
    beyond what takes a fraction of a second.
    """
    if not isinstance(name, str):
        # Mappings are asked for anything at all; nothing resembles it.
        return ()
    import difflib

    leaf = name.rsplit("/", 1)[-1].lower()
    pool = list(names)
    likely = [n for n in pool if leaf and leaf in n.lower()]
    # To compare two names costs the product of their lengths.
    budget = itertools.accumulate((len(name) + 1) * (len(n) + 1) for n in (likely or pool)[:2000])
    candidates = [n for n, spent in zip(likely or pool, budget, strict=False) if spent <= _MAX_COMPARED]
    found = difflib.get_close_matches(name, candidates, n=count, cutoff=0.5)
    return tuple(found) or tuple(likely[:count])
