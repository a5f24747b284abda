"""Attrs of ops, as the words of ``op_facts.txt`` tell of them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from graphsurgeon.ir import attr_value, ops
from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.ir.op_attrs import OpAttr, parse_attr
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor

F, D = dtypes.FLOAT, dtypes.DOUBLE


@pytest.mark.parametrize(
    ("word", "attr"),
    [
        ("T:type", OpAttr("T", "type")),
        ("T:type{float32,float64}=float32", OpAttr("T", "type", "", (F, D), None, F)),
        ("Tin:list(type){float32}>=0", OpAttr("Tin", "list(type)", "", (F,), 0)),
        ("T:type{float32,float64@2.4}", OpAttr("T", "type", "", (F, D), later=((D, "2.4"),))),
        (
            'p:string{"a","b, c@d"@2.10}=""',
            OpAttr("p", "string", "", (b"a", b"b, c@d"), None, b"", ((b"b, c@d", "2.10"),)),
        ),
        ("Tk@2.4:type=float32", OpAttr("Tk", "type", "2.4", default=F)),
        ("N:int>=1=3", OpAttr("N", "int", minimum=1, default=3)),
        ("i:int=-1", OpAttr("i", "int", default=-1)),
        ("strides:list(int)>=4", OpAttr("strides", "list(int)", minimum=4)),
        ("dilations:list(int)=1,1", OpAttr("dilations", "list(int)", default=[1, 1])),
        ("squeeze_dims:list(int)>=0=", OpAttr("squeeze_dims", "list(int)", minimum=0, default=[])),
        ('p:string{"","a=b"}=""', OpAttr("p", "string", "", (b"", b"a=b"), None, b"")),
        (r'd:string="\u0020\n"', OpAttr("d", "string", default=b" \n")),
        ("b:bool=false", OpAttr("b", "bool", default=False)),
        ("f:float=-Infinity", OpAttr("f", "float", default=-math.inf)),
        ("l:list(float)=1.0,0.5", OpAttr("l", "list(float)", default=[1.0, 0.5])),
        ("s:shape=?", OpAttr("s", "shape", default=Shape(None))),
        ("s:list(shape)=[],[2,-1]", OpAttr("s", "list(shape)", default=[Shape([]), Shape([2, None])])),
        ('f:func="g"', OpAttr("f", "func", default=Func("g", {}))),
    ],
)
def test_words(word: str, attr: OpAttr):
    assert parse_attr(word) == attr


def test_an_attr_came_with_its_op_or_later():
    assert [parse_attr(word, "2.3").since for word in ("a:int", "a@2.9:int")] == ["2.3", "2.9"]


def test_kinds():
    one, several = OpAttr("a", "type"), OpAttr("a", "list(type)")
    assert (one.is_list, one.element_kind) == (False, "type")
    assert (several.is_list, several.element_kind) == (True, "type")


def of(op: str, name: str) -> Any:
    known = ops.facts(op)
    assert known is not None
    return known.attrs[name].default


def test_defaults():
    assert of("Conv2D", "data_format") == b"NHWC"
    assert of("Conv3D", "dilations") == [1] * 5
    assert of("MatMul", "T") is None
    color = of("ImageSummary", "bad_color")
    assert isinstance(color, Tensor)
    assert color.numpy().tolist() == [255, 0, 0, 255]


def test_every_default_is_an_attr_value_of_its_kind():
    fields = {"string": "s", "int": "i", "float": "f", "bool": "b"}
    for op in ops.known_ops():
        known = ops.facts(op)
        assert known is not None
        for attr in known.attrs.values():
            if attr.default is not None:
                held = attr_value.encode(attr.default).WhichOneof("value")
                assert held == ("list" if attr.is_list else fields.get(attr.kind, attr.kind)), (op, attr)
