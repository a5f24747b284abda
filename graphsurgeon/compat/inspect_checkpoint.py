"""`tensorflow.python.tools.inspect_checkpoint` without TensorFlow.

The lines are those of TensorFlow 2.21, or of 1.15 where they are asked for. Three things are better: of a V1 checkpoint
every tensor is printed, the list is sorted (see `graphsurgeon.compat.checkpoint.reader`), and control characters in
names, on which terminals act and which pagers and logs pass on to them, are escaped. From the command line, ``python -m
graphsurgeon inspect_checkpoint`` takes TensorFlow's flags.

Source: inspect_checkpoint.py of TensorFlow 1.15 and 2.21.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from typing import Any

from graphsurgeon.compat.checkpoint import CheckpointReader, NewCheckpointReader
from graphsurgeon.compat.errors import InternalError, NotFoundError, OpError, raised
from proto_utils.backtracking import max_letters

__all__ = ["checkpoint_lines", "error_lines", "parse_numpy_printoption", "print_tensors_in_checkpoint_file"]

_MEMBERS = (".index", ".meta", ".data")
_BOOLS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def print_tensors_in_checkpoint_file(
    file_name: str,
    tensor_name: str | None,
    all_tensors: bool,
    all_tensor_names: bool = False,
    count_exclude_pattern: str = "",
) -> None:
    """Print what a checkpoint holds, and the number of elements.

    Parameters
    ----------
    file_name : str
        Prefix of the checkpoint; see `graphsurgeon.compat.checkpoint.CheckpointReader`.
    tensor_name : str, optional
        The tensor to print. Without one, names, dtypes and shapes of all are printed.
    all_tensors, all_tensor_names : bool
        Print all tensors, or their names, whatever `tensor_name` is.
    count_exclude_pattern : str
        A regular expression; tensors in whose names it is found are not counted.

    Notes
    -----
    What goes wrong is printed, not raised, as TensorFlow does it.
    """
    try:
        for line in checkpoint_lines(file_name, tensor_name, all_tensors, all_tensor_names, count_exclude_pattern):
            sys.stdout.write(f"{line}\n")
    except (OpError, re.error) as error:
        for line in error_lines(error, file_name):
            sys.stdout.write(f"{line}\n")


def checkpoint_lines(
    file_name: str,
    tensor_name: str | None = None,
    all_tensors: bool = False,
    all_tensor_names: bool = False,
    count_exclude_pattern: str = "",
    *,
    tf_version: int = 2,
) -> Iterator[str]:
    """Yield what `print_tensors_in_checkpoint_file` prints, one tensor in memory at a time.

    A `tf_version` of 1 yields the lines of TensorFlow 1.15. OpError (`graphsurgeon.compat.errors`) when the checkpoint
    or the tensor is damaged or not there, re.error when `count_exclude_pattern` is no regular expression.
    """
    reader = NewCheckpointReader(file_name)
    yield from map(_printable, _lines(reader, tensor_name, all_tensors, all_tensor_names, tf_version))
    yield from map(_printable, _totals(reader, count_exclude_pattern))


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def _lines(
    reader: CheckpointReader, tensor_name: str | None, all_tensors: bool, all_tensor_names: bool, tf_version: int
) -> Iterator[str]:
    if all_tensors or all_tensor_names:
        for name, title in _titles(reader, tf_version).items():
            yield title
            if all_tensors:
                yield _value(reader, name, tf_version)
    elif not tensor_name:
        # Keys of slices are not UTF-8.
        yield reader.debug_string().decode(errors="ignore")
    else:
        if tf_version == 1:
            yield f"tensor_name:  {tensor_name}"
        elif not reader.has_tensor(tensor_name):
            message = f"Tensor {tensor_name} not found in checkpoint"
            raise raised(NotFoundError, message, kind="tensor", name=tensor_name)
        else:
            yield _titles(reader, tf_version)[tensor_name]
        yield str(reader.get_tensor(tensor_name))


def error_lines(error: Exception, file_name: str) -> list[str]:
    """Return what TensorFlow's tool prints for an error of `checkpoint_lines`."""
    lines = [str(error)]
    if "Data loss" in str(error) and any(member in file_name for member in _MEMBERS):
        lines += [
            "",
            "It's likely that this is a V2 checkpoint and you need to provide the filename",
            "*prefix*.  Try removing the '.' and extension.  Try:",
            f"inspect checkpoint --file_name = {file_name.rpartition('.')[0]}",
        ]
    return list(map(_printable, lines))


def parse_numpy_printoption(kv_str: str) -> tuple[str, Any]:
    """Parse one of numpy's print options.

    Parameters
    ----------
    kv_str : str
        ``threshold=100000``; any option of `numpy.set_printoptions` that has a value by default.

    Returns
    -------
    name : str
    value : bool, int or str
        Of the type of the default. Nothing is set, where TensorFlow's function sets it.

    Raises
    ------
    ValueError
        There is no such option, or that is no value for it.
    """
    import numpy as np

    name, equals, text = kv_str.partition("=")
    if not name or not equals:
        raise ValueError(f"'{kv_str}' is not in the form k=v.")
    options: dict[str, Any] = dict(np.get_printoptions())
    if name not in options:
        raise ValueError(f"'{name}' is not a valid printoption.")
    kind: Any = type(options[name])
    if options[name] is None:
        raise ValueError(f"Setting '{name}' from the command line is not supported.")
    if kind is bool:
        if text.lower() not in _BOOLS:
            raise ValueError(f"'{name}' is true or false, not '{text}'.")
        return name, _BOOLS[text.lower()]
    return name, kind(text)


def _titles(reader: CheckpointReader, tf_version: int) -> dict[str, str]:
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    if tf_version == 1:
        return {name: f"tensor_name:  {name}" for name in shapes}
    return {name: f"tensor: {name} ({dtypes[name].name}) {shape}" for name, shape in shapes.items()}


def _value(reader: CheckpointReader, name: str, tf_version: int) -> str:
    try:
        return str(reader.get_tensor(name))
    except InternalError:
        if tf_version == 1:
            raise
        return "<not convertible to a numpy dtype>"


def _totals(reader: CheckpointReader, count_exclude_pattern: str) -> Iterator[str]:
    sizes = {name: math.prod(shape) for name, shape in reader.get_variable_to_shape_map().items()}
    if count_exclude_pattern:
        longest = max_letters(f".*(?:{count_exclude_pattern})")
        excluded = {name for name in sizes if len(name) <= longest and re.search(count_exclude_pattern, name)}
        num_params = sum(sizes.pop(name) for name in excluded)
        matched = f"{len(excluded)} tensors ({num_params} params) that match {count_exclude_pattern}"
        yield f"# Excluding {matched} when counting."
    yield f"# Total number of params: {sum(sizes.values())}"
