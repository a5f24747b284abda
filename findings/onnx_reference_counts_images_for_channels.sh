#!/usr/bin/env bash
# onnx's reference evaluator normalizes as many channels in an LRN as there are images, and leaves the others alone.
#
# Seen with onnx 1.23.2. Expected: onnx.reference.ReferenceEvaluator, against which converters and runtimes are tested,
# computes what the specification of LRN says: each channel is divided by a power of the squares around it, as
# onnxruntime 1.32.0 does. Found: it goes over the channels by the number of images. So of one image with four channels
# only the first is normalized, of two images two; and more images than channels are an IndexError. It is right where
# both are as many.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

CHANNELS = 4


def normalized(image):
    """Run an LRN in both."""
    node = onnx.helper.make_node("LRN", ["x"], ["y"], alpha=3.0, beta=0.5, bias=1.0, size=3)
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, image.shape) for name in "xy")
    graph = onnx.helper.make_graph([node], "graph", [x], [y])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": image})[0], ReferenceEvaluator(model).run(None, {"x": image})[0]


print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
for count in range(1, CHANNELS + 1):
    image = np.random.default_rng(0).random((count, CHANNELS, 2, 3), np.float32) + 1
    runtime, reference = normalized(image)
    right = [c for c in range(CHANNELS) if np.allclose(runtime[:, c], reference[:, c], rtol=1e-4)]
    same = [c for c in range(CHANNELS) if np.array_equal(image[:, c], reference[:, c])]
    print(f"{count} images of {CHANNELS} channels: right channels {right}, channels as they were {same}")
    assert right == list(range(count)) and same == list(range(count, CHANNELS)), "the behaviour changed"
try:
    normalized(np.ones((CHANNELS + 1, CHANNELS, 2, 3), np.float32))
    raise SystemExit("more images than channels: the behaviour changed")
except IndexError as error:
    print("more images than channels:", error)
print("as described")
PY
