"""The files that the examples of the command line name, made of the fixtures: where each of them runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

import graphsurgeon as gs
from graphsurgeon.formats.arrays.transfer import export_tensors

#: What examples call a file, and the fixture that it is.
_COPIES = {
    "frozen.pb": "mobile_cnn.pb",
    "refrozen.pb": "mobile_cnn.pb",
    "model.ckpt": "mobile_cnn.ckpt",
    "conditional.pb": "cond.pb",
    "lstm.pb": "lstm_calls.pb",
    "dense.ckpt": "resource_cnn.ckpt",
    "lstm.ckpt": "lstm_loop.ckpt",
    "parts.ckpt": "partitioned.ckpt",
}
_RECIPES = {
    "recipe.yaml": "- prune: {outputs: '${output}'}\n- unfreeze\n",
    "half.yaml": "- cast: {dtype: float16}\n",
    "edits.yaml": "- strip-optimizer\n- cast: {dtype: bfloat16, select: Logits/.*}\n",
}


def make_example_files(fixtures: Path, directory: Path) -> None:
    """Put everything that examples read into a directory."""
    for name, stored in _COPIES.items():
        for file in fixtures.glob(f"{stored}*"):
            if file.name == stored or file.name.startswith(f"{stored}."):
                shutil.copy(file, directory / file.name.replace(stored, name, 1))
    for name, text in _RECIPES.items():
        (directory / name).write_text(text)
    weights = dict(gs.load_checkpoint(directory / "model.ckpt"))
    for number in (1, 2, 3):
        epoch = dict(weights)
        gs.scale(epoch, select=(".*",), factor=1 + number / 100)
        gs.save_checkpoint(epoch, directory / "logs" / f"model.ckpt-{number}")
    state = [f"logs/model.ckpt-{number}" for number in (1, 2, 3)]
    lines = [f'model_checkpoint_path: "{Path(state[-1]).name}"']
    lines += [f'all_model_checkpoint_paths: "{Path(prefix).name}"' for prefix in state]
    (directory / "logs" / "checkpoint").write_text("".join(f"{line}\n" for line in lines))
    slots = {f"{name}/{slot}": value for name, value in weights.items() if "moving" not in name
             for slot in ("Adam", "Adam_1", "ExponentialMovingAverage")}  # fmt: skip
    gs.save_checkpoint({**weights, **slots}, directory / "trained.ckpt")
    masked = {name: weights[name] for name in ("Logits/weights", "Logits/biases")}
    masked = masked | {
        "Logits/mask": np.ones(weights["Logits/weights"].shape, np.float32),
        "Logits/threshold": np.float32(0),
    }
    gs.save_checkpoint(masked, directory / "pruned.ckpt")
    export_tensors(weights, str(directory / "arrays.npz"))
    gs.save(gs.load(directory / "model.ckpt"), directory / "saved", to="saved_model")
    model = gs.load(directory / "frozen.pb")
    small = gs.load(directory / "frozen.pb")
    gs.quantize_weights(small)
    gs.save(small, directory / "quantized.pb")
    back = gs.split(model, at=("Relu6_3",)).back
    gs.save(model, directory / "front.pb")
    gs.save(back, directory / "back.pb")
