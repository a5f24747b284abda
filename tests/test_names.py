"""The grammar of names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.errors import UnsupportedError
from graphsurgeon.names import (
    TensorName,
    are_node_names,
    bytes_of,
    free_scope,
    is_control,
    matches,
    matches_any,
    new_node_name,
    node_of,
    node_of_input,
    parse_input,
    scope_of,
    some_of,
    spellings,
    split_names,
    split_patterns,
    text_of,
    unique_name,
    unmatched,
)


@pytest.mark.parametrize(
    ("text", "node", "output"),
    [("a", "a", 0), ("a:0", "a", 0), ("a:12", "a", 12), ("^a", "a", -1), ("a/b:1", "a/b", 1), ("a:007", "a", 7)],
)
def test_inputs(text: str, node: str, output: int):
    assert parse_input(text) == (node, output)
    assert parse_input(text).is_control == is_control(text) == (output == -1)
    assert node_of_input(text) == node


@pytest.mark.parametrize(
    ("text", "same"),
    [("a", ("a", "a:0")), ("a:0", ("a", "a:0")), ("a:1", ("a:1",)), ("n:out:0", ("n:out:0",)), ("^a", ("^a",))],
)
def test_spellings(text: str, same: tuple[str, ...]):
    assert spellings(text) == same


@pytest.mark.parametrize(
    ("texts", "names"),
    [(("a",), ["a"]), (("a, b:0", "c"), ["a", "b:0", "c"]), (("",), []), (("a,,b,",), ["a", "b"]), ((), [])],
)
def test_names_are_split(texts: tuple[str, ...], names: list[str]):
    assert split_names(texts) == names


@pytest.mark.parametrize("text", ["a:", "a:x", "a:-1", "a: 1", "a:\u0663", "a:²", "a:" + "9" * 5000, ""])
def test_what_is_no_output_number_is_part_of_the_name(text: str):
    assert parse_input(text) == (text, 0)


@given(st.binary())
def test_the_bytes_of_a_name_round_trip(name: bytes):
    assert bytes_of(text_of(name)) == name


@given(st.from_regex(r"[A-Za-z0-9.][A-Za-z0-9_./-]*", fullmatch=True), st.integers(-1, 10**6))
def test_printing_and_parsing(node: str, output: int):
    assert parse_input(str(TensorName(node, output))) == (node, output)


def test_texts_are_the_shortest():
    assert [str(TensorName("a", output)) for output in (-1, 0, 1)] == ["^a", "a", "a:1"]


def test_function_inputs_name_their_node():
    assert [node_of_input(text) for text in ("x", "n:out:0", "^n")] == ["x", "n", "n"]


def test_users_write_nodes_and_tensors():
    assert [node_of(text) for text in ("a", "a:0", "scope/a:2")] == ["a", "a", "scope/a"]


def test_many_names_of_nodes_are_looked_at_together():
    names = [f"tower_{i}/conv.1/w-{i}>a" for i in range(1000)]
    assert are_node_names(names)
    assert are_node_names([])
    for wrong in ("", "_a", "a b", "a\n", "\n", "a:0", "a>", "a>_b"):
        for place in (0, 500, 999):
            assert not are_node_names([*names[:place], wrong, *names[place + 1 :]])


def test_scopes():
    assert [scope_of(name) for name in ("a", "a/b", "a/b/c", "")] == ["", "a", "a/b", ""]


def test_unique_names():
    assert unique_name("a", []) == "a"
    assert unique_name("a", ["a", "a_1", "a_3"]) == "a_2"
    assert unique_name("a", {"a": 1}) == "a_1"


def test_patterns_match_whole_names_or_are_them():
    assert matches("conv.*", "conv1/w")
    assert not matches("conv", "conv1")
    assert matches("a+b", "a+b")
    assert matches("a+b", "aab")
    assert matches("a(", "a(")
    assert not matches("a(", "a")
    assert matches_any(["x", ".*w"], "conv/w")
    assert not matches_any([], "conv/w")


@pytest.mark.parametrize("pattern", ["(" * 5000, "(" * 5000 + ")" * 5000, "a{99999999999999}", "["])
def test_what_cannot_be_a_pattern_matches_itself_only(pattern: str):
    assert matches(pattern, pattern)
    assert not matches(pattern, "a")


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("Conv*", "Conv.*"),
        ("Conv", "Conv.*"),
        ("*weights", ".*weights"),
        ("*/w", ".*/w"),
        ("weights", ".*weights"),
        ("onv", ".*onv.*"),
        ("Conv?/weights", "Conv./weights"),
        ("fc/", "fc/.*"),
    ],
)
def test_a_pattern_that_matches_no_whole_name_is_answered_with_one_that_does(pattern, meant):
    known = ["Conv1/weights", "Conv1/biases", "MobileNet/Conv/weights", "fc/w"]
    error = unmatched("tensor", pattern, known, where="x")
    assert error.message == f"no tensor {pattern!r} in x"
    assert f"patterns are regular expressions: {meant!r}" in str(error)
    assert any(matches(meant, name) for name in known)


@pytest.mark.parametrize("pattern", ["", "nothing/like/it", "Conv1/wieghts"])
def test_a_pattern_of_which_no_part_matches(pattern):
    assert "regular" not in str(unmatched("tensor", pattern, ["Conv1/weights"]))


def test_patterns_that_may_take_for_ever_are_refused():
    with pytest.raises(UnsupportedError, match="may take for ever"):
        matches("(a+)+b", "a" * 40)
    with pytest.raises(UnsupportedError, match="too many repeats for a name of 100,000 letters"):
        matches(".*a.*b.*", "a" * 100_000)
    assert matches("(a+)+b", "(a+)+b")


def test_some_of():
    assert some_of(["a", "b"]) == "a, b"
    assert some_of("abcdefg") == "a, b, c, d, e and 2 more"
    assert some_of([str(number) for number in range(1235)], 1, "; ") == "0; and 1,234 more"


@pytest.mark.parametrize(
    ("names", "scope"),
    [((), "save"), (("saved", "x/save"), "save"), (("save",), "save_1"), (("save/a", "save_1/b", "save_3"), "save_2")],
)
def test_the_first_free_scope(names, scope):
    assert free_scope("save", names) == scope


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ("a",)),
        ("a, b/.*,", ("a", "b/.*")),
        (r"w{1,3},[a,b]+,(x|y,z)", ("w{1,3}", "[a,b]+", "(x|y,z)")),
        (r"a\,b,[]),],[^]\],]", (r"a\,b", "[]),]", r"[^]\],]")),
        ("a),b", ("a)", "b")),
        ("known,name", ("known,name",)),
    ],
)
def test_patterns_are_split_at_commas(text: str, parts: tuple[str, ...]):
    assert split_patterns((text,), {"known,name"}) == parts
    assert split_patterns(parts, {"known,name"}) == parts


def test_new_node_names_are_tensorflows():
    assert new_node_name("Add", set()) == "Add"
    assert new_node_name("Add", {"add"}) == "Add_1"
    assert new_node_name("add", {"add", "add_1", "add_3"}) == "add_2"


@pytest.mark.parametrize("pattern", ["(", "[a", "*a", "x(", "x{99999999999999999999}"])
def test_what_is_no_regular_expression_is_told_so(pattern):
    hint = str(unmatched("tensor", pattern, ["other"]).hint)
    assert "which this is not" in hint
    assert re.escape(pattern) in hint
