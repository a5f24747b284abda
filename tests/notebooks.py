"""Notebooks run, and show what comes out: the texts stored in a notebook are compared, or stored anew.

`check` runs this file with the Python that the notebook is to have, in a process of its own, for running one leaves
threads and sockets behind: `python notebooks.py NOTEBOOK` prints what the cells show, a list of texts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MISSING = "nbclient and ipykernel are not installed: pip install -e '.[test]'"


def check(path: Path, python: str, directory: Path, config: pytest.Config, environment: dict[str, str]) -> None:
    """Run a notebook in a directory; with `--write-snapshots`, store what its cells show where they showed other."""
    from tests.documents import refreshed

    if subprocess.run([python, "-c", "import nbclient, ipykernel"], capture_output=True, check=False).returncode:
        pytest.skip(MISSING)
    places = ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    variables = environment | {name: str(directory / name.lower()) for name in places}
    done = subprocess.run(
        [python, __file__, str(path)], cwd=directory, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    stored = [shown(cell["outputs"]) for cell in cells]
    fresh = [refreshed(old, new) for old, new in zip(stored, json.loads(done.stdout), strict=True)]
    if fresh != stored and config.getoption("--write-snapshots"):
        for cell, text in zip(cells, fresh, strict=True):
            lines = text.splitlines(keepends=True)
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        stored = fresh
    assert stored == fresh, f"{path.name} shows something else than comes out: make snapshots"


def run(path: Path) -> list[str]:
    """Run all cells of code, each within two minutes; return what each shows."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [shown(cell["outputs"]) for cell in notebook.cells if cell["cell_type"] == "code"]


def shown(outputs: list[dict[str, Any]]) -> str:
    """Return the text of a cell's outputs, without what went to the standard error."""
    streams = ["".join(each["text"]) for each in outputs if each.get("name") == "stdout"]
    values = ["".join(each["data"]["text/plain"]) + "\n" for each in outputs if "data" in each]
    return "".join(streams + values)


def laid_out(directory: Path, fixtures: Path) -> Path:
    """Make a directory like `examples/` of a clone, with `fixtures/` beside it."""
    (directory / "fixtures").symlink_to(fixtures)
    (directory / "examples").mkdir()
    return directory / "examples"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]))) + "\n")
