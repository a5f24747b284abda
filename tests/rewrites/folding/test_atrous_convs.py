"""Which convolutions between two rearrangements are dilated ones, and with what padding."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.rewrites.folding.atrous_convs import AtrousConvolutions
from graphsurgeon.rewrites.folding.known_tensors import KnownTensors
from tests.notation import graph

NET = """
    x = Placeholder {{dtype: f32, shape: shape[?,12,12,3]}}
    w = Const {{f32 [{size},3,4]}}
    w/read = Identity(w)
    block = Const {{i32 [2] {rate}}}
    pads = Const {{i32 [2,2] {pads}}}
    crops = Const {{i32 [2,2] {crops}}}
    there = SpaceToBatchND(x, block, pads)
    conv = {op}(there, w/read) {{strides: [1,1,1,1], padding: "{padding}"}}
    back = BatchToSpaceND(conv, block, crops)
    out = Relu(back)
"""
PLAIN = {"size": "3,3", "rate": 2, "pads": 0, "crops": 0, "op": "Conv2D", "padding": "VALID"}


def flattening(text: str, protected: tuple[str, ...] = ()) -> AtrousConvolutions:
    edit = GraphEdit(graph(text))
    found = AtrousConvolutions(edit, KnownTensors(edit.index, lambda *_: [], None), protected)
    found.run()
    return found


@pytest.mark.parametrize(
    ("given", "dilation", "padding"),
    [
        ({}, 2, b"VALID"),
        # What is padded is cropped again: the size was no multiple of the rate.
        ({"pads": 1, "crops": 1}, 2, b"VALID"),
        ({"pads": 2}, 2, b"SAME"),
        ({"pads": 4, "size": "5,5"}, 2, b"SAME"),
        ({"pads": 3, "rate": 3}, 3, b"SAME"),
        ({"pads": 3, "crops": 1}, 2, b"SAME"),
        ({"padding": "SAME"}, 2, b"SAME"),
        ({"padding": "SAME", "pads": 1, "crops": 1}, 2, b"SAME"),
        ({"padding": "SAME", "crops": 2}, 2, b"VALID"),
        ({"padding": "SAME", "size": "1,1"}, 2, b"VALID"),
    ],
)
def test_paddings(given: dict[str, object], dilation: int, padding: bytes):
    done = flattening(NET.format(**{**PLAIN, **given}))
    made = done.flattened["back"]
    assert (made.attrs["dilations"], made.attrs["padding"]) == ([1, dilation, dilation, 1], padding)
    assert (made.op, made.inputs, done.kept) == ("Conv2D", ("x", "w/read"), {})


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"pads": 1}, "padded by [[1, 1], [1, 1]], which is neither VALID nor SAME, [[2, 2], [2, 2]]"),
        ({"crops": 1}, "padded by [[-1, -1], [-1, -1]]"),
        # With an even kernel SAME of a part has all of it behind.
        ({"size": "2,2", "padding": "SAME", "rate": 2}, "padded by [[0, 2], [0, 2]], which is neither"),
        ({"op": "DepthwiseConv2dNative"}, "the kernel of DepthwiseConv2dNative takes no notice of dilations"),
    ],
)
def test_reasons(given: dict[str, object], reason: str):
    done = flattening(NET.format(**{**PLAIN, **given}))
    assert (reason in done.kept["back"], done.flattened) == (True, {})


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("strides: [1,1,1,1]", "strides: [1,2,2,1]", "'conv' has strides [1, 2, 2, 1] of its own"),
        ('"VALID"', '"VALID", dilations: [1,2,2,1]', "'conv' has dilations [1, 2, 2, 1] of its own"),
        ("out = Relu(back)", "out = Relu(back)\nmore = Relu(conv)", "'conv' is read by others too"),
        (
            "conv, block, crops",
            "conv, other, crops",
            "'there' takes blocks of [(2,), (2,)], and 'back' of [(3,), (3,)]",
        ),
        ("x, block, pads", "x, block, fed", "the paddings of 'there' are computed"),
        ("conv, block, crops", "conv, block, fed", "the crops of 'back' are computed"),
        ("there, w/read", "there, given", "the shape of the kernel of 'conv' is not known"),
        ("[1,1,1,1]", '[1,1,1,1], data_format: "NCHW"', "along channels too"),
    ],
)
def test_more_reasons(old: str, new: str, reason: str):
    more = "fed = Placeholder {dtype: i32}\nother = Const {i32 [2] 3}\ngiven = Placeholder {dtype: f32}\n"
    assert reason in flattening(more + NET.format(**PLAIN).replace(old, new)).kept["back"]


def test_outputs_stay():
    assert "'conv' is an output" in flattening(NET.format(**PLAIN), ("conv",)).kept["back"]


def test_channels_first():
    text = NET.format(**PLAIN).replace("[1,1,1,1]", '[1,1,1,1], data_format: "NCHW"')
    text = text.replace("block = Const {i32 [2] 2}", "block = Const {i32 [3]}")
    text = text.replace("i32 [2,2] 0", "i32 [3,2] 0")
    # Blocks of 0, 1, 2 in the notation: those of channels have to be 1.
    assert "along channels too" in flattening(text).kept["back"]
