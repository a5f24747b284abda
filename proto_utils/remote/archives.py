"""Members of archives: what is stored as it is stays where it is, the rest is unpacked to a scratch file, once.

::

    x.tar       the headers tell where members are: a member is a range of the archive
    x.tar.gz    one stream: unpacked whole, then as above
    x.zip       the directory at its end tells where members are; a compressed one is unpacked alone

The archive may be at a URL. Names are those that unpacking would give; links in an archive lead to what they name
there, and nothing is ever written by a name.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import posixpath
import struct
import tarfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, CLOSED, FileSource, reopened
from proto_utils.named_tuple import NamedTuple
from proto_utils.remote.address import absolute, is_url, split_member
from proto_utils.remote.scratch import ScratchSource
from proto_utils.remote.source import RemoteSource
from proto_utils.remote.store import Facts, Range, Store
from proto_utils.remote.urls import MEMORY_SECONDS

#: Open archives that are kept, with what they had unpacked; the least recently used goes.
_MAX_OPEN = 4
_MAX_LINKS = 40
_DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile, NotImplementedError,
)  # fmt: skip
_OPENERS: dict[str, Callable[[Any], Any]] = {
    ".gz": gzip.open, ".tgz": gzip.open, ".bz2": bz2.open, ".tbz2": bz2.open, ".xz": lzma.open, ".txz": lzma.open,
}  # fmt: skip
_LOCAL_HEADER_NBYTES, _LOCAL_HEADER = 30, b"PK\x03\x04"
#: The list of a zip archive of a million members takes less.
_MAX_READ_NBYTES = 1 << 28

_open: dict[str, Archive] = {}
_lock = threading.RLock()


class ArchiveMember(NamedTuple):
    """A file in an archive.

    Attributes
    ----------
    nbytes : int
    start : int
        Where it begins in the archive; -1 of one that is compressed there.
    info : object
        What the archive's own library knows it by.
    """

    nbytes: int
    start: int
    info: Any


class Archive:
    """An archive that is open.

    Raises
    ------
    CorruptionError
        It is damaged, or another kind of file than its suffix says.
    """

    def __init__(self, path: str) -> None:
        self.path, self._looked = path, time.monotonic()
        #: As it is at its place.
        self.source: FileSource = RemoteSource(path) if is_url(path) else FileSource(path)
        #: Where its members are: itself, or what it was unpacked to.
        self.content: FileSource = self.source
        self._zip: zipfile.ZipFile | None = None
        self._unpacked: dict[str, ScratchSource] = {}
        #: Where symbolic links lead.
        self._links: dict[str, str] = {}
        try:
            self.members = self._read_zip() if path.lower().endswith(".zip") else self._read_tar()
        except (*_DAMAGE, ValueError, struct.error) as error:
            raise self._corrupt(error) from error
        self.folders: dict[str, dict[str, bool]] = {"": {}}
        for name in self.members:
            self._note(name)
        for name, target in [*self._links.items()]:
            place = self.followed(target)
            if place in self.members:
                self.members[name] = self.members[place]
                self._note(name)
            elif place in self.folders and name:
                self._note(name, is_directory=True)

    def is_current(self) -> bool:
        """Return whether it still stands at its place, as of a moment ago: that may cost a request."""
        now = time.monotonic()
        if now - self._looked > MEMORY_SECONDS or not is_url(self.path):
            self._looked = now
            return self.source.is_current()
        return True

    def followed(self, name: str) -> str:
        """Return the name to which symbolic links on the way of one lead; of links in a circle any of them."""
        for _ in range(_MAX_LINKS):
            end = name.find("/")
            while end >= 0 and name[:end] not in self._links:
                end = name.find("/", end + 1)
            start = name if end < 0 else name[:end]
            if start not in self._links:
                break
            name = _name_of(self._links[start] + name[len(start) :])
        return name

    def source_of(self, name: str) -> tuple[FileSource, int, int]:
        """Return what holds a member's bytes, and the range in it."""
        member = self.members[name]
        if isinstance(member.info, tarfile.TarInfo) and member.info.issparse():
            hint = "pack it anew, without sparse files"
            raise UnsupportedError(f"its member {name!r} is stored with holes", path=self.path, hint=hint)
        if member.start < 0:
            if name not in self._unpacked:
                self._unpacked[name] = ScratchSource(f"{self.path}!{name}", lambda: self._unpack(member), member.nbytes)
            found = self._unpacked[name]
            return found, 0, found.size
        start = member.start
        if self._zip is not None:
            size = self.content.size
            header = self.content.read(min(start, size), min(start + _LOCAL_HEADER_NBYTES, size))
            if not header.startswith(_LOCAL_HEADER) or len(header) < _LOCAL_HEADER_NBYTES:
                raise CorruptionError(f"no sound archive: {name!r} is not where its list says", path=self.path)
            start += _LOCAL_HEADER_NBYTES + int.from_bytes(header[26:28], "little")
            start += int.from_bytes(header[28:30], "little")
        if start + member.nbytes > self.content.size:
            reason = f"truncated: its member {name!r} ends at byte {start + member.nbytes} of {self.content.size}"
            raise CorruptionError(reason, path=self.path)
        return self.content, start, start + member.nbytes

    def _read_tar(self) -> dict[str, ArchiveMember]:
        suffix = os.path.splitext(self.path.lower())[1]
        if suffix in _OPENERS:
            self.content = ScratchSource(self.path, lambda: self._decompressed(_OPENERS[suffix]))
        found: dict[str, ArchiveMember] = {}
        with tarfile.open(fileobj=SourceFile(self.content), mode="r:") as archive:
            for info in archive:
                name = _name_of(info.name)
                # Whatever has a name last has it.
                self._links.pop(name, None)
                if info.islnk() and _name_of(info.linkname) in found:
                    found[name] = found[_name_of(info.linkname)]
                    continue
                found.pop(name, None)
                if info.isreg():
                    found[name] = ArchiveMember(info.size, info.offset_data, info)
                elif info.islnk():
                    self._links[name] = _name_of(info.linkname)
                elif info.issym():
                    self._links[name] = _name_of(posixpath.join(posixpath.dirname(name), info.linkname))
            end = archive.offset
        # The library takes a damaged header for the end.
        if any(self.content.read(min(end, self.content.size), min(end + tarfile.BLOCKSIZE, self.content.size))):
            raise tarfile.ReadError(f"no header at byte {end}")
        return found

    def _read_zip(self) -> dict[str, ArchiveMember]:
        self._zip = zipfile.ZipFile(SourceFile(self.source))
        plain = zipfile.ZIP_STORED
        return {
            _name_of(info.filename): ArchiveMember(
                info.file_size,
                info.header_offset if info.compress_type == plain and not info.flag_bits & 1 else -1,
                info,
            )
            for info in self._zip.infolist()
            if not info.filename.endswith("/")
        }

    def _decompressed(self, opener: Callable[[Any], IO[bytes]]) -> Iterator[bytes]:
        with opener(SourceFile(self.source)) as stream:
            while piece := self._piece(stream):
                yield piece

    def _unpack(self, member: ArchiveMember) -> Iterator[bytes]:
        assert self._zip is not None
        if member.info.flag_bits & 1:
            raise UnsupportedError(f"its member {member.info.filename!r} is encrypted", path=self.path)
        try:
            stream = self._zip.open(member.info)
        except _DAMAGE as error:
            raise self._corrupt(error) from error
        with stream:
            while piece := self._piece(stream):
                yield piece

    def _piece(self, stream: IO[bytes]) -> bytes:
        try:
            return stream.read(CHUNK_NBYTES)
        except (*_DAMAGE, OSError) as error:
            # What bz2 says of other data has no number, unlike what the system says.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise self._corrupt(error) from error

    def _note(self, name: str, *, is_directory: bool = False) -> None:
        """Enter a file, and the directories above it."""
        while name:
            above, _, last = name.rpartition("/")
            known = self.folders.setdefault(above, {})
            if last in known:
                return
            known[last] = is_directory
            name, is_directory = above, True

    def _corrupt(self, error: Exception) -> CorruptionError:
        return CorruptionError(f"no sound archive: {str(error) or type(error).__name__}", path=self.path)


