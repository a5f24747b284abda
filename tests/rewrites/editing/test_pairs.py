"""Pairs as texts and as mappings."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.editing.pairs import parse_pairs


def test_pairs():
    assert parse_pairs(("a=1,2", "b=c=d", "e="), "attr", "p") == {"a": "1,2", "b": "c=d", "e": ""}
    assert parse_pairs({"a": 1}, "attr", "p") == {"a": 1}


@pytest.mark.parametrize(
    ("texts", "reason"), [(("a",), "no NAME=VALUE"), (("=1",), "no NAME"), (("a=1", "a=2"), "twice")]
)
def test_refusals(texts, reason):
    with pytest.raises(PassError, match=reason):
        parse_pairs(texts, "attr", "p")
