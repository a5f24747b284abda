"""The reference of the library: the public names, grouped; mkdocstrings fills in signatures and docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import graphsurgeon as gs
from graphsurgeon import edits, passes

#: What stands first on the page, by what it is for.
_FIRST = {
    "Files": ("load", "save", "load_checkpoint", "save_checkpoint", "export_tensors", "import_tensors"),
    "Nouns": ("Model", "Graph", "Node", "Tensor"),
}
_HEAD = """# Library

The names that `import graphsurgeon as gs` gives. What of them is stable is in
[Contributing](../contributing.md#versions).
"""


def groups() -> dict[str, tuple[str, ...]]:
    """Return the public names, each once, by what they are for."""
    errors = tuple(name for name in gs.__all__ if name.endswith("Error"))
    found = {**_FIRST, "Passes: a model to a model": passes.names(), "Edits: tensors to tensors": edits.names()}
    known = {name for names in (*found.values(), errors) for name in names}
    others = (name for name in gs.__all__ if name not in known and not name.startswith("_"))
    return {**found, "Other verbs": tuple(sorted(others)), "Errors": errors}


def page() -> str:
    """Return the page, with a line for every name that mkdocstrings replaces by its documentation."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for title, names in groups().items():
        yield from _section(title, [getattr(gs, name) for name in names])
    yield from _section("gs.beam: by several workers", [getattr(gs.beam, name) for name in gs.beam.__all__])


def _section(title: str, things: Sequence[Callable[..., Any]]) -> Iterator[str]:
    yield f"\n## {title}\n"
    for each in things:
        found = inspect.unwrap(each)
        yield f"\n::: {found.__module__}.{found.__qualname__}\n    options: {{heading_level: 3}}\n"
