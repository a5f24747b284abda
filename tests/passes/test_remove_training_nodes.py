"""remove_training_nodes: what matters in training alone goes."""

from __future__ import annotations

from graphsurgeon.passes.remove_training_nodes import remove_training_nodes
from tests.passes.harness import check_pass, model


def test_what_goes():
    before = """
        x = Placeholder {dtype: f32}
        a = StopGradient(x)
        b = CheckNumerics(a) {message: "no"}
        c = PreventGradient(b)
        y = Relu(c)
        out = Identity(y)
    """
    after = """
        x = Placeholder
        y = Relu(x)
        out = Identity(y)
    """
    report = check_pass(remove_training_nodes, model(before), after, outputs=("out",))
    assert [row.op for row in report.removed] == ["StopGradient", "CheckNumerics", "PreventGradient"]
