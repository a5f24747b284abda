"""Options of a step, against the signature of its function."""

from __future__ import annotations

import pytest

from graphsurgeon.tools.recipe.options import check_options
from proto_utils.errors import UnsupportedError
from tests.test_options import twist


def test_names_have_dashes_or_underscores():
    assert check_options(twist, {"count": 1, "axis-order": 2}) == {"count": 1, "axis_order": (2,)}
    assert check_options(twist, {"count": 1, "axis_order": 2}) == {"count": 1, "axis_order": (2,)}


def test_checkpoints_are_their_paths():
    made = check_options(twist, {"count": 1, "other": "a", "others": "b"})
    assert made == {"count": 1, "other": "a", "others": ("b",)}


@pytest.mark.parametrize(
    ("given", "reason", "hint"),
    [
        ({"dtipe": "a"}, "no option 'dtipe'", "did you mean 'dtype'"),
        ({"zzz": "a"}, "no option 'zzz'", "it takes others, dtype, select"),
        ({"model": "a"}, "no option 'model'", None),
        ({"sources": "a"}, "no option 'sources'", None),
        ({"axis-order": [1], "axis_order": [1]}, "'axis_order' is given twice", None),
        ({"axis-order": [1.5]}, r"option 'axis-order' is \[1.5\]", "wanted: a list of integers"),
        ({}, "option 'count' is missing", "wanted: an integer"),
    ],
)
def test_what_does_not_fit(given, reason, hint):
    with pytest.raises(UnsupportedError, match=reason) as caught:
        check_options(twist, given)
    assert hint is None or hint in str(caught.value.hint)


def test_hidden_options():
    with pytest.raises(UnsupportedError, match="no option 'force'"):
        check_options(twist, {"force": True}, ("force",))
