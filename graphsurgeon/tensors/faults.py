"""What is wrong with the values of tensors: told by reading them once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import CorruptionError, GraphSurgeonError, NotFoundError, UnsupportedError

#: What says of values that they cannot be read; other errors are of the system.
READING_ERRORS = (CorruptionError, NotFoundError, UnsupportedError)


class TogetherTensor(Tensor, ABC):
    """A tensor of a kind of which many are read through at once faster than one after the other."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def faults_of(cls, tensors: Iterable[Any]) -> Iterator[GraphSurgeonError | None]:
        """Yield what is wrong with the values of each tensor, of this kind and of which sizes of files tell nothing."""


def find_fault(tensor: Tensor) -> GraphSurgeonError | None:
    """Return what keeps a tensor from being read, None of a sound one.

    What the sizes of files tell is told without reading; else all values are read, whose checksums are verified.
    """
    return tensor.fault or _by_reading(tensor)


def faults_in(tensors: Mapping[str, Tensor]) -> dict[str, GraphSurgeonError]:
    """Return what keeps tensors from being read, by name, in their order; all are read, as by `find_fault`."""
    found: dict[str, GraphSurgeonError] = {}
    whole: list[str] = []
    for name, tensor in tensors.items():
        fault = tensor.fault
        if fault is None:
            whole.append(name)
        else:
            found[name] = fault
    for kind, group in groupby(whole, lambda name: type(tensors[name])):
        names = list(group)
        each = map(tensors.__getitem__, names)
        faults = kind.faults_of(each) if issubclass(kind, TogetherTensor) else map(_by_reading, each)
        found.update((name, fault) for name, fault in zip(names, faults, strict=True) if fault is not None)
    return {name: found[name] for name in tensors if name in found} if found else found


def _by_reading(tensor: Tensor) -> GraphSurgeonError | None:
    try:
        tensor.read_through()
    except READING_ERRORS as error:
        return error
    return None
