"""One HTML file with everything in it: style, scripts, the layout library, and the data as JSON.

The browser loads nothing from anywhere: a content security policy allows the style and the script of the file, by their
hashes, and no connection. The data are text in a block that is not executed, with every ``<`` escaped; names go from
there into the page as text.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
import os
from typing import Any

from graphsurgeon.display import escaped

_FOLDER = os.path.join(os.path.dirname(__file__), "page")
_LAYOUT = "elk-worker.min.js"
#: Data of more bytes are compressed.
MAX_PLAIN = 1 << 18
_SEPARATORS = (",", ":")


def html_page(data: dict[str, Any]) -> str:
    """Return the page that shows these data."""
    style, script = _asset("page.css"), _script()
    parts = {
        "TITLE": escaped(data["title"]),
        "CSP": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; worker-src blob:; "
        "img-src data: blob:",
        "STYLE": style,
        "SCRIPT": script,
        "DATA": data_text(data),
        "ELK": _layout_program() if data["graphs"] else "",
    }
    # Cut at the marks first: nothing that is put in is looked at again.
    head, *pieces = _asset("page.html").split("@@")
    return head + "".join([parts[piece] if at % 2 == 0 else piece for at, piece in enumerate(pieces)])


def data_text(data: dict[str, Any]) -> str:
    """Return data as JSON that may stand in HTML; compressed when they are large."""
    text = _json(data)
    if len(text) <= MAX_PLAIN:
        return text
    return _json({"encoding": "gzip+base64", "text": _packed(text.encode("ascii"))})


def _json(data: dict[str, Any]) -> str:
    text = json.dumps(data, separators=_SEPARATORS, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _packed(content: bytes) -> str:
    # No time in it: the same model makes the same page.
    return base64.b64encode(gzip.compress(content, mtime=0)).decode("ascii")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


@functools.cache
def _asset(name: str) -> str:
    with open(os.path.join(_FOLDER, name), encoding="utf-8", newline="") as file:
        return file.read().replace("\r\n", "\n")


@functools.cache
def _script() -> str:
    return "\n".join(map(_asset, _asset("scripts.txt").split()))


@functools.cache
def _layout_program() -> str:
    return _packed(_asset(_LAYOUT).encode())
