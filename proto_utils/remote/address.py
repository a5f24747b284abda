"""The grammar of places: what is a URL, and what is a member of an archive.

::

    models/frozen.pb                          a file of this machine
    https://host/models/model.ckpt            a URL: any scheme that fsspec knows
    models.tar!vgg/model.ckpt                 a member of an archive, by the archive's suffix
    https://host/models.tar.gz!vgg/frozen.pb  of one that is elsewhere
    models.tar!                               all of it, as a directory

The names of a checkpoint's files are its prefix and what is appended to that, so places stay plain strings. The `split`
of `os.path` is theirs too, when a member is spelled with a slash behind the mark: `spelled` does that.
"""

from __future__ import annotations

import os
import re

#: What is read as an archive; the compressed ones as one stream.
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MARK = "!"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def is_url(path: str) -> bool:
    """Return whether a path is a URL, or the chain of a URL and a member of it."""
    return "://" in path and _SCHEME.match(path) is not None


def scheme_of(path: str) -> str:
    """Return the scheme of a URL, in small letters."""
    found = _SCHEME.match(path)
    return found.group(1).lower() if found is not None else ""


def is_elsewhere(path: str | bytes | os.PathLike[str]) -> bool:
    """Return whether a path is not one that the operating system opens; costs a look at its letters for most."""
    text = os.fspath(path)
    if not isinstance(text, str):
        return False
    return is_url(text) or (MARK in text and split_member(text) is not None)


def split_member(path: str) -> tuple[str, str] | None:
    """Return the place of an archive and the name of a member in it; None of any other path.

    A file of this machine may have such a name itself, and is meant then.
    """
    end = path.find(MARK)
    while end >= 0:
        archive = path[:end]
        if archive.lower().endswith(SUFFIXES):
            is_own = not is_url(path) and os.path.lexists(path) and not os.path.isfile(archive)
            return None if is_own else (archive, path[end + 1 :].lstrip("/"))
        end = path.find(MARK, end + 1)
    return None


def absolute(path: str) -> str:
    """Return a place that means the same whatever the current directory."""
    return path if is_url(path) or os.path.isabs(path) else os.path.join(os.getcwd(), path)


def home_of(path: str) -> str:
    """Return what a URL begins with that others of the same store share, the scheme and the host or bucket.

    Of a member it is the archive, of other paths nothing.
    """
    found = split_member(path)
    if found is not None:
        return found[0]
    scheme, _, rest = path.partition("://")
    return f"{scheme.lower()}://{rest.partition('/')[0]}" if is_url(path) else ""


def spelled(path: str) -> str:
    """Return a place so that what `os.path` takes for its directory is that."""
    found = split_member(path) if MARK in path else None
    return path if found is None or "/" in found[1] or not found[1] else f"{found[0]}{MARK}/{found[1]}"
