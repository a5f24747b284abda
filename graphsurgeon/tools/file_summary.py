"""A summary of a file: what it is, the graph in it, and the checkpoint that belongs to it. No values are read."""

from __future__ import annotations

import os
from typing import Any, overload

from graphsurgeon.display import Displayed
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.formats.load import load_readable
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.tools.checkpoint_summary import CheckpointSummary, summarize_checkpoint
from graphsurgeon.tools.inspect import Inspection, inspect_model
from proto_utils import places


class FileSummary(Displayed):
    """What `inspect` finds in a file.

    Attributes
    ----------
    source : Detected
        What was recognised: path, kind, where graph and checkpoint are.
    model : Inspection or None
        The graph: nodes, ops, inputs, outputs, variables ... Each of its attributes is one of this too. None without
        one.
    graph_fault : str or None
        Why the graph beside a checkpoint cannot be read.
    meta_graphs : list of list of str, or None
        The tags of the meta graphs of a SavedModel.
    checkpoint : CheckpointSummary or None
    """

    __slots__ = ("checkpoint", "graph_fault", "meta_graphs", "model", "source")

    def __init__(
        self,
        source: Detected,
        model: Inspection | None,
        graph_fault: str | None,
        meta_graphs: list[list[str]] | None,
        checkpoint: CheckpointSummary | None,
    ) -> None:
        self.source = source
        self.model = model
        self.graph_fault = graph_fault
        self.meta_graphs = meta_graphs
        self.checkpoint = checkpoint

    @property
    def kind(self) -> str:
        """What the file is: ``graph_def``, ``meta_graph``, ``saved_model``, ``checkpoint`` ..."""
        return self.source.name

    @property
    def nbytes(self) -> int:
        """The size of the file in which the graph is."""
        return 0 if self.source.graph is None else places.getsize(self.source.graph)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in Inspection.__annotations__ or self.model is None:
            what = "" if name not in Inspection.__annotations__ else f": {self.source.path} has no graph"
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{what}")
        return getattr(self.model, name)

    def __repr__(self) -> str:
        return f"FileSummary({self.source.path!r}: {self.kind})"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        found = self.source
        file = {"kind": found.name, "graph": found.graph, "is_text": found.is_text, "nbytes": self.nbytes}
        graph = {"graph_fault": self.graph_fault}
        facts = graph if self.model is None else {**self.model.to_json(), "meta_graphs": self.meta_graphs}
        return {**file, **facts, "checkpoint": self.checkpoint and self.checkpoint.to_json()}


@overload
def inspect(source: Model) -> Inspection: ...


@overload
def inspect(source: str | os.PathLike[str], *, tags: Names | None = None) -> FileSummary: ...


def inspect(source: str | os.PathLike[str] | Model, *, tags: Names | None = None) -> FileSummary | Inspection:
    """Find out what a file is and what it holds, or what a model does.

    Kind, versions, nodes, guessed inputs and outputs with the reason for each, variables and weights, dtypes, control
    flow, functions, signatures, collections, and the checkpoint that belongs to it.

    Parameters
    ----------
    source : path or Model
    tags : str or sequence of str, optional
        Which meta graph of a SavedModel.

    Returns
    -------
    FileSummary or Inspection
        The second of a model. No values are read; costs O(nodes + tensors).

    Raises
    ------
    NotFoundError
        Nothing is there.
    UnsupportedError
        It is something else; the reason says what.
    CorruptionError
        It is damaged.
    """
    if isinstance(source, Model):
        return inspect_model(source)
    found = detect(source)
    model, fault = load_readable(found, tags=tags)
    graph = None if found.graph is None or fault is not None else inspect_model(model)
    meta_graphs = _meta_graphs(found) if graph is not None else None
    return FileSummary(found, graph, fault, meta_graphs, summarize_checkpoint(found))


def _meta_graphs(found: Detected) -> list[list[str]] | None:
    if found.kind != "saved_model" or found.graph is None:
        return None
    from graphsurgeon.formats.saved_model import list_meta_graphs

    return [list(graph.tags) for graph in list_meta_graphs(found.graph, is_text=found.is_text)]
