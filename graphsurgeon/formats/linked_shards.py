"""Hard and symbolic links: data files that a new checkpoint shares with those its tensors come from.

An index entry is a place in a data file, so a tensor that is only renamed, reshaped, cut to some of its rows or put
together with others needs no new bytes: the new checkpoint's data file is another name of the old one, a hard link::

    old.index                 new.index
      w -> shard 0, 0..64       my/w -> shard 0, 0..64
    old.data-00000-of-00001   new.data-00000-of-00001      one file, two names

Nobody writes into a data file that exists: TensorFlow replaces files, as we do. So each checkpoint keeps its bytes
whatever happens to the other. Readers derive the names of data files from the prefix and their number, which is why
links are needed at all. TensorFlow accepts such an index: gaps and shared places in data files are nothing to it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from operator import itemgetter
from typing import Literal

from graphsurgeon.tensors.tensor import Stored, Tensor
from proto_utils import places
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES, FileSource
from proto_utils.named_tuple import NamedTuple
from proto_utils.output import Link, Transaction
from proto_utils.remote.address import home_of, is_elsewhere

#: Whether data files are shared: never; by hard links where the file system makes them, else copied, and so is what
#: little is used of a large one; always, by symbolic links where it must be.
Links = Literal["never", "hard", "always"]

Row = tuple[bytes, Tensor]


class LinkedShard(NamedTuple):
    """A data file under another name, and the tensors in it.

    Attributes
    ----------
    link : Link
        Not placed yet.
    identity : tuple of object
        Of the data file.
    rows : list of (bytes, Tensor, Stored)
    """

    link: Link
    identity: tuple[object, object]
    rows: list[tuple[bytes, Tensor, Stored]]


class Claim(NamedTuple):
    """What lies in a data file, from one place or several, under which key first."""

    key: bytes
    source: FileSource
    nbytes: int
    is_big_endian: bool


def link_shards(
    prefix: str,
    rows: Sequence[Row],
    transaction: Transaction,
    links: Links,
    *,
    is_big_endian: bool,
    claims: Sequence[Claim] = (),
) -> tuple[list[LinkedShard], list[Row]]:
    """Link the data files that hold tensors as they are.

    Parameters
    ----------
    prefix : str
        Of the new checkpoint.
    rows : sequence of (bytes, Tensor)
        Keys and what is to stand under them.
    transaction : Transaction
    links : {"hard", "always"}
    is_big_endian : bool
        The byte order of the new checkpoint: only tensors of that order can be shared.
    claims : sequence of Claim
        What else is to stand in it, and is in data files.

    Returns
    -------
    shards : list of LinkedShard
        In the order in which the checkpoints they come from are first used, then by number.
    rest : list of (bytes, Tensor)
        What has to be written.

    Raises
    ------
    NotFoundError
        A data file is missing.
    UnsupportedError
        `links` is ``always`` and one cannot be linked.
    """
    stored = [(row, row[1].stored) for row in rows]
    shards = {}
    for source in _worth_linking(_claims(stored, claims), links, is_big_endian):
        link = _link(prefix, source, transaction, links)
        if link is not None:
            shards[source.identity] = LinkedShard(link, source.identity, [])
    rest: list[Row] = []
    for (key, tensor), place in stored:
        shard = None if place is None or place.is_big_endian != is_big_endian else shards.get(place.source.identity)
        if shard is None or place is None:
            rest.append((key, tensor))
        else:
            shard.rows.append((key, tensor, place))
    return list(shards.values()), rest


def plan_links(prefix: str, rows: Sequence[Row], links: Links, *, is_big_endian: bool) -> tuple[int, list[Row]]:
    """Return how many data files `link_shards` would link, and what it would leave to be written.

    Whether hard links can be made is told by the file systems: both must be on one.
    """
    stored = [(row, row[1].stored) for row in rows]
    device = _device_of(os.path.dirname(prefix))
    linked = {
        source.identity
        for source in _worth_linking(_claims(stored), links, is_big_endian)
        if links == "always" or source.identity[0] == device
    }
    rest = [
        row
        for row, place in stored
        if place is None or place.is_big_endian != is_big_endian or place.source.identity not in linked
    ]
    return len(linked), rest


def _device_of(directory: str) -> object:
    """Return the file system of a directory, or of the nearest that is there."""
    if is_elsewhere(directory):
        return home_of(directory)
    place = places.abspath(directory)
    while not places.isdir(place) and place != os.path.dirname(place):
        place = os.path.dirname(place)
    return os.stat(place).st_dev


def _claims(stored: Sequence[tuple[Row, Stored | None]], claims: Sequence[Claim] = ()) -> list[Claim]:
    """Return all claims in the order of their keys."""
    found = [Claim(key, place.source, place.nbytes, place.is_big_endian) for (key, _), place in stored if place]
    if not claims:
        return found
    if any(claim.key.startswith(b"\0") for claim in found):
        # A slice stands where its tensor does, whose name its key begins with.
        from graphsurgeon.formats.slices import encode_string

        found = [
            claim._replace(key=claim.key[1:] if claim.key.startswith(b"\0") else encode_string(claim.key))
            for claim in found
        ]
        claims = [claim._replace(key=encode_string(claim.key)) for claim in claims]
    return sorted([*found, *claims], key=itemgetter(0))


def _worth_linking(claims: Sequence[Claim], links: Links, is_big_endian: bool) -> list[FileSource]:
    """Return the data files that are to be shared, in order: of the byte order, and not for a crumb of them."""
    sources: dict[tuple[object, object], FileSource] = {}
    used: dict[tuple[object, object], int] = {}
    for claim in claims:
        if claim.is_big_endian == is_big_endian:
            sources.setdefault(claim.source.identity, claim.source)
            used[claim.source.identity] = used.get(claim.source.identity, 0) + claim.nbytes
    return [
        source
        for source in _in_order(list(sources.values()))
        if links != "hard" or not _is_crumb(used[source.identity], source.size)
    ]


def _is_crumb(used: int, nbytes: int) -> bool:
    """Return whether so little of a data file is of use that it is copied: a step counter keeps no gigabytes alive."""
    return used <= CHUNK_NBYTES < nbytes and used < nbytes // 16


def all_big_endian(rows: Sequence[Row], claims: Sequence[Claim] = ()) -> bool:
    """Return whether everything lies in big-endian data files; the new checkpoint can then be one too."""
    places = [tensor.stored for _, tensor in rows]
    orders = [place is not None and place.is_big_endian for place in places]
    orders += [claim.is_big_endian for claim in claims]
    return bool(orders) and all(orders)


def shared_paths(paths: Sequence[str]) -> list[str]:
    """Return the files that share their bytes with others, by a hard or a symbolic link."""
    own = [path for path in paths if not is_elsewhere(path)]
    return [path for path in own if os.path.islink(path) or os.stat(path).st_nlink > 1]


def files_at(paths: Sequence[str]) -> set[tuple[int, int]]:
    """Return which files stand at these paths, whatever they are called: device and inode."""
    found = set()
    for path in paths:
        with contextlib.suppress(OSError):
            status = os.stat(path)
            found.add((status.st_dev, status.st_ino))
    return found


def _in_order(sources: Sequence[FileSource]) -> list[FileSource]:
    ranks: dict[str, int] = {}
    for source in sources:
        ranks.setdefault(_stem(source), len(ranks))
    return sorted(sources, key=lambda source: (ranks[_stem(source)], source.path or ""))


def _stem(source: FileSource) -> str:
    return (source.path or "").rpartition(".data-")[0]


def _link(prefix: str, source: FileSource, transaction: Transaction, links: Links) -> Link | None:
    directory = os.path.dirname(prefix)
    link = transaction.link(source, directory)
    if link is None and links == "always":
        link = transaction.link(source, directory, symbolic=True)
        if link is None:
            raise UnsupportedError(
                f"neither a hard nor a symbolic link to {source.path} can be made",
                path=prefix,
                hint='copy the values instead (`links="never"`)',
            )
    return link
