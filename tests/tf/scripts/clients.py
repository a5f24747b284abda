"""What other libraries make of our files: tf2onnx with onnxruntime, OpenVINO, TensorFlow Lite. Runs where they are."""

import logging

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
OPSET = 17


def difference(client, path, pb, outputs):
    """Run a file with a client, and return by output how much that differs at most from what TensorFlow makes of `pb`.

    ``client`` is "onnx", "openvino" or "tflite"; ``path`` a frozen graph, a ``.meta`` or the directory of a SavedModel.
    """
    names, feeds, expected = running.run_frozen(pb, outputs)
    found = CLIENTS[client](path, feeds, names)
    return {name: _largest(found[name], expected[name]) for name in names}


def _largest(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    if expected.dtype.kind in "biu":
        return float(np.any(found != expected))
    return float(np.max(np.abs(found.astype(np.float64) - expected.astype(np.float64)), initial=0))


def _onnx(path, feeds, outputs):
    import onnxruntime
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    inputs = list(feeds)
    if path.endswith(".pb"):
        graph, inputs, outputs = tf2onnx.tf_loader.from_graphdef(path, inputs, outputs)
    elif path.endswith(".meta"):
        graph, inputs, outputs = tf2onnx.tf_loader.from_checkpoint(path, inputs, outputs)
    else:
        graph, inputs, outputs = tf2onnx.tf_loader.from_saved_model(path, inputs, outputs)
    model, _ = tf2onnx.convert._convert_common(graph, name="net", opset=OPSET, input_names=inputs, output_names=outputs)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip(outputs, session.run(outputs, {name: feeds[name] for name in inputs})))


def _openvino(path, feeds, outputs):
    import openvino

    compiled = openvino.Core().compile_model(openvino.convert_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled({port: _named(feeds, port.names) for port in compiled.inputs})
    return {name: _named({port: found[port] for port in found}, [name]) for name in outputs}


def _named(values, names):
    for key, value in values.items():
        known = {key} if isinstance(key, str) else set(key.names)
        if known & {*names, *(name.split(":")[0] for name in names), *(name + ":0" for name in names)}:
            return value
    raise KeyError(names)


def _tflite(path, feeds, outputs):
    converter = tf.lite.TFLiteConverter.from_saved_model(path)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    runner = interpreter.get_signature_runner()
    found = runner(**{_argument(name): value for name, value in feeds.items()})
    return {name: found[_argument(name)] for name in outputs}


def _argument(name):
    node, _, output = name.partition(":")
    node = node.rpartition("/")[2]
    return node if output in ("", "0") else node + "_" + output


CLIENTS = {"onnx": _onnx, "openvino": _openvino, "tflite": _tflite}
