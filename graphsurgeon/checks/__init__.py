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
from typing import TYPE_CHECKING

from graphsurgeon.checks.finding import ERROR, WARNING, Finding, Findings
from graphsurgeon.errors import GraphError

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

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
    # Imported here: a checkpoint without a graph has findings too, and no use for the rules.
    from graphsurgeon.checks.rules import model_findings

    found = model_findings(model)
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
