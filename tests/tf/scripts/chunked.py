"""TensorFlow's own reader of SavedModels in chunks, which no function of its Python interface reaches."""

from __future__ import annotations

import ctypes
import glob
import os

_ARENA = "PN6google8protobuf5ArenaE"
_STRING = "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
_CONSTRUCT = f"_ZN10tensorflow10SavedModelC1E{_ARENA}"
_READ = f"_ZN10tensorflow5tools14proto_splitter6Merger4ReadE{_STRING}PN6google8protobuf7MessageE"
_SERIALIZE = "_ZNK6google8protobuf11MessageLite24SerializePartialAsStringB5cxx11Ev"
#: More than a message of C++ takes.
_MAX_NBYTES = 4096


class String(ctypes.Structure):
    """A std::string: of a short one the bytes are within it."""

    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("within", ctypes.c_char * 16))


def merge(prefix, out):
    """Have Merger::Read put ``prefix``.cpb together and write the SavedModel; return the status as text, or empty."""
    import tensorflow as tf

    (path,) = glob.glob(os.path.join(os.path.dirname(tf.__file__), "libtensorflow_framework.so.*"))
    library = ctypes.CDLL(path)
    message = ctypes.create_string_buffer(_MAX_NBYTES)
    library[_CONSTRUCT](ctypes.c_void_p(ctypes.addressof(message)), ctypes.c_void_p(0))
    status, given = ctypes.c_uint64(0), prefix.encode()
    held = ctypes.create_string_buffer(given)
    name = String(ctypes.addressof(held), len(given), b"")
    read = library[_READ]
    read.restype = None
    # A status is returned where the first argument points, and a string is passed by its address.
    read(ctypes.byref(status), ctypes.byref(name), ctypes.c_void_p(ctypes.addressof(message)))
    if status.value != 1:
        return f"status {status.value}"
    answer = String()
    serialize = library[_SERIALIZE]
    serialize.restype = None
    serialize(ctypes.byref(answer), ctypes.c_void_p(ctypes.addressof(message)))
    with open(out, "wb") as file:
        file.write(ctypes.string_at(answer.data, answer.size))
    return ""


def export(directory):
    """Save a model of TensorFlow 2 with a large constant, a function and a variable."""
    import numpy as np
    import tensorflow as tf

    class Model(tf.Module):
        def __init__(self):
            self.weights = tf.Variable(np.arange(12, dtype=np.float32).reshape(3, 4))
            self.table = np.random.default_rng(1).standard_normal((64, 3)).astype(np.float32)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
        def __call__(self, rows):
            return tf.gather(tf.constant(self.table), rows) @ self.weights

    model = Model()
    tf.saved_model.save(model, directory, signatures=model.__call__.get_concrete_function())
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        rows = tf.compat.v1.placeholder(tf.int32, [None], "rows")
        large = tf.constant(np.random.default_rng(2).standard_normal((40000, 3)).astype(np.float32), name="large")
        answer = tf.identity(tf.gather(large, rows), name="answer")
        tf.compat.v1.saved_model.simple_save(session, directory + "-flat", {"rows": rows}, {"answer": answer})
    return [str(each) for each in model(tf.constant([5, 60])).numpy().tolist()]
