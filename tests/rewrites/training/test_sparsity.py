"""Sparsity: what people ask for, and the numbers of contrib's model_pruning and of tfmot."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.training.sparsity import num_kept, parse_sparsity
from graphsurgeon.tensors.values import as_tensor


def _parsed(given=(), pattern=None, threshold=None, *, together=False):
    return parse_sparsity(given, pattern, threshold, together=together)


def test_as_many_stay_as_float32_says_and_one_at_least():
    assert [num_kept(5, 0.5), num_kept(7, 0.5)] == [2, 4]  # half to even
    assert [num_kept(10, 1.0), num_kept(10, 0.0), num_kept((1 << 24) + 3, 0.0)] == [1, 10, (1 << 24) + 3]


def test_the_last_pattern_counts_and_names():
    wanted = _parsed(("0.5", "fc/.*=0.9", "fc/w=0.1"))
    assert wanted.share_of(["fc/w"]) == (0.1, True)
    assert wanted.share_of(["fc/v"]) == (0.9, False)
    assert wanted.share_of(["c"]) == (0.5, False)
    assert _parsed({"a": 0.5}).share_of(["b"]) == (None, False)
    assert _parsed(0.25).default == 0.25


@pytest.mark.parametrize(
    ("given", "pattern", "threshold", "reason"),
    [
        ((), None, None, "not said how much"),
        (("0.5", "0.6"), None, None, "two sparsities"),
        ("1.5", None, None, "no share"),
        ("a=x", None, None, "no share"),
        ("nan", None, None, "no share"),
        ("0.5", None, 1.0, "exclude each other"),
        ("0.5", "2:4", None, "neither sparsity"),
        ((), "4:2", None, "keeps 4 of each 2"),
        ((), "0:4", None, "is not a pattern"),
        ("0.5", "2*4", None, "is not a pattern"),
        ((), None, -1.0, "no magnitude"),
        ((), None, float("nan"), "no magnitude"),
    ],
)
def test_what_is_no_answer(given, pattern, threshold, reason):
    with pytest.raises(PassError, match=reason) as caught:
        _parsed(given, pattern, threshold)
    assert caught.value.is_usage


def test_one_threshold_for_several():
    tensors = [as_tensor(np.array([1, 2, 3], np.float32)), as_tensor(np.array([-4, 5, 6], np.float32))]
    assert _parsed("0.5", together=True).common(tensors).threshold == 4.0
    with pytest.raises(PassError, match="stands alone"):
        _parsed("a=0.5", together=True)


def test_means_of_blocks():
    tensor = as_tensor(np.array([[1, 1], [2, 2], [3, 4]], np.float32))
    assert _parsed("0.4", "1x2").decide(tensor, 0.4).threshold == 2.0
