"""Assets that a meta graph names in its field, or in the collection of older versions."""

from __future__ import annotations

from graphsurgeon.meta_graph.assets import ASSETS, asset_files
from proto_utils import schema


def test_both_places():
    meta = schema.MetaGraphDef()
    assert asset_files(meta) == {}
    meta.asset_file_def.add(filename="words").tensor_info.name = "path:0"
    for name in ("path:0", "old:0"):
        asset = schema.AssetFileDef(filename="words" if name == "path:0" else "more")
        asset.tensor_info.name = name
        packed = meta.collection_def[ASSETS].any_list.value.add()
        packed.type_url, packed.value = "type.googleapis.com/tensorflow.AssetFileDef", schema.serialize(asset)
    before = schema.serialize(meta)
    assert asset_files(meta) == {"path": "words", "old": "more"}
    assert schema.serialize(meta) == before
