"""The rules, in the order in which their findings come."""

from __future__ import annotations

import pytest

from graphsurgeon.checks.rules import model_findings
from graphsurgeon.ir.model import Model
from proto_utils import schema

GRAPH = """
node { name: "a b" op: "NoOp" }
node { name: "c" op: "Identity" input: "gone" attr { key: "T" value { type: DT_FLOAT } } }
library { function { signature { name: "unused" } node_def { name: "d" op: "NoOp" input: "^gone" } } }
"""


def test_what_is_wrong_in_a_body_that_nothing_calls_comes_last_and_is_a_warning():
    found = model_findings(Model.from_graph_def(schema.parse_text(schema.GraphDef, GRAPH)))
    assert [(each.severity, each.rule, each.node, each.function) for each in found] == [
        ("error", "name", "a b", None),
        ("error", "dangling-input", "c", None),
        ("warning", "dangling-input", "d", "unused"),
    ]


def test_a_path_is_no_model():
    with pytest.raises(TypeError, match="load"):
        model_findings("frozen.pb")  # type: ignore[arg-type]
