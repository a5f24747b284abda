"""The other views in a browser: tables that sort and filter, what differs, and what a hostile file cannot do."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.tools.report.html_page import html_page
from graphsurgeon.tools.report.page_data import page_data
from tests import notation
from tests.tools.report.conftest import Shown
from tests.tools.report.test_html_page import HOSTILE, hostile_model

Show = Callable[..., Shown]


def column(shown: Shown, table: str, title: str) -> list[str]:
    """The cells of a column."""
    heads = [each.split()[0] for each in shown.texts(f"{table} thead th")]
    return shown.texts(f"{table} tbody tr > :nth-child({heads.index(title) + 1})")


def sort_by(shown: Shown, table: str, title: str) -> None:
    heads = [each.split()[0] for each in shown.texts(f"{table} thead th")]
    shown.click(f"{table} thead th:nth-child({heads.index(title) + 1}) button")


def test_views_are_those_that_have_something(show: Show, fixtures: Path):
    shown = show(fixtures / "lstm_loop.pb")
    assert [each.rstrip("0123456789,") for each in shown.texts("#tabs button")] == [
        "Graph",
        "Weights",
        "Frames",
        "About",
    ]
    shown = show(fixtures / "mobile_cnn.ckpt.meta")
    assert {"Collections", "Saver"} <= {each.rstrip("0123456789,") for each in shown.texts("#tabs button")}


def test_weights_have_roles_evidence_and_histograms(show: Show, fixtures: Path):
    shown = show(fixtures / "mobile_cnn.pb", "#view=weights")
    data = page_data(fixtures / "mobile_cnn.pb")
    assert column(shown, "#weights-table", "Name") == [each["name"] for each in data["weights"]]
    assert shown.count("#weights-table .histogram") == len(data["weights"]) == 37
    assert "conv filter" in column(shown, "#weights-table", "Role")[0]
    assert shown.count("#weights-table details li") >= 37
    assert shown.text("#view-weights .summary").startswith("37 weights")


def test_tables_sort_and_filter(show: Show, fixtures: Path):
    shown = show(fixtures / "mobile_cnn.pb", "#view=weights")
    sort_by(shown, "#weights-table", "Norm")
    norms = [float(each.replace(",", "")) for each in column(shown, "#weights-table", "Norm")]
    assert norms == sorted(norms, reverse=True)
    assert shown.value("document.querySelector('#weights-table [aria-sort=descending]').textContent") == "Norm"
    sort_by(shown, "#weights-table", "Norm")
    assert [float(each.replace(",", "")) for each in column(shown, "#weights-table", "Norm")] == norms[::-1]
    shown.value("document.querySelector('#view-weights input').focus()")
    shown.type("gamma")
    names = column(shown, "#weights-table", "Name")
    assert names
    assert all("gamma" in name for name in names)
    assert f"{len(names)} rows of 37" in shown.text("#view-weights .tools")


def test_a_link_to_a_weight(show: Show, fixtures: Path):
    name = page_data(fixtures / "mobile_cnn.pb")["weights"][30]["name"]
    shown = show(fixtures / "mobile_cnn.pb", f"#weight={name.replace('/', '%2F')}")
    assert shown.texts("#weights-table .chosen th") == [name]
    shown.click("#weights-table .chosen th a")
    shown.wait(f"document.querySelector('#panel h2')?.textContent === {name!r}")
    assert "Evidence" in shown.text("#panel")


def test_nan_is_told(show: Show, fixtures: Path):
    data = page_data(fixtures / "mobile_cnn.pb")
    data["weights"][3]["stats"].update(nan=7, mean="NaN", norm="NaN")
    shown = show(data, "#view=weights")
    assert shown.texts("#weights-table .bad") == ["7"]
    assert "1 with NaN" in shown.text("#view-weights .summary")


def test_frames_lead_to_their_nodes(show: Show, fixtures: Path):
    shown = show(fixtures / "lstm_loop.pb", "#view=frames")
    frames = page_data(fixtures / "lstm_loop.pb")["graphs"][0]["frames"]
    assert shown.texts("#view-frames tbody th") == [each["name"] for each in frames]
    assert shown.texts("#view-frames td.number") == [f"{len(each['nodes']):,}" for each in frames]


def test_functions_are_listed_with_their_callers(show: Show, fixtures: Path):
    shown = show(fixtures / "lstm_calls.pb", "#view=functions")
    names = [each["name"] for each in page_data(fixtures / "lstm_calls.pb")["graphs"][1:]]
    assert sorted(shown.texts("#view-functions tbody th")) == sorted(names)
    shown.click("#view-functions tbody th a")
    shown.wait("!document.querySelector('#view-graph').hidden")
    shown.settled()
    assert shown.value("document.querySelector('#graphs').selectedOptions[0].textContent") in names


def test_what_differs_is_listed_largest_first_and_drawn(show: Show):
    text = "x = Placeholder {dtype: f32}; w = Const {f32 [3]}; y = Mul(x, w); old = Relu(y)"
    new = "x = Placeholder {dtype: f32}; w = Const {f32 [3]}; y = Mul(x, w) on /gpu:0; new = Tanh(y)"
    shown = show(notation.model(text), "#view=changes", against=notation.model(new))
    rows = dict(zip(column(shown, "#changed-nodes", "Node"), column(shown, "#changed-nodes", "Change"), strict=True))
    assert {name: sign[0] for name, sign in rows.items()} == {"y": "~", "old": "\N{MINUS SIGN}", "new": "+"}
    shown.value("location.hash = '#view=graph'")
    shown.wait("document.querySelector('#picture .box')")
    signs = {kind: shown.texts(f"#picture .box.{kind} .sign") for kind in ("added", "removed", "changed")}
    assert signs == {"added": ["+"], "removed": ["\N{MINUS SIGN}"], "changed": ["~"]}
    assert (shown.count("#picture .edge.added"), shown.count("#picture .edge.removed")) == (1, 1)


def test_weights_that_moved_most_come_first(show: Show, fixtures: Path, tmp_path: Path):
    weights = dict(gs.load_checkpoint(fixtures / "resource_cnn.ckpt"))
    changed = {name: tensor.numpy() for name, tensor in weights.items()}
    factors = {name: 1 + 0.1 * each for each, name in enumerate(sorted(changed))}
    gs.save_checkpoint(
        {name: (value * factors[name]).astype(value.dtype) for name, value in changed.items()}, tmp_path / "b"
    )
    gs.save_checkpoint(changed, tmp_path / "a")
    shown = show(tmp_path / "a", "#view=changes", against=tmp_path / "b")
    relative = [float(each) for each in column(shown, "#changed-weights", "Relative") if each]
    assert len(relative) > 3
    assert relative == sorted(relative, reverse=True)


def test_a_plan_names_variables_and_why_others_stay(show: Show, fixtures: Path):
    data = page_data(fixtures / "mobile_cnn.pb", plan="unfreeze")
    shown = show(data, "#view=plan")
    assert column(shown, "#plan-table", "Becomes") == list(data["graphs"][0]["plan"].values())
    assert "Would stay constants" in shown.texts("#view-plan h2")


def test_a_checkpoint_alone_has_no_graph(show: Show, fixtures: Path, tmp_path: Path):
    gs.save_checkpoint(dict(gs.load_checkpoint(fixtures / "mobile_cnn.ckpt.index")), tmp_path / "c")
    shown = show(tmp_path / "c")
    assert shown.texts("#tabs [aria-selected=true]")[0].startswith("Weights")
    assert shown.count("#picture") == 0


def test_names_of_hostile_files_are_text(show: Show):
    data = {**page_data(hostile_model()), "title": HOSTILE, "notes": [HOSTILE]}
    data["weights"] = [
        {"name": HOSTILE, "node": f"x{HOSTILE}", "dtype": HOSTILE, "shape": [1], "nbytes": 4, "role": HOSTILE,
         "evidence": [HOSTILE], "trainable": True, "stats": None, "change": None},
    ]  # fmt: skip
    shown = show(data)
    tags = "[...new Set([...document.querySelectorAll('body *')].map((each) => each.localName))].join(' ')"
    for tab in range(shown.count("#tabs button")):
        shown.value(f"document.querySelectorAll('#tabs button')[{tab}].click()")
        shown.settled()
        assert " b " not in f" {shown.value(tags)} "
    assert shown.count("script") == 1
    assert shown.text("#title") == HOSTILE
    shown.value(f"location.hash = '#node=' + encodeURIComponent('x' + {HOSTILE!r})")
    shown.wait("document.querySelector('#panel h2').textContent !== 'Model'")
    assert shown.text("#panel h2") == f"x{HOSTILE}"
    shown.value("document.querySelector('#query').focus()")
    shown.type("alert")
    assert shown.texts("#found [role=option] > span:first-child")[0] == f"x{HOSTILE}"


def test_the_page_loads_nothing(show: Show, fixtures: Path):
    shown = show(fixtures / "mobile_cnn.pb")
    loaded = shown.value("performance.getEntriesByType('resource').map((each) => each.name.split(':')[0])")
    assert set(loaded) <= {"blob"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_follow_the_system_and_the_switch(show: Show, fixtures: Path, theme: str):
    shown = show(fixtures / "cond.pb")
    shown.page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    brightness = (
        "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).reduce((sum, each) => sum + Number(each), 0)"
    )
    assert (shown.value(brightness) > 382) is (theme == "light")
    shown.click("#theme")
    shown.click("#theme")
    assert shown.text("#theme") == "Dark"
    assert shown.value(brightness) < 382


def test_it_prints_the_whole_picture_on_white(show: Show, fixtures: Path):
    shown = show(fixtures / "mobile_cnn.pb")
    shown.page.send("Emulation.setEmulatedMedia", media="print")
    assert shown.value("getComputedStyle(document.querySelector('#bar')).display") == "none"
    assert shown.value("getComputedStyle(document.querySelector('#picture')).display") == "block"
    shown.page.send("Emulation.setEmulatedMedia", media="")
    printed = base64.b64decode(shown.page.send("Page.printToPDF", printBackground=True)["data"])
    assert printed.startswith(b"%PDF-")
    assert shown.value("document.querySelector('#picture').hasAttribute('viewBox')") is False


@pytest.fixture
def pages(browser: Any) -> Iterator[list[Any]]:
    made: list[Any] = []
    yield made
    for page in made:
        page.close()


def test_a_page_without_an_address_works_too(browser: Any, pages: list[Any], fixtures: Path):
    page = browser.page()
    pages.append(page)
    page.show(html_page(page_data(fixtures / "lstm_calls.pb")))
    shown = Shown(page)
    shown.wait("document.documentElement?.dataset.ready === 'true'")
    shown.value("document.querySelector('#tab-functions').click()")
    shown.click("#view-functions tbody th a")
    shown.wait("!document.querySelector('#view-graph').hidden")
    assert shown.value("location.href") == "about:blank"
