"""Graphs with functions, frozen as TensorFlow does: byte for byte wherever TensorFlow's result loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tf.judge import TensorFlow

NETS = (
    "called_twice", "calls_in_calls", "one_branch_reads", "branches_are_variables", "loop", "cases", "not_called",
    "numbered", "gradient", "reads_are_returned", "defun", "references_in_branches", "references_in_loops",
    "references_that_are_handed_on",
)  # fmt: skip
#: TensorFlow 2.21 does not take its own result: a `ret` or `_output_shapes` of what is no more, a call that still
#: wants a handle.
BROKEN = {("branches_are_variables", False), ("branches_are_variables", True), ("loop", True), ("gradient", False),
          ("gradient", True), ("defun", False), ("defun", True)}  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_equals_tensorflows_own(tf2: TensorFlow, net: str):
    package = str(Path(__file__).resolve().parents[2])
    for add_shapes in (False, True):
        found = tf2.call("function_freezing:compare", net=net, add_shapes=add_shapes, package=package)
        assert found["ours"] == found["expected"]
        if (net, add_shapes) in BROKEN:
            assert found["theirs"] is None
        else:
            assert found["same"]
