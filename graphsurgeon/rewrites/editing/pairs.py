"""Pairs that people give as texts ``NAME=VALUE`` or as a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphsurgeon.errors import PassError


def parse_pairs(given: Iterable[str] | Mapping[str, Any], option: str, operation: str) -> dict[str, Any]:
    """Return pairs by their first halves; a PassError when a text is not a pair, or two begin alike."""
    if isinstance(given, Mapping):
        return dict(given)
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            hint = f'such as `{option}="NAME=VALUE"`'
            raise PassError(operation, f"{text!r} is no NAME=VALUE", hint=hint, is_usage=True)
        if name in found:
            raise PassError(operation, f"{name!r} is given twice", is_usage=True)
        found[name] = value
    return found
