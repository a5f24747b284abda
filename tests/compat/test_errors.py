"""The error classes: TensorFlow's names and attributes, ours beneath, and TensorFlow's own where it is loaded."""

from __future__ import annotations

import errno
import pickle
import sys
from types import ModuleType

import pytest

from graphsurgeon import errors as ours
from graphsurgeon.compat import errors

#: As `tf.errors` has them.
CODES = {
    "UnknownError": 2, "InvalidArgumentError": 3, "NotFoundError": 5, "PermissionDeniedError": 7,
    "ResourceExhaustedError": 8, "FailedPreconditionError": 9, "UnimplementedError": 12, "InternalError": 13,
    "DataLossError": 15,
}  # fmt: skip


@pytest.mark.parametrize("name", CODES)
def test_error_is_built_and_read_as_tensorflows(name):
    error = getattr(errors, name)(None, None, "no luck")
    assert isinstance(error, errors.OpError)
    assert isinstance(error, ours.GraphSurgeonError)
    assert (error.message, str(error), error.error_code) == ("no luck", "no luck", CODES[name])
    assert (error.op, error.node_def) == (None, None)


@pytest.mark.parametrize(
    ("theirs", "own"),
    [
        ("NotFoundError", ours.NotFoundError),
        ("NotFoundError", KeyError),
        ("DataLossError", ours.CorruptionError),
        ("UnimplementedError", ours.UnsupportedError),
    ],
)
def test_either_word_catches(theirs, own):
    with pytest.raises(own):
        raise errors.raised(getattr(errors, theirs), "gone")


def test_facts_are_kept():
    error = errors.raised(errors.NotFoundError, "no w", kind="tensor", name="w", near=("v",))
    assert error.fields() == {"kind": "tensor", "name": "w", "near": ("v",), "hint": "did you mean 'v'?"}
    assert errors.raised(errors.DataLossError, "bad", path="p").fields() == {
        "path": "p", "offset": None, "reason": "bad",
    }  # fmt: skip


def test_a_process_hands_it_on():
    error = pickle.loads(pickle.dumps(errors.raised(errors.NotFoundError, "no w", name="w")))
    assert (type(error), error.message, error.name, error.error_code) == (errors.NotFoundError, "no w", "w", 5)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, errors.NotFoundError),
        (errno.EACCES, errors.PermissionDeniedError),
        (errno.EISDIR, errors.FailedPreconditionError),
        (errno.ENOSPC, errors.ResourceExhaustedError),
        (errno.EIO, errors.UnknownError),
    ],
)
def test_what_the_system_says(number, kind):
    error = errors.of_os_error(OSError(number, "told so", "a/file"))
    assert (type(error), error.message) == (kind, "a/file; told so")
    assert errors.of_os_error(OSError(number, "told so", "a/file"), "b").message == "b; told so"


@pytest.fixture
def loaded(monkeypatch) -> ModuleType:
    """What an errors_impl module of TensorFlow has, in so far as it could be in the way."""

    class TheirOpError(Exception):
        def __init__(self, node_def, op, message, error_code, *args):
            super().__init__()

        @property
        def message(self):
            return "theirs"

        @property
        def error_code(self):
            return -1

        def __str__(self):
            return "theirs"

    class TheirDataLossError(TheirOpError):
        def __init__(self, node_def, op, message, *args):
            super().__init__(node_def, op, message, 15, *args)

    module = ModuleType("tensorflow.python.framework.errors_impl")
    module.OpError, module.DataLossError = TheirOpError, TheirDataLossError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_where_tensorflow_is_loaded_its_word_catches_too(loaded):
    with pytest.raises(loaded.OpError) as caught:
        raise errors.raised(errors.DataLossError, "bad", path="p")
    error = caught.value
    assert isinstance(error, loaded.DataLossError)
    assert isinstance(error, errors.DataLossError)
    assert (error.message, str(error), error.error_code, error.path) == ("bad", "bad", 15, "p")
    assert type(error).__name__ == "DataLossError"
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, loaded.DataLossError)
    assert again.path == "p"


def test_classes_are_made_once(loaded):
    first, second = (type(errors.raised(errors.DataLossError, "bad")) for _ in range(2))
    assert first is second
