"""Every error this library raises for bad input, in one closed tree.

::

    GraphSurgeonError
      FileFormatError     path, offset, reason
        ChangedError
        CorruptionError
        UnsupportedError
      GraphError          node, reason, function
      NotFoundError       kind, name, near          (also a KeyError)
      PassError           operation, node, reason
      LimitError          what, size, limit
      OutputExistsError   path                      (also a FileExistsError)
      OutputBusyError     path, lock                (also a BlockingIOError)

A missing or unreadable file stays an `OSError`.
"""

from __future__ import annotations

from collections.abc import Sequence

from proto_utils.errors import (
    ChangedError,
    CorruptionError,
    FileFormatError,
    GraphSurgeonError,
    LimitError,
    NotFoundError,
    OutputBusyError,
    OutputExistsError,
    UnsupportedError,
    did_you_mean,
    near_names,
)

__all__ = [
    "ChangedError",
    "CorruptionError",
    "FileFormatError",
    "GraphError",
    "GraphSurgeonError",
    "LimitError",
    "NotFoundError",
    "OutputBusyError",
    "OutputExistsError",
    "PassError",
    "UnsupportedError",
    "did_you_mean",
    "near_names",
]

_PACKAGE = "graphsurgeon"


class GraphError(GraphSurgeonError):
    """A graph is not well formed: a dangling input, a duplicate name, a cycle, a dtype clash.

    Attributes
    ----------
    node : str or None
        The node where it shows.
    reason : str
        What was found against what was wanted.
    function : str or None
        The function whose body holds the node; None for the graph itself.
    """

    field_names = ("node", "reason", "function")

    def __init__(
        self, reason: str, *, node: str | None = None, function: str | None = None, hint: str | None = None
    ) -> None:
        where = "" if node is None else f"node {node!r}"
        if function is not None:
            where = f"function {function!r}" + (f", {where}" if where else "")
        super().__init__(f"{where}: {reason}" if where else reason, hint=hint)
        self.node = node
        self.reason = reason
        self.function = function


class PassError(GraphSurgeonError):
    """A pass declines; the model is as it was.

    Attributes
    ----------
    operation : str
        The pass.
    node : str or None
        The node it cannot handle.
    reason : str
        Why.
    is_usage : bool
        It is not about the model, but about how the pass was called.
    report : object or None
        What the pass found until it declined, where there is more of it than a message holds.
    """

    field_names = ("operation", "node", "reason")

    def __init__(
        self,
        operation: str,
        reason: str,
        *,
        node: str | None = None,
        hint: str | None = None,
        is_usage: bool = False,
        listed: Sequence[str] = (),
        report: object = None,
    ) -> None:
        where = f"{operation}: " if node is None else f"{operation}: node {node!r}: "
        super().__init__(where + reason, hint=hint)
        self.operation = operation
        self.node = node
        self.reason = reason
        self.is_usage = is_usage
        self.listed = tuple(listed)
        self.report = report


# Where users import them from: tracebacks, pickles and documentation call them so.
for _name in __all__:
    if _name.endswith("Error"):
        globals()[_name].__module__ = _PACKAGE
