"""What a package index shows: the README without what leads to files that are not there.

An index shows the README alone. A relative link or picture would lead nowhere, and there is no address of the
repository to make it absolute with; so pictures are left out, and a link becomes the path of its file, which is in the
source distribution. The build loads this file by its path (``tool.hatch.metadata.hooks.custom``).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"<picture>.*?</picture>\n\n", re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)]+)\)")
_END = "\nPages in `docs/` are in the source distribution, and `make docs` builds them there.\n"


class LongDescription(MetadataHookInterface):
    """Sets the readme of the distribution."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Put the text into the metadata."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": without_relative(text)}


def without_relative(text: str) -> str:
    """Return the text of a README without pictures and with paths in the place of relative links."""
    return _LINK.sub(_named, _PICTURE.sub("", text)) + _END


def _named(hit: re.Match[str]) -> str:
    words, path = hit.groups()
    return f"`{path}`" if words == path else f"{words} (`{path}`)"
