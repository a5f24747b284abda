"""Two checkpoints, tensor by tensor."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.arithmetic import arithmetic
from graphsurgeon.errors import PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from tests.edits.values import lists, singles, tensors, told
from tests.object_layers import checkpoint, key


@pytest.mark.parametrize(
    ("operation", "expected"), [("add", [4, 6]), ("subtract", [2, 2]), ("multiply", [3, 8]), ("divide", [3, 2])]
)
def test_operations(operation, expected):
    given = tensors(w=singles(3, 4), step=5)
    report = arithmetic(given, operation=operation, other=tensors(w=singles(1, 2), step=9))
    assert lists(given) == {"w": expected, "step": 5}
    assert told(report) == {"step": "of dtype int64; `select` it to compute it"}


def test_integers_when_selected():
    given = tensors(step=5, w=singles(1))
    arithmetic(given, operation="add", other=tensors(step=9), select=("step",))
    assert lists(given) == {"step": 14, "w": [1]}


def test_what_only_one_has():
    given, other = tensors(w=singles(1), a=singles(2)), tensors(w=singles(1), b=singles(3), n=1)
    with pytest.raises(PassError, match="a: only in the first checkpoint; b: only in the second") as caught:
        arithmetic(given, operation="add", other=other)
    assert 'missing="keep"' in str(caught.value.hint)
    report = arithmetic(given, operation="add", other=other, missing="keep")
    assert lists(given) == {"w": [2], "a": [2]}
    assert told(report) == {"a": "only in the first checkpoint", "b": "only in the second checkpoint"}


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (np.array([1], np.float64), "w: dtypes float32 and float64 differ"),
        (singles(1, 2), r"w: shapes \[1\] and \[2\] differ"),
    ],
)
def test_different_tensors(other, reason):
    with pytest.raises(PassError, match=reason):
        arithmetic(tensors(w=singles(1)), operation="add", other=tensors(w=other))


def test_the_verb_opens_the_other(verb, tmp_path):
    save_checkpoint(tensors(w=singles(3)), tmp_path / "a")
    save_checkpoint(tensors(w=singles(1)), tmp_path / "b")
    done = verb(
        "arithmetic", tmp_path / "a", "--operation", "subtract", "--other", tmp_path / "b", "-o", tmp_path / "c"
    )
    assert done.code == 0
    assert lists(load_checkpoint(tmp_path / "c")) == {"w": [2]}


def test_of_objects_by_the_names_of_variables():
    tensors = checkpoint(a=1, new=5, b=3)
    arithmetic(tensors, operation="add", other=checkpoint(a=3, b=5), missing="keep")
    assert [float(tensors[key(place)].numpy()) for place in "012"] == [4, 5, 8]


def test_what_does_not_fit_is_an_error_or_saturates():
    a, b = (np.array(values, np.int8) for values in ([100, 1], [100, 2]))
    given = tensors(w=a)
    arithmetic(given, operation="add", other=tensors(w=b), select=("w",))
    with pytest.raises(PassError, match=r"arithmetic: tensor 'w': the value 200 at \[0\] has no place in int8"):
        given["w"].numpy()
    given = tensors(w=a)
    arithmetic(given, operation="add", other=tensors(w=b), select=("w",), saturate=True)
    assert lists(given) == {"w": [127, 3]}
