"""Other libraries take what we write and compute what TensorFlow does: `make test-clients`.

tf2onnx with onnxruntime and OpenVINO read a ``.meta`` with its checkpoint, a frozen graph and a SavedModel, TensorFlow
Lite a SavedModel.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.cli.run import run
from tests.tf.judge import TensorFlow

CLIENTS = {"onnx": (".pb", ".meta", ""), "openvino": (".pb", ".meta", ""), "tflite": ("",)}
# Left out is `dtypes`: no client has all of TensorFlow's.
NETS = ("mobile", "unfused", "transposed", "text", "loop", "branches", "awkward", "normalized", "dead_end")
# OpenVINO leaves out outputs that depend on no input.
FIRST_OUTPUT_ONLY = [("openvino", "awkward")]
# OpenVINO 2026.4 has no rule for Switch in a .meta, also in one of TensorFlow; in frozen graphs and SavedModels it has.
NOT_CONVERTED = [("openvino", "branches", ".meta")]


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_computes_what_tensorflow_does(clients: TensorFlow, tmp_path: Path, client: str, net: str, kind: str):
    made = clients.call("making:make", net=net, directory=str(tmp_path), resource=kind == "resource")
    outputs = made["outputs"][:1] if (client, net) in FIRST_OUTPUT_ONLY else made["outputs"]
    again, names = tmp_path / "again", ",".join(outputs)
    options = ["--variables", kind, "--quiet"]
    assert run(["unfreeze", made["pb"], "-o", str(again), *options]) == 0
    assert run(["unfreeze", made["pb"], "-o", f"{again}/", "--to", "saved_model", "--outputs", names, *options]) == 0
    model = gs.load(f"{again}.meta")
    gs.freeze(model, outputs=tuple(outputs))
    gs.save(model, f"{again}.pb")
    for suffix in CLIENTS[client]:
        if (client, net, suffix) in NOT_CONVERTED:
            continue
        found = clients.call(
            "clients:difference", client=client, path=f"{again}{suffix}", pb=made["pb"], outputs=outputs
        )
        assert max(found.values()) < 1e-4, (suffix, found)
