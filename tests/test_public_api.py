"""What `import graphsurgeon` offers, and at what price."""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

import graphsurgeon as gs
from graphsurgeon.cli.group import cli
from proto_utils import schema
from tests.models import floats, frozen


def fresh(root: Path, code: str) -> str:
    """Run code in a fresh interpreter and return what it printed."""
    return subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout


def test_few_names():
    verbs = {name.replace("-", "_").replace("import", "import_") for name in cli.list_commands(click.Context(cli))}
    # `show` is `report` in a notebook.
    verbs |= {"export_tensors", "import_tensors", "show"}
    assert len(set(gs.__all__) - verbs) <= 20
    assert {"load", "save", "load_checkpoint", "save_checkpoint", "verify", "unfreeze", "Model"} <= set(gs.__all__)


def test_dir_has_all(root):
    known = {*gs.__all__, "slice", "beam", "compat", "__all__", "__doc__", "__name__", "__version__"}
    assert known <= set(dir(gs))
    assert {name for name in dir(gs) if name[:1] != "_"} == {*gs.__all__, "slice", "beam", "compat"} - {"__version__"}
    assert all(hasattr(gs, name) for name in dir(gs))
    # Also before anything was asked for.
    assert set(fresh(root, "import graphsurgeon as gs\nprint(*dir(gs))").split()) >= known


@pytest.mark.parametrize("name", gs.__all__)
def test_every_name_is_there(name):
    assert getattr(gs, name) is not None
    assert not isinstance(getattr(gs, name), ModuleType)


def test_type_checkers_know_every_name(root):
    """Only they look at the imports in `__init__`, which must say what is found without them."""
    tree = ast.parse((root / "graphsurgeon" / "__init__.py").read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    for node in imports:
        for alias in node.names:
            # Only names that are imported "as" themselves are exported, says mypy.
            assert alias.asname == alias.name
            assert getattr(importlib.import_module(str(node.module)), alias.name) is getattr(gs, alias.name)
    assert names == {name for name in dir(gs) if not name.startswith("__")}


def test_star_imports_every_name(root):
    code = "from graphsurgeon import *\nprint(*sorted(name for name in dir() if name[0] != '_'))"
    assert fresh(root, code).split() == sorted({*gs.__all__} - {"__version__"})


def test_star_shadows_no_builtin(root):
    code = "import builtins\nfrom graphsurgeon import *\nprint([name for name in dir(builtins) if name in dir()])"
    assert {*ast.literal_eval(fresh(root, code))} <= {name for name in dir(builtins) if name.startswith("__")}
    assert not {*gs.__all__} & {*dir(builtins)} - {"__doc__", "__name__"}
    assert "slice" not in gs.__all__
    assert gs.slice.__module__ == "graphsurgeon.edits.slice"


def test_compat_is_there_as_an_attribute(root):
    code = """import sys
import graphsurgeon as gs
assert "graphsurgeon.compat" not in sys.modules
print(gs.compat.freeze_graph.freeze_graph.__name__, gs.compat.graph_editor.__name__)
print("graphsurgeon.compat.nvidia" in sys.modules, "nvidia" in dir(gs.compat))"""
    assert fresh(root, code).split() == ["freeze_graph", "graphsurgeon.compat.graph_editor", "False", "True"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gs.compat.nothing


def test_every_error_is_there():
    from graphsurgeon import errors

    tree = {name for name in errors.__all__ if name.endswith("Error")}
    assert {name for name in gs.__all__ if name.endswith("Error")} == tree
    assert all(issubclass(getattr(gs, name), gs.GraphSurgeonError) for name in tree)


def test_version_is_the_projects(root):
    declared = re.search(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared is not None
    assert gs.__version__ == declared[1]


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'nothing'") as caught:
        _ = gs.nothing
    # What Python suggests other names from, in tracebacks.
    assert (caught.value.name, caught.value.obj) == ("nothing", gs)


def test_no_module_has_the_name_of_a_public_function(root):
    """Importing a submodule binds it in its package, over a function of that name."""
    folder = root / "graphsurgeon"
    modules = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert modules & {name for name in gs.__all__ if not name.startswith("__")} == set()


def test_the_way_the_readme_goes(tmp_path):
    (tmp_path / "frozen.pb").write_bytes(frozen().SerializeToString())
    model = gs.load(tmp_path / "frozen.pb")
    report = gs.unfreeze(model)
    assert [row.name for row in report.variables] == ["w"]
    gs.save(model, tmp_path / "out" / "model.ckpt")
    assert gs.load_checkpoint(tmp_path / "out" / "model.ckpt")["w"].numpy().tolist() == [1, 2, 3]
    assert not [
        finding for finding in gs.verify(gs.load(tmp_path / "out" / "model.ckpt")) if finding.severity == "error"
    ]


def test_the_way_of_messages(tmp_path):
    graph_def = frozen()
    model = gs.Model.from_graph_def(graph_def)
    gs.unfreeze(model)
    meta = model.to_meta_graph_def(like=graph_def)
    assert graph_def == frozen()
    assert type(meta) is schema.MetaGraphDef
    gs.save_checkpoint(model.variables, tmp_path / "m")
    assert list(gs.load_checkpoint(tmp_path / "m")) == ["w"]


def test_checkpoint_of_tensors(tmp_path):
    gs.save_checkpoint({"w": floats(1, 2)}, tmp_path / "m")
    assert isinstance(gs.load_checkpoint(tmp_path / "m")["w"], gs.Tensor)
