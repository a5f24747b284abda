"""Where one attr is another, TensorFlow 2.21 takes what `verify` finds clean, and refuses what it finds broken.

What `verify` only warns of is neither: attrs that one version ignores and another refuses, and what stands in for an
attr of a function where there is none, which import only finds when it needs the value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphsurgeon.checks import ERROR, verify
from graphsurgeon.ir.model import Model
from proto_utils import schema
from proto_utils.wire import len_header
from tests.attr_mutations import EXCEPTIONS, OPS, base, mutations
from tests.tf.judge import TensorFlow


def judged(tf: TensorFlow, graphs: list[schema.GraphDef], path: Path) -> list[str | None]:
    messages = [graph.SerializeToString() for graph in graphs]
    path.write_bytes(b"".join(part for data in messages for part in (len_header(1, len(data)), data)))
    refusals: list[str | None] = tf.call("verifying:imports", path=path, timeout=600)
    assert len(refusals) == len(graphs)
    return refusals


def test_what_is_not_changed_is_sound(tf2: TensorFlow, tmp_path: Path):
    graphs = {op: base(op) for op in OPS}
    refusals = judged(tf2, list(graphs.values()), tmp_path / "graphs")
    assert {op: refusal for op, refusal in zip(graphs, refusals, strict=True) if refusal} == {}
    assert {op: found for op, graph in graphs.items() if (found := verify(Model.from_graph_def(graph)))} == {}


def test_single_attrs(tf2: TensorFlow, tmp_path: Path):
    cases = [(op, what, graph) for op in OPS for what, graph in mutations(op)]
    refusals = judged(tf2, [graph for _, _, graph in cases], tmp_path / "graphs")
    counts = {"clean": 0, "broken": 0, "warned": 0}
    wrong: list[Any] = []
    for (op, what, graph), refusal in zip(cases, refusals, strict=True):
        if (op, what.partition(":")[0]) in EXCEPTIONS:
            continue
        found = verify(Model.from_graph_def(graph))
        is_broken = any(finding.severity == ERROR for finding in found)
        counts["broken" if is_broken else "warned" if found else "clean"] += 1
        if is_broken != bool(refusal) and (is_broken or not found):
            wrong.append((op, what, [finding.message for finding in found], refusal))
    assert wrong == [], "\n".join(map(str, wrong[:20]))
    assert len(OPS) >= 100
    assert counts["clean"] >= 1500, counts
    assert counts["broken"] >= 5000, counts
    assert counts["warned"] <= sum(counts.values()) // 10, counts
