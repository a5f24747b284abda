"""What users write, as type checkers see it: `test_user_code.py` runs it, and mypy and pyright over it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

import graphsurgeon as gs


def tensors(prefix: Path) -> dict[str, float]:
    """Look at the tensors of a checkpoint."""
    found: dict[str, float] = {}
    with gs.load_checkpoint(prefix) as checkpoint:
        for name, tensor in checkpoint.items():
            if tensor.dtype == "float32" and tensor.dtype == np.float32 and tensor.ndim:
                first: gs.Tensor = tensor[0, ..., None]
                rows: int = len(tensor)
                shape: tuple[int, ...] = tensor[: rows // 2, ...].shape
                assert len(shape) == tensor.ndim
                assert np.dtype(tensor.dtype) == np.float32
                found[name] = float(np.asarray(first).sum())
        one = next(iter(checkpoint.values()))
        values: npt.NDArray[np.float32] = np.empty(one.shape, np.float32)
        assert one.numpy(out=values) is values
        halves: gs.Tensor = one.astype("float16")
        assert halves.size == one.size
        weights: Mapping[str, gs.Tensor] = checkpoint
        edited = checkpoint.copy()
        edited["bias"] = np.zeros(3, np.float32)
        changes: bool = bool(gs.diff(weights, edited))
        assert changes
    return found


def models(source: Path, folder: Path) -> str:
    """Unfreeze, save, load, compare."""
    with gs.Model.load(source) as model:
        original = model.copy()
        report = gs.unfreeze(model, exclude="Logits/.*")
        names: list[str] = [row.name for row in report.variables]
        assert names
        model.save(folder / "model.ckpt")
        paths: list[str] = gs.save(copy.deepcopy(model), folder / "copy.ckpt")
        assert paths
        loaded: gs.Model = gs.load(folder / "model.ckpt")
        assert not gs.diff(model.variables, loaded.variables)
        gs.freeze(loaded, outputs=[output.name for output in original.graph.outputs])
        again: gs.Model = pickle.loads(pickle.dumps(original))
        return "\n".join([str(report), str(gs.diff(again, original)), str(gs.verify(loaded))])


def graphs(source: Path) -> list[str]:
    """Edit a graph."""
    graph: gs.Graph = gs.load(source).graph
    entry = graph.inputs[0]
    node = entry.node
    assert node is not None
    made: gs.Node = graph.add("Identity", [entry], name="copy_of_input")
    assert made in graph
    assert made.outputs[0] in graph
    constants = [each for each in graph if each.op == "Const"]
    assert constants[0].tensor.shape is not None
    return [each.name for each in graph.select(op="Const")]
