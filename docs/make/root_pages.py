"""Pages of the site that are files at the root of the repository: the README is the first."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Page -> file.
FILES = {
    "index.md": "README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
}
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")
_PICTURE = re.compile(r'(src|srcset)="docs/')


def moved(text: str) -> str:
    """Return a text of the root as a page of `docs`: its relative links lead to pages.

    What is no page is named instead, for the site has no other files of the repository.
    """
    return _LINK.sub(_moved_link, _PICTURE.sub(r'\1="', text))


def _moved_link(hit: re.Match[str]) -> str:
    words, target, anchor = hit.groups()
    pages = {file: page for page, file in FILES.items()}
    if target not in pages and not target.startswith("docs/"):
        return f"{words} (`{target}`)"
    return f"[{words}]({pages.get(target, target.removeprefix('docs/'))}{anchor or ''})"


def page(file: str) -> str:
    """Return the page of a file at the root."""
    return moved((ROOT / file).read_text(encoding="utf-8"))


PAGES: dict[str, Callable[[], str]] = {name: functools.partial(page, file) for name, file in FILES.items()}
