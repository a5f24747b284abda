"""How reports show themselves: short tables, whatever names are in them."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.display import MAX_ROWS, Displayed, escaped, html_table, text_lines, text_table

ROW: dict[str, Any] = {"name": "a", "node": "a", "shape": [2, None], "trainable": True, "why": ["x", "y"], "was": None}


class Shown(Displayed):
    def __init__(self, **facts: Any) -> None:
        self.facts = facts

    def to_json(self) -> dict[str, Any]:
        return self.facts


def test_facts_and_tables():
    report = Shown(rows=[ROW, {**ROW, "name": "bcd", "shape": None}], total=1234, kept=[], last=None, ok=True)
    assert str(report).splitlines() == [
        "rows: 2",
        "  name  node  shape   trainable  why",
        "  a     a     [2, ?]  yes        x; y",
        "  bcd   a             yes        x; y",
        "total: 1,234",
        "kept: none",
        "ok: yes",
    ]


def test_in_a_console_a_report_is_a_line():
    assert repr(Shown(rows=[ROW, ROW], total=1234, last=None, kept=[])) == "Shown(rows: 2, total: 1,234, kept: none)"
    model = gs.Model(gs.Graph([gs.Node.new(name, "NoOp") for name in ("b", "a")]))
    assert repr(gs.sort(model)).startswith("SortReport(")
    assert repr(gs.diff(model, model)) == "DiffReport(graph: 2 equal)"
    assert repr(gs.verify(model)) == "[]"


def test_long_ones_are_short():
    lines = str(Shown(rows=[{"n": n} for n in range(1000)], names=[*map(str, range(9))])).splitlines()
    assert len(lines) == MAX_ROWS + 4
    assert lines[-2:] == ["  ... 980 more", "names: 0, 1, 2, 3, 4, ... (9)"]
    (_, line) = text_table(["name", "why"], [["a/" * 99 + "last", "because " * 20]])
    assert len(line) == 2 + 60 + 2 + 80
    assert line.startswith("  .../a/")
    assert "/last  because " in line
    assert line.endswith(" becau...")


def test_a_report_in_a_report():
    assert [*text_lines({"graph": {"num_equal": 3, "added": ["a"]}})] == ["graph: num_equal: 3; added: a"]


def test_numbers_are_to_the_right():
    assert [*text_table(["n", "name"], [[5, "a"], [1000, "b"]])] == ["      n  name", "      5  a", "  1,000  b"]


EVIL = "<script>alert('x')</script>&\x1b[31m"


def test_names_are_no_markup_and_no_escape_sequences():
    report = Shown(**{EVIL: EVIL, "rows": [{"name": EVIL, EVIL: EVIL}], "names": [EVIL], "more": {EVIL: EVIL}})
    html = report._repr_html_()
    for mark in ("<script", "'", "\x1b"):
        assert mark not in html
    assert html.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;\\x1b[31m") == 8
    assert "\x1b" not in str(report)
    assert escaped(EVIL) in html_table(EVIL, [EVIL], [[EVIL]])


def test_html():
    assert html_table("t", ["a"], [[1]], 3) == (
        "<div><strong>t</strong><table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
        "<div>... 2 more</div></div>"
    )


def report_classes() -> list[tuple[str, str]]:
    """The classes of the library that tell what was done, as modules and names."""
    root = Path(__file__).resolve().parents[1]
    found = []
    for path in sorted((root / "graphsurgeon").rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text()).body:
            named = isinstance(node, ast.ClassDef) and node.name.endswith(("Report", "Diff", "Findings", "Inspection"))
            if isinstance(node, ast.ClassDef) and named and not any("Protocol" in ast.unparse(b) for b in node.bases):
                found.append((module, node.name))
    return found


@pytest.mark.parametrize(("module", "name"), report_classes())
def test_every_report_shows_itself(module: str, name: str):
    shown = getattr(importlib.import_module(module), name)
    assert issubclass(shown, Displayed)
    assert callable(shown.to_json)


def test_reports_of_verbs(fixtures: Path, tmp_path: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    report = gs.unfreeze(model)
    assert str(report).startswith("variables: 37\n  name ")
    assert "... 17 more" in str(report)
    assert max(map(len, str(report).splitlines())) < 240
    assert report._repr_html_().startswith("<div><strong>UnfreezeReport</strong>")
    assert str(gs.verify(model)) == "findings: none"
    edited = gs.scale(model.variables.copy(), select=(".*",), factor=2.0)
    assert str(edited).startswith("changes: 37")
    ran = gs.run(model, [{"prune": {"outputs": [model.graph.outputs[0].name]}}])
    assert str(ran).startswith("steps: 1\n")
    assert str(gs.recover(tmp_path)) == "restored: none\nremoved: none"


def test_findings_are_a_list(fixtures: Path):
    model = gs.Model(gs.Graph([gs.Node.new(EVIL, "Add", ["x"])]))
    found = gs.verify(model)
    assert isinstance(found, list)
    assert found[0].severity == "error"
    assert "<script" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
    assert "\x1b" not in str(found)


def test_whether_anything_differs_is_the_truth_of_a_diff():
    a, b = {EVIL: np.zeros(3), "same": np.ones(2)}, {EVIL: np.ones(3), "same": np.ones(2)}
    assert not gs.diff(a, a)
    assert gs.diff(a, b)
    assert gs.diff(a, b).tensors
    assert "no difference" in gs.diff(a, a)._repr_html_()
    html = gs.diff(a, b)._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "\x1b" not in html


def test_what_verbs_return_shows_itself(fixtures: Path, tmp_path: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    prefix = tmp_path / "mobile.ckpt"
    weights = gs.load_checkpoint(fixtures / "mobile_cnn.ckpt")
    found = {
        "save_checkpoint": gs.save_checkpoint(weights, prefix),
        "latest": gs.latest(tmp_path),
        "cat": gs.cat(prefix, "Logits/biases"),
        "inspect": gs.inspect(fixtures / "mobile_cnn.pb"),
        "inspect a model": gs.inspect(model),
        "ls": gs.ls(prefix),
        "summary": gs.summary(model),
        "export": gs.export(prefix, tmp_path / "w.npz"),
        "import_tensors": gs.import_tensors(tmp_path / "w.npz"),
        "report": gs.report(model, tmp_path / "x.html"),
        "tensorboard": gs.tensorboard(prefix, tmp_path / "log"),
        "load": model,
        "load_checkpoint": weights,
        "graph": model.graph,
        "node": model.graph["Predictions"],
        "output": model.graph["Predictions"].outputs[0],
        "function": gs.load(fixtures / "lstm_calls.pb").library.functions["rnn_while_cond_frozen_280"],
        "tensor": weights["Logits/biases"],
    }
    html = {name: each._repr_html_() for name, each in found.items()}
    assert all(text.startswith("<div>") and text.endswith("</div>") for text in html.values())
    assert "float32" in html["output"]
    assert "Logits/biases" in html["cat"]
    assert "rnn_while_loop_counter" in html["function"]
    assert "Graph: 2 nodes" in html["function"]
    assert str(prefix) in html["latest"]


def test_tensors_of_a_graph_are_no_markup():
    graph = gs.Graph([gs.Node.new(EVIL, "NoOp")])
    assert "<script" not in graph[EVIL]._repr_html_()
    reader = gs.Graph([gs.Node.new("x", "Neg", [EVIL])])
    assert "<script" not in reader["x"].input_tensors[0]._repr_html_()
