"""Compute with two checkpoints: add, subtract, multiply or divide tensors of one name.

For: what training changed (a difference), and adding that to another model; masks from pruning.

Leaves behind: tensors of the same dtypes and shapes, computed in their own dtype as TensorFlow does, but for what
overflows there. Integers and strings, such as step counters, stay as they are unless a pattern selects them. In two
TensorFlow 2 checkpoints whose keys do not stand for the same variables, names count.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Literal

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import change, paired, refuse, targets
from graphsurgeon.names import Names
from graphsurgeon.tensors.elementwise import CombinedTensor, Operation
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.quantized import torn_codes
from graphsurgeon.variables.table_entries import torn_entries


@checkpoint_edit
def arithmetic(
    tensors: MutableMapping[str, Tensor],
    *,
    operation: Operation,
    other: Mapping[str, Tensor],
    select: Names = (),
    exclude: Names = (),
    missing: Literal["error", "keep"] = "error",
    saturate: bool = False,
) -> Remarks:
    """Compute with two checkpoints: add, subtract, multiply or divide tensors of one name.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    operation : {"add", "subtract", "multiply", "divide"}
        What to do with two tensors of one name.
    other : mapping of str to Tensor
        The checkpoint on the right.
    select : str or sequence of str
        Patterns of what to compute: names, or regular expressions that match the whole name. All floating-point and
        complex tensors by default.
    exclude : str or sequence of str
        Patterns of what to leave as it is.
    missing : {"error", "keep"}
        What to do about a tensor that only one checkpoint has: refuse, or keep what this one has.
    saturate : bool
        Clamp results to the range of the dtype. Otherwise one out of range is an error.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor is missing in one of the two, they differ in dtype or shape, or quantized weights would get scales of
        other ones, or keys of a table values of other ones; while values are read: a result is out of range.
    """
    (other,), notes = paired(tensors, [other])
    names = list(tensors) + [name for name in other if name not in tensors]
    chosen, problems = [], []
    skipped = []
    for name in targets(names, select, exclude):
        held = (tensors if name in tensors else other)[name].dtype
        if not select and not (held.is_floating or held.is_complex):
            if name in tensors:
                skipped.append(Skipped(name, f"of dtype {held.name}; `select` it to compute it"))
        elif name in tensors and name in other:
            chosen.append(name)
        elif missing == "error":
            problems.append(f"{name}: only in the {'first' if name in tensors else 'second'} checkpoint")
        elif name in tensors:
            skipped.append(Skipped(name, "only in the first checkpoint"))
        else:
            skipped.append(Skipped(name, "only in the second checkpoint"))
    refuse("arithmetic", problems, hint='`missing="keep"` leaves these as they are, `exclude` takes them out')
    hint = "`exclude` takes the codes and what is beside them from the first checkpoint"
    refuse("arithmetic", torn_codes([tensors, other], tensors, chosen), hint)
    hint = "`exclude` takes keys and values from the first checkpoint"
    refuse("arithmetic", torn_entries([tensors, other], chosen), hint)

    def combined(name: str, base: Tensor) -> Tensor:
        return CombinedTensor(operation, base, other[name], name=name, saturate=saturate)

    change("arithmetic", tensors, chosen, combined)
    return Remarks(skipped, notes=notes)