class SourceFile(io.RawIOBase):
    """A source as a file that is read and sought in, for libraries that want one."""

    def __init__(self, source: FileSource) -> None:
        super().__init__()
        self._source, self._position = source, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the offset of what is read next."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._source.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, nbytes: int | None = -1) -> bytes:
        """Return so many bytes, as far as the source goes; refuses more than an archive's library has reason to want.

        Raises
        ------
        CorruptionError
            A header claims to be that long.
        """
        left = self._source.size - self._position
        wanted = left if nbytes is None or nbytes < 0 else min(nbytes, left)
        if wanted > _MAX_READ_NBYTES:
            reason = f"no sound archive: a header of {wanted} bytes"
            raise CorruptionError(reason, path=self._source.path, offset=self._position)
        return super().read(max(wanted, 0)) or b""

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the source goes."""
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._source.size)
        if end <= self._position:
            return 0
        view[: end - self._position] = self._source.read(self._position, end)
        count, self._position = end - self._position, end
        return count


class ArchiveStore(Store):
    """Places in archives, which are read only."""

    def look(self, path: str, head_nbytes: int) -> Facts | None:  # noqa: ARG002 -- it is near
        """Return what is at a place, as `Store.look`; the first look at an archive reads its list of members."""
        archive, name = opened(path)
        if archive is None:
            return None
        if name in archive.folders:
            return Facts(is_directory=True)
        member = archive.members.get(name)
        return None if member is None else Facts(is_directory=False, nbytes=member.nbytes)

    def entries(self, path: str) -> list[tuple[str, bool]]:
        """Return the names in a directory, as `Store.entries`."""
        archive, name = opened(path)
        if archive is None or name not in archive.folders:
            raise _not_there(archive, path)
        return sorted(archive.folders[name].items())

    def fetch(self, path: str, facts: Facts, ranges: Sequence[Range]) -> list[bytes]:  # noqa: ARG002
        """Return several ranges."""
        source = MemberSource(path)
        return [source.read(start, end) for start, end in ranges]


class MemberSource(FileSource):
    """A file in an archive.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        There is no such file in it, or no such archive.
    CorruptionError
        The archive is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = place = os.fspath(path)
        archive, name = opened(place)
        if archive is None or (name not in archive.members and name not in archive.folders):
            raise _not_there(archive, place)
        if name not in archive.members:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), place)
        self._archive, self._is_closed = archive, False
        self._holder, self._start, end = archive.source_of(name)
        self.size = end - self._start
        self.identity = (archive.source.identity, name)
        self._version = (*archive.source._version, name)

    def __reduce__(self) -> tuple[object, ...]:
        return reopened, (type(self), absolute(self.path or ""), self.path, self._version)

    def is_current(self) -> bool:
        """Return whether the archive still is the one that was opened."""
        return self._archive.source.is_current()

    def require_unchanged(self) -> None:
        """Require that nobody has written to the archive since it was opened.

        Raises
        ------
        ChangedError
            It is another.
        """
        self._archive.source.require_unchanged()

    def close(self) -> None:
        """End reading; spans into this source can no longer be read."""
        self._is_closed = True

    def _filler(self, start: int, end: int) -> Callable[[memoryview, int], None]:
        self._require_open()
        fill = self._holder._filler(self._start + start, self._start + end)
        return lambda view, offset: fill(view, self._start + offset)

    def _fill(self, view: memoryview, offset: int) -> None:
        self._require_open()
        self._holder._fill(view, self._start + offset)

    def _require_open(self) -> None:
        if self._is_closed:
            raise UnsupportedError("was closed before this was read from it", path=self.path, hint=CLOSED)


def opened(path: str) -> tuple[Archive | None, str]:
    """Return the archive of a place and the name in it; None where it is not an archive, or not there."""
    found = split_member(path)
    assert found is not None, path
    name = _name_of(found[1])
    with _lock:
        archive = _open.pop(found[0], None)
        if archive is None or not archive.is_current():
            try:
                archive = Archive(found[0])
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None, name
        _open[found[0]] = archive
        while len(_open) > _MAX_OPEN:
            _open.pop(next(iter(_open)))
    return archive, archive.followed(name)


def _not_there(archive: Archive | None, path: str) -> FileNotFoundError:
    """Return the error about a member that its archive does not have, or about the archive when that is not there."""
    found = split_member(path) if archive is None else None
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path if found is None else found[0])


def _name_of(name: str) -> str:
    """Return the name of a member as a path below the archive."""
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/")
