"""Split: what lies in front of a cut and what behind, and what refuses leaves the model as it was."""

from __future__ import annotations

import pytest

from graphsurgeon.checks import verify
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.split import CutRow, SplitReport, split
from tests import notation
from tests.passes.harness import check_refusal, keys_saved, listed
from tests.passes.harness import model as bare
from tests.passes.prune.models import trained

RANDOM = """
    n = Const {i32 [1]}
    r = RandomStandardNormal(n) {dtype: f32}
    q = Mul(r, h)
    z = Mul(a, r)
    t = Relu(q)
"""
NET = """
    x = Placeholder {dtype: f32, shape: shape[?,2]}
    w = Const {f32 [2]}
    h = Mul(x, w)
    a = Relu(h)
    y = Mul(a, w)
"""


def halves(model: Model, **options: tuple[str, ...]) -> tuple[str, str]:
    report = split(model, **options)
    for half in (model, report.back):
        assert verify(half, consistency=True) == []
    return notation.show(model.graph), notation.show(report.back.graph)


def test_a_constant_that_both_use_is_in_both():
    front, back = halves(bare(NET), at=("a",))
    assert front == "x = Placeholder\nw = Const\nh = Mul(x, w)\na = Relu(h)"
    assert back == "w = Const\na = Placeholder\ny = Mul(a, w)"


def test_the_report():
    report = split(bare(NET + "; s = Split(d, h) {num_split: 2}; d = Const {i32 []}; z = Mul(a, s:1)"), at=("a", "s:1"))
    assert report.at == [CutRow("a", "a", "float32", [None, 2]), CutRow("s:1", "s_1", "float32", [None, 2])]
    assert [(half.half, half.outputs) for half in report.halves] == [("front", ["a", "s"]), ("back", ["y", "z"])]
    assert notation.show(report.back.graph).splitlines()[-2:] == ["z = Mul(a, s_1)", "s_1 = Placeholder"]
    assert "back" not in report.to_json()


def test_outputs_that_lie_in_front_stay_there():
    front, back = halves(bare(NET + "; side = Elu(h)"), at=("a",))
    assert front.splitlines()[-1] == "side = Elu(h)"
    assert "side" not in back


def served() -> Model:
    model = trained(["w", "v", "s"], "\nx = Placeholder {dtype: f32}\nh = Mul(x, w/read)\nr/a = Mul(h, s/read)"
                    "\ny = Mul(r/a, v/read)\nout = Mul(y, s/read)\nside = Relu(h)")  # fmt: skip
    assert model.meta is not None
    signature = model.meta.signature_def["serving_default"]
    signature.inputs["x"].name = "x:0"
    signature.outputs["out"].name, signature.outputs["side"].name = "out:0", "side:0"
    return model


def test_variables_go_where_they_are_used_and_both_are_saved():
    model = served()
    report = split(model, at=("r/a",))
    assert report.shared == ["s"]
    assert (keys_saved(model), keys_saved(report.back)) == ([b"s", b"w"], [b"s", b"v"])
    assert (list(model.variables), list(report.back.variables)) == (["w", "s"], ["v", "s"])
    assert (listed(model, "variables"), listed(report.back, "variables")) == (["w", "s"], ["v", "s"])
    assert verify(model, consistency=True) == verify(report.back, consistency=True) == []


def test_signatures_have_what_lies_in_a_half_and_the_cut():
    model = served()
    report = split(model, at=("r/a",))
    assert model.meta is not None
    assert report.back.meta is not None
    front, back = (each.signature_def["serving_default"] for each in (model.meta, report.back.meta))
    assert ({*front.inputs}, {*front.outputs}) == ({"x"}, {"side", "r_a"})
    assert ({*back.inputs}, {*back.outputs}) == ({"r_a"}, {"out"})


def test_cuts_may_be_called_as_signatures_do():
    model = served()
    assert model.meta is not None
    model.meta.signature_def["features"].outputs["embedding"].name = "r/a:0"
    assert split(model, at=("embedding",)).at[0].tensor == "r/a"


@pytest.mark.parametrize(
    ("more", "at", "match"),
    [
        ("z = Mul(a, h)", "a", r"h would cross the cut too.*"),
        ("z = Mul(a, x)", "a", "x would cross the cut too"),
        (
            RANDOM,
            "a",
            "r, h would",
        ),
        ("", "y", "no output depends on y: there is nothing behind the cut"),
    ],
)
def test_what_would_cross_is_told(more: str, at: str, match: str):
    model = bare(NET + more)
    error = check_refusal(split, model, PassError, match, at=at)
    if error.listed:
        halves(model, at=(at, *error.listed))


def test_names_that_are_none():
    check_refusal(split, bare(NET), NotFoundError, "no node 'nothing'", at="nothing")
    check_refusal(split, bare(NET), NotFoundError, "a:1", at="a:1")
    check_refusal(split, bare(NET), PassError, "no tensors are named", at=())


def test_updates_are_not_lost_unasked():
    text = "\nx = Placeholder {dtype: f32}\na = Mul(x, w/read)\ny = Relu(a)\ntrain = AssignSub(w, a)"
    check_refusal(split, trained(["w"], text), PassError, "neither half would have: train", at="a")
    report = split(trained(["w"], text), at=("a",), outputs=("y",))
    assert any("train" in note for note in report.notes)


def test_other_savers_are_no_updates():
    text = "\nx = Placeholder {dtype: f32}\na = Mul(x, w/read)\ny = Relu(a)"
    model = trained(["w"], text)
    for node in list(model.graph):
        if node.name.startswith("save/"):
            copy = node.copy()
            copy.name = f"more/{node.name}"
            copy.inputs = [each.replace("save/", "more/save/") for each in node.inputs]
            if "_class" in copy.attrs:
                del copy.attrs["_class"]
            model.graph.append(copy)
    assert [half.outputs for half in split(model, at=("a",)).halves] == [["a"], ["y"]]


def test_a_variable_that_one_half_changes_is_not_shared():
    text = "\nx = Placeholder {dtype: f32}\nu = AssignSub(w, x)\na = Mul(x, w/read, ^u)\ny = Mul(a, w/read)"
    check_refusal(split, trained(["w"], text), PassError, "changes 'w', which both halves need", at="a", outputs="y")


def test_waiting_for_the_front_is_over():
    _, back = halves(bare(NET + "; c = NoOp(^x); z = Mul(a, w, ^c)"), at=("a",), outputs=("y", "z"))
    assert back.splitlines()[-2:] == ["c = NoOp", "z = Mul(a, w, ^c)"]


def test_a_report_is_plain():
    assert isinstance(split(bare(NET), at=("a",)), SplitReport)
