"""The page of bytes: how files are laid out, as the modules that read and write them draw it in their docstrings."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator

_HEAD = """# Bytes

How the files are laid out. Each part is the documentation of the module that reads and writes it, and names the source
that it follows. In drawings, `(3)` behind a field is its number in the protobuf message, `*` that it repeats.
"""
#: Title -> modules.
_PARTS = {
    "Graphs": ("graphsurgeon.ir.graph_def", "graphsurgeon.tensors.tensor_proto", "proto_utils.skeleton",
               "graphsurgeon.formats.message", "graphsurgeon.formats.events"),
    "SavedModels": ("graphsurgeon.formats.saved_model", "graphsurgeon.formats.chunked",
                    "graphsurgeon.formats.riegeli"),
    "Checkpoints": ("graphsurgeon.formats.bundle_writer", "graphsurgeon.formats.bundle_reader",
                    "graphsurgeon.formats.table", "graphsurgeon.formats.slices",
                    "graphsurgeon.formats.bundle_variants", "graphsurgeon.formats.linked_shards",
                    "graphsurgeon.formats.state_file", "graphsurgeon.formats.v1"),
    "Arrays": ("graphsurgeon.formats.npy", "graphsurgeon.formats.arrays.safetensors"),
    "Writing": ("proto_utils.output",),
}  # fmt: skip
_LITERAL = re.compile(r"(?<!`)``(?!`)")
_TABLE = re.compile(r"^(=+ +=[= ]*)$", re.MULTILINE)


def page() -> str:
    """Return the page."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for title, names in _PARTS.items():
        yield f"\n## {title}\n"
        for name in names:
            text = markdown(inspect.getdoc(importlib.import_module(name)) or "")
            yield f"\n### {name.rpartition('.')[2]}\n\n{text}\n"


def markdown(docstring: str) -> str:
    """Return a docstring in reStructuredText as Markdown: drawings and tables are fenced, names in backquotes."""
    out: list[str] = []
    lines = iter([*docstring.splitlines(), "end"])
    line = next(lines)
    while line != "end":
        if line.endswith("::"):
            out += [line[:-1]] if line != "::" else []
            drawing: list[str] = []
            line = next(lines)
            while not line or line.startswith(" "):
                drawing.append(line)
                line = next(lines)
            out += ["", *_fenced(inspect.cleandoc("\n" + "\n".join(drawing)).splitlines()), ""]
        elif _TABLE.match(line):
            table = [line]
            while (line := next(lines)).strip():
                table.append(line)
            out += _fenced(table)
        else:
            out.append(line)
            line = next(lines)
    return _LITERAL.sub("`", "\n".join(out))


def _fenced(lines: list[str]) -> list[str]:
    return ["```text", *lines, "```"]
