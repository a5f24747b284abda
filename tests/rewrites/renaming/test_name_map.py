"""Entries of a map: which names they take, what they make of them, and what is no entry."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_lines, parse_texts


def found(name: str, *texts: str) -> str | None:
    return NameMap(parse_texts(texts)).find(name)


def test_a_name_is_taken_whole():
    assert found("conv1", "conv1=stem") == "stem"
    assert found("conv1/w", "conv1=stem") is None
    assert found("my/conv1", "conv1=stem") is None


def test_an_expression_takes_whole_names_and_passes_groups_on():
    assert found("conv1/w", r"conv(\d)/(?P<rest>.*)=c\1/\g<rest>") == "c1/w"
    assert found("conv1/w", r"conv(\d)=c\1") is None
    assert found("w", r"(a/)?w=\1v") == "v"
    assert found("w", r"w=\g<0>_old") == "w_old"
    assert found("ab", r"(.)(.)=\2\\\g<1>") == "b\\a"


def test_the_first_entry_that_takes_a_name_counts():
    assert found("a/w", "a/w=first", "a/(.*)=second") == "first"
    assert found("a/w", "a/(.*)=first", "a/w=second") == "first"
    assert found("a/b", "a/w=first", "a/(.*)=second") == "second"


def test_a_text_that_is_a_name_and_an_expression_takes_both():
    assert found("a.b", "a.b=x") == "x"
    assert found("a/b", "a.b=x") == "x"
    assert found("a+b(1", "a+b(1=x") == "x"


def test_the_last_equals_sign_separates():
    assert found("ab", "a(?=b)b=x") == "x"
    assert found("a=b", "a=b=x") == "x"
    assert found("a", r"a=x\=y") == "x=y"
    assert found("a=b", r"a\=b=x") == "x"


def test_a_mapping_holds_exact_names():
    names = NameMap(parse_texts({"a.b": r"c\1"}))
    assert names.find("a.b") == r"c\1"
    assert names.find("a/b") is None


def test_lines_hold_exact_names_and_marked_expressions():
    lines = ["# names\n", "\n", "a.b\tc\r\n", "re:d(.)\te\\1\n", "x\ty"]
    names = NameMap(parse_lines(lines))
    assert [names.find(name) for name in ("a.b", "a/b", "d1", "re:d1", "x")] == ["c", None, "e1", None, "y"]
    assert len(names) == 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a b", "line 2: no tab in 'a b'"),
        ("a\tb\tc", "line 2: 2 tabs"),
        ("\tb", "line 2: the old name is empty"),
        ("a\t", "line 2: the new name is empty"),
        ("re:(\tb", r"line 2: '\(' is no regular expression"),
        ("re:a\t\\1", "line 2: .*the expression has 0 groups"),
    ],
)
def test_a_bad_line_is_named_by_its_number(line: str, reason: str):
    with pytest.raises(PassError, match=reason):
        list(parse_lines(["ok\tfine", line]))


@pytest.mark.parametrize("text", ["a", "=b", "a=", r"a=\1", r"(?P<x>.)=\g<y>", r"a=b\n"])
def test_bad_texts_are_refused(text: str):
    with pytest.raises(PassError):
        list(parse_texts([text]))


def test_every_entry_must_take_a_name():
    names = NameMap(parse_texts(["conv1=a", "kernel/w=b", "other=c"]))
    names.find("conv1")
    with pytest.raises(NotFoundError) as caught:
        names.require_all_used(["conv1", "kernel/weights"])
    assert caught.value.name == "kernel/w"
    assert caught.value.near == ("kernel/weights",)
    assert "2 entries take nothing: kernel/w, other" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("(=x", "'(' is no regular expression: missing ), unterminated subpattern at position 0"),
        ("a/=x", "whole names are matched; it is a part of 2, such as 'a/v', which '(.*)a/(.*)' takes"),
        ("b/w=x", "did you mean 'b/v'?"),
        ("zzz=x", None),
    ],
)
def test_what_may_be_the_matter(text: str, hint: str | None):
    with pytest.raises(NotFoundError) as caught:
        NameMap(parse_texts([text])).require_all_used(iter(["a/v", "c/a/v", "b/v"]))
    assert caught.value.hint == hint


def test_an_entry_behind_others_that_take_everything_is_told_of():
    names = NameMap(parse_lines(["re:.*\tx", "a\tb"]))
    names.find("a")
    with pytest.raises(NotFoundError, match=r"'a' in map file, line 2") as caught:
        names.require_all_used([])
    assert caught.value.hint == "earlier entries may take all it matches"


def test_several_in_one_text():
    assert [found(name, r"a=b,c(\d{1,2})=d\1") for name in ("a", "c12")] == ["b", "d12"]
    # Where a part is no entry, the comma is a character.
    assert found("a", "a=b,c") == "b,c"
