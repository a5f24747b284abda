"""What the name of an output promises: a suffix under which everybody expects another format than what is written.

TensorFlow goes by names too: it looks for ``PREFIX.index`` and ``PREFIX.meta``, so a prefix that is the name of one of
a checkpoint's files gives files that nothing finds, such as ``m.ckpt.meta.index``.
"""

from __future__ import annotations

import os
import re
from typing import Literal

from graphsurgeon.errors import PassError
from graphsurgeon.formats.kinds import OutputKind
from proto_utils import places
from proto_utils.places import is_directory_name

_EXPORTED = "export writes arrays, of which import makes a checkpoint again"
#: Formats of others by their suffix, and the way to them.
_FOREIGN = {
    ".onnx": ("an ONNX model", "tf2onnx makes one of a frozen graph or a SavedModel"),
    ".tflite": ("a TensorFlow Lite model", "TensorFlow's TFLiteConverter makes one of a SavedModel"),
    ".h5": ("an HDF5 file", _EXPORTED),
    ".hdf5": ("an HDF5 file", _EXPORTED),
    ".keras": ("a Keras model", _EXPORTED),
    ".npz": ("a NumPy archive", _EXPORTED),
    ".npy": ("a NumPy array", _EXPORTED),
    ".safetensors": ("a safetensors file", _EXPORTED),
    ".pt": ("a PyTorch model", _EXPORTED),
    ".pth": ("a PyTorch model", _EXPORTED),
    ".mlmodel": ("a Core ML model", "coremltools makes one of a SavedModel"),
    ".mlpackage": ("a Core ML model", "coremltools makes one of a SavedModel"),
    ".xml": ("an OpenVINO model", "OpenVINO makes one of a frozen graph or a SavedModel"),
    ".uff": ("a TensorRT model", "its own converter makes one of a frozen graph"),
    ".zip": ("a zip archive", "name a file, a prefix or a directory"),
    ".gz": ("a gzip archive", "name a file, a prefix or a directory"),
    ".tar": ("a tar archive", "name a file, a prefix or a directory"),
    ".tgz": ("a tar archive", "name a file, a prefix or a directory"),
    ".json": ("JSON", "a graph as text is called x.pbtxt"),
    ".yaml": ("YAML", "a graph as text is called x.pbtxt"),
    ".yml": ("YAML", "a graph as text is called x.pbtxt"),
    ".csv": ("a table of text", "a graph as text is called x.pbtxt"),
    ".md": ("text for people", "a graph as text is called x.pbtxt"),
    ".html": ("a web page", "report makes one of a graph"),
    ".svg": ("an SVG picture", "report makes one of a graph"),
    ".png": ("a PNG picture", "report makes one of a graph"),
    ".py": ("a program", "a graph as text is called x.pbtxt"),
}
_GRAPHS = (".pb", ".pbtxt", ".prototxt")
_MEMBER = r"(?s)(.+)\.(?:index|meta|data-\d{5}-of-\d{5})"
_CHECKPOINT = r"\.ckpt(?:-\d+)?"
_VARIABLES = 'call it x.pb; `to="checkpoint"` writes variables and their values, unfreeze makes them of a frozen graph'
_TITLES = {"graph_def": "a GraphDef", "meta_graph": "a MetaGraphDef", "saved_model": "a SavedModel"}


def check_output_name(path: str, kind: OutputKind) -> None:
    """Refuse an output whose name promises another format than its kind.

    Raises
    ------
    PassError
        What is promised, and what to do.
    """
    if not path or "\0" in path:
        raise PassError("save", f"{path!r} is the name of no file", is_usage=True)
    if is_directory_name(path):
        # TensorFlow, too, takes a prefix that ends in a slash: its files are called .index and so on.
        if kind == "saved_model" or (kind == "checkpoint" and not os.path.basename(path)):
            return
        title = _TITLES.get(kind.removesuffix("_text"), "a checkpoint")
        reason = f"{path} is the name of a directory, and {title} is not one"
        raise PassError(
            "save",
            reason,
            hint=f'name a {"prefix" if kind == "checkpoint" else "file"} in it, or `to="saved_model"`',
            is_usage=True,
        )
    if kind == "checkpoint" and places.exists(path) and not places.isfile(path) and not places.isdir(path):
        reason = f"{path} is a device or a pipe, and a checkpoint is files beside it"
        raise PassError("save", reason, hint="name a prefix such as model.ckpt", is_usage=True)
    suffix = os.path.splitext(path)[1].lower()
    member = re.fullmatch(_MEMBER, path)
    title = _TITLES.get(kind.removesuffix("_text"), "a checkpoint")
    if suffix in _FOREIGN:
        named, way = _FOREIGN[suffix]
        raise _refusal(path, named, title, way)
    # A prefix whose checkpoint is there may be called as it likes.
    if kind == "checkpoint" and not places.exists(f"{path}.index"):
        if member is not None:
            raise _refusal(path, "a file of a checkpoint", title, f"name the prefix: {member[1]}")
        if suffix in _GRAPHS:
            way = 'a graph alone holds no values of variables: name a prefix such as model.ckpt, or `to="saved_model"`'
            raise _refusal(path, "a graph", title, way)
    if kind.startswith(("graph_def", "meta_graph")):
        _check_graph_name(path, kind, suffix, title)


def check_report_name(path: str, kind: Literal["html", "svg", "png"]) -> None:
    """Refuse a page or picture whose name promises another format; PassError."""
    suffix = os.path.splitext(path)[1].lower()
    named = _FOREIGN[suffix][0] if suffix in _FOREIGN else None
    if suffix in _GRAPHS:
        named = "a graph"
    elif re.fullmatch(_MEMBER, path):
        named = "a file of a checkpoint"
    if named is not None and suffix != f".{kind}":
        reason = f"{path} is named like {named}, and would be {_FOREIGN[f'.{kind}'][0]}"
        raise PassError("report", reason, hint=f"call it x.{kind}", is_usage=True)


def _check_graph_name(path: str, kind: OutputKind, suffix: str, title: str) -> None:
    """Refuse a graph that is called like a checkpoint, or like one of its files that it is not."""
    if kind.startswith("graph_def") and suffix == ".meta":
        raise _refusal(path, "a MetaGraphDef", title, '`to="meta_graph"` writes a MetaGraphDef')
    if re.fullmatch(_MEMBER, path) and suffix != ".meta":
        raise _refusal(path, "a file of a checkpoint", title, "call it x.pb")
    if re.fullmatch(_CHECKPOINT, suffix):
        raise _refusal(path, "a checkpoint", title, _VARIABLES)


def _refusal(path: str, named: str, title: str, way: str) -> PassError:
    return PassError("save", f"{path} is named like {named}, and would be {title}", hint=way, is_usage=True)
