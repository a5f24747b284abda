"""NVIDIA's graphsurgeon without it: TensorFlow's own messages go in and come out, and TensorFlow runs them."""

from __future__ import annotations

from pathlib import Path

from tests.tf.judge import TensorFlow

SCRIPT = Path(__file__).parent / "scripts" / "nvidia_script.py"


def test_a_script_beside_tensorflow(tf2: TensorFlow, root: Path, tmp_path: Path):
    assert tf2.run(SCRIPT, root, tmp_path) == {
        "is_tensorflows": True,
        "clip": ["x"],
        "outputs": ["more"],
        "value": [[0.0, 8.0, 24.0], [12.0, 24.0, 0.0]],
    }
