"""`gs.report`: one file, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import NotFoundError, OutputExistsError, PassError
from graphsurgeon.tools.report.browser import VARIABLE
from tests.tools.report.test_html_page import data_of


def test_it_writes_one_file(fixtures: Path, tmp_path: Path):
    report = gs.report(fixtures / "mobile_cnn.pb", tmp_path / "x.html")
    assert (report.nodes, report.functions, report.weights, report.notes) == (101, 0, 37, [])
    assert report.outputs == [str(tmp_path / "x.html")]
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]
    assert len(data_of((tmp_path / "x.html").read_text())["graphs"][0]["nodes"]["name"]) == 101


def test_an_existing_file_stays(fixtures: Path, tmp_path: Path):
    (tmp_path / "x.html").write_text("mine")
    with pytest.raises(OutputExistsError):
        gs.report(fixtures / "mobile_cnn.pb", tmp_path / "x.html")
    assert (tmp_path / "x.html").read_text() == "mine"
    gs.report(fixtures / "mobile_cnn.pb", tmp_path / "x.html", force=True)
    assert (tmp_path / "x.html").read_text().startswith("<!doctype html>")


def test_a_dry_run_writes_nothing(fixtures: Path, tmp_path: Path):
    assert gs.report(fixtures / "mobile_cnn.pb", tmp_path / "x.html", dry_run=True).nodes == 101
    assert list(tmp_path.iterdir()) == []


def test_differences_and_plan_are_told(fixtures: Path, tmp_path: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    report = gs.report(model, tmp_path / "x.html", against=model.copy(), plan="unfreeze")
    assert report.differences == ["graph: 101 equal"]
    assert report.plan is not None
    assert report.plan[0].startswith("37 constants would become variables")


@pytest.mark.usefixtures("browser")
def test_pictures_beside_the_page_and_alone(fixtures: Path, tmp_path: Path):
    page, svg, png = (tmp_path / f"x.{kind}" for kind in ("html", "svg", "png"))
    report = gs.report(fixtures / "lstm_loop.pb", page, svg=svg, png=png, scope="rnn/while")
    assert report.outputs == [str(page), str(svg), str(png)]
    assert (svg.read_bytes()[:5], png.read_bytes()[:4]) == (b"<?xml", b"\x89PNG")
    alone = gs.report(fixtures / "lstm_loop.pb", svg=svg, scope="rnn/while", force=True)
    assert alone.outputs == [str(svg)]


@pytest.mark.usefixtures("browser")
def test_where_a_picture_fails_nothing_is_written(fixtures: Path, tmp_path: Path):
    (tmp_path / "x.html").write_text("mine")
    with pytest.raises(NotFoundError, match="scope"):
        gs.report(fixtures / "cond.pb", tmp_path / "x.html", svg=tmp_path / "x.svg", scope="none", force=True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"x.html": "mine"}


def test_without_a_browser_it_says_so(fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(NotFoundError, match=VARIABLE):
        gs.report(fixtures / "cond.pb", png=tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_what_is_to_be_written_must_make_sense(fixtures: Path, tmp_path: Path):
    with pytest.raises(PassError, match="nothing is to be written"):
        gs.report(fixtures / "cond.pb")
    with pytest.raises(PassError, match="twice"):
        gs.report(fixtures / "cond.pb", tmp_path / "x", svg=tmp_path / "." / "x")
    with pytest.raises(PassError, match="scope") as caught:
        gs.report(fixtures / "cond.pb", tmp_path / "x", scope="a")
    assert caught.value.is_usage
    with pytest.raises(PassError, match=r"x\.svg is named like an SVG picture, and would be a web page"):
        gs.report(fixtures / "cond.pb", tmp_path / "x.svg")


@pytest.mark.parametrize(
    ("source", "file"),
    [("m.ckpt", "m.ckpt.meta"), ("m.ckpt.meta", "m.ckpt.data-00000-of-00001"), ("m.ckpt", "m.ckpt.index")],
)
def test_what_is_shown_is_not_replaced(fixtures: Path, tmp_path: Path, source: str, file: str):
    for each in fixtures.glob("cond.ckpt.*"):
        (tmp_path / each.name.replace("cond", "m")).write_bytes(each.read_bytes())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for shown, against in ((tmp_path / source, None), (fixtures / "cond.pb", tmp_path / source)):
        with pytest.raises(PassError, match="would be replaced"):
            gs.report(shown, tmp_path / file, against=against, force=True)
    with pytest.raises(PassError, match="would be replaced"):
        gs.report(gs.load(tmp_path / source), tmp_path / file, force=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
