"""How many lazy tensors are made of each other: each reads the one below it by a few calls, and calls have an end."""

from __future__ import annotations

from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import LimitError

#: So many come well within what the interpreter allows.
MAX_DEPTH = 64


def require_shallow(name: str, tensor: Tensor) -> None:
    """Raise a LimitError for a tensor that is made of one that is made of one ..., more than `MAX_DEPTH` times."""
    if not tensor.bases:
        return
    level, depth = [tensor], 0
    while level:
        below = {id(base): base for each in level for base in each.bases}
        level, depth = list(below.values()), depth + 1
        if depth > MAX_DEPTH:
            what = f"the number of edits of {name!r} that are done at once"
            raise LimitError(what, depth, MAX_DEPTH, hint="save in between: edits of what is saved count anew")
