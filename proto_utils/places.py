"""Places: what stands at one, and those on the disk that an output needs.

In front of `os.path`, `os.listdir` and `glob` for whoever takes paths of users: a path may as well be a URL, or a
member of an archive (`proto_utils.remote.address`), and those are asked for where they are. The functions have the
names and the answers of Python's own; but a store that cannot be reached is an OSError: nobody knows what is there.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from proto_utils import disk
from proto_utils.deferral import deferred_signals
from proto_utils.remote.address import absolute, is_elsewhere, is_url, split_member

if TYPE_CHECKING:
    from proto_utils.remote.store import Facts

Path: TypeAlias = "str | os.PathLike[str]"

_MAX_BASE_NBYTES = 230


def isfile(path: Path) -> bool:
    """Return whether a file is at a path."""
    if not is_elsewhere(path):
        return os.path.isfile(path)
    facts = _look(path)
    return facts is not None and not facts.is_directory


def isdir(path: Path) -> bool:
    """Return whether a directory is at a path."""
    if not is_elsewhere(path):
        return os.path.isdir(path)
    facts = _look(path)
    return facts is not None and facts.is_directory


def exists(path: Path) -> bool:
    """Return whether anything is at a path."""
    return _look(path) is not None if is_elsewhere(path) else os.path.exists(path)


def lexists(path: Path) -> bool:
    """Return whether a path is taken, be it by a symbolic link to nothing."""
    return _look(path) is not None if is_elsewhere(path) else os.path.lexists(path)


def islink(path: Path) -> bool:
    """Return whether a symbolic link is at a path; elsewhere there are none."""
    return not is_elsewhere(path) and os.path.islink(path)


def getsize(path: Path) -> int:
    """Return the size of a file, in bytes."""
    if not is_elsewhere(path):
        return os.path.getsize(path)
    from proto_utils.opening import open_source

    with contextlib.closing(open_source(path)) as source:
        return source.size


def getmtime(path: Path) -> float:
    """Return when a file was written, in seconds; of a member of an archive, when that was.

    At a URL it is this moment: stores tell it in many ways, or not.
    """
    found = split_member(os.fspath(path)) if is_elsewhere(path) else None
    if found is not None:
        return getmtime(found[0])
    return time.time() if is_elsewhere(path) else os.path.getmtime(path)


def lgetsize(path: str) -> int:
    """Return what a file takes, in bytes; of a symbolic link that itself."""
    return getsize(path) if is_elsewhere(path) else os.lstat(path).st_size


def listdir(path: Path) -> list[str]:
    """Return the names in a directory; elsewhere in their order."""
    return [name for name, _ in _entries(path)] if is_elsewhere(path) else os.listdir(path)


def files_in(path: str) -> list[str]:
    """Return the names of the files in a directory."""
    if is_elsewhere(path):
        return [name for name, is_directory in _entries(path) if not is_directory]
    with os.scandir(path) as entries:
        return [entry.name for entry in entries if entry.is_file()]


def matching(directory: str, pattern: str) -> list[str]:
    """Return the paths in a directory whose names match a pattern; none where no directory is."""
    if not is_elsewhere(directory):
        import glob as local

        return local.glob(os.path.join(local.escape(directory), pattern))
    try:
        names = listdir(directory)
    except OSError:
        return []
    return [os.path.join(directory, name) for name in fnmatch.filter(names, pattern) if not name.startswith(".")]


def glob(pattern: str) -> list[str]:
    """Return the paths that a pattern matches, as `glob.glob` does; ``**`` stands for any number of directories."""
    import glob as local

    if not is_elsewhere(pattern):
        return local.glob(pattern, recursive=True)
    if not local.has_magic(pattern):
        return [pattern] if exists(pattern) else []
    directory, name = os.path.split(pattern)
    # What comes before the first slash of a place is a store's, or an archive's name.
    above = glob(directory) if local.has_magic(directory) and is_elsewhere(directory) else [directory]
    if not local.has_magic(name):
        return [path for each in above if exists(path := os.path.join(each, name))]
    if name == "**":
        return [path for each in above for path, _, _ in walk(each)]
    return [path for each in above for path in matching(each, name)]


def walk(path: str, *, onerror: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each directory from a path down, the directories in it, and its files; nothing where no directory is.

    `onerror` is called with what the system or a store says of one that cannot be read.
    """
    if not is_elsewhere(path):
        yield from os.walk(path, onerror=onerror)
        return
    try:
        if not isdir(path):
            raise FileNotFoundError(errno.ENOENT, "no such directory", path)
        entries = _entries(path)
    except OSError as error:
        if onerror is not None:
            onerror(error)
        return
    folders = [name for name, is_directory in entries if is_directory]
    yield path, folders, [name for name, is_directory in entries if not is_directory]
    for name in folders:
        yield from walk(os.path.join(path, name), onerror=onerror)


