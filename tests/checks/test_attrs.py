"""Attrs against what their op is registered with."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.checks import attrs, verify
from graphsurgeon.checks.attrs import attr_faults, node_kind, recall, remember
from graphsurgeon.ir.attr_value import Func, Placeholder, Shape, encode
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import signature_of
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests import notation
from tests.encodings import reference_to

F, N = dtypes.FLOAT, dtypes.INT32
CONV: dict[str, Any] = {"T": F, "strides": [1, 1, 1, 1], "padding": b"SAME"}


def faults(op: str, *, in_body: bool = False, **given: Any) -> list[tuple[str, str]]:
    # As written, whatever the op says.
    attrs = {name: encode(value) for name, value in given.items()}
    return list(attr_faults(op, Node.new("n", op, attrs=attrs).proto.attr, in_body=in_body))


def test_sound():
    assert faults("Conv2D", **CONV, data_format=b"NCHW", dilations=[1, 1, 1, 1], _mine=b"anything") == []
    assert faults("IdentityN", T=[F, N]) == []
    assert faults("If", Tcond=F, Tin=[], Tout=[], then_branch=Func("f", {}), else_branch=Func("f", {})) == []
    assert faults("Custom", T=3) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"padding": b"SAMES"}, "attr 'padding' is 'SAMES', but must be 'SAME', 'VALID' or 'EXPLICIT'"),
        ({"padding": 1}, "attr 'padding' holds int, not string"),
        ({"padding": [b"SAME"]}, "attr 'padding' holds list(string), not string"),
        ({"padding": []}, "attr 'padding' holds an empty list, not string"),
        ({"padding": schema.AttrValue()}, "attr 'padding' holds nothing, not string"),
        ({"strides": 1}, "attr 'strides' holds int, not list(int)"),
        ({"strides": [1.0]}, "attr 'strides' holds list(float), not list(int)"),
        ({"use_cudnn_on_gpu": 1}, "attr 'use_cudnn_on_gpu' holds int, not bool"),
        ({"T": reference_to(N)}, "attr 'T' is DT_INT32_REF, which no attr may be"),
        ({"T": schema.AttrValue(type=99)}, "attr 'T' is type number 99, which TensorFlow does not have"),
        (
            {"T": dtypes.STRING},
            "attr 'T' is string, but must be float16, bfloat16, float32, float64 or int32",
        ),
        ({"data_format": Shape([2])}, "attr 'data_format' holds shape, not string"),
    ],
)
def test_each_fault(given: dict[str, Any], reason: str):
    assert faults("Conv2D", **{**CONV, **given}) == [("error", reason)]


@pytest.mark.parametrize(
    ("op", "given", "reason"),
    [
        ("AddN", {"T": F, "N": 0}, "attr 'N' is 0, but must be at least 1"),
        ("AvgPool", {**CONV, "ksize": [1, 2]}, "attr 'ksize' has 2 elements, but must have at least 4"),
        ("IdentityN", {"T": []}, "attr 'T' has 0 elements, but must have at least 1"),
        ("IdentityN", {"T": [F, dtypes.INVALID]}, "attr 'T' has DT_INVALID, which no attr may be"),
        ("SaveSlices", {"T": 3}, "attr 'T' holds int, not list(type)"),
        ("Bitcast", {"T": F, "type": dtypes.STRING}, "attr 'type' is string, but must be one of "
         "bfloat16, float16, float32, float64, int64 and 14 more"),
    ],
)  # fmt: skip
def test_minimums_and_elements(op: str, given: dict[str, Any], reason: str):
    assert faults(op, **given) == [("error", reason)]


def test_attrs_that_an_op_requires():
    found = faults("Conv2D", T=F)
    assert found == [("error", "attr 'strides' is missing"), ("error", "attr 'padding' is missing")]
    # A graph of TensorFlow 1.15 has none; its op was another then.
    assert ("warning", "attr 'TArgs' is missing") in faults("_FusedConv2D", **CONV, num_args=0)


def test_what_one_version_ignores_is_a_warning():
    reason = "attr 'zork' is unknown, TensorFlow 1.15 refuses it and 2.21 ignores it"
    assert faults("Identity", T=F, zork=1) == [("warning", reason)]
    assert [each for each, _ in faults("Sum", T=F, Tidx=schema.AttrValue())] == ["warning"]


def test_only_in_a_function_an_attr_stands_for_another():
    given = {"T": Placeholder("T"), "use_cudnn_on_gpu": Placeholder("u")}
    assert faults("Conv2D", in_body=True, **{**CONV, **given}) == []
    found = faults("Conv2D", **{**CONV, **given})
    assert ("error", "attr 'T' stands for attr 'T' of a function, but is in none") in found
    assert ("warning", "attr 'use_cudnn_on_gpu' stands for attr 'u' of a function, but is in none") in found
    assert faults("Conv2D", in_body=True, **{**CONV, "T": Placeholder("")}) == [
        ("error", "attr 'T' holds placeholder, not type")
    ]


def test_nodes_alike_are_looked_at_once(monkeypatch: pytest.MonkeyPatch):
    text = "x = Placeholder {dtype: f32}" + "".join(f"; n{i} = Relu(x)" for i in range(50))
    looked: list[str] = []

    def note(rule: Any, value: object) -> str:
        looked.append(rule.attr.name)
        return ""

    monkeypatch.setattr(attrs, "_sound", {})
    monkeypatch.setattr(attrs, "value_refusal", note)
    for _ in range(2):
        assert verify(Model.from_graph_def(notation.model(text).to_graph_def())) == []
    assert looked.count("T") == 1  # one for all that are alike


def known(node: Node) -> Any:
    kind = node_kind(node)
    return None if kind is None else recall(kind)


def note(node: Node) -> None:
    kind = node_kind(node)
    assert kind is not None
    remember(kind, signature_of(node))


def test_what_is_remembered_is_of_one_op_and_its_attrs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attrs, "_sound", {})
    relu = Node.new("a", "Relu", ["x"], attrs={"T": F})
    note(relu)
    assert known(Node.new("long/name", "Relu", ["y", "^z"], attrs={"T": F})) is signature_of(relu)
    assert known(Node.new("a", "Relu", ["x"], attrs={"T": N})) is None
    assert known(Node.new("a", "Neg", ["x"], attrs={"T": F})) is None
    assert known(Node.new("n" * 200, "Relu", ["x"], attrs={"T": F})) is None
    assert known(Node.new("a", "Relu", ["x"], attrs={"T": F}, device="/cpu:0")) is None


@pytest.mark.parametrize("name", ["w", "a/b_1", "n" * 90])
def test_nodes_beside_different_ones_are_alike(name: str):
    relu = Node.new("a", "Relu", ["x"], attrs={"T": F})
    beside = Node.new("b", "Relu", ["x"], attrs={"T": F, "_class": [f"loc:@{name}".encode()]})
    assert node_kind(relu) == node_kind(beside) == ("Relu", relu.serialized_attrs())
    assert (relu.beside, beside.beside) == (None, name)


@pytest.mark.parametrize(
    "value",
    [[], [b"w"], [b"loc:@a", b"loc:@b"], [b"loc:@" + b"n" * 200], b"loc:@a"],
)
def test_what_else_a_group_may_hold_is_looked_at_each_time(value: Any):
    """Nothing at all may be one too: then the attr is what makes the nodes unlike."""
    node = Node.new("b", "Relu", ["x"], attrs={"T": F, "_class": value})
    kind = node_kind(node)
    assert kind is None or (value == [] and kind != ("Relu", Node.new("b", "Relu", attrs={"T": F}).serialized_attrs()))


def test_a_text_that_looks_like_a_group_is_none():
    forged = Node.new("b", "Relu", ["x"], attrs={"T": F, "_a": b"*\x11\n\x06_class\x12\x09\n\x07\x12\x06loc:@w"})
    kind = node_kind(forged)
    assert kind is None or kind[1] != Node.new("b", "Relu", ["x"], attrs={"T": F}).serialized_attrs()


def test_only_so_much_is_remembered(monkeypatch: pytest.MonkeyPatch):
    sound: dict[Any, Any] = {}
    monkeypatch.setattr(attrs, "_sound", sound)
    monkeypatch.setattr(attrs, "_MAX_KNOWN", 3)
    for number in range(5):
        note(Node.new("a", "Relu", attrs={"T": F, "_n": number}))
    assert len(sound) == 2
    note(Node.new("a", "Relu", attrs={"T": F, "_n": b"n" * 600}))
    assert len(sound) == 2
