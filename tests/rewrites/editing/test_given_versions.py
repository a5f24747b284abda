"""Versions as people give them."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.editing.given_versions import given_version


def test_versions():
    assert given_version("2.10", "test", "to") == (2, 10)
    assert given_version("1.15.5", "test", "to")[:2] == (1, 15)


@pytest.mark.parametrize(("text", "match"), [("2", "no version"), ("0.12", "is older"), ("two", "no version")])
def test_refusals(text, match):
    with pytest.raises(PassError, match=match):
        given_version(text, "test", "to")
