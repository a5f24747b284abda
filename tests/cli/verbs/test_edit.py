"""Recipes from the command line."""

from __future__ import annotations

from graphsurgeon.formats.load import load_checkpoint


def test_a_recipe(verb, checkpoint, tmp_path):
    (tmp_path / "r.yaml").write_text("- rename: {add_scope: my}\n- cast: {dtype: float16, select: my/w}\n")
    done = verb("edit", checkpoint, "--recipe", tmp_path / "r.yaml", "-o", tmp_path / "x", "--json")
    assert done.code == 0
    assert done.answer["verb"] == "edit"
    made = load_checkpoint(tmp_path / "x")
    assert made["my/w"].dtype.name == "float16"
    assert made["my/dense/kernel"].dtype.name == "float32"


def test_what_is_wrong_is_told_with_its_line(verb, checkpoint, tmp_path):
    (tmp_path / "r.yaml").write_text("- unpartition\n- cast: {dtipe: float16}\n")
    done = verb("edit", checkpoint, "--recipe", tmp_path / "r.yaml", "-o", tmp_path / "x")
    assert done.code == 3
    assert "line 2: cast: no option 'dtipe'" in done.err
    assert "did you mean 'dtype'?" in done.err
    assert not (tmp_path / "x.index").exists()


def test_help_shows_a_recipe(verb):
    assert "\n  - cast: {dtype: bfloat16, exclude: [" in verb("edit", "--help").out
