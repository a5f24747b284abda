"""The hooks of mkdocs: pages that are made of the code or of files at the root, and folders in the navigation."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # mkdocs loads this file by its path

from mkdocs.structure.files import File, Files

from docs.make import api, cli, drawings, how_to, json_reference, root_pages

#: The pages that are in no file of `docs`, and what makes each.
MADE: dict[str, Callable[[], str]] = {
    "design/bytes.md": drawings.page,
    "reference/api.md": api.page,
    "reference/cli.md": cli.page,
    "reference/json.md": json_reference.page,
    **root_pages.PAGES,
}


def on_config(config: Any) -> Any:
    """Put the pages of a folder where the navigation has ``folder/*``."""
    config.nav = [_unfolded(entry, Path(config.docs_dir)) for entry in config.nav]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    for name, make in MADE.items():
        files.append(File.generated(config, name, content=make()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Add to the pages of verbs what help has of them."""
    folder, _, name = str(page.file.src_uri).rpartition("/")
    return how_to.page(name, markdown) if folder == "how-to" else markdown


def _unfolded(entry: Any, docs: Path) -> Any:
    ((title, target),) = entry.items()
    if not isinstance(target, str) or not target.endswith("/*"):
        return entry
    folder = target.removesuffix("/*")
    names = sorted((path.name for path in (docs / folder).glob("*.md")), key=lambda name: (name != "index.md", name))
    return {title: [f"{folder}/{name}" for name in names]}
