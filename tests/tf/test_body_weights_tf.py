"""SavedModels of TensorFlow 2, which read weights in function bodies, in half precision and with codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.passes.half_weights import HalfWeightsReport
from graphsurgeon.passes.quantize_weights import QuantizeWeightsReport
from tests.tf.judge import SCRIPTS, TensorFlow

#: How far apart outputs may be, relative to the greatest, and what each verb does.
VERBS: dict[str, tuple[float, Callable[[gs.Model], tuple[list[str], dict[str, str]]]]] = {
    "float16": (1e-2, lambda model: _rows(gs.half_weights(model))),
    "bfloat16": (1e-1, lambda model: _rows(gs.half_weights(model, dtype="bfloat16"))),
    "codes": (1e-1, lambda model: _rows(gs.quantize_weights(model, minimum_size=16))),
}
WEIGHTS = {
    "module": {"first", "around", "left", "right", "same", "other", "rows", "points", "given"},
    "images": {"conv2d/kernel_1", "depthwise_conv2d/kernel_1", "inner/dense/kernel_1", "Variable_21"},
    "text": {"embedding/embeddings", "gru/gru_cell/kernel", "gru/gru_cell/bias", "inner/dense/kernel", "Variable_11"},
}
#: What `role` chooses by what function bodies do with variables, but for the copies that Keras makes.
ROLES = {
    "module": {"recurrent_kernel": {"around"}, "embedding": {"rows", "points"}},
    "images": {"conv_filter": {"conv2d/kernel_1"}, "depthwise_filter": {"depthwise_conv2d/kernel_1"}},
    "text": {
        "recurrent_kernel": {"gru/gru_cell/kernel", "gru/gru_cell/recurrent_kernel"},
        "embedding": {"embedding/embeddings"},
    },
}
#: Why others of the module stay, but for what is in half precision with codes; functions without their numbers.
TAKEN = {"mapped": "'__inference_serve/MapDataset' (MapDataset) takes it as it is"}
HALF = {
    "alike": "'__inference_dense/MatMul/ReadVariableOp' (ReadVariableOp) takes summed as well, in float32",
    "summed": "'Sum_1' (Sum) reads it in float32, in function '__inference_serve'",
    "shown": "'Identity_1' (Identity) reads it in float32, in function '__inference_read'",
    "trained": "'mul' (Mul) reads it in float32, in function '__inference_train'",
}
CODES = {"trained": "'__inference_train/AssignSubVariableOp' (AssignSubVariableOp) changes it"}


def _rows(report: HalfWeightsReport | QuantizeWeightsReport) -> tuple[list[str], dict[str, str]]:
    rows = report.weights if isinstance(report, HalfWeightsReport) else report.quantized
    kept = {row.node: re.sub(r"(__inference_[a-z]+)_\d+", r"\1", row.reason) for row in report.kept}
    return [row.node for row in rows], kept


def _of_role(source: str, role: str) -> set[str]:
    chosen = {row.node for row in gs.quantize_weights(gs.load(source), minimum_size=16, role=role).quantized}
    return {name for name in chosen if not name.startswith("Variable")}


def test_what_tensorflow_gives(tf2: TensorFlow, tmp_path: Path):
    asked = [_converted(tf2.call("body_nets:make", net=net, directory=str(tmp_path)), net) for net in WEIGHTS]
    answers = tf2.run(SCRIPTS / "body_nets.py", json.dumps([[*paths] for paths in asked]))
    for paths, found in zip(asked, answers, strict=True):
        (source, _), *others = paths.items()
        for (path, bound), differences in zip(others, found, strict=True):
            assert differences, (source, path)
            assert max(differences.values()) < bound, (path, differences)


def _converted(source: str, net: str) -> dict[str, float]:
    """Do what each verb does; return the files, the source first, and how far from it they may be."""
    paths = {source: 0.0}
    for role, names in ROLES[net].items():
        assert _of_role(source, role) == names
    for verb, (bound, run) in VERBS.items():
        model = gs.load(source)
        chosen, kept = run(model)
        assert WEIGHTS[net] <= set(chosen), (verb, kept)
        if net == "module":
            assert kept == TAKEN | (CODES if verb == "codes" else HALF)
        paths[f"{source}-{verb}"] = bound
        gs.save(model, f"{source}-{verb}", to="saved_model")
        if net == "text" and verb == "codes":
            with pytest.raises(gs.PassError, match="carries quint8 around a loop"):
                gs.freeze(model)
        elif net != "module" and verb != "bfloat16":  # of the module a dataset gets a handle
            gs.freeze(model)
            gs.save(model, f"{source}-{verb}-frozen", to="saved_model")
            paths[f"{source}-{verb}-frozen"] = bound
    return paths
