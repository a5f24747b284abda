"""``op_facts.txt`` says of every op what TensorFlow's own registry says."""

from __future__ import annotations

import re
import subprocess

from graphsurgeon.ir import ops
from graphsurgeon.ir.op_attrs import parse_attr
from graphsurgeon.ir.versions import version_of
from tests.tf.judge import environment


def dumped(python, root):
    command = [python, str(root / "fixtures" / "make" / "op_facts.py"), "dump"]
    out = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=120).stdout
    return {line for line in out.splitlines() if not line.startswith("#")}


def committed(root):
    """The lines without since when ops and attrs are there, which one registry does not tell."""
    text = (root / "graphsurgeon" / "ir" / "op_facts.txt").read_text()
    return set(re.sub(r"(?<=[\w!\"])@[\d.]+", "", text).splitlines())


def names(lines):
    """The name of every op and attr."""
    for line in lines:
        op = line.split()[0].rstrip("!")
        yield op
        yield from ((op, word.partition(":")[0]) for word in [*line.split("|"), ""][1].split())


def since(op):
    """Since when an op is there."""
    known = ops.facts(op)
    assert known is not None
    return known.since


def is_old(mark):
    """Whether what has a mark is in TensorFlow 1.15."""
    return not mark or version_of(mark) <= version_of("1.15")


def later_ops():
    """The ops that came after 1.15."""
    return {op for op in ops.known_ops() if not is_old(since(op))}


def test_the_newest_registry_is_in_it_line_for_line(tf2, root):
    lines = dumped(tf2.python, root)
    assert len(lines) > 1800
    assert lines <= committed(root)


def test_every_op_and_attr_of_1_15_is_in_it_and_no_later_one_is_unmarked(tf1, root):
    old = set(names(dumped(tf1.python, root)))
    assert len(old) > 1300
    assert old <= set(names(committed(root)))
    there = {
        name
        for op in ops.known_ops()
        if (known := ops.facts(op)) is not None and is_old(known.since)
        for name in (op, *((op, attr.name) for attr in known.attrs.values() if is_old(attr.since)))
    }
    assert old <= there
    assert not old & later_ops()


def test_values_that_came_later_are_those_that_1_15_does_not_allow(tf1, root):
    checked = 0
    for line in dumped(tf1.python, root):
        op, words = line.split()[0].rstrip("!"), [*line.split("|"), ""][1].split()
        known = ops.facts(op)
        assert known is not None
        for old in map(parse_attr, words):
            attr = known.attrs.get(old.name)
            if attr is None or not is_old(attr.since):
                continue
            later = {value for value, mark in attr.later if not is_old(mark)}
            assert later == (set(attr.allowed) - set(old.allowed) if old.allowed else set()), (op, attr)
            checked += bool(later)
    assert checked > 100
