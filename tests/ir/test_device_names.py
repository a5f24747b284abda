"""Names of devices; `tests/tf/test_graph_edits_tf.py` holds them against TensorFlow's."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.device_names import device_name
from proto_utils.errors import UnsupportedError


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", ""),
        ("/gpu:0", "/device:GPU:0"),
        ("/CPU:1", "/device:CPU:1"),
        ("/gpu", "/device:GPU:*"),
        ("cpu:0", "/device:CPU:0"),
        ("/task:1/job:ps/cpu:0", "/job:ps/task:1/device:CPU:0"),
        ("/job:a/replica:0/task:2/device:XLA_GPU:3", "/job:a/replica:0/task:2/device:XLA_GPU:3"),
        ("/replica:*", ""),
    ],
)
def test_names(text: str, name: str):
    assert device_name(text) == name


@pytest.mark.parametrize("text", ["/foo:0", "gpu0", "job:a", "/cpu:0/gpu:0", "/job:a/job:b", "/device:", "/cpu:x"])
def test_what_is_none(text: str):
    with pytest.raises(UnsupportedError, match="no name of a device"):
        device_name(text)
