"""Graphs with weights to be quantized, and what TensorFlow makes of codes."""

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def weights():
    """Return values that are hard for codes of 8 bits, by name."""
    numbers = np.random.RandomState(7)
    some = numbers.standard_normal((32, 40)).astype(np.float32)
    ends = some.copy()
    ends[0, :4] = -4, 4, 0, -0.0
    return {
        "normal": some, "positive": abs(some) + 1, "negative": -abs(some) - 1, "symmetric": np.clip(ends, -4, 4),
        "ones": np.ones((40, 40), np.float32), "ramp": np.linspace(-1, 1, 1276, dtype=np.float32),
        "halves": np.arange(-128, 128, 0.125, dtype=np.float32), "large": some * np.float32(1e37),
        "small": some * np.float32(1e-30), "skewed": np.exp(some * 3), "few": some[:1, :4],
    }  # fmt: skip


def make(path, **more):
    """Write a graph whose outputs are the read weights; `more` are further values."""
    graph = tf.Graph()
    with graph.as_default():
        for name, value in sorted({**weights(), **{key: np.array(v, np.float32) for key, v in more.items()}}.items()):
            tf.identity(tf.constant(value, name=name), name=name + "/read")
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString())
    return [name + "/read" for name in sorted({**weights(), **more})]


RANGES = [(-1.0, 1.0), (-0.5, 3.3), (0.0, 5.0), (-7.0, 0.0), (-0.123, 0.456), (0.0, 1.1754944e-38), (2.0, 5.0),
          (1.0, 1.0), (-1.7, 1e-9), (-3e30, 2e30)]  # fmt: skip
KINDS = {"quint8": np.uint8, "qint8": np.int8, "quint16": np.uint16, "qint16": np.int16, "qint32": np.int32}


def constant(graph, codes, dtype, name):
    """Make a constant of a quantized type, which Python's own `tf.constant` does not for all of them."""
    proto = tf1.make_tensor_proto(codes)
    proto.dtype, proto.tensor_content = dtype.as_datatype_enum, codes.tobytes()
    for field in ("int_val", "float_val"):
        proto.ClearField(field)
    attrs = {"value": tf1.AttrValue(tensor=proto), "dtype": tf1.AttrValue(type=dtype.as_datatype_enum)}
    return graph.create_op("Const", [], [dtype], attrs=attrs, name=name).outputs[0]


def decode(directory):
    """Write a graph of Dequantize nodes in every mode, of every type; return its path and outputs."""
    numbers, graph, outputs = np.random.RandomState(0), tf.Graph(), []
    has_axes = not tf.__version__.startswith("1.")
    with graph.as_default():
        for name, kind in sorted(KINDS.items()):
            limits = np.iinfo(kind)
            codes = numbers.randint(limits.min, limits.max, (7, 3, 100)).astype(kind)
            codes[0, 0, :4] = limits.min, limits.max, 0, 1
            given = constant(graph, codes, getattr(tf, name), name)
            for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED"):
                for number, (low, high) in enumerate(RANGES):
                    label = "%s_%s_%d" % (name, mode, number)
                    tf.raw_ops.Dequantize(input=given, min_range=low, max_range=high, mode=mode, name=label)
                    outputs.append(label)
                if has_axes and mode != "MIN_FIRST":
                    how = {"axis": 1, "mode": mode, "narrow_range": mode == "SCALED"}
                    label = "%s_%s_axis" % (name, mode)
                    tf.raw_ops.Dequantize(
                        input=given, min_range=[-1.0, -0.3, 0.0], max_range=[1.0, 0.7, 3.0], name=label, **how
                    )
                    outputs.append(label)
            if has_axes:
                label = name + "_bfloat16"
                y = tf.raw_ops.Dequantize(
                    input=given, min_range=-0.3, max_range=0.9, dtype=tf.bfloat16, mode="MIN_COMBINED"
                )
                tf.identity(y, name=label)
                outputs.append(label)
    path = directory + "/decode.pb"
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString())
    return {"path": path, "outputs": outputs}
