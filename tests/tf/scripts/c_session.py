"""Train a graph through TensorFlow's C API alone: this process loads its library and imports no module of TensorFlow.

Arguments: a GraphDef, the prefix of its checkpoint, a JSON object with the names of ``loss`` and ``train_op``, an .npz
with the feeds of each step under ``STEP/TENSOR``, the prefix to save to, and a ConfigProto in hex. Prints the losses.
"""

import ctypes
import importlib.util
import json
import os
import sys

import numpy as np

STRING = 7
TYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9}


class Output(ctypes.Structure):
    """TF_Output."""

    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


class Buffer(ctypes.Structure):
    """TF_Buffer."""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("free", ctypes.c_void_p)]


def load_library():
    """The C API of the TensorFlow that is installed here, and whether strings are those of version 2."""
    home = os.path.dirname(importlib.util.find_spec("tensorflow").origin)
    library = os.path.join(home, "libtensorflow_cc.so.2")
    if os.path.exists(library):
        ctypes.CDLL(os.path.join(home, "libtensorflow_framework.so.2"), ctypes.RTLD_GLOBAL)
        return ctypes.CDLL(library), True
    inner = os.path.join(os.path.dirname(home), "tensorflow_core")
    return ctypes.CDLL(os.path.join(inner, "python", "_pywrap_tensorflow_internal.so")), False


class Session:
    """A session over a graph, run by the names of nodes."""

    def __init__(self, graph_def, config):
        self.c, self.is_version_2 = load_library()
        for name in ("TF_NewStatus", "TF_NewGraph", "TF_NewImportGraphDefOptions", "TF_NewSessionOptions",
                     "TF_NewSession", "TF_GraphOperationByName", "TF_AllocateTensor", "TF_TensorData"):  # fmt: skip
            getattr(self.c, name).restype = ctypes.c_void_p
        for name in ("TF_Message",):
            getattr(self.c, name).restype = ctypes.c_char_p
        for name in ("TF_TensorByteSize", "TF_StringEncodedSize", "TF_StringEncode"):
            if hasattr(self.c, name):
                getattr(self.c, name).restype = ctypes.c_size_t
        self.status = ctypes.c_void_p(self.c.TF_NewStatus())
        self.graph = ctypes.c_void_p(self.c.TF_NewGraph())
        options = ctypes.c_void_p(self.c.TF_NewImportGraphDefOptions())
        text = ctypes.create_string_buffer(graph_def, len(graph_def))
        buffer = Buffer(ctypes.cast(text, ctypes.c_void_p), len(graph_def), None)
        self.c.TF_GraphImportGraphDef(self.graph, ctypes.byref(buffer), options, self.status)
        self.check()
        settings = ctypes.c_void_p(self.c.TF_NewSessionOptions())
        self.c.TF_SetConfig(settings, config, ctypes.c_size_t(len(config)), self.status)
        self.session = ctypes.c_void_p(self.c.TF_NewSession(self.graph, settings, self.status))
        self.check()

    def check(self):
        """Raise what the library says is wrong."""
        if self.c.TF_GetCode(self.status):
            raise RuntimeError(self.c.TF_Message(self.status).decode())

    def operation(self, name):
        found = self.c.TF_GraphOperationByName(self.graph, name.encode())
        assert found, name
        return ctypes.c_void_p(found)

    def output(self, name):
        node, _, number = name.partition(":")
        return Output(self.operation(node).value, int(number or 0))

    def tensor(self, value):
        """A TF_Tensor of a text or an array."""
        if isinstance(value, str):
            return self.text(value.encode())
        dims = (ctypes.c_int64 * value.ndim)(*value.shape)
        made = ctypes.c_void_p(
            self.c.TF_AllocateTensor(TYPES[value.dtype.name], dims, value.ndim, ctypes.c_size_t(value.nbytes))
        )
        ctypes.memmove(self.c.TF_TensorData(made), np.ascontiguousarray(value).ctypes.data, value.nbytes)
        return made

    def text(self, value):
        if self.is_version_2:
            made = ctypes.c_void_p(self.c.TF_AllocateTensor(STRING, None, 0, ctypes.c_size_t(24)))
            place = ctypes.c_void_p(self.c.TF_TensorData(made))
            self.c.TF_StringInit(place)
            self.c.TF_StringCopy(place, value, ctypes.c_size_t(len(value)))
            return made
        size = self.c.TF_StringEncodedSize(ctypes.c_size_t(len(value)))
        made = ctypes.c_void_p(self.c.TF_AllocateTensor(STRING, None, 0, ctypes.c_size_t(8 + size)))
        place = self.c.TF_TensorData(made)
        ctypes.memset(place, 0, 8)
        self.c.TF_StringEncode(value, ctypes.c_size_t(len(value)), ctypes.c_void_p(place + 8), ctypes.c_size_t(size),
                               self.status)  # fmt: skip
        self.check()
        return made

    def run(self, feeds, fetches=(), targets=()):
        """Run targets, and return the float scalars that are fetched."""
        inputs = (Output * len(feeds))(*(self.output(name) for name in feeds))
        values = (ctypes.c_void_p * len(feeds))(*(self.tensor(value) for value in feeds.values()))
        outputs = (Output * len(fetches))(*(self.output(name) for name in fetches))
        results = (ctypes.c_void_p * len(fetches))()
        operations = (ctypes.c_void_p * len(targets))(*(self.operation(name).value for name in targets))
        self.c.TF_SessionRun(self.session, None, inputs, values, len(feeds), outputs, results, len(fetches), operations,
                             len(targets), None, self.status)  # fmt: skip
        self.check()
        found = []
        for result in results:
            place = self.c.TF_TensorData(ctypes.c_void_p(result))
            found.append(np.frombuffer(ctypes.string_at(place, 4), np.float32)[0])
        return found


def main(graph_path, prefix, names, feeds_path, target, config):
    names = json.loads(names)
    with open(graph_path, "rb") as file:
        session = Session(file.read(), bytes.fromhex(config))
    session.run({"save/Const:0": prefix}, targets=["save/restore_all"])
    stored = np.load(feeds_path)
    steps = 1 + max(int(key.partition("/")[0]) for key in stored.files)
    losses = []
    for step in range(steps):
        start = "%d/" % step
        feeds = {key[len(start) :]: stored[key] for key in stored.files if key.startswith(start)}
        losses += session.run(feeds, [names["loss"]], [names["train_op"]])
    session.run({"save/Const:0": target}, targets=["save/control_dependency"])
    assert not [name for name in sys.modules if name.startswith("tensorflow")]
    print(json.dumps([float(loss).hex() for loss in losses]))


if __name__ == "__main__":
    main(*sys.argv[1:])
