"""The rules of `graphsurgeon.checks`, applied to a graph, its library and the bodies of that."""

from __future__ import annotations

from graphsurgeon.checks.body import Body, const_findings, name_findings, node_findings
from graphsurgeon.checks.cycles import cycle_findings
from graphsurgeon.checks.finding import WARNING, Finding
from graphsurgeon.checks.functions import call_findings, library_findings, reachable, signature_findings
from graphsurgeon.checks.inputs import input_findings
from graphsurgeon.checks.shapes import shape_findings
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model, require_model
from graphsurgeon.ir.signatures import OpSignatures


def model_findings(model: Model) -> list[Finding]:
    """Find what breaks a rule: of the graph first, then of the library, then of each function body, in order."""
    require_model(model)
    signatures = OpSignatures(model.library.functions)
    found = _graph_findings(model.graph, None, signatures, model)
    found += library_findings(model.library)
    if model.library.functions:
        live = reachable(model)
        for key, function in model.library.functions.items():
            of_body = _graph_findings(function.body, function, signatures, model)
            found += of_body if key in live else [finding._replace(severity=WARNING) for finding in of_body]
    return found


def _graph_findings(graph: Graph, function: Function | None, signatures: OpSignatures, model: Model) -> list[Finding]:
    body = Body(graph, signatures, function)
    found = [] if function is None else list(signature_findings(body, function))
    if not body.nodes:
        # A library may have very many functions that only hand on what they are given.
        return found
    found = [*name_findings(body), *node_findings(body), *input_findings(body), *found]
    found += call_findings(body, model.library.functions)
    found += const_findings(body)
    found += shape_findings(body)
    found += cycle_findings(body)
    return found
