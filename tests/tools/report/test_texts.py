"""Texts of a page: each once, long ones cut with a mark, nothing that is no text."""

from __future__ import annotations

from graphsurgeon.tools.report.texts import MAX_TEXT, StringTable, named, shortened


def test_equal_texts_have_one_number():
    strings = StringTable()
    assert [strings["a"], strings["b"], strings["a"]] == [0, 1, 0]
    assert strings.texts == ["a", "b"]


def test_a_long_text_says_how_much_is_left_out():
    strings = StringTable()
    number = strings.cut("x" * (MAX_TEXT + 1234))
    assert strings.texts[number] == "x" * MAX_TEXT + "... (1,234 more characters)"
    assert strings.num_cut == 1


def test_a_text_of_the_greatest_length_is_whole():
    assert shortened("x" * MAX_TEXT) == "x" * MAX_TEXT


def test_what_is_not_to_be_printed_is_escaped():
    assert named("a\x1b[31m\u202e\udc80</b>") == r"a\x1b[31m\u202e\udc80</b>"
