"""The assets that a meta graph names: files beside a SavedModel, each with the tensor that is fed its path.

They are listed in a field, before that in a collection, and by TensorFlow 1 in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphsurgeon.meta_graph.references import collection_references
from graphsurgeon.names import node_of
from proto_utils import schema

#: The collection of older versions.
ASSETS = "saved_model_assets"


def asset_files(meta: schema.MetaGraphDef) -> dict[str, str]:
    """Return the files in the folder ``assets``, by the nodes that are fed their paths."""
    return {node_of(asset.tensor_info.name): asset.filename for asset in _assets(meta)}


def rename_assets(meta: schema.MetaGraphDef, new: Mapping[str, str]) -> None:
    """Give files in the folder ``assets`` other names."""
    if ASSETS in meta.collection_def:
        for each in collection_references(meta, ASSETS):
            if isinstance(each.entry.message, schema.AssetFileDef) and each.entry.message.filename in new:
                each.entry.message.filename = new[each.entry.message.filename]
                each.entry.change()
    for asset in meta.asset_file_def:
        asset.filename = new.get(asset.filename, asset.filename)


def _assets(meta: schema.MetaGraphDef) -> Iterator[schema.AssetFileDef]:
    if ASSETS in meta.collection_def:
        for each in collection_references(meta, ASSETS):
            if isinstance(each.entry.message, schema.AssetFileDef):
                yield each.entry.message
    yield from meta.asset_file_def
