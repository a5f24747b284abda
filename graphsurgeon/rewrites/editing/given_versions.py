"""Versions of TensorFlow as people give them."""

from __future__ import annotations

import re

from graphsurgeon.errors import PassError
from graphsurgeon.ir.versions import FIRST, Version, version_of

_VERSION = re.compile(r"\d+\.\d+(\.\d+)?", re.ASCII)


def given_version(text: str, operation: str, option: str) -> Version:
    """Return the version that a text means; one that cannot be read, or is older than what is known, is a PassError."""
    if _VERSION.fullmatch(text) is None:
        raise PassError(operation, f"{text!r} is no version of TensorFlow", hint=f'such as `{option}="1.15"`')
    version = version_of(text)
    if version < version_of(FIRST):
        raise PassError(operation, f"what TensorFlow before {FIRST} knows is not known here, and {text} is older")
    return version
