"""Files and functions stay readable, and everything public is documented."""

from __future__ import annotations

import ast
import builtins
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, is_module, modules

MAX_FILE = 400
MAX_BODY = 50
Definition = ast.FunctionDef | ast.AsyncFunctionDef

every_module = pytest.mark.parametrize("module", modules(), ids=lambda module: module.relative)


def body_lines(function: Definition) -> int:
    """The lines of a function below its docstring."""
    statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 0


def public(tree: ast.Module | ast.ClassDef, scope: str = "") -> Iterator[tuple[str, ast.ClassDef | Definition]]:
    """Public classes, functions and methods; setters and overloads share the docstring of their first definition."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | Definition) or node.name.startswith("_"):
            continue
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        if any(text.endswith((".setter", ".deleter", "overload")) for text in decorators):
            continue
        yield scope + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from public(node, f"{scope}{node.name}.")


@every_module
def test_file_is_one_idea(module: Module):
    assert len(module.text.splitlines()) <= MAX_FILE


@every_module
def test_functions_fit_on_a_screen(module: Module):
    functions = [node for node in ast.walk(module.tree) if isinstance(node, Definition)]
    assert {node.name: body_lines(node) for node in functions if body_lines(node) > MAX_BODY} == {}


@every_module
def test_module_is_documented(module: Module):
    assert ast.get_docstring(module.tree)


@every_module
def test_public_names_are_documented(module: Module):
    assert [name for name, node in public(module.tree) if not ast.get_docstring(node)] == []


@every_module
def test_all_is_true(module: Module):
    """`__all__` names what exists, once; in a module that has one, nothing else public is defined there."""
    if module.name.endswith("__main__") or "__all__" not in module.text:
        return
    loaded = importlib.import_module(module.name)
    names = list(loaded.__all__)
    assert sorted(names) == sorted(set(names))
    assert [name for name in names if not hasattr(loaded, name)] == []
    assert {name for name, _ in public(module.tree) if "." not in name} <= set(names)


def test_top_level_is_what_it_says():
    """`gs.<tab>` shows `__all__`, verbs with names of builtins, and our own modules; nothing that leaked."""
    package = importlib.import_module("graphsurgeon")
    visible = {name for name in dir(package) if not name.startswith("_")}
    ours = {module.name.split(".")[1] for module in modules("graphsurgeon") if "." in module.name}
    builtin = {name for name in visible if hasattr(builtins, name)}
    assert visible - ours - builtin == set(package.__all__) - ours - {"__version__"}
    assert set(package.__all__) <= set(dir(package))


def test_a_public_class_name_exists_once():
    """Not so in `compat`, whose classes have the names of TensorFlow's."""
    homes = defaultdict(list)
    for module in modules():
        if not module.name.startswith("graphsurgeon.compat"):
            for node in module.tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    homes[node.name].append(module.relative)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


@every_module
def test_what_docstrings_name_is_there(module: Module):
    """A dotted name of ours in backquotes is a module, or something in one."""
    for text in filter(None, map(ast.get_docstring, definitions(module.tree))):
        for name in re.findall(r"(?<!`)`((?:graphsurgeon|proto_utils)(?:\.\w+)+)`(?!`)", text):
            home = name if is_module(name) else name.rpartition(".")[0]
            assert home == name or hasattr(importlib.import_module(home), name.rpartition(".")[2]), name


def definitions(tree: ast.Module) -> Iterator[ast.Module | ast.ClassDef | Definition]:
    """Yield whatever can have a docstring."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | Definition))
