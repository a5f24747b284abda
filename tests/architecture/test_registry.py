"""One pass or edit, one file, one function, one verb, one test; and a test file per source file."""

from __future__ import annotations

import ast
import inspect
import keyword
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graphsurgeon import edits, passes
from graphsurgeon.cli.options import verb_name
from tests.architecture.source import Module, modules

#: What a registry's functions may be under, work on, and say of themselves.
KINDS = {
    "passes": (passes, ("model_pass",), "model", ("For:", "Prerequisites:", "Leaves behind:")),
    "edits": (edits, ("checkpoint_edit", "value_edit"), "tensors", ("For:", "Leaves behind:")),
}
FILES = [module for kind in KINDS for module in modules(f"graphsurgeon/{kind}") if module.path.stem[0] != "_"]
every_function = pytest.mark.parametrize("module", FILES, ids=lambda module: module.relative)


def kind_of(module: Module) -> str:
    return module.path.parent.name


@pytest.fixture(scope="module")
def verbs(root: Path) -> set[str]:
    """The verbs that `--help` lists."""
    listed = subprocess.run(
        [sys.executable, "-m", "graphsurgeon", "--help"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    return set(re.findall(r"^  ([a-z][a-z_-]+)(?:  |$)", listed, re.MULTILINE))


@pytest.mark.parametrize(("kind", "one"), [("passes", "unfreeze"), ("edits", "select")])
def test_files_are_the_registry(kind: str, one: str):
    registry = KINDS[kind][0]
    assert set(registry.names()) == {module.path.stem for module in FILES if kind_of(module) == kind} >= {one}


def test_no_two_have_one_name():
    assert not set(passes.names()) & set(edits.names())


@every_function
def test_one_public_function_under_the_decorator(module: Module):
    functions = [node for node in module.tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"]
    assert [node.name for node in functions] == [module.path.stem]
    decorators = [ast.unparse(decorator).partition("(")[0] for decorator in functions[0].decorator_list]
    assert decorators[-1] in KINDS[kind_of(module)][1]
    assert decorators[:-1] in ([], ["takes_tensors"], ["asks_for"])


@every_function
def test_options_are_typed_and_keyword_only(module: Module):
    registry, _, subject, _ = KINDS[kind_of(module)]
    first, *options = inspect.signature(registry.load(module.path.stem)).parameters.values()
    assert first.name == subject
    for option in options:
        assert option.kind is option.KEYWORD_ONLY or option.name == "others", option.name
        assert option.annotation is not option.empty, option.name


@every_function
def test_it_says_what_it_needs_and_leaves(module: Module):
    text = ast.get_docstring(module.tree) or ""
    for heading in KINDS[kind_of(module)][3]:
        assert heading in text


@every_function
def test_it_is_a_verb(module: Module, verbs: set[str]):
    assert verb_name(module.path.stem) in verbs


@every_function
def test_it_is_at_the_top_level(module: Module):
    import graphsurgeon

    assert getattr(graphsurgeon, module.path.stem) is KINDS[kind_of(module)][0].load(module.path.stem)


def test_every_source_file_has_a_test_file(root: Path):
    sources = [module for module in modules() if module.path.stem not in ("__init__", "__main__")]
    assert [module.relative for module in sources if not _test_of(module, root).is_file()] == []


def _test_of(module: Module, root: Path) -> Path:
    folder = module.path.parent.relative_to(root)
    mirrored = Path(*folder.parts[1:]) if folder.parts[0] == "graphsurgeon" else folder
    return root / "tests" / mirrored / f"test_{module.path.stem}.py"


@pytest.mark.parametrize("kind", KINDS)
def test_every_test_of_one_has_one(root: Path, kind: str):
    tested = {path.stem.removeprefix("test_") for path in (root / "tests" / kind).glob("test_[!_]*.py")}
    assert tested == set(KINDS[kind][0].names())


def test_every_file_can_be_imported_by_its_name():
    parts = {(module.relative, part) for module in modules() for part in module.name.split(".")}
    assert [each for each in parts if not each[1].isidentifier() or keyword.iskeyword(each[1])] == []
