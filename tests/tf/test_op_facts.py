"""``op_facts.txt`` says of every op what TensorFlow's own registry says."""

from __future__ import annotations

import subprocess

from tests.tf.judge import environment


def dumped(python, root):
    command = [python, str(root / "fixtures" / "make" / "op_facts.py"), "dump"]
    out = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=120).stdout
    return {line for line in out.splitlines() if not line.startswith("#")}


def committed(root):
    return set((root / "graphsurgeon" / "ir" / "op_facts.txt").read_text().splitlines())


def test_the_newest_registry_is_in_it_line_for_line(tf2, root):
    lines = dumped(tf2.python, root)
    assert len(lines) > 1800
    assert lines <= committed(root)


def test_every_op_of_1_15_is_in_it(tf1, root):
    names = {line.split()[0].rstrip("!") for line in dumped(tf1.python, root)}
    assert len(names) > 1300
    assert names <= {line.split()[0].rstrip("!") for line in committed(root)}
