"""What is wrong with a tensor is told with its name."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.arrays.plan import encode_names, naming, plan_forms
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import OpaqueTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError


def test_members():
    (member,) = plan_forms({"a": "a.npy"}, {"a": as_tensor([1.5])})
    assert (member.name, member.path, member.stored_as, member.form.str) == ("a", "a.npy", "float64", "<f8")


def test_refusal_names_the_tensor():
    with pytest.raises(UnsupportedError, match="tensor 'h': dtype resource"):
        plan_forms({"h": "h"}, {"h": OpaqueTensor(dtypes.RESOURCE, ())})


def test_naming_keeps_what_an_error_knows():
    with pytest.raises(CorruptionError) as caught, naming("w"):
        raise CorruptionError("is damaged", path="file", offset=7, hint="mend it")
    error = caught.value
    assert (error.reason, error.path, error.offset, error.hint) == ("tensor 'w': is damaged", "file", 7, "mend it")


def test_nothing_is_called_nothing():
    assert encode_names({"a": as_tensor(1)}, str.upper) == {"a": "A"}
    with pytest.raises(UnsupportedError, match="without a name"):
        encode_names({"": as_tensor(1)}, str.upper)