def isabs(path: str) -> bool:
    """Return whether a path means the same whatever the current directory."""
    return is_url(path) or os.path.isabs(path)


def abspath(path: str) -> str:
    """Return a path that means the same in every directory."""
    return absolute(path) if is_elsewhere(path) else os.path.abspath(path)


def join(directory: str, path: str) -> str:
    """Return a path that is relative to a directory; one that means the same anywhere stays."""
    return path if isabs(path) else os.path.join(directory, path)


def version(path: str) -> tuple[int, int, str]:
    """Return what tells whether a file is as it was: size, time in nanoseconds, and what a store has in place of that.

    A store is asked each time: what it said a moment ago does not tell what others have done since.

    Raises
    ------
    FileNotFoundError
        Nothing is there.
    OSError
        It cannot be looked at.
    """
    if not is_elsewhere(path):
        status = os.stat(path)
        return status.st_size, status.st_mtime_ns, ""
    look_again(path)
    facts = _look(path)
    if facts is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return facts.nbytes, 0, repr(facts.version)


def realpath(path: str) -> str:
    """Return a path without symbolic links; there are none elsewhere."""
    return path if is_elsewhere(path) else os.path.realpath(path)


def _look(path: Path) -> Facts | None:
    """Return what is at a place; None also where the store does not say: many refuse those who ask for what is not."""
    from proto_utils.remote.lookup import look

    try:
        return look(os.fspath(path))
    except PermissionError:
        return None


def _entries(path: Path) -> list[tuple[str, bool]]:
    from proto_utils.remote.lookup import store_of

    return store_of(os.fspath(path)).entries(os.fspath(path))


def is_directory_name(path: str) -> bool:
    """Return whether a path can be the name of nothing but a directory: it ends in a slash, in ``.`` or in ``..``."""
    return bool(path) and os.path.basename(path) in ("", os.curdir, os.pardir)


def make_parents(directory: str, made: list[str]) -> None:
    """Make a directory and what is missing above it.

    Parameters
    ----------
    directory : str
    made : list of str
        Gets what was made, outermost first, as soon as it is.
    """
    missing = []
    while directory and not os.path.isdir(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    for path in reversed(missing):
        try:
            with deferred_signals():
                disk.mkdir(path)
                made.append(path)
        except FileExistsError:
            if not os.path.isdir(path):
                raise


def look_again(path: str) -> None:
    """Let what a store said of a place be asked anew: another process writes there."""
    if is_elsewhere(path):
        from proto_utils.remote.urls import forget

        forget(path)


def remove(path: str) -> None:
    """Remove a file, or a directory with all in it, here or in a store; nothing when there is none."""
    if is_elsewhere(path):
        from proto_utils.remote.output import remove_from_store

        remove_from_store(path)
        return
    with contextlib.suppress(FileNotFoundError):
        disk.remove(path)


def real_place(path: str | os.PathLike[str], *, follow: bool = False) -> str:
    """Return where a path is; a symbolic link that stands there is followed only when told."""
    if follow:
        return os.path.realpath(path)
    directory, base = os.path.split(os.fspath(path))
    return os.path.join(os.path.realpath(directory or "."), base)


def hidden_beside(target: str, suffix: str, number: str | None = None) -> str:
    """Return a hidden name in the directory of `target`, ending in a dot and `suffix`: a new one, or that of a number.

    The files of one output have one number, of twelve hexadecimal digits, by which `leftovers` knows them again.
    """
    directory, base = os.path.split(target)
    # File names end at 255 bytes on most systems; this one must fit beside a long one. All of another stands in it, by
    # which `leftovers` finds it again.
    whole = os.fsencode(base)
    if len(whole) > _MAX_BASE_NBYTES:
        # What was cut off may be all in which two names differ.
        base, number = os.fsdecode(whole[:_MAX_BASE_NBYTES]), None
    return os.path.join(directory, f".{base}.{number or new_number()}.{suffix}")


def new_number() -> str:
    """Return a number for hidden names."""
    return os.urandom(6).hex()


def paths_after(prefix: str, pattern: str) -> list[str]:
    """Return the paths that are a prefix and what a regular expression matches, sorted; none of no directory."""
    directory, base = os.path.split(prefix)
    try:
        names = listdir(directory or ".")
    except OSError:
        return []
    return sorted(
        os.path.join(directory, name)
        for name in names
        if name.startswith(base) and re.fullmatch(pattern, name[len(base) :])
    )


def mode_of(path: str | os.PathLike[str], *, follow: bool = True) -> int | None:
    """Return type and permissions of a file of this machine; None when there is none."""
    try:
        return os.stat(path, follow_symlinks=follow).st_mode
    except FileNotFoundError:
        return None


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Return whether a pipe or a device is at a path, which is written directly."""
    mode = mode_of(path)
    return mode is not None and (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode))
