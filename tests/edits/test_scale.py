"""Products and sums with one number."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.scale import scale
from graphsurgeon.errors import PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from tests.edits.values import lists, singles, tensors


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"factor": 2}, [2, 4]),
        ({"offset": "0.5"}, [1.5, 2.5]),
        ({"factor": "1e-1", "offset": 1}, (singles(1, 2) * np.float32(0.1) + np.float32(1)).tolist()),
    ],
)
def test_in_the_tensors_own_dtype(options, expected):
    given = tensors(w=singles(1, 2))
    scale(given, select=("w",), **options)
    assert lists(given) == {"w": expected}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"select": ("w",)}, "nothing is asked for"),
        ({"select": ("s",), "factor": 2}, "s: elements of dtype string are no numbers"),
        ({"select": ("n",), "factor": 0.5}, "n: 0.5 is no int64"),
        ({"select": ("b",), "factor": 2}, "b: elements of dtype bool are no numbers"),
    ],
)
def test_what_is_refused(options, reason):
    with pytest.raises(PassError, match=reason):
        scale(tensors(w=singles(1), s="a", n=1, b=True), **options)


def test_what_does_not_fit_is_an_error_or_saturates():
    given = tensors(w=np.array([-66, 3], np.int8))
    scale(given, select=("w",), factor=2)
    with pytest.raises(PassError, match=r"scale: tensor 'w': the value -132 at \[0\] has no place in int8") as caught:
        given["w"].numpy()
    assert "`saturate=True`" in str(caught.value.hint)
    given = tensors(w=np.array([-66, 3], np.int8), n=np.array([7], np.uint8))
    scale(given, select=("w",), factor=2, saturate=True)
    scale(given, select=("n",), offset=-3)
    assert lists(given) == {"w": [-128, 6], "n": [4]}


def test_a_factor_may_be_out_of_the_range_of_results():
    given = tensors(u=np.array([7, 100], np.uint64), i=np.array([1, 2], np.int64))
    scale(given, select=("u",), factor=-1, offset=100)
    scale(given, select=("i",), factor=2**63, offset=-(2**63))
    assert given["u"].numpy().tolist() == [93, 0]
    with pytest.raises(PassError, match=r"the value 9223372036854775808 at \[1\] has no place in int64"):
        given["i"].numpy()
    with pytest.raises(PassError, match=r"b: 0\.5 is no int8"):
        scale(tensors(b=np.array([1], np.int8)), select=("b",), factor=0.5)


def test_the_verb_writes_nothing_that_wrapped(verb, tmp_path):
    save_checkpoint(tensors(w=np.array([-66, 3], np.int8)), tmp_path / "in")
    given = ("scale", tmp_path / "in", "-o", tmp_path / "out", "--select", "w", "--factor", 2)
    assert verb(*given).code == 4
    assert not list(tmp_path.glob("out*"))
    assert verb(*given, "--saturate").code == 0
    assert lists(load_checkpoint(tmp_path / "out")) == {"w": [-128, 6]}
