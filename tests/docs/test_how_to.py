"""Pages of verbs: the site adds the examples of help, and lists the verbs as help groups them."""

from __future__ import annotations

from pathlib import Path

from docs.make import how_to
from graphsurgeon.cli import catalog


def test_examples_of_help_stand_before_what_else_to_see():
    page = how_to.page("latest.md", "# latest\n\n## See also\n\n[ls](ls.md).\n")
    assert "\n```console\n$ graphsurgeon latest " in page
    assert page.endswith("```\n\n## See also\n\n[ls](ls.md).\n")


def test_what_has_no_examples_stays():
    assert how_to.with_examples("xyzzy", "# xyzzy\n\n## See also\n") == "# xyzzy\n\n## See also\n"


def test_the_index_lists_all_verbs(root: Path):
    page = how_to.page("index.md", "# How to\n")
    pages = {path.stem for path in (root / "docs" / "how-to").glob("*.md")} - {"index"}
    assert {verb for verb in pages if f"[{verb}]({verb}.md)" in page} == pages
    assert all(f"- **{group}**: [" in page for group in catalog.groups())
