"""`tf.errors` for the drop-ins: the same class names, codes and attributes, without TensorFlow.

An `OpError` has `message`, `error_code`, `op` and `node_def` as TensorFlow's has. Each class is also one of
`graphsurgeon.errors`, so either word catches it::

    compat.errors.NotFoundError       is a graphsurgeon.NotFoundError (and a KeyError)
    compat.errors.DataLossError       is a graphsurgeon.CorruptionError
    compat.errors.UnimplementedError  is a graphsurgeon.UnsupportedError

In a process that has TensorFlow loaded, what is raised is TensorFlow's too, so that ``except tf.errors.NotFoundError``
goes on working while a program moves over. Nothing here imports TensorFlow.

Source: TensorFlow's ``python/framework/errors_impl.py``; the codes are those of ``absl::StatusCode``.
"""

from __future__ import annotations

import errno
import sys
from typing import Any

from graphsurgeon import errors
from graphsurgeon.errors import GraphSurgeonError

__all__ = [
    "DataLossError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OpError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnimplementedError",
    "UnknownError",
    "of_os_error",
    "raised",
]

UNKNOWN = 2

_THEIRS = "tensorflow.python.framework.errors_impl"


class OpError(GraphSurgeonError):
    """Root of what the drop-ins raise where TensorFlow raises an OpError.

    Parameters
    ----------
    node_def, op : object, optional
        The node and the op that failed; reading files has none.
    message : str
    error_code : int
        Its class has one.

    Attributes
    ----------
    message : str
    error_code : int
    op, node_def : object or None
    """

    code = UNKNOWN

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int | None = None) -> None:
        # Not the next class in line, which may be TensorFlow's and takes something else.
        Exception.__init__(self, message)
        self.message = message
        self.hint: str | None = None
        self._node_def = node_def
        self._op = op
        self._error_code = self.code if error_code is None else error_code
        self._experimental_payloads: dict[str, Any] = {}

    def __str__(self) -> str:
        # As TensorFlow has it: without the hint.
        return self.message

    # Properties, because TensorFlow's are: a class that is both must find these first.
    @property
    def message(self) -> str:
        """What went wrong."""
        return self._message

    @message.setter
    def message(self, text: str) -> None:
        self._message = text

    @property
    def error_code(self) -> int:
        """The number of the status."""
        return self._error_code

    @property
    def op(self) -> Any:
        """The op that failed; None for a file."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The node that failed; None for a file."""
        return self._node_def

    def __reduce__(self) -> tuple[object, ...]:
        # A class joined with TensorFlow's has no name that another process could import.
        cls = next(base for base in type(self).__mro__ if base.__module__ == __name__)
        return _rebuild, (cls, dict(self.__dict__))


class NotFoundError(OpError, errors.NotFoundError):
    """There is no such file or tensor; `name` says which was asked for, `near` what resembles it."""

    code = 5

    def __init__(
        self,
        node_def: Any,
        op: Any,
        message: str,
        *,
        kind: str = "file",
        name: str = "",
        near: tuple[str, ...] = (),
    ) -> None:
        OpError.__init__(self, node_def, op, message)
        self.kind, self.name, self.near = kind, name, near
        if near:
            self.hint = "did you mean " + " or ".join(map(repr, near)) + "?"


class InvalidArgumentError(OpError):
    """A value that is not allowed."""

    code = 3


class PermissionDeniedError(OpError):
    """The file may not be read or written."""

    code = 7


class ResourceExhaustedError(OpError):
    """The disk is full, or a size is past a limit."""

    code = 8


class FailedPreconditionError(OpError):
    """The file is a directory, or the other way round."""

    code = 9


class _FileError(OpError):
    """What errors about a file's bytes share."""

    def __init__(self, node_def: Any, op: Any, message: str, *, path: str | None = None) -> None:
        OpError.__init__(self, node_def, op, message)
        self.path = path
        self.offset: int | None = None
        self.reason = message


class UnimplementedError(_FileError, errors.UnsupportedError):
    """The file is sound, but of a kind that is not handled."""

    code = 12


class InternalError(_FileError, errors.UnsupportedError):
    """Values that numpy has no form for."""

    code = 13


class DataLossError(_FileError, errors.CorruptionError):
    """The bytes are damaged, or not those of a checkpoint."""

    code = 15


class UnknownError(OpError):
    """Anything else that a system says of a file."""

    code = UNKNOWN


_OF_ERRNO: dict[int, type[OpError]] = {
    errno.ENOENT: NotFoundError,
    errno.ENODEV: NotFoundError,
    errno.EACCES: PermissionDeniedError,
    errno.EPERM: PermissionDeniedError,
    errno.EROFS: PermissionDeniedError,
    errno.EISDIR: FailedPreconditionError,
    errno.ENOTDIR: FailedPreconditionError,
    errno.ENOTEMPTY: FailedPreconditionError,
    errno.ENOSPC: ResourceExhaustedError,
    errno.EDQUOT: ResourceExhaustedError,
    errno.EMFILE: ResourceExhaustedError,
}


_made: dict[tuple[type[OpError], type[Exception]], type[OpError]] = {}


def raised(cls: type[OpError], message: str, **facts: Any) -> OpError:
    """Return the error to raise, with `facts` for its constructor: also TensorFlow's, where TensorFlow is loaded."""
    theirs = getattr(sys.modules.get(_THEIRS), cls.__name__, None)
    return (cls if theirs is None else _joined(cls, theirs))(None, None, message, **facts)


def of_os_error(error: OSError, path: str | None = None) -> OpError:
    """Return TensorFlow's error for what the system says of a file, of `path` when `error` names it in another way."""
    path = path if path is not None else str(error.filename or "")
    cls = _OF_ERRNO.get(error.errno or 0, UnknownError)
    facts = {"name": path} if cls is NotFoundError else {}
    return raised(cls, f"{path}; {error.strerror or error}", **facts)


def _joined(ours: type[OpError], theirs: type[Exception]) -> type[OpError]:
    if (ours, theirs) not in _made:
        body = {"__doc__": ours.__doc__, "__module__": theirs.__module__}
        _made[ours, theirs] = type(ours.__name__, (ours, theirs), body)
    return _made[ours, theirs]


def _rebuild(cls: type[OpError], attributes: dict[str, Any]) -> OpError:
    error = raised(cls, attributes["_message"])
    error.__dict__.update(attributes)
    return error
