"""The source tree as the architecture tests see it: modules, their syntax trees and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("graphsurgeon", "proto_utils")


@dataclass(frozen=True)
class Module:
    """One source file.

    Parameters
    ----------
    path : Path
        Absolute.
    """

    path: Path

    @cached_property
    def relative(self) -> str:
        """The path below the project's directory, with slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        """The dotted name; that of the package for an `__init__.py`."""
        return self.relative.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def text(self) -> str:
        """The source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed source."""
        return ast.parse(self.text, self.relative)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree, the module itself first."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import of the file: those inside functions, under `TYPE_CHECKING` and by name too."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[Import]:
        typing_only = self._nodes_under_type_checking()
        for node in self.nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from (Import(target, node.lineno, node in typing_only) for target in self._targets(node))
            elif isinstance(node, ast.Call) and name_of(node.func).endswith(("import_module", "__import__")):
                yield from self._by_name(node)

    def _nodes_under_type_checking(self) -> set[ast.AST]:
        if "TYPE_CHECKING" not in self.text:
            return set()
        return {
            inner
            for node in self.nodes
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for statement in node.body
            for inner in ast.walk(statement)
        }

    def _by_name(self, call: ast.Call) -> Iterator[Import]:
        """Yield what a call imports by name; of a name that is put together, what its beginning says."""
        (given,) = call.args[:1] or [ast.Constant("")]
        parts = given.values if isinstance(given, ast.JoinedStr) else [given]
        name = ""
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                name += part.value
            elif isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == "__name__":
                name += self.name
            else:
                yield Import(name.rpartition(".")[0], call.lineno, typing_only=False, is_whole=False)
                return
        yield Import(name, call.lineno, typing_only=False)

    def _targets(self, node: ast.Import | ast.ImportFrom) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        base = self._base(node)
        return [f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base for alias in node.names]

    def _base(self, node: ast.ImportFrom) -> str:
        """Return the absolute name of what `from ... import` names."""
        if not node.level:
            return node.module or ""
        is_package = self.path.name == "__init__.py"
        parts = self.name.split(".")
        parents = parts[: len(parts) - node.level + is_package]
        return ".".join(parents + ([node.module] if node.module else []))


@dataclass(frozen=True)
class Import:
    """One imported module, by absolute dotted name; not `is_whole` when it is some module of the package `target`."""

    target: str
    line: int
    typing_only: bool
    is_whole: bool = True


def modules(*folders: str) -> list[Module]:
    """Return the modules below these folders of the project, both packages by default; each is parsed once."""
    return [
        _module(path)
        for folder in folders or PACKAGES
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    ]


@cache
def _module(path: Path) -> Module:
    return Module(path)


def name_of(function: ast.expr) -> str:
    """Return the last part of the name by which something is called; nothing when that is no name."""
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


@cache
def is_module(name: str) -> bool:
    """Return whether a dotted name is a module or package of ours."""
    path = ROOT / name.replace(".", "/")
    return name.startswith(PACKAGES) and (path.with_suffix(".py").is_file() or (path / "__init__.py").is_file())
