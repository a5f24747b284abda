r"""Tensor names as file formats can hold them, and back.

A character that a format cannot keep becomes the bytes of its UTF-8 as ``%XX``, and so does ``%`` itself, so names
come back whole. A name that is no UTF-8 goes byte by byte. What nobody wrote by these rules is left as it is: in a
file by somebody else ``50%`` and ``a%20b`` mean just that.

::

    a/b      a/b            the slash makes groups or directories, where the format has them
    a//b     a%2F%2Fb       ... but none without a name
    ../w     %2E%2E/w       nor one that leads out again
    \xff     %FF
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from graphsurgeon.names import bytes_of, text_of
from proto_utils.errors import UnsupportedError

_ESCAPED = re.compile(r"(?:%[0-9A-F]{2})+")

Quote = Callable[[str], str]


def quote(text: str, keeps: Callable[[str], bool]) -> str:
    """Replace the characters that are not kept; ``%`` never is.

    Raises
    ------
    UnsupportedError
        It is no Unicode, nor bytes that were read with surrogate escapes.
    """
    return "".join([c if c != "%" and keeps(c) else escape(c) for c in text])


def escape(text: str) -> str:
    """Return the bytes of a text, each as ``%XX``. Errors as `quote`."""
    try:
        return "".join([f"%{byte:02X}" for byte in bytes_of(text)])
    except UnicodeEncodeError as error:
        raise UnsupportedError(f"the name {text!r} is no Unicode") from error


def unquote(text: str) -> str:
    """Replace every ``%XX`` by what it stands for."""
    return _ESCAPED.sub(lambda run: text_of(bytes.fromhex(run[0].replace("%", ""))), text)


def is_encodable(character: str) -> bool:
    """Return whether it is Unicode rather than a byte that is not."""
    return not "\ud800" <= character <= "\udfff"


def is_printable_ascii(character: str) -> bool:
    """Return whether it is one of the 95 that every file system and every font has."""
    return " " <= character <= "~"


class Escaping:
    """How one format writes names.

    Parameters
    ----------
    quote_component : callable
        What becomes of the text between two slashes.
    others : callable
        Further ways of writing it that are understood too.
    """

    def __init__(self, quote_component: Quote, *others: Quote) -> None:
        self._quotes = (quote_component, *others)

    def encode(self, name: str) -> str:
        """Return the path for a name. Slashes stay, but for those beside an empty component."""
        components = name.split("/")
        parts = [self._quotes[0](components[0])]
        for before, component in pairwise(components):
            parts += ["/" if before and component else "%2F", self._quotes[0](component)]
        return "".join(parts)

    def decode(self, path: str) -> str:
        """Return the name that `encode` made the path for; of a path it never makes, the path."""
        return "/".join(map(self._decode_component, path.split("/")))

    def _decode_component(self, component: str) -> str:
        if "%" not in component:
            return component
        plain = unquote(component)
        is_ours = any(component == "%2F".join(map(way, plain.split("/"))) for way in self._quotes)
        return plain if is_ours else component
