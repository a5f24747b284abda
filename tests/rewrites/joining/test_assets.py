"""Files of SavedModels that become one."""

from __future__ import annotations

from pathlib import Path

from graphsurgeon.ir.model import Model, SavedModelParts
from graphsurgeon.rewrites.joining.assets import join_files
from graphsurgeon.rewrites.joining.meta_graphs import JoinedPart
from proto_utils import schema


def served(directory: Path, **files: str) -> Model:
    model = Model(meta=b"")
    assert model.meta is not None
    found = {}
    for name, text in files.items():
        directory.mkdir(exist_ok=True)
        (directory / name).write_text(text)
        found[f"assets/{name}"] = str(directory / name)
        model.meta.asset_file_def.append(schema.AssetFileDef(filename=name))
    found["keras_metadata.pb"] = "somewhere"
    model.saved_model = SavedModelParts((), 0, files=found)
    return model


def joined(*models: Model) -> dict[str, str]:
    join_files(models[0], [JoinedPart(each, scope) for each, scope in zip(models, "abc", strict=False)])
    assert models[0].saved_model is not None
    return dict(models[0].saved_model.files)


def test_files_of_one_name_and_other_bytes_get_another(tmp_path: Path):
    models = [served(tmp_path / "1", words="x"), served(tmp_path / "2", words="y", more="z")]
    found = joined(*models)
    assert sorted(found) == ["assets/b/words", "assets/more", "assets/words"]
    assert models[1].meta is not None
    assert [asset.filename for asset in models[1].meta.asset_file_def] == ["b/words", "more"]


def test_equal_files_are_one(tmp_path: Path):
    assert sorted(joined(served(tmp_path / "1", words="x"), served(tmp_path / "2", words="x"))) == ["assets/words"]


def test_a_graph_takes_the_files_of_a_saved_model_along(tmp_path: Path):
    graph = Model()
    assert sorted(joined(graph, served(tmp_path / "1", words="x"))) == ["assets/words"]
    assert graph.saved_model is not None
    assert (len(graph.saved_model.records), graph.saved_model.own) == (2, 1)


def test_graphs_alone_have_no_files():
    model = Model()
    assert join_files(model, [JoinedPart(model, ""), JoinedPart(Model(), "b")]) == []
    assert model.saved_model is None
