"""Stores: what is common to all places that fsspec opens, and the versions by which a change is seen."""

from __future__ import annotations

import contextlib
import errno
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from proto_utils.errors import ChangedError, UnsupportedError
from proto_utils.named_tuple import NamedTuple
from proto_utils.remote.retries import FINAL, StoreError, as_fault, fault_types, retried

#: What is read at a time of a long range, and how many of these at once.
PIECE_NBYTES, LANES = 8 << 20, 4

#: By what stores tell one version of a file from another, as far as they have it.
_VERSION_KEYS = (
    "etag", "ETag", "generation", "version_id", "VersionId", "blob_id", "oid", "sha256", "md5", "checksum",
    "content_md5", "mtime", "modified", "LastModified", "last_modified", "updated", "created",
)  # fmt: skip
_AGAIN = "load it again when nobody writes to it"

Range: TypeAlias = tuple[int, int]


class Facts(NamedTuple):
    """What a store says of a place.

    Attributes
    ----------
    is_directory : bool
    nbytes : int
        The size of a file; -1 when only reading it tells.
    version : tuple
        Two that differ are two contents; it may say nothing.
    head : bytes
        The first bytes of the file, as many as came along.
    has_ranges : bool
        Whether a part of it can be had without what is before it.
    """

    is_directory: bool
    nbytes: int = 0
    version: tuple[object, ...] = ()
    head: bytes = b""
    has_ranges: bool = True


class Store(ABC):
    """A kind of places. All methods take whole paths, and raise OSErrors that name them.

    Attributes
    ----------
    memory_seconds : float
        How long what it says is remembered at least.
    lanes : int
        In how many requests at once a range is asked for.
    """

    memory_seconds = 0.0
    lanes = LANES

    @abstractmethod
    def look(self, path: str, head_nbytes: int) -> Facts | None:
        """Return what is at a path, None when nothing is; of a file maybe its first bytes, up to so many."""

    @abstractmethod
    def entries(self, path: str) -> list[tuple[str, bool]]:
        """Return the names in a directory, sorted, and which of them are directories."""

    @abstractmethod
    def fetch(self, path: str, facts: Facts, ranges: Sequence[Range]) -> list[bytes]:
        """Return several ranges of a file, which are read at the same time.

        Raises
        ------
        ChangedError
            The file is not of that version any more.
        """

    def stream(self, path: str, facts: Facts, start: int, end: int) -> Iterator[bytes]:
        """Yield a long range in order; errors as `fetch`."""
        for position in range(start, end, PIECE_NBYTES * LANES):
            yield from self.fetch(path, facts, pieces_of(position, min(position + PIECE_NBYTES * LANES, end)))

    def whole(self, path: str, facts: Facts) -> Iterator[bytes]:
        """Yield a file from beginning to end where no ranges can be had."""
        return self.stream(path, facts, 0, facts.nbytes)


class FileSystemStore(Store):
    """The places of any file system of fsspec."""

    def look(self, path: str, head_nbytes: int) -> Facts | None:  # noqa: ARG002 -- sizes come without bytes here
        """Return what is at a path, as `Store.look`; costs one question, and transfers no bytes of the file."""
        fs, inner = file_system(path)

        def ask() -> Facts | None:
            fs.invalidate_cache()
            try:
                info = fs.info(inner)
            except (FileNotFoundError, NotADirectoryError):
                return None
            version = tuple((key, str(info[key])) for key in _VERSION_KEYS if info.get(key) is not None)
            return Facts(info["type"] == "directory", int(info.get("size") or 0), version)

        return retried(ask, path)

    def entries(self, path: str) -> list[tuple[str, bool]]:
        """Return the names in a directory, as `Store.entries`."""
        fs, inner = file_system(path)

        def ask() -> list[tuple[str, bool]]:
            fs.invalidate_cache()
            found = {}
            for info in fs.ls(inner, detail=True):
                name = str(info["name"]).rstrip("/").rpartition("/")[2]
                if str(info["name"]).strip("/") != inner.strip("/"):
                    found[name] = info["type"] == "directory"
            return sorted(found.items())

        return retried(ask, path)

    def fetch(self, path: str, facts: Facts, ranges: Sequence[Range]) -> list[bytes]:
        """Return several ranges, as `Store.fetch`; costs one more question: whether the file is the same."""
        with self.noticing_changes(path, facts):
            found = self.read(path, facts, ranges)
        self.require_version(path, facts)
        return found

    def read(self, path: str, facts: Facts, ranges: Sequence[Range]) -> list[bytes]:
        """Return several ranges of what is there now; again when some of it does not come."""

        def ask() -> list[bytes]:
            found = [bytes(each) for each in self._ranges(path, facts, ranges)]
            if [len(each) for each in found] != [end - start for start, end in ranges]:
                raise StoreError(errno.EIO, "the answer is shorter than what was asked for", path)
            return found

        return retried(ask, path)

    def require_version(self, path: str, facts: Facts) -> None:
        """Require that a file is what it was."""
        require_same(path, facts, self.look(path, 0))

    @contextlib.contextmanager
    def noticing_changes(self, path: str, facts: Facts) -> Iterator[None]:
        """Say of what fails because the file is another one that it is."""
        try:
            yield
        except OSError:
            self.require_version(path, facts)
            raise

    def _ranges(self, path: str, facts: Facts, ranges: Sequence[Range]) -> list[Any]:  # noqa: ARG002 -- of subclasses
        fs, inner = file_system(path)
        if fs.async_impl:
            starts, ends = [start for start, _ in ranges], [end for _, end in ranges]
            return list(fs.cat_ranges([inner] * len(ranges), starts, ends, on_error="raise"))

        def fetch(wanted: Range) -> Any:
            # Without saying so, some file systems read 5 MB ahead of each.
            return fs.cat_file(inner, start=wanted[0], end=wanted[1], cache_type="none")

        if len(ranges) == 1:
            return [fetch(ranges[0])]
        # One after the other, is how they would read several.
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(LANES) as threads:
            return list(threads.map(fetch, ranges))


def file_system(path: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL, and what that calls the place.

    Raises
    ------
    UnsupportedError
        fsspec is not installed, or what it needs for that scheme, or there is no such scheme.
    """
    try:
        from fsspec.core import url_to_fs

        found: tuple[Any, str] = url_to_fs(path)
    except ImportError as error:
        name = (error.name or "fsspec").partition(".")[0]
        if name == "fsspec":
            name = "fsspec aiohttp"
        hint = f"{error}" if error.name is None else f"python -m pip install {name}"
        raise UnsupportedError("a package that reads such places is not installed", path=path, hint=hint) from error
    except FINAL:
        raise
    except ValueError as error:
        hint = "name a file, or a place of a scheme that fsspec knows, such as https://, s3:// or gs://"
        raise UnsupportedError(f"no such place: {error}", path=path, hint=hint) from error
    except fault_types() as error:
        raise as_fault(error, path) from error
    return found


def require_same(path: str, before: Facts, now: Facts | None) -> None:
    """Require that what is at a place is the file that was there before.

    Raises
    ------
    ChangedError
        It is not.
    """
    if now is None or now.is_directory or (now.nbytes, now.version) != (before.nbytes, before.version):
        raise changed(path)


def changed(path: str) -> ChangedError:
    """Return the error of a file that was replaced or written to while it was read."""
    return ChangedError("is another file than when it was opened", path=path, hint=_AGAIN)


def pieces_of(start: int, end: int, nbytes: int = PIECE_NBYTES) -> list[Range]:
    """Return a range in pieces of a size."""
    return [(position, min(position + nbytes, end)) for position in range(start, end, nbytes)]
