"""Files and functions stay readable, and everything public is documented."""

from __future__ import annotations

import ast
import builtins
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator

from tests.architecture.source import Module, is_module, modules

MAX_FILE = 400
MAX_BODY = 50
NAME = re.compile(r"(?<!`)`((?:graphsurgeon|proto_utils)(?:\.\w+)+)`(?!`)")
Definition = ast.FunctionDef | ast.AsyncFunctionDef


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


def test_file_is_one_idea():
    lines = {module.relative: len(module.text.splitlines()) for module in modules()}
    assert {path: count for path, count in lines.items() if count > MAX_FILE} == {}


def test_functions_fit_on_a_screen():
    lines = {
        (module.relative, node.name, node.lineno): body_lines(node)
        for module in modules()
        for node in module.nodes
        if isinstance(node, Definition)
    }
    assert {place: count for place, count in lines.items() if count > MAX_BODY} == {}


def test_module_is_documented():
    assert [module.relative for module in modules() if not ast.get_docstring(module.tree)] == []


def test_public_names_are_documented():
    found = [
        (module.relative, name)
        for module in modules()
        for name, node in public(module.tree)
        if not ast.get_docstring(node)
    ]
    assert found == []


def test_all_is_true():
    """`__all__` names what exists, once; in a module that has one, nothing else public is defined there."""
    found = [module for module in modules() if not module.name.endswith("__main__") and "__all__" in module.text]
    assert len(found) > 20
    for module in found:
        loaded = importlib.import_module(module.name)
        names = list(loaded.__all__)
        assert sorted(names) == sorted(set(names)), module.relative
        assert [name for name in names if not hasattr(loaded, name)] == [], module.relative
        assert {name for name, _ in public(module.tree) if "." not in name} <= set(names), module.relative


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


def test_what_docstrings_name_is_there():
    """A dotted name of ours in backquotes is a module, or something in one."""
    named = {
        (module.relative, name) for module in modules() for text in docstrings(module) for name in NAME.findall(text)
    }
    assert len(named) > 20
    for path, name in sorted(named):
        home = name if is_module(name) else name.rpartition(".")[0]
        assert home == name or hasattr(importlib.import_module(home), name.rpartition(".")[2]), (path, name)


def docstrings(module: Module) -> Iterator[str]:
    """Yield the docstrings of a module and of all that is defined in it."""
    for node in module.nodes:
        if isinstance(node, ast.Module | ast.ClassDef | Definition):
            yield ast.get_docstring(node) or ""
