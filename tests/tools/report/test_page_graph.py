"""The graph in a browser: what is drawn is what the file holds; it unfolds, is searched, and is walked by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from tests import notation
from tests.tools.report.conftest import Shown

Show = Callable[..., Shown]

SCOPES = """
x = Placeholder {dtype: f32}
a/one = Relu(x)
a/two = Tanh(a/one)
b/in/one = Relu(a/two)
b/in/two = Tanh(b/in/one)
b/out = Add(b/in/two, a/one)
y = Identity(b/out)
"""


def chain(count: int, name: str) -> gs.Model:
    """So many nodes, one after another, that no scope orders."""
    typed = {"T": dtypes.FLOAT}
    nodes = [Node.new(name.format(0), "Placeholder", attrs={"dtype": dtypes.FLOAT})]
    nodes += [Node.new(name.format(each), "Relu", [name.format(each - 1)], attrs=typed) for each in range(1, count)]
    return gs.Model(gs.Graph(nodes))


def toggle(shown: Shown, name: str, kind: str = "scope") -> None:
    """Double-click on a box, by its name."""
    shown.value(
        f"[...document.querySelectorAll('#picture .box.{kind}')].find((box) => "
        f"box.querySelector('title').textContent === {name!r})"
        ".dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))"
    )
    shown.settled()


def test_every_node_has_its_box_or_is_counted(show: Show, fixtures: Path):
    shown = show(fixtures / "mobile_cnn.pb")
    boxes = shown.boxes("node")
    model = gs.load(fixtures / "mobile_cnn.pb")
    assert len(boxes) == len(set(boxes)) == 26
    assert set(boxes) <= {node.name for node in model.graph}
    assert shown.status.startswith("26 boxes shown · 75 constants and variables in their readers")
    assert len(model.graph) == 26 + 75
    shown.click("#option-fold")
    shown.wait("!document.querySelector('#status').textContent.includes('in their readers')")
    told = [int(each.split()[0]) for each in shown.status.split(" · ")]
    assert len(shown.boxes("node")) + sum(told[1:]) == 101


def test_edges_are_those_of_the_graph(show: Show):
    shown = show(notation.model(SCOPES))
    toggle(shown, "b") if "b/out" not in shown.boxes() else None
    assert set(shown.boxes("node")) == {"x", "a/one", "a/two", "b/in/one", "b/in/two", "b/out", "y"}
    assert set(shown.boxes("scope")) == {"a", "b", "b/in"}
    assert shown.count("#picture .edge") == 7


def test_scopes_fold_and_unfold(show: Show):
    shown = show(notation.model(SCOPES))
    toggle(shown, "b")
    assert "b/out" not in shown.boxes()
    assert "3 nodes are folded" in shown.status
    toggle(shown, "a")
    # From the folded a into the folded b two tensors come.
    assert "2 tensors" in shown.texts("#picture .edge text")
    toggle(shown, "b")
    toggle(shown, "a")
    assert {"a/one", "b/out"} <= set(shown.boxes())
    assert "folded" not in shown.status


def test_functions_unfold_where_they_are_called(show: Show, fixtures: Path):
    shown = show(fixtures / "lstm_calls.pb")
    model = gs.load(fixtures / "lstm_calls.pb")
    caller = next(name for name in shown.boxes("node") if model.graph[name].op in ("While", "StatelessWhile"))
    toggle(shown, caller, "node")
    bodies = shown.boxes("body")
    assert len(bodies) == 2
    before = len(shown.boxes())
    toggle(shown, bodies[0], "body")
    assert len(shown.boxes()) > before


def test_a_flat_graph_is_cut_into_parts_and_says_so(show: Show):
    shown = show(chain(25_000, "n{}"))
    assert len(shown.boxes("section")) == 60
    assert "25,000 nodes are folded" in shown.status
    shown.value("location.hash = '#node=n12345'")
    shown.wait("document.querySelector('#panel h2').textContent === 'n12345'")
    shown.settled()
    assert "n12345" in shown.boxes("node")
    assert len(shown.boxes()) < 400


def test_deep_names_end_somewhere(show: Show):
    shown = show(chain(3, "/".join(["s"] * 500) + "{}"))
    assert len(shown.boxes("node")) == 3


def test_the_panel_tells_what_a_node_is(show: Show):
    shown = show(notation.model(SCOPES), "#node=a%2Fone")
    panel = " ".join(shown.text("#panel").split())
    assert panel.startswith("node a/one")
    for told in ("op Relu", "0 x:0 float32", "a/two input 0", "b/out input 1", "T float32"):
        assert told in panel
    shown.click("#panel .port a")
    shown.wait("document.querySelector('#panel h2').textContent !== 'a/one'")
    assert shown.value("location.hash") == "#node=" + shown.text("#panel h2").replace("/", "%2F")


def test_a_link_to_what_is_not_there_says_so(show: Show):
    assert show(notation.model(SCOPES), "#node=none").status == "There is no node none"
    assert show(notation.model(SCOPES), "#scope=none").status == "There is no scope none"


def test_a_scope_alone_shows_what_it_is_joined_to(show: Show):
    shown = show(notation.model(SCOPES), "#scope=b")
    assert set(shown.boxes("outside")) == {"a", "y"}
    assert set(shown.boxes("node")) == {"b/in/one", "b/in/two", "b/out"}
    assert [text.strip() for text in shown.texts("#crumbs button")] == ["main graph", "b"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("a/t", ["a/two"]),
        ("op:tanh", ["a/two", "b/in/two"]),
        ("op:tanh b/", ["b/in/two"]),
        ("attr:dtype", ["x"]),
        ("zz", []),
    ],
)
def test_search(show: Show, query: str, found: list[str]):
    shown = show(notation.model(SCOPES))
    shown.press("/")
    shown.type(query)
    assert shown.texts("#found [role=option] > span:first-child") == found
    if found:
        shown.press("ArrowDown", "Enter")
        shown.wait(f"document.querySelector('#panel h2').textContent === {found[0]!r}")


def test_keys_walk_the_graph(show: Show):
    shown = show(notation.model(SCOPES))
    shown.value("document.querySelector('#picture').focus()")
    shown.press("ArrowDown")
    assert shown.text("#panel h2") == "x"
    shown.press("ArrowDown")
    chosen = shown.text("#panel h2")
    assert chosen in ("a", "a/one")
    while shown.text("#panel h2") != "b":
        before = shown.text("#panel h2")
        shown.press("ArrowDown")
        assert shown.text("#panel h2") != before, "b is never reached"
    shown.press("Enter")
    shown.wait("document.querySelector('#status').textContent.includes('folded')")
    assert shown.value("document.activeElement.getAttribute('aria-expanded')") == "false"
    shown.press("Escape")
    assert shown.text("#panel h2") == "Model"


def test_the_outline_is_the_same_by_keys(show: Show):
    shown = show(notation.model(SCOPES))
    shown.value("document.querySelector('#outline [role=treeitem]').focus()")
    shown.press("ArrowDown", "ArrowRight", "ArrowDown")
    assert shown.value("document.activeElement.getAttribute('aria-label')") == "one Relu"
    assert shown.value("document.activeElement.getAttribute('aria-level')") == "2"
    shown.press("Enter")
    shown.wait("document.querySelector('#panel h2').textContent === 'a/one'")
    shown.press("ArrowLeft", "ArrowLeft")
    assert shown.value("document.activeElement.getAttribute('aria-expanded')") == "false"


def test_the_wheel_and_buttons_zoom(show: Show):
    shown = show(notation.model(SCOPES))
    scale = "Number(/scale\\(([^)]+)/.exec(document.querySelector('#picture > g').getAttribute('transform'))[1])"
    before = shown.value(scale)
    shown.click("#zoom button")
    assert shown.value(scale) == pytest.approx(before * 1.25)
    shown.page.send("Input.dispatchMouseEvent", type="mouseWheel", x=500, y=400, deltaX=0, deltaY=120)
    shown.wait(f"{scale} < {before * 1.2}")


def test_edges_lead_down_but_for_those_of_next_iteration(show: Show, fixtures: Path):
    shown = show(fixtures / "lstm_loop.pb", "#scope=rnn%2Fwhile")
    ends = shown.value(
        "[...document.querySelectorAll('#picture .edge .line')].map((line) => {"
        "const all = line.getTotalLength(); return [line.getPointAtLength(0).y, line.getPointAtLength(all).y]; })"
    )
    turns = [name for name in shown.boxes("node") if "NextIteration" in name]
    assert len([start for start, end in ends if end < start]) == len(turns) == 4
    assert len(ends) > 60


def test_a_broken_graph_is_shown(show: Show):
    nodes = [
        Node.new("a", "Relu", ["nowhere:0", "^gone"]), Node.new("b", "Add", ["c", "b"]),
        Node.new("c", "Mul", ["b", "c:1"]), Node.new("", "Odd"), Node.new("/", "Odd", ["a:7"]),
    ]  # fmt: skip
    shown = show(gs.Model(gs.Graph(nodes)), "#node=a")
    assert len(shown.boxes("node")) == 5
    assert "nowhere" in shown.text("#panel .missing")


def test_a_first_look_shows_the_model_not_its_saver(show: Show, fixtures: Path):
    shown = show(fixtures / "mobile_cnn.ckpt.meta")
    folded = shown.texts("#picture .box.scope:not(.open) > title")
    assert "save" in folded
    place = shown.value(
        "(() => { const at = [...document.querySelectorAll('#picture .box')].find((box) => "
        "box.querySelector('title').textContent === 'input').getBoundingClientRect();"
        "const around = document.querySelector('#picture').getBoundingClientRect();"
        "return [(at.x + at.width / 2 - around.x) / around.width, (at.y - around.y) / around.height]; })()"
    )
    assert 0.3 < place[0] < 0.7
    assert 0 < place[1] < 0.2


def test_of_two_nodes_with_one_name_links_lead_to_the_first(show: Show):
    """As the edges of the page do, and whoever reads that name."""
    typed = {"T": dtypes.FLOAT}
    nodes = [Node.new("x", "Placeholder", attrs={"dtype": dtypes.FLOAT})]
    nodes += [Node.new("a", op, ["x"], attrs=typed) for op in ("Relu", "Tanh")]
    shown = show(gs.Model(gs.Graph(nodes)), "#node=a")
    shown.wait("document.querySelector('#panel h2')?.textContent === 'a'")
    assert shown.texts("#panel dd")[0] == "Relu"
