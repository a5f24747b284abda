"""Another shape over the same bytes."""

from __future__ import annotations

import os

import numpy as np
import pytest

from graphsurgeon.edits.reshape import reshape
from graphsurgeon.errors import PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from tests.edits.values import tensors


def test_nothing_is_rewritten(tmp_path):
    whole = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    save_checkpoint(tensors(w=whole, s=["a", "b"]), tmp_path / "a")
    given = dict(load_checkpoint(tmp_path / "a"))
    reshape(given, shape=(4, -1), select=("w",))
    reshape(given, shape=(2, 1), select=("s",))
    save_checkpoint(given, tmp_path / "b", links="hard")
    made = load_checkpoint(tmp_path / "b")
    assert made["w"].numpy().tolist() == whole.reshape(4, 6).tolist()
    assert made["s"].numpy().tolist() == [[b"a"], [b"b"]]
    assert os.path.samefile(*(tmp_path / f"{name}.data-00000-of-00001" for name in "ab"))


def test_all_that_do_not_fit_are_listed():
    with pytest.raises(PassError, match=r"2 tensors: a: \[2\] has 2 elements.*; b: \[3\] has 3 elements"):
        reshape(tensors(a=[1, 2], b=[1, 2, 3], c=[1] * 4), shape=(2, 2), select=(".*",))


def test_with_another_order():
    flat = np.arange(2 * 3 * 4 * 5).reshape(24, 5)
    given = tensors(w=flat, v=flat)
    reshape(given, shape=(24, 5), select=("w",), view=(2, 3, 4, 5), perm=(1, 2, 0, -1))
    assert given["w"].numpy().tolist() == flat.reshape(2, 3, 4, 5).transpose(1, 2, 0, 3).reshape(24, 5).tolist()
    reshape(given, shape=(120,), select=("v",), perm=(1, 0))
    assert given["v"].numpy().tolist() == flat.T.reshape(120).tolist()


@pytest.mark.parametrize(
    ("options", "reason"), [({"view": (7, 7), "perm": (1, 0)}, r"shape \[7, 7\]"), ({"perm": (2, 0)}, "no axis 2")]
)
def test_what_has_not_these_axes(options, reason):
    with pytest.raises(PassError, match=reason):
        reshape(tensors(w=[[1, 2], [3, 4]]), shape=(4,), select=("w",), **options)
