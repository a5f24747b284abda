"""Well-formedness checks of a model, by TensorFlow's own rules.

A finding is an error where TensorFlow refuses the graph: when it is imported, or, for what it looks
at only then, when the node or function runs. Everything else is a warning. Checked are the graph
and the bodies of all functions; a fault in a body that nothing calls is a warning, because
TensorFlow never looks at it.

==================  ==========================================================================
rule                is broken by
==================  ==========================================================================
name                a name that is empty or that TensorFlow does not allow
duplicate-name      two nodes, two arguments, or a node and an argument of one name
dangling-input      an input, control input or function result that nothing makes
output-index        an input that names an output which its node does not have
control-order       a data input behind a control input
input-count         more or fewer data inputs than the op takes
input-type          an input of another type than the op takes; a variable's handle read as of another
shape               an initial value of another shape than its variable
attr                an attr that the op requires is missing; one holds another kind, a list or none, a value
                    that is not allowed or below its least, a list of a wrong length, no shape,
                    ``_output_shapes`` that are not the node's; (warning) one is unknown, or empty
cycle               a cycle other than by a loop's back edge, NextIteration -> Merge
const               a constant without a sound value: dtype, shape, number of bytes
colocation          a ``_class`` attr that names a node which is not there
missing-function    a call, or a gradient, of a function that is not in the library
unknown-op          an op that TensorFlow does not have: of a custom op library, or long gone
function            a function under another name or that of an op of TensorFlow's, or with two gradients
==================  ==========================================================================

Everything is linear in nodes and edges, and no payload is touched.
"""

from __future__ import annotations

from collections.abc import Collection

from graphsurgeon.checks.body import Body, const_findings, input_findings, name_findings, node_findings
from graphsurgeon.checks.cycles import cycle_findings
from graphsurgeon.checks.finding import ERROR, WARNING, Finding, Findings
from graphsurgeon.checks.functions import call_findings, library_findings, reachable, signature_findings
from graphsurgeon.checks.shapes import shape_findings
from graphsurgeon.errors import GraphError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model, require_model
from graphsurgeon.ir.signatures import OpSignatures

__all__ = ["ERROR", "WARNING", "Finding", "Findings", "check", "verify"]


def verify(model: Model, *, consistency: bool = False) -> Findings:
    """Check a model against every rule.

    Parameters
    ----------
    model : Model
        Not modified.
    consistency : bool
        Also check that signatures, collections, saver and checkpoint fit the graph, by the rules of
        `graphsurgeon.checks.consistency`; their findings come last. Passes do without.

    Returns
    -------
    Findings
        A list of Finding. Those of the graph first, then the library's, then those of each function body, in order.
        Costs a few microseconds per node; touches no payload.

    Raises
    ------
    TypeError
        It is no model, but a path for example.
    """
    require_model(model)
    signatures = OpSignatures(model.library.functions)
    found = _graph_findings(model.graph, None, signatures, model)
    found += library_findings(model.library)
    if model.library.functions:
        live = reachable(model)
        for key, function in model.library.functions.items():
            of_body = _graph_findings(function.body, function, signatures, model)
            found += of_body if key in live else [finding._replace(severity=WARNING) for finding in of_body]
    if consistency:
        from graphsurgeon.checks.consistency import consistency_findings

        found += consistency_findings(model)
    return Findings(found)


def check(model: Model, *, tolerated: Collection[str] = ()) -> list[Finding]:
    """Require that a model is well formed: the first error of `verify` is raised, as a GraphError.

    Warnings are let through; errors by the rules in `tolerated` are returned.
    """
    errors = [finding for finding in verify(model) if finding.severity == ERROR]
    for finding in errors:
        if finding.rule not in tolerated:
            raise GraphError(finding.message, node=finding.node, function=finding.function)
    if not errors:
        model.set_checked()
    return errors


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
