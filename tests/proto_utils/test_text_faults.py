"""What is wrong with a text is said in our words, with its place."""

from __future__ import annotations

import pytest

from proto_utils import schema
from proto_utils.errors import CorruptionError

#: Words of protobuf's, and of Python's.
FOREIGN = ("Message type", "Enum type", "Expected", "Couldn't", "codec", "out of range: ", "tensorflow.", "identifier")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('node { nme: "x" }', "line 1, column 8: a NodeDef has no field 'nme', in 'node { nme: \"x\" }'"),
        ('node { name: "x" name: "y" }', "column 24: field 'name' stands twice"),
        ('node { attr { key: "T" value { type: DT_FLOATT } } }', "no DataType is called 'DT_FLOATT'"),
        ('node { }\nnode { attr { key: "T" value { type: 2147483648 } } }', "line 2, column 38: the number 2147483648"),
        ('node { name "x" }', "column 13: ':' is missing"),
        ("node { name: x }", "a text in quotes is wanted, and here is 'x'"),
        ('node { name: "x }', "lacks the quote at its end"),
        ("node: 3", "'{' is missing"),
        ("versions { producer: 1.5 }", "an integer is wanted, and here is '1.5'"),
        ("versions { producer: 99999999999 }", "the number 99999999999 is out of the range"),
        ('node { attr { key: "b" value { b: maybe } } }', "true or false is wanted"),
        ('node { attr { key: "b" value { f: ab } } }', "a number is wanted, and here is 'ab'"),
        ("}", "the name of a field is wanted, and here is '}'"),
        ('node { name: "\\xq" }', "a backslash that escapes nothing"),
        ('node { name: "\\377" }', "a text is not UTF-8"),
        (b'node {\n name: "\xff" }', "line 2, byte 9: the text is not UTF-8: b'\\xff'"),
        ("[type.googleapis.com/foo] { }", "names an extension"),
        ("\0", "the name of a field is wanted"),
    ],
)
def test_our_words(text, reason):
    with pytest.raises(CorruptionError) as caught:
        schema.parse_text(schema.GraphDef, text)
    assert reason in caught.value.reason
    assert not any(words in caught.value.reason for words in FOREIGN)


def test_names_that_are_nearly_right_are_offered():
    with pytest.raises(CorruptionError) as caught:
        schema.parse_text(schema.GraphDef, 'node { nme: "x" }')
    assert caught.value.hint == "did you mean 'name'?"


def test_of_a_long_line_the_place_is_quoted():
    with pytest.raises(CorruptionError) as caught:
        schema.parse_text(schema.GraphDef, f'node {{ name: "{"é" * 100_000}" nmae: 3 }}')
    assert caught.value.reason.endswith("éééééé\" nmae: 3 }'")
    assert len(caught.value.reason) < 200


@pytest.mark.parametrize("letter", ["9", "a", ":", " ", '"', "'", "{"])
def test_a_line_of_a_megabyte_is_looked_at_once(letter: str):
    """A second look from each of its letters would take hours."""
    with pytest.raises(CorruptionError) as caught:
        schema.parse_text(schema.CheckpointState, f"model_checkpoint_path {letter * (1 << 20)} 9:9 : x")
    assert len(caught.value.message) < 1000
