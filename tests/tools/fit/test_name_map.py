"""Rules that rename: which names they are about, and what they refuse."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.tools.fit.name_map import Mapped, mapped_names, parse_rules


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
    (rule,) = parse_rules({"a=b": "c"})
    assert (rule.old, rule.new) == ("a=b", "c")
    assert list(mapped_names([rule], {"a=b": "a=b", "b": "b"})) == ["c"]


@pytest.mark.parametrize("text", ["", "a", "=b", "a="])
def test_what_is_no_rule(text):
    with pytest.raises(PassError, match=r"^fit: map") as caught:
        parse_rules([text])
    assert caught.value.operation == "fit"


def test_two_tensors_of_one_name():
    with pytest.raises(PassError, match="'a/w' and 'a/b' the same name, 'd'"):
        renamed("a/.*=d")


def test_groups_that_are_not_there():
    with pytest.raises(PassError, match="0 groups"):
        renamed("a/.*=\\1")


def test_a_rule_about_nothing():
    with pytest.raises(NotFoundError, match="a/v=x") as caught:
        renamed("a/v=x")
    assert "a/w" in caught.value.near
    with pytest.raises(NotFoundError) as caught:
        renamed("a/=x/")
    assert "which '(.*)a/(.*)' takes" in str(caught.value.hint)


def test_files_of_rules():
    lines = ["# names\n", "re:a/(.*)\tb/\\1\n", "\n", "c\td\n"]
    rules = parse_rules([], lines)
    assert [str(rule) for rule in rules] == ["a/(.*)=b/\\1", "c=d"]
    assert set(mapped_names(rules, {name: name for name in ("a/w", "c", "e")})) == {"b/w", "d"}
    with pytest.raises(PassError, match="fit: map file, line 2: 2 tabs"):
        parse_rules([], ["a\tb", "a\tb\tc"])
