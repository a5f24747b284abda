"""Rules that rename: which names they are about, and what they refuse."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.fitting.name_map import Mapped, Rule, mapped_names, parse_rule_file, parse_rules


def renamed(*texts: str, names: tuple[str, ...] = ("a/w", "a/b", "c")) -> dict[str, str]:
    found = mapped_names(parse_rules(texts), {name: name for name in names})
    return {new: mapped.key for new, mapped in found.items()}


@pytest.mark.parametrize(
    ("texts", "result"),
    [
        (("a/(.*)=my/\\1",), {"my/w": "a/w", "my/b": "a/b"}),
        (("c=d",), {"d": "c"}),
        (("a/(.*)=x/\\1", "a/(.*)=y/\\1"), {"x/w": "a/w", "x/b": "a/b", "y/w": "a/w", "y/b": "a/b"}),
        (("c=w", "a/(.*)=\\1"), {"w": "c", "b": "a/b"}),
        (("a/(?=w).*=d",), {"d": "a/w"}),
        (("a/(?P<leaf>.)=\\g<leaf>",), {"w": "a/w", "b": "a/b"}),
    ],
)
def test_rules(texts, result):
    assert renamed(*texts) == result


def test_a_name_that_is_there_means_itself_alone():
    assert renamed("a.b=d", names=("a.b", "a/b")) == {"d": "a.b"}
    assert renamed("a(=d", names=("a(", "b")) == {"d": "a("}


def test_names_stand_for_keys():
    (rule,) = parse_rules(["full=new"])
    assert mapped_names([rule], {"key": "key", "full": "key"}) == {"new": Mapped("key", rule)}
    assert mapped_names(parse_rules([".*=new"]), {"key": "key", "full": "key"})["new"].key == "key"


def test_a_mapping_is_taken_too():
    assert parse_rules({"a=b": "c"}) == [Rule("a=b", "c")]


@pytest.mark.parametrize("text", ["", "a", "=b", "a="])
def test_what_is_no_rule(text):
    with pytest.raises(PassError, match="is no rule"):
        parse_rules([text])


def test_two_tensors_of_one_name():
    with pytest.raises(PassError, match="'a/w' and 'a/b' the same name, 'd'"):
        renamed("a/.*=d")


def test_groups_that_are_not_there():
    with pytest.raises(PassError, match="not understood"):
        renamed("a/.*=\\1")


def test_a_rule_about_nothing():
    with pytest.raises(NotFoundError, match="a/v=x") as caught:
        renamed("a/v=x")
    assert "a/w" in caught.value.near


def test_files_of_rules():
    assert parse_rule_file("# names\na/(.*)\tb/\\1\n\nc\td\n") == ["a/(.*)=b/\\1", "c=d"]
    with pytest.raises(PassError, match=r"line 2 .* 3 columns"):
        parse_rule_file("a\tb\na\tb\tc")
    with pytest.raises(PassError, match="line 1 "):
        parse_rule_file("a b")
