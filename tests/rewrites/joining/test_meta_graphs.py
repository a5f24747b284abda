"""What surrounds several graphs becomes what surrounds one."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.joining.meta_graphs import JoinedPart, join_surroundings
from proto_utils import schema
from tests import notation
from tests.passes.harness import definitions, variable_def
from tests.passes.prune.models import listing


def of(meta: schema.MetaGraphDef | None, producer: int = 0) -> Model:
    model = notation.model("init = NoOp")
    model.meta = meta
    model.rest.versions.producer = producer
    return model


def joined(*models: Model, scopes: tuple[str, ...] = ("a", "b")) -> tuple[Model, list[str]]:
    parts = [JoinedPart(*each) for each in zip(models, scopes, strict=True)]
    return models[0], join_surroundings(models[0], parts, "join")


def names(model: Model, key: str) -> list[str]:
    assert model.meta is not None
    return list(model.meta.collection_def[key].node_list.value)


def test_graphs_alone_stay_alone():
    assert joined(of(None), of(None))[0].meta is None


def test_collections_are_put_behind_each_other():
    model, notes = joined(of(listing("losses", "a/loss:0")), of(listing("losses", "b/loss:0")))
    assert names(model, "losses") == ["a/loss:0", "b/loss:0"]
    assert notes == []


def test_collections_of_other_kinds_are_refused():
    with pytest.raises(PassError, match="the collection 'x' holds a node_list in one model, a bytes_list in another"):
        joined(of(listing("x", "a/loss:0")), of(listing("x", b"text")))


def test_main_ops_are_one_that_waits_for_all():
    other = listing("saved_model_main_op")
    other.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "b/init"
    model, _ = joined(of(listing("legacy_init_op", "a/init")), of(other))
    assert names(model, "saved_model_main_op") == ["saved_model_main_op"]
    assert model.graph["saved_model_main_op"].inputs == ("^a/init", "^b/init")
    assert model.meta is not None
    assert "legacy_init_op" not in model.meta.collection_def
    assert not model.meta.signature_def


def test_the_only_main_op_stays():
    model, _ = joined(of(listing("legacy_init_op", "a/init")), of(listing("losses")))
    assert names(model, "legacy_init_op") == ["a/init"]


def test_init_ops_are_one():
    model, _ = joined(of(listing("init_op", "a/init")), of(listing("init_op", "b/init")))
    assert names(model, "init_op") == ["init_op"]


def test_what_tensorflow_makes_of_all_goes():
    model, notes = joined(of(listing("ready_op", "a/r:0")), of(listing("ready_op", "b/r:0")))
    assert model.meta is not None
    assert "ready_op" not in model.meta.collection_def
    assert "'ready_op'" in notes[0]


def test_one_global_step():
    steps = [listing("global_step", variable_def(f"{scope}/step")) for scope in "ab"]
    model, notes = joined(*map(of, steps))
    assert model.meta is not None
    assert len(model.meta.collection_def["global_step"].bytes_list.value) == 1
    assert notes == ["a graph has one global step, which is 'a/step'; b/step stays a variable"]


def test_signatures_are_below_their_models():
    metas = [schema.MetaGraphDef(), schema.MetaGraphDef()]
    for meta in metas:
        meta.signature_def["serving_default"].outputs["y"].name = "y:0"
    model, _ = joined(*map(of, metas))
    assert model.meta is not None
    assert sorted(model.meta.signature_def) == ["a/serving_default", "b/serving_default"]
    with pytest.raises(PassError, match="two of the models have a signature 'serving_default'"):
        joined(*map(of, metas), scopes=("", ""))


def test_versions_are_the_oldest_producer_and_the_newest_consumer():
    one, other = of(None, 24), of(None, 134)
    one.rest.versions.min_consumer, other.rest.versions.min_consumer = 0, 12
    other.rest.versions.bad_consumers.append(7)
    model, notes = joined(one, other)
    versions = model.rest.versions
    assert (versions.producer, versions.min_consumer, list(versions.bad_consumers)) == (24, 12, [7])
    assert notes[0].startswith("the graphs are of the versions 24, 134: it is 24 now")


def test_old_variables_say_whether_they_are_trained():
    metas = [listing("trainable_variables", variable_def("a/w")), listing("variables", variable_def("b/w"))]
    metas[0].meta_info_def.tensorflow_version, metas[1].meta_info_def.tensorflow_version = "1.4.0", "1.15.5"
    model, _ = joined(*map(of, metas))
    assert model.meta is not None
    assert model.meta.meta_info_def.tensorflow_version == "1.15.5"
    assert [each.trainable for each in definitions(model, "trainable_variables")] == [True]
    assert [each.trainable for each in definitions(model, "variables")] == [False]


def test_tags_ops_and_aliases_of_all():
    metas = [schema.MetaGraphDef(), schema.MetaGraphDef()]
    for meta, tag in zip(metas, ("serve", "gpu"), strict=True):
        meta.meta_info_def.tags.extend(["serve", tag])
        meta.meta_info_def.stripped_op_list.op.add(name=tag)
        meta.meta_info_def.function_aliases[tag] = tag
    metas[0].meta_info_def.stripped_default_attrs = True
    info = joined(*map(of, metas))[0].meta.meta_info_def  # type: ignore[union-attr]
    assert list(info.tags) == ["serve", "serve", "gpu"]
    assert [op.name for op in info.stripped_op_list.op] == ["serve", "gpu"]
    assert dict(info.function_aliases) == {"serve": "serve", "gpu": "gpu"}
    assert not info.stripped_default_attrs


def test_the_saver_of_any_of_them_and_no_object_graph():
    metas = [schema.MetaGraphDef(), schema.MetaGraphDef()]
    metas[1].saver_def.restore_op_name = "b/save/restore_all"
    metas[0].object_graph_def.nodes.add()
    model, notes = joined(*map(of, metas))
    assert model.meta is not None
    assert model.meta.saver_def.restore_op_name == "b/save/restore_all"
    assert not model.meta.HasField("object_graph_def")
    assert "no object graph" in notes[0]
