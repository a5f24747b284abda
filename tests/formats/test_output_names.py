"""Names of outputs that promise something else."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.formats.output_names import check_output_name, check_report_name


@pytest.mark.parametrize(
    ("name", "kind", "reason", "way"),
    [
        ("x.onnx", "graph_def", "is named like an ONNX model, and would be a GraphDef", "tf2onnx"),
        ("x.TFLITE", "graph_def_text", "is named like a TensorFlow Lite model", "TFLiteConverter"),
        ("x.h5", "saved_model", "is named like an HDF5 file, and would be a SavedModel", "export"),
        ("x.npz", "checkpoint", "is named like a NumPy archive, and would be a checkpoint", "export"),
        ("m.ckpt.meta", "checkpoint", "is named like a file of a checkpoint", "name the prefix: out/m.ckpt"),
        ("m.ckpt.index", "checkpoint", "is named like a file of a checkpoint", "name the prefix: out/m.ckpt"),
        ("m.data-00000-of-00001", "checkpoint", "is named like a file of a checkpoint", "name the prefix: out/m"),
        ("x.pb", "checkpoint", "is named like a graph, and would be a checkpoint", 'to="saved_model"'),
        ("m.ckpt.meta", "graph_def", "is named like a MetaGraphDef, and would be a GraphDef", 'to="meta_graph"'),
        ("m.ckpt.index", "graph_def", "is named like a file of a checkpoint", "x.pb"),
        ("m.ckpt.index", "meta_graph", "is named like a file of a checkpoint", "x.pb"),
        ("m.ckpt", "graph_def", "is named like a checkpoint, and would be a GraphDef", "unfreeze"),
        ("m.ckpt-100", "meta_graph_text", "is named like a checkpoint, and would be a MetaGraphDef", 'to="checkpoint"'),
        ("m.tar", "checkpoint", "is named like a tar archive, and would be a checkpoint", "a directory"),
        ("m.svg", "graph_def", "is named like an SVG picture, and would be a GraphDef", "report makes one"),
        ("m.json", "meta_graph", "is named like JSON, and would be a MetaGraphDef", "x.pbtxt"),
    ],
)
def test_what_is_refused(name, kind, reason, way):
    with pytest.raises(PassError, match=reason) as caught:
        check_output_name(f"out/{name}", kind)
    assert caught.value.is_usage
    assert way in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("m.ckpt.meta", "meta_graph"),
        ("x.pb", "meta_graph"),
        ("x.pbtxt", "graph_def_text"),
        ("model.ckpt-100", "checkpoint"),
        ("v1.5", "checkpoint"),
        ("dir.onnx/", "saved_model"),
        ("x", "graph_def"),
    ],
)
def test_what_is_not(name, kind):
    check_output_name(name, kind)


def test_a_prefix_that_is_there(tmp_path):
    (tmp_path / "x.pb.index").touch()
    check_output_name(str(tmp_path / "x.pb"), "checkpoint")


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path(path):
    with pytest.raises(PassError, match="the name of no file"):
        check_output_name(path, "checkpoint")


def test_a_device_is_no_prefix():
    with pytest.raises(PassError, match="/dev/null is a device or a pipe"):
        check_output_name("/dev/null", "checkpoint")
    check_output_name("/dev/null", "graph_def")


@pytest.mark.parametrize("name", ["d/", "d/.", ".", "d/.."])
def test_names_of_directories_are_for_what_is_one(name):
    check_output_name(name, "saved_model")
    with pytest.raises(PassError, match=r"is the name of a directory.*a checkpoint.*name a prefix in it"):
        check_output_name("d/." if name == "d/" else name, "checkpoint")
    with pytest.raises(PassError, match=r"is the name of a directory.*a GraphDef.*name a file in it"):
        check_output_name(name, "graph_def")


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("x.svg", "html", "is named like an SVG picture, and would be a web page"),
        ("x.PNG", "svg", "is named like a PNG picture, and would be an SVG picture"),
        ("x.html", "png", "is named like a web page, and would be a PNG picture"),
        ("x.pb", "html", "is named like a graph, and would be a web page"),
        ("m.ckpt.index", "svg", "is named like a file of a checkpoint, and would be an SVG picture"),
        ("x.onnx", "html", "is named like an ONNX model, and would be a web page"),
    ],
)
def test_pages_and_pictures(name, kind, reason):
    with pytest.raises(PassError, match=reason) as caught:
        check_report_name(f"out/{name}", kind)
    assert caught.value.hint == f"call it x.{kind}"
    for good in (f"x.{kind}", "x", "x.htm", f"m.ckpt.{kind}"):
        check_report_name(good, kind)
