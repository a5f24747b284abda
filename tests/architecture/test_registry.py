"""One pass, one file, one function, one verb, one test; and a test file per source file."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graphsurgeon import passes
from tests.architecture.source import Module, modules

PASSES = [module for module in modules("graphsurgeon/passes") if module.path.stem != "__init__"]
every_pass = pytest.mark.parametrize("module", PASSES, ids=lambda module: module.path.stem)


@pytest.fixture(scope="module")
def verbs(root: Path) -> set[str]:
    """The verbs that `--help` lists."""
    listed = subprocess.run(
        [sys.executable, "-m", "graphsurgeon", "--help"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    return set(re.findall(r"^ +([a-z][a-z_]+)  ", listed, re.MULTILINE))


def test_there_are_passes():
    assert set(passes.names()) == {module.path.stem for module in PASSES} >= {"unfreeze"}


@every_pass
def test_pass_is_one_public_function_under_the_decorator(module: Module):
    functions = [node for node in module.tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"]
    assert [node.name for node in functions] == [module.path.stem]
    assert [ast.unparse(decorator).partition("(")[0] for decorator in functions[0].decorator_list] == ["model_pass"]


@every_pass
def test_options_are_typed_and_keyword_only(module: Module):
    model, *options = inspect.signature(passes.load(module.path.stem)).parameters.values()
    assert model.name == "model"
    for option in options:
        assert option.kind is option.KEYWORD_ONLY, option.name
        assert option.annotation is not option.empty, option.name


@every_pass
def test_pass_says_what_it_needs_and_leaves(module: Module):
    text = ast.get_docstring(module.tree) or ""
    for heading in ("For:", "Prerequisites:", "Leaves behind:"):
        assert heading in text


@every_pass
def test_pass_is_a_verb(module: Module, verbs: set[str]):
    assert module.path.stem in verbs


@every_pass
def test_pass_is_at_the_top_level(module: Module):
    import graphsurgeon

    assert getattr(graphsurgeon, module.path.stem) is passes.load(module.path.stem)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.relative)
def test_every_source_file_has_a_test_file(root: Path, module: Module):
    if module.path.stem in ("__init__", "__main__"):
        return
    folder = module.path.parent.relative_to(root)
    mirrored = Path(*folder.parts[1:]) if folder.parts[0] == "graphsurgeon" else folder
    assert (root / "tests" / mirrored / f"test_{module.path.stem}.py").is_file()


def test_every_pass_test_has_a_pass(root: Path):
    tested = {path.stem.removeprefix("test_") for path in (root / "tests" / "passes").glob("test_*.py")}
    assert tested == set(passes.names())
