"""The base class of checkpoints that are open: a mapping of names to lazy tensors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Generic, Literal, Protocol, TypeVar

from graphsurgeon.display import count
from graphsurgeon.names import some_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Extents, Tensor
from graphsurgeon.tensors.values import TensorDict, tensors_html
from proto_utils import places
from proto_utils.errors import NotFoundError
from proto_utils.named_tuple import NamedTuple

_MAX_TOLD = 3

Damage = Literal["missing", "truncated", "Git LFS pointer"]


class DamagedFile(NamedTuple):
    """A data file that lacks values, and the tensors that are lost with them.

    Attributes
    ----------
    path : str
    damage : {"missing", "truncated", "Git LFS pointer"}
    reason : str
        Words that follow the path: "is not there".
    names : list of str
        The tensors that have values there which cannot be read; empty when the file alone lists what is in it.
    """

    path: str
    damage: Damage
    reason: str
    names: list[str]

    def describe(self, total: int) -> str:
        """Return what is wrong, and how many of the `total` tensors of the checkpoint that costs."""
        if not self.names:
            return f"{self.path} {self.reason}"
        lost = f"{len(self.names):,} of {total:,} tensors {'is' if len(self.names) == 1 else 'are'} lost"
        return f"{self.path} {self.reason}: {lost} ({some_of(self.names, _MAX_TOLD)})"


class ListedTensor(Protocol):
    """An index entry, of any format."""

    @property
    def dtype(self) -> DType:
        """Never a reference type."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole tensor."""
        ...

    @property
    def slices(self) -> tuple[Extents, ...]:
        """Of a partitioned tensor; empty for others."""
        ...


Entry = TypeVar("Entry", bound=ListedTensor)
Self = TypeVar("Self", bound="Checkpoint[Any]")


class Checkpoint(Mapping[str, Tensor], ABC, Generic[Entry]):
    """A checkpoint that is open: tensors by name, in the order of their names' bytes.

    Attributes
    ----------
    prefix : str
    entries : Mapping of str to Entry
        dtypes, shapes, and how the tensors are partitioned.
    num_shards : int
        Number of its data files.
    """

    prefix: str
    entries: Mapping[str, Entry]
    num_shards: int

    def __getitem__(self, name: str) -> Tensor:
        entry = self.entries.get(name)
        if entry is None:
            raise NotFoundError.among("tensor", name, self.entries, where=self.prefix)
        return self._tensor_of(name, entry)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Mapping):
            return NotImplemented
        raise TypeError("checkpoints are not compared by ==, which would have to read them: gs.diff(a, b) does")

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> TensorDict:
        """Return a dict of the tensors, which edits change; none of them is read, and this must stay open for them."""
        return TensorDict(self.tensors())

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors by name; none of them is read, and this must stay open for them."""
        return {name: self._tensor_of(name, entry) for name, entry in self.entries.items()}

    def __copy__(self: Self) -> Self:
        return self

    def __deepcopy__(self: Self, memo: dict[int, Any]) -> Self:
        # Nobody changes it.
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (places.abspath(self.prefix),)

    def __repr__(self) -> str:
        counts = f"{count(len(self), 'tensor')}, {count(self.num_shards, 'shard')}"
        return f"{type(self).__name__}({self.prefix!r}, {counts})"

    def _repr_html_(self) -> str:
        return tensors_html(f"{type(self).__name__} {self.prefix}", self.entries)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.entries)

    def damaged_files(self) -> list[DamagedFile]:
        """Return the data files that lack values, by their sizes; costs one pass over the index, and reads no value."""
        return []

    def missing_shards(self) -> list[str]:
        """Return the paths of data files that hold something and are not there."""
        return []

    @abstractmethod
    def stored_nbytes(self, name: str, entry: Entry) -> int | None:
        """Return what the values of a tensor take, in bytes; None where the index does not tell. Reads no file."""

    @abstractmethod
    def close(self) -> None:
        """Close the files; tensors of this checkpoint can no longer be read."""

    @abstractmethod
    def _tensor_of(self, name: str, entry: Entry) -> Tensor:
        """Return the tensor that an entry lists."""


AnyCheckpoint = Checkpoint[Any]
