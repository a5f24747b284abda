"""Regular expressions that may take for ever are told from those that do not."""

from __future__ import annotations

import contextlib
import re
import sys

import pytest

from proto_utils.backtracking import max_letters, num_repeats
from proto_utils.errors import UnsupportedError


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("conv1/weights", 0),
        (".*", 1),
        (".*conv.*/weights(_[0-9]+)?", 3),
        ("(layer_[0-9]+/)+kernel", 1),
        (r"(\w+/)*\w+", 2),
        ("(ab|cd)*", 1),
        ("(a|b|[0-9])+", 1),
        ("(?:[^/]*/)*bias", 1),
        ("(a{2}b)*", 1),
        ("(a?b)*", 1),
        ("(?i)(a+B)*", 1),
        ("(x|y+)?z", 1),
        ("(?!.*Adam).*", 2),
        ("(a.*){3}", 3),
        (r"(a)\1", 1),
        ("(^a)*", 1),
        ("(é+/)*", 1),
        ("a?a?a?aaa", 3),
        ("((a?){3}){5}a", 15),
        ("(ab|a.)(ab|a.)c", 2),
        ("(a|b)?(/[0-9]+)?:0", 1),
        ("(conv_)?1", 0),
        (".*/(block1_conv|block10_conv|block2_conv|fc)(/weights)?", 1),
    ],
)
def test_repeats_are_counted(pattern: str, count: int):
    assert num_repeats(pattern) == count


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b", "(a*)*", "(a|a)*b", "(a|ab|b)*c", "(.*a)*b", "((a+b?)+)x", r"(\w+\s?)*!", "(a?)*b",
        "(x+x+)+y", "(?:ab|[a-z]c)+0", "(?i)(ab|Ac)*b", "(a+?)+b", "(a{1,30}){1,30}b", "(à1|é1)*x",
    ],
)  # fmt: skip
def test_what_may_take_for_ever_is_refused(pattern: str):
    with pytest.raises(UnsupportedError, match="may take for ever"):
        num_repeats(pattern)


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "*", "(" * 5000])
def test_what_is_no_expression(pattern: str):
    with pytest.raises((re.error, RecursionError)):
        num_repeats(pattern)


def test_the_length_of_the_text_counts():
    assert max_letters("conv1") == max_letters("(ab){9}") == 1 << 30
    assert max_letters(".*") > 1 << 29
    assert max_letters("a?" * 40 + "a" * 40) < 20
    assert max_letters("((((((((a.*){9}){9}){9}){9}){9}){9}){9}){9}") == 0


@pytest.mark.parametrize("form", ["({})*b", "{}", "(?:{})?b"])
@pytest.mark.parametrize("item", ["a", "a?", "(?:a|b)", "[ab]"])
def test_a_long_pattern_takes_work_in_proportion(form: str, item: str):
    def calls(number: int) -> int:
        count = 0

        def counted(frame, event, argument):
            nonlocal count
            count += 1

        pattern = form.format(item * number)
        sys.setprofile(counted)
        try:
            with contextlib.suppress(UnsupportedError):
                max_letters(pattern)
        finally:
            sys.setprofile(None)
        return count

    assert calls(2000) < 5 * calls(500) + 1000
    assert 1000 < max_letters(".*a.*b.*") < 10_000
    assert 30 < max_letters(".*" * 8) < 100


@pytest.mark.parametrize("pattern", [r"(\w+/)*\w+", "(layer_[0-9]+/)+kernel", "(?:[^/]*/)*bias", "(a?b)*", "(ab|cd)*"])
@pytest.mark.parametrize("part", ["a/", "layer_1/", "b", "abcd"])
def test_what_is_let_through_ends(pattern: str, part: str):
    """On texts that nearly match; were one of these refused ones, this would not."""
    text = part * 200 + "!"
    assert len(text) < max_letters(pattern)
    assert re.fullmatch(pattern, text) is None
