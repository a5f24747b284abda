"""Show or save the value of a tensor, a constant or a variable."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import count, emit_json, emit_line, format_nbytes, format_shape, remark
from proto_utils.output import Transaction

if TYPE_CHECKING:
    from graphsurgeon.tensors.tensor import Tensor


@click.command("cat")
@options.source
@click.argument("name")
@click.option(
    "-o", "--output", metavar="FILE.npy", help="Save the value for numpy.load instead; it streams, whatever its size."
)
@click.option("--full", is_flag=True, help="Print every element of a large value.")
@options.common("force", "sync", "json", "quiet")
def command(
    source: str, name: str, output: str | None, full: bool, force: bool, sync: bool, as_json: bool, quiet: bool
) -> None:
    """Show the value of a checkpoint's tensor, of a constant, or of a variable that a checkpoint belongs to.

    NAME may end in :0. In a checkpoint that TensorFlow 2 saved by objects it may also be the variable's name, or the
    path to it from the root object (ls --names shows both). NAME[0:10, :] is a part, as numpy has it, in steps of one:
    of a tensor that lies raw in a file only the rows it needs are read, and as the file's checksum is of the whole
    tensor, nothing vouches for them. Large values are printed in part, as numpy does.
    """
    from graphsurgeon.formats.detect import detect
    from graphsurgeon.formats.find import find_tensor

    key, tensor = find_tensor(detect(source), name)
    facts = {"name": key, "dtype": tensor.dtype.name, "shape": list(tensor.shape)}
    written = [] if output is None else [_save(tensor, output, force, sync)]
    if as_json:
        value = {} if output is not None else {"value": _to_json(tensor)}
        emit_json("cat", source=source, **facts, outputs=written, **value)
        return
    text = f"{key}: {tensor.dtype.name} {format_shape(tensor.shape)}, {count(tensor.size, 'element')}"
    remark(text if tensor.size < 2 else f"{text}, {format_nbytes(tensor.nbytes)}", quiet=quiet)
    if output is None:
        emit_line(_to_text(tensor, full))
    elif not quiet:
        emit_line(f"wrote {output}")


def _save(tensor: Tensor, output: str, force: bool, sync: bool) -> str:
    from graphsurgeon.formats.npy import write_npy

    with Transaction(output, overwrite=force, sync=sync) as transaction:
        write_npy(tensor, transaction.create(output))
    return output


def _to_text(tensor: Tensor, full: bool) -> str:
    import numpy as np

    array = tensor.numpy()
    with np.printoptions(threshold=array.size + 1 if full else 1000):
        return str(array)


def _to_json(tensor: Tensor) -> Any:
    """Return the values as nested lists: bytes as text, complex numbers as pairs, what JSON lacks as strings."""
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
