"""Which TensorFlow came with what a node has."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.versions import Need, needs_of, version_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType


def needs(op: str, **attrs: object) -> list[Need]:
    return list(needs_of(Node.new("n", op, attrs=attrs)))


def test_what_the_oldest_has_needs_nothing():
    assert needs("MatMul", T=dtypes.FLOAT, transpose_a=True) == []


def test_an_op():
    assert needs("DenseBincount") == [Need("2.3", "DenseBincount")]
    assert needs("StatelessCase", Tin=[]) == [Need("2.4", "StatelessCase")]


@pytest.mark.parametrize(("value", "is_default"), [(False, True), (True, False)])
def test_an_attr(value: bool, is_default: bool):
    assert needs("MatMul", grad_a=value) == [Need("2.16", "MatMul", "grad_a", "", is_default)]


def test_defaults_of_other_kinds():
    factor, paddings = needs("FusedBatchNormV3", exponential_avg_factor=1.0), needs("MaxPool", explicit_paddings=[])
    assert [need.is_default for need in (*factor, *paddings)] == [True, True]


def test_a_value_of_an_attr():
    assert needs("MatMul", T=dtypes.UINT8) == [Need("2.12", "MatMul", "T", "uint8")]
    assert needs("MaxPool", padding="EXPLICIT") == [Need("2.4", "MaxPool", "padding", "EXPLICIT")]


def test_types_that_came_later():
    assert needs("Const", dtype=dtypes.INT4) == [Need("2.15", "Const", "dtype", "int4")]
    assert needs("Cast", SrcT=dtypes.FLOAT, DstT=DType.from_name("float8_e5m2fnuz"))[0].since == "2.19"
    assert needs("Const", dtype=dtypes.BFLOAT16) == []


def test_what_people_read_of_it_and_what_can_go():
    found = [
        *needs("DisableCopyOnRead"),
        *needs("StatelessCase"),
        *needs("VarHandleOp", debug_name="w"),
        *needs("MatMul", grad_a=True),
        *needs("MatMul", T=dtypes.UINT8),
    ]
    assert [(need.what, need.can_go) for need in found] == [
        ("op DisableCopyOnRead", True),
        ("op StatelessCase", False),
        ("attr 'debug_name' of op VarHandleOp", True),
        ("attr 'grad_a' of op MatMul", False),
        ("uint8 as 'T' of op MatMul", False),
    ]


def test_what_no_tensorflow_has_is_told_nothing_of():
    assert needs("Custom", a=1) == needs("MatMul", _output_shapes=[], mine=3) == []


def test_versions_compare_as_numbers():
    assert version_of("1.15") == version_of("1.15.5") < version_of("2.4") < version_of("2.10.0")


def test_older_releases_when_they_are_asked_about():
    node = Node.new("n", "Conv2D", attrs={"T": dtypes.BFLOAT16, "dilations": [1, 1, 1, 1], "padding": "EXPLICIT"})
    assert list(needs_of(node)) == []
    assert [(need.since, need.attr, need.is_default) for need in needs_of(node, "1.0")] == [
        ("1.5", "T", False), ("1.14", "padding", False), ("1.5", "dilations", True),
    ]  # fmt: skip
    (need,) = needs_of(Node.new("n", "Placeholder", attrs={"dtype": dtypes.VARIANT}), "1.3")
    assert (need.since, need.value) == ("1.4", "variant")
