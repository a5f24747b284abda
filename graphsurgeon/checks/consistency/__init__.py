"""Consistency checks of a MetaGraphDef: signatures, collections, saver and checkpoint against the graph.

`graphsurgeon.checks` looks at nodes, before and after every pass; this looks at the rest,
once, for who asks: ``gs.verify(model, consistency=True)``. A finding is an error where
TensorFlow fails when it imports, saves, restores or serves the model.

==================  ==========================================================================
rule                is broken by
==================  ==========================================================================
signature           an input or output that is no tensor of the graph, or of another type
                    (warning for the type of an output, which TensorFlow takes as it comes)
collection          an entry that names a node which is not there, or does not parse;
                    a variable that is listed as one of the other kind (warning for a resource
                    where the graph brings its own saver)
asset               a file whose tensor is not there
saver               a SaverDef that names too little, or what is not there
saver-lists         names, slices and types of a saver's op that are not equally many, or bad;
                    a name saved twice; what is restored as another type than it is saved;
                    (warning) what is saved and not restored, or the other way round
missing-value       a value that the saver restores and the checkpoint does not have;
                    (warning) a variable that nothing restores
value-dtype         a value of another type than the saver, or the variable, takes
value-shape         a value of another shape, or a slice of a tensor of another shape. A resource
                    variable takes it, and is then not what the graph was made for
extra-value         (warning) values in the checkpoint that no variable of the graph takes
==================  ==========================================================================

Savers beside the one that the SaverDef names, such as those that load pretrained
weights, belong to other checkpoints; of them only the lists are looked at, for warnings.
"""

from __future__ import annotations

from graphsurgeon.checks.consistency.checkpoint import checkpoint_findings
from graphsurgeon.checks.consistency.named import named_findings
from graphsurgeon.checks.consistency.savers import list_findings
from graphsurgeon.checks.finding import Finding
from graphsurgeon.ir.model import Model
from graphsurgeon.variables.saver_calls import saver_calls

__all__ = ["consistency_findings"]


def consistency_findings(model: Model) -> list[Finding]:
    """Check that what is around a graph fits it, in O(nodes + entries of collections + tensors of the checkpoint).

    A model without values in its `variables` has no checkpoint to compare. Touches no payload but the lists of the
    savers and, of a TensorFlow 2 checkpoint, its object graph.
    """
    if model.meta is None and not len(model.graph):
        return []
    index = model.graph.index
    calls = saver_calls(model, index)
    return [
        *named_findings(model),
        *list_findings(calls),
        *checkpoint_findings(model, index, calls),
    ]
