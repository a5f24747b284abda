"""Whoever cannot see the page, or has no mouse, can use it: names, roles, contrast, order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.tools.report.page_data import page_data
from tests.tools.report.conftest import Shown

Show = Callable[..., Shown]

#: Roles that people act on: each needs a name.
ACTIVE = frozenset(
    [
        "button",
        "link",
        "checkbox",
        "combobox",
        "tab",
        "treeitem",
        "searchbox",
        "listbox",
        "option",
        "img",
        "tree",
        "tabpanel",
    ]
)
#: Relative luminance and contrast as the guidelines (WCAG 2.2, 1.4.3) define them, of all text that is in sight.
CONTRAST = """
(() => {
  const channels = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const blend = (over, under) => {
    const alpha = over[3] ?? 1;
    return [0, 1, 2].map((each) => over[each] * alpha + under[each] * (1 - alpha));
  };
  const ground = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.push(channels(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, over) => blend(over, under), [255, 255, 255]);
  };
  const luminance = (rgb) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((each) => linear(each / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((one, other) => one - other);
    return (light + 0.05) / (dark + 0.05);
  };
  const weak = [];
  let count = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !one.checkVisibility() || one.closest("svg, script, title")) continue;
    count++;
    const style = getComputedStyle(one);
    const found = ratio(blend(channels(style.color), ground(one)), ground(one));
    if (found < 4.5) weak.push(`${walker.currentNode.data.trim().slice(0, 30)}: ${found.toFixed(2)}`);
  }
  // In the picture a text lies on the frame of its box.
  for (const text of document.querySelectorAll("#picture .box text")) {
    const frame = getComputedStyle(text.closest(".box").querySelector(".frame"));
    if (frame.fill === "none") continue;
    const over = [...channels(frame.fill).slice(0, 3), Number(frame.fillOpacity)];
    const paper = blend(over, ground(document.querySelector("#picture")));
    count++;
    const found = ratio(channels(getComputedStyle(text).fill), paper);
    if (found < 4.5) weak.push(`${text.textContent}: ${found.toFixed(2)}`);
  }
  return { weak, count };
})()
"""


@pytest.fixture(params=["graph", "changes", "plan", "functions", "surroundings"])
def data(request: pytest.FixtureRequest, fixtures: Path) -> dict[str, Any]:
    sources = {
        "graph": lambda: page_data(fixtures / "lstm_loop.pb"),
        "changes": lambda: page_data(fixtures / "mobile_cnn.pb", against=fixtures / "cond.pb"),
        "plan": lambda: page_data(fixtures / "mobile_cnn.pb", plan="unfreeze"),
        "functions": lambda: page_data(fixtures / "lstm_calls.pb"),
        "surroundings": lambda: page_data(fixtures / "cond.ckpt.meta"),
    }
    found: dict[str, Any] = sources[request.param]()
    return found


def each_view(shown: Shown) -> list[str]:
    names: list[str] = shown.value("[...document.querySelectorAll('[role=tab]')].map((each) => each.id)")
    return names


def test_what_can_be_used_has_a_role_and_a_name(show: Show, data: dict[str, Any]):
    shown = show(data)
    for tab in each_view(shown):
        shown.value(f"document.getElementById({tab!r}).click()")
        shown.settled()
        nodes = shown.page.send("Accessibility.getFullAXTree")["nodes"]
        active = [each for each in nodes if not each["ignored"] and each["role"]["value"] in ACTIVE]
        assert len(active) > 4
        assert [each for each in active if not each.get("name", {}).get("value", "").strip()] == []


def test_ids_are_one_each_and_what_refers_finds_them(show: Show, data: dict[str, Any]):
    shown = show(data)
    for tab in each_view(shown):
        shown.value(f"document.getElementById({tab!r}).click()")
    ids = shown.value("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert sorted(ids) == sorted(set(ids))
    referred = shown.value(
        "[...document.querySelectorAll('[aria-controls], [aria-labelledby]')].flatMap((each) => "
        "[each.getAttribute('aria-controls'), each.getAttribute('aria-labelledby')]).filter(Boolean)"
    )
    assert set(referred) <= set(ids)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out(show: Show, data: dict[str, Any], theme: str):
    shown = show(data)
    shown.page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    for tab in each_view(shown):
        shown.value(f"document.getElementById({tab!r}).click()")
        shown.settled()
        found = shown.value(CONTRAST)
        assert found["weak"] == []
        assert found["count"] > 10


def test_tab_leads_through_all_parts(show: Show, fixtures: Path):
    shown = show(fixtures / "lstm_calls.pb")
    reached = []
    for _ in range(40):
        shown.press("Tab")
        reached.append(shown.value("document.activeElement.closest('[id]')?.id ?? document.activeElement.localName"))
        ring = shown.value("getComputedStyle(document.activeElement).outlineStyle")
        inner = shown.value("document.activeElement.matches('[role=treeitem], .box')")
        assert ring != "none" or inner or reached[-1] == "body"
    order = ["tab-graph", "query", "theme", "graphs", "option-fold", "outline", "picture", "panel"]
    places = [reached.index(each) for each in order]
    assert places == sorted(places)


def test_arrows_go_through_the_views(show: Show, fixtures: Path):
    shown = show(fixtures / "lstm_calls.pb")
    shown.value("document.querySelector('#tab-graph').focus()")
    shown.press("ArrowRight")
    shown.wait("!document.querySelector('#view-weights')?.hidden")
    assert shown.value("document.activeElement.id") == "tab-weights"
    shown.press("ArrowLeft", "ArrowLeft")
    shown.wait("!document.querySelector('#view-about').hidden")
