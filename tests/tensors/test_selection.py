"""Which tensors `--select` and `--exclude` mean."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError
from graphsurgeon.tensors.selection import selected


class TestSelecting:
    NAMES = ("conv/w", "conv/b", "fc/w")

    @pytest.mark.parametrize(
        ("select", "exclude", "wanted"),
        [
            ((), (), ["conv/w", "conv/b", "fc/w"]),
            (("conv/.*",), (), ["conv/w", "conv/b"]),
            (("conv/.*", "fc/w"), (".*/b",), ["conv/w", "fc/w"]),
            ((), ("fc/w",), ["conv/w", "conv/b"]),
        ],
    )
    def test_patterns_match_whole_names(self, select, exclude, wanted):
        assert selected(self.NAMES, select, exclude) == wanted

    def test_a_pattern_that_matches_nothing_is_an_error_with_near_names(self):
        with pytest.raises(NotFoundError, match="conv/x") as caught:
            selected(self.NAMES, ["conv/x"])
        assert "conv/w" in caught.value.near


def test_several_in_one_text():
    assert selected(["a", "b", "c", "d,e"], ("a,b", "d,e"), ("b",)) == ["a", "d,e"]
    with pytest.raises(NotFoundError, match="'x'"):
        selected(["a", "b"], ("a",), ("b,x",))
