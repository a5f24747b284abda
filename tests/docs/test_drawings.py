"""Docstrings of formats become Markdown: drawings and tables are fenced."""

from __future__ import annotations

from docs.make.drawings import markdown, page


def test_a_drawing_is_fenced():
    text = "Words on ``x``, see\n`y`::\n\n    a  b\n      c\n\nMore."
    assert markdown(text) == "Words on `x`, see\n`y`:\n\n```text\na  b\n  c\n```\n\nMore."


def test_a_drawing_may_stand_alone():
    assert markdown("Words.\n\n::\n\n    a") == "Words.\n\n\n```text\na\n```\n"


def test_a_table_is_fenced():
    assert markdown("T\n\n=== ===\na   b\n=== ===\n1   2\n=== ===\n\nMore.") == (
        "T\n\n```text\n=== ===\na   b\n=== ===\n1   2\n=== ===\n```\n\nMore."
    )


def test_the_page_has_no_marks_of_the_other_language():
    lines = page().splitlines()
    assert [line for line in lines if line.endswith("::")] == []
    assert sum(line.startswith("```") for line in lines) % 2 == 0
