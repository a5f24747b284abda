"""The plan of an export: tensors, the names they get in the file, and the form of their values."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphsurgeon.formats.arrays.forms import form_name, form_of
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import FileFormatError, UnsupportedError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Member:
    """One tensor of an export.

    Attributes
    ----------
    name : str
        The tensor's.
    path : str
        What it is called in the file, or its file in the directory.
    tensor : Tensor
    stored_as : str
        The form of the values, in the format's words.
    """

    name: str
    path: str
    tensor: Tensor
    stored_as: str


@dataclass(frozen=True)
class FormMember(Member):
    """One tensor kept as numpy would.

    Attributes
    ----------
    form : numpy.dtype
    """

    form: np.dtype[Any]


class Planned(list[FormMember]):
    """What a format that has a layout of its own is asked to write; what it leaves out, and notes."""

    def __init__(self, members: Iterable[FormMember] = ()) -> None:
        super().__init__(members)
        self.skipped: list[Skipped] = []
        self.notes: list[str] = []


def plan_forms(paths: Mapping[str, str], tensors: Mapping[str, Tensor]) -> list[FormMember]:
    """Choose the form of every tensor.

    Parameters
    ----------
    paths : mapping of str to str
        By name.
    tensors : mapping of str to Tensor

    Raises
    ------
    UnsupportedError, LimitError
        As `forms.form_of`, naming the tensor.
    """
    members = []
    for name, tensor in tensors.items():
        with naming(name):
            form = form_of(tensor)
        members.append(FormMember(name, paths[name], tensor, form_name(form), form))
    return members


def encode_names(tensors: Mapping[str, Tensor], encode: Callable[[str], str]) -> dict[str, str]:
    """Return the paths of all names.

    Raises
    ------
    UnsupportedError
        A name that cannot be written, or the empty one, which no checkpoint has.
    """
    if "" in tensors:
        raise UnsupportedError("a tensor without a name")
    return {name: encode(name) for name in tensors}


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Give what is wrong with a tensor its name."""
    try:
        yield
    except FileFormatError as error:
        reason = f"tensor {name!r}: {error.reason}"
        raise type(error)(reason, path=error.path, offset=error.offset, hint=error.hint) from error
