"""Join: several models become one, and what refuses leaves the first as it was."""

from __future__ import annotations

from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.checks import verify
from graphsurgeon.errors import GraphError, NotFoundError, PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.join import PartRow, join
from tests import notation
from tests.passes.harness import check_refusal, keys_saved, listed
from tests.passes.harness import model as bare
from tests.passes.prune.models import trained

NET = "x = Placeholder {dtype: f32, shape: shape[?,2]}; y = Relu(x)"


def with_weight() -> Model:
    return trained(["w"], "\nx = Placeholder {dtype: f32, shape: shape[?,2]}\nout = Mul(x, w/read)")


def sound(model: Model) -> None:
    assert verify(model, consistency=True) == []


def test_two_graphs():
    model = bare(NET)
    report = join(model, bare(NET), prefixes=("a", "b"))
    assert notation.show(model.graph) == "a/x = Placeholder\na/y = Relu(a/x)\nb/x = Placeholder\nb/y = Relu(b/x)"
    assert report.parts == [PartRow("", "a", 2, 0), PartRow("", "b", 2, 0)]
    assert (model.meta, report.saver, report.num_nodes) == (None, "none", 4)


def test_the_others_stay_as_they_were():
    model, other = with_weight(), with_weight()
    before = other.to_meta_graph_def()
    join(model, other, prefixes=("a", "b"), connect=("b/x=a/out",))
    assert other.to_meta_graph_def() == before
    assert list(other.variables) == ["w"]


def test_an_input_is_a_tensor_of_the_other():
    model = bare(NET)
    report = join(model, bare(NET + "; z = NoOp(^x) {_class: loc:@x}"), prefixes={"2": "b"}, connect={"b/x": "y:0"})
    assert notation.show(model.graph) == "x = Placeholder\ny = Relu(x)\nb/y = Relu(y)\nb/z = NoOp(^y)"
    assert [(row.input, row.tensor, row.shape) for row in report.connections] == [("b/x", "y", [None, 2])]


def test_one_input_for_both():
    model = bare(NET)
    join(model, bare(NET), bare(NET), prefixes=("a", "b", "c"), connect=("b/x=a/x, a/x=c/y",))
    assert notation.show(model.graph) == "a/y = Relu(c/y)\nb/y = Relu(c/y)\nc/x = Placeholder\nc/y = Relu(c/x)"


def served() -> Model:
    model = with_weight()
    assert model.meta is not None
    signature = model.meta.signature_def["serving_default"]
    signature.inputs["rows"].name, signature.outputs["scores"].name = "x:0", "out:0"
    return model


def test_the_end_of_a_chain_is_served():
    model = served()
    report = join(model, served(), prefixes=("a", "b"), connect=("b/rows=a/scores",))
    assert report.signatures == ["a/serving_default", "b/serving_default", "serving_default"]
    assert model.meta is not None
    assert model.meta.signature_def["serving_default"].outputs["scores"].name == "b/out:0"
    assert join(served(), served(), prefixes=("a", "b")).signatures == ["a/serving_default", "b/serving_default"]


def test_one_saver_for_all():
    model = with_weight()
    report = join(model, with_weight(), bare(NET), prefixes=("a", "b", "c"))
    sound(model)
    assert report.saver == "made"
    assert keys_saved(model) == [b"a/w", b"b/w"]
    assert list(model.variables) == ["a/w", "b/w"]
    assert listed(model, "variables") == ["a/w", "b/w"]
    assert model.meta is not None
    assert model.meta.saver_def.max_to_keep == 3
    assert not [node.name for node in model.graph if "/save/" in node.name]


def test_the_only_saver_stays():
    model = bare(NET)
    report = join(model, with_weight(), prefixes=("2=b",))
    sound(model)
    assert (report.saver, keys_saved(model, "b/save")) == ("kept", [b"b/w"])
    assert model.meta is not None
    assert model.meta.saver_def.restore_op_name == "b/save/restore_all"


def test_names_in_common_are_told():
    with pytest.raises(PassError, match="2 nodes of one name in two models: x, y") as caught:
        join(bare(NET), bare(NET))
    assert caught.value.listed == ("x", "y")


def test_savers_of_one_name_are_no_clash():
    model = with_weight()
    join(model, trained(["v"], "\nother = Relu(v/read)"))
    sound(model)
    assert keys_saved(model) == [b"v", b"w"]


@pytest.mark.parametrize(
    ("connect", "error", "match"),
    [
        ("b/x=nothing", NotFoundError, "nothing"),
        ("b/y=y", PassError, "Relu is no input"),
        ("b/x=i", PassError, "it is fed float32, and 'i' is int32"),
        ("b/x=v", PassError, r"it is fed the shape \[\?, 2\], and 'v' has \[3\]"),
        ("x=b/y, b/x=y", PassError, "depends on it"),
        ("b/x=y, b/x=x", PassError, "two tensors"),
        ("b/x=n", PassError, "NoOp makes no tensor"),
        ("b/x=loop", PassError, "inside of the while loop 'l'"),
        ("b/x", PassError, "connects nothing"),
    ],
)
def test_what_cannot_be_connected(connect: str, error: type[gs.GraphSurgeonError], match: str):
    loop = '; e = Enter(x) {frame_name: "l"}; loop = Identity(e)'
    model = bare(NET + "; i = Const {i32 [2]}; v = Const {f32 [3]}; n = NoOp" + loop)
    model.rest.versions.producer = 134
    other = bare(NET)
    other.rest.versions.producer = 134
    before = notation.show(model.graph)
    with pytest.raises(error, match=match):
        join(model, other, prefixes=("2=b",), connect=(connect,))
    assert notation.show(model.graph) == before


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"prefixes": "9=b"}, "no model is called '9'"),
        ({"prefixes": ("a", "b", "c")}, "a prefix too many"),
        ({"prefixes": "2=b c"}, "no scope"),
    ],
)
def test_prefixes_that_are_none(options: dict[str, Any], match: str):
    with pytest.raises(PassError, match=match) as caught:
        join(bare(NET), bare(NET), **options)
    assert caught.value.is_usage


def test_one_model_alone_is_none():
    check_refusal(join, bare(NET), PassError, "one model only")


def test_the_others_are_to_be_models_with_sound_graphs():
    with pytest.raises(TypeError, match="a Model is wanted"):
        join(bare(NET), "x.pb")  # type: ignore[arg-type]
    alone = Model()
    alone.variables = dict(with_weight().variables)
    with pytest.raises(PassError, match="no graph"):
        join(bare(NET), alone)
    with pytest.raises(GraphError):
        join(bare(NET), notation.model("y = Relu(x)"))


def test_paths_call_models():
    model, other = bare(NET), bare(NET)
    join(model, other, prefixes=("some/b.pb=b",), sources=("some/a.pb", "some/b.pb"))
    assert [node.name for node in model.graph] == ["x", "y", "b/x", "b/y"]
