"""Transform strings are parsed as TensorFlow parses them, and what it takes in silence is refused."""

from __future__ import annotations

import pytest

from graphsurgeon.compat.graph_transforms.grammar import parse_transforms
from graphsurgeon.errors import PassError


def parsed(*texts: str) -> list[tuple[str, dict[str, list[str]]]]:
    return [(call.name, dict(call.parameters)) for call in parse_transforms(texts)]


def test_names_and_parameters():
    text = 'strip_unused_nodes(type=float, shape="1,299,299,3") fold_constants'
    assert parsed(text) == [
        ("strip_unused_nodes", {"type": ["float"], "shape": ["1,299,299,3"]}),
        ("fold_constants", {}),
    ]


def test_several_texts_are_one_string():
    assert parsed("a(x=1)", "b") == parsed("a(x=1) b") == [("a", {"x": ["1"]}), ("b", {})]


def test_parameters_may_be_repeated():
    assert parsed("remove_nodes(op=Identity, op=CheckNumerics)") == [
        ("remove_nodes", {"op": ["Identity", "CheckNumerics"]})
    ]


@pytest.mark.parametrize(
    "text",
    ["a(x=1,y=2)b()", " a ( x = 1 , y = 2 ) b", 'a(x="1" y=2)\n\tb\n', "a(x=1,y=2,) \\\n b", "a(\nx=1,\ny=2)\nb"],
)
def test_blanks_and_lines(text: str):
    assert parsed(text) == [("a", {"x": ["1"], "y": ["2"]}), ("b", {})]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing(text: str):
    assert parsed(text) == []


@pytest.mark.parametrize("value", ["-1", "./dir/file.txt", "conv1/weights", '"/cpu:0"', '""', '"a (b), c=d"'])
def test_values(value: str):
    assert parsed(f"a(x={value})") == [("a", {"x": [value.strip('"')]})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # TensorFlow leaves that transform out without a word.
        ("remove_nodes(op=Identity", "the string ends where the name of a parameter, or ) is wanted, at 24"),
        ("a, b", "', b' stands where the name of a transform is wanted, at 1"),
        ("a(x=)", "')' stands where a value of 'x'"),
        ("a(x)", "')' stands where = behind 'x'"),
        ("a(x=Id:entity)", "':entity)' stands where the name of a parameter, or )"),
        ('a(x="open)', "stands where a value of 'x', in quotes"),
        ("a;", "';' stands where the name of a transform"),
        ("(x=1)", "'(x=1)' stands where the name of a transform"),
    ],
)
def test_what_is_no_transform_string(text: str, message: str):
    with pytest.raises(PassError) as error:
        parsed(text)
    assert message in error.value.message
    assert error.value.is_usage
