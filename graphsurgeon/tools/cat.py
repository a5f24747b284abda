"""The value of one tensor of a file: of a checkpoint, a constant, or a variable that a checkpoint belongs to."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from graphsurgeon.display import escaped
from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.find import find_tensor
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.output import Transaction

if TYPE_CHECKING:
    import numpy as np


#: What is written, by the suffix of a file.
_SUFFIXES = {".npy": "for numpy.load", ".csv": "of at most two axes"}


class FoundTensor:
    """A tensor that was found by name; arrays are made of it as of the tensor.

    Attributes
    ----------
    name : str
        As it is in the file; of a part with the brackets.
    tensor : Tensor
        Not read yet.
    outputs : list of str
        The file that it was saved to, if it was to be.
    has_stats : bool
        Whether `to_json` has its `stats`, not the value.
    """

    __slots__ = ("has_stats", "name", "outputs", "tensor")

    def __init__(self, name: str, tensor: Tensor, outputs: list[str], *, has_stats: bool = False) -> None:
        self.name = name
        self.tensor = tensor
        self.outputs = outputs
        self.has_stats = has_stats

    def _repr_html_(self) -> str:
        return f"<div><code>{escaped(self.name)}</code></div>{self.tensor._repr_html_()}"

    @property
    def dtype(self) -> str:
        """The name of its dtype."""
        return self.tensor.dtype.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.tensor.shape

    def numpy(self) -> np.ndarray[Any, Any]:
        """Read the value."""
        expect_reading([self.tensor])
        return self.tensor.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Read the value; numpy calls this."""
        value = self.numpy()
        return value if dtype is None else value.astype(dtype, copy=False)

    def stats(self) -> dict[str, Any] | None:
        """Return what the values are like: minimum, maximum, mean ... and a histogram; None of texts and the like.

        Reads them once, whatever their size.
        """
        from graphsurgeon.tensors.shown_statistics import statistics_of

        expect_reading([self.tensor])
        return statistics_of(self.tensor)

    def __repr__(self) -> str:
        return f"FoundTensor({self.name!r}, {self.tensor!r})"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types, with the value unless it was saved: nested lists.

        Bytes are text there, complex numbers pairs, and what JSON lacks, such as NaN, strings.
        """
        facts = {"name": self.name, "dtype": self.dtype, "shape": list(self.shape), "outputs": self.outputs}
        if self.has_stats:
            return {**facts, "stats": self.stats()}
        return facts if self.outputs else {**facts, "value": _as_lists(self.tensor)}


def cat(
    source: str | os.PathLike[str],
    name: str,
    *,
    output: str | os.PathLike[str] | None = None,
    stats: bool = False,
    force: bool = False,
    sync: bool = False,
) -> FoundTensor:
    """Find the value of a checkpoint's tensor, of a constant, or of a variable that a checkpoint belongs to.

    Parameters
    ----------
    source : path
    name : str
        It may end in :0. In a checkpoint that TensorFlow 2 saved by objects it may also be the variable's name, or the
        path to it from the root object. ``w[0:10, :]`` is a part, as numpy has it, in steps of one.
    output : path, optional
        Save the value; it streams, whatever its size. ``.npy`` is for `numpy.load`, ``.csv`` a table of one or two
        axes.
    stats : bool
        Tell what the values are like, in JSON, instead of them; `FoundTensor.stats` does without.
    force : bool
        Whether an existing file may be replaced.
    sync : bool
        Return only when the file is on the disk.

    Returns
    -------
    FoundTensor
        With the `tensor`, which is read when its value is asked for.

    Raises
    ------
    NotFoundError
        Nothing has that name, or several have, or it is a variable whose value is not there.
    PassError
        The suffix of `output` is another.
    OutputExistsError
        The output exists and `force` is false.
    """
    if output is not None:
        _check_suffix(os.fsdecode(output))
    key, tensor = find_tensor(detect(source), name)
    saved = [] if output is None else [_save(tensor, os.fsdecode(output), force, sync)]
    return FoundTensor(key, tensor, saved, has_stats=stats)


def _check_suffix(output: str) -> None:
    """Refuse a name that says nothing of what to write, or something else."""
    suffix = os.path.splitext(output)[1]
    if suffix not in _SUFFIXES:
        reason = f"{output!r} ends in {suffix!r}" if suffix else f"{output!r} has no suffix"
        hint = "known are " + ", ".join(f"{key} ({of})" for key, of in _SUFFIXES.items())
        raise PassError("cat", reason, hint=hint, is_usage=True)


def _save(tensor: Tensor, output: str, force: bool, sync: bool) -> str:
    with Transaction(output, overwrite=force, sync=sync) as transaction:
        if output.endswith(".csv"):
            from graphsurgeon.formats.csv_values import write_csv

            write_csv(tensor, transaction.create(output))
        else:
            from graphsurgeon.formats.npy import write_npy

            write_npy(tensor, transaction.create(output))
    return output


def _as_lists(tensor: Tensor) -> Any:
    array = tensor.numpy()
    if array.dtype.kind == "V":
        # The small types of ml_dtypes: every value of theirs is a float32, and of the integers an int32.
        array = array.astype("int32" if tensor.dtype.is_integer else "float32")
    return _plain(array.tolist())


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, complex):
        return [_plain(value.real), _plain(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (bool, int, float)) else float(value)
