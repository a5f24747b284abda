"""The words of policies."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.tools.fit.policies import (
    Alteration,
    parse_casts,
    parse_mismatch,
    parse_missing,
    parse_steps,
    parse_transforms,
)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("reshape", [("reshape", "")]),
        ("slice+pad", [("slice", ""), ("pad", "")]),
        ("pad:zeros", [("pad", "")]),
        ("reshape:-1,10+slice:last", [("reshape", "-1,10"), ("slice", "last")]),
        ("pad:-1.5e3", [("pad", "-1.5e3")]),
        ("pad:init+cast:saturate", [("pad", "init"), ("cast", "saturate")]),
        ("transpose+reverse:-1,0", [("transpose", ""), ("reverse", "-1,0")]),
    ],
)
def test_steps(text, steps):
    assert parse_steps(text) == tuple(Alteration(*each) for each in steps)
    assert Alteration("reverse", "-1,0").numbers == [-1, 0]
    assert str(Alteration("reverse", "2")) == "reverse:2"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "flip",
        "reshape:a",
        "slice:first",
        "reverse",
        "reverse:",
        "reverse:x",
        "reverse:" + "1" * 5000,
        "transpose:1;0",
        "pad:many",
        "cast:half",
        "pad+",
        "error+pad",
    ],
)
def test_steps_that_are_not_understood(text):
    with pytest.raises(PassError, match="not understood") as caught:
        parse_steps(text)
    assert caught.value.hint


def test_the_first_pattern_that_matches_counts_and_the_rest_is_for_all_others():
    rules = parse_mismatch(["a/.*=reshape", "a/b=skip", "slice", "pad"])
    assert rules.of("a/b") == (Alteration("reshape"),)
    assert rules.of("c") == (Alteration("pad"),)
    assert parse_mismatch(["a=skip"]).of("b") is None


def test_patterns_may_hold_an_equals_sign():
    assert parse_missing(["a(?=b).*=zeros"]).of("ab") == "zeros"


def test_a_pattern_about_nothing_is_a_mistake():
    rules = parse_missing(["head/.*=zeros", "init"])
    rules.check(["head/w"])
    with pytest.raises(NotFoundError, match=r"'head/\.\*'"):
        rules.check(["tail/w"])


def test_other_options():
    assert parse_casts(["a/.*"]).of("a/b") == (Alteration("cast"),)
    with pytest.raises(PassError, match="needs a pattern"):
        parse_transforms(["reverse:2"])
    with pytest.raises(PassError, match="'ones' is not understood"):
        parse_missing(["ones"])
    with pytest.raises(PassError, match="'skip' is not understood"):
        parse_transforms(["a=skip"])
