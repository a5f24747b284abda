"""The static shapes of what the nodes of a model make: those that their attrs state, and those that follow."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import node_dtype
from graphsurgeon.ir.output_shapes import output_shape
from graphsurgeon.rewrites.shaping.dims import Told
from graphsurgeon.rewrites.shaping.model_shapes import infer as inferred_shapes
from graphsurgeon.rewrites.shaping.model_shapes import vague_placeholders
from graphsurgeon.tensors import dtypes

#: A model of at most so many nodes, those of functions included, has its shapes inferred without being asked for it:
#: of 100,000 nodes that takes a quarter of the time that reading and listing them does.
MAX_NODES = 200_000
_HANDLES = (dtypes.RESOURCE, dtypes.VARIANT)


class NodeShapes:
    """The shapes of the outputs of the nodes of a model's graph.

    Without inference only those that attrs state. What is inferred may be less than what TensorFlow infers, and is
    never something else. Costs O(nodes + edges) with inference, and reads small integers only.

    Parameters
    ----------
    model : Model
    infer : bool, optional
        Whether to infer shapes; by default when the model has no more than `MAX_NODES` nodes.
    index : Index, optional
        Of its graph.
    keep_bodies : bool
        As for `ShapeInference`.

    Attributes
    ----------
    inference : ShapeInference or None
    """

    def __init__(
        self, model: Model, *, infer: bool | None = None, index: Index | None = None, keep_bodies: bool = False
    ) -> None:
        if infer is None:
            infer = sum(len(graph) for _, graph in model.graphs()) <= MAX_NODES
        self.is_inferred = infer
        self._index = Index(model.graph) if index is None else index
        self._vague = vague_placeholders(model)
        self.inference = inferred_shapes(model, self._index, keep_bodies=keep_bodies) if infer else None

    def dims(self, node: Node, output: int = 0) -> list[int | None] | None:
        """Return the shape of one output, None when not even its rank is known."""
        found = self._inferred(node, output)
        if found is None and node.name not in self._vague:
            stated = output_shape(self._index, node, output)
            found = None if stated is None else stated.dims
        return None if found is None else list(found)

    def _inferred(self, node: Node, output: int) -> Told:
        # Where inference follows a handle, the shape is that of the variable.
        if self.inference is None or node_dtype(node) in _HANDLES:
            return None
        shapes = self.inference.outputs(node.name)
        return shapes[output] if output < len(shapes) else None
