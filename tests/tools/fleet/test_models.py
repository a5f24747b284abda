"""Which models there are, and where each goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.tools.fleet.models import FleetModel, fixed_directory, fleet_models, stem_of


@pytest.fixture
def models(tmp_path: Path, monkeypatch) -> Path:
    for name in ("b/frozen.pb", "a/frozen.pb", "a/deep/frozen.pb", "ckpt/m.ckpt-1.index", "ckpt/m.ckpt-2.index"):
        (tmp_path / "models" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models" / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_patterns_are_expanded_in_order(models):
    found = fleet_models(["models/*/frozen.pb"], "out/{parent}.pb")
    assert found == [("models/a/frozen.pb", "out/a.pb"), ("models/b/frozen.pb", "out/b.pb")]


def test_two_stars_go_into_directories(models):
    found = fleet_models(["models/**/frozen.pb"], "{directory}/out/{name}")
    wanted = {f"models/{place}/out/frozen.pb" for place in ("a", "a/deep", "b")}
    assert {each.output for each in found} == wanted


def test_what_two_patterns_match_is_one_model(models):
    assert len(fleet_models(["models/a/frozen.pb", "models/*/frozen.pb"], "out/{parent}")) == 2


def test_prefixes_of_checkpoints_match_by_their_index(models):
    found = fleet_models(["models/ckpt/m.ckpt-?"], "out/{stem}")
    assert found == [(f"models/ckpt/m.ckpt-{i}", f"out/m.ckpt-{i}") for i in (1, 2)]


def test_a_path_is_taken_at_its_word(models):
    """Whether it is there, its worker says."""
    assert fleet_models(["models/none.pb"], "out/") == [("models/none.pb", "out/")]


@pytest.mark.parametrize(
    ("source", "stem"),
    [("a/frozen.pb", "frozen"), ("m.ckpt-100", "m.ckpt-100"), ("m.ckpt.index", "m.ckpt"), ("saved/", "saved")],
)
def test_stems(source, stem):
    assert stem_of(source) == stem


def test_a_name_with_braces_is_a_name(models):
    (models / "{name}").mkdir()
    assert fleet_models(["{name}"], "out/{stem}.pb") == [("{name}", "out/{name}.pb")]


def test_in_a_directory_models_are_told_apart_by_name(models):
    assert len(fleet_models(["models/ckpt/*.index"], "out/")) == 2
    with pytest.raises(PassError, match=r"models/a/frozen.pb and models/b/frozen.pb would both become out/"):
        fleet_models(["models/*/frozen.pb"], "out/")


def test_two_models_of_one_output(models):
    with pytest.raises(PassError, match=r"would both become out\.pb") as caught:
        fleet_models(["models/*/frozen.pb"], "out.pb")
    assert caught.value.is_usage


def test_an_output_that_is_a_source(models):
    with pytest.raises(PassError, match="would become its own output"):
        fleet_models(["models/*/frozen.pb"], "{directory}/{name}")


def test_an_output_that_is_another_source(models):
    (models / "frozen").mkdir()
    (models / "frozen" / "a.pb").touch()
    with pytest.raises(PassError, match=r"models/a/frozen.pb would replace frozen/a.pb, which is to be read"):
        fleet_models(["models/a/frozen.pb", "frozen/a.pb"], "{stem}/{parent}.pb")


def test_a_saved_model_has_its_directory_to_itself(models):
    with pytest.raises(PassError, match=r"would both become out/"):
        fleet_models(["models/ckpt/*.index"], "out/", are_directories=True)


def test_an_unknown_field(models):
    with pytest.raises(PassError, match=r"no field \{parents\}.*did you mean 'parent'"):
        fleet_models(["models/*/frozen.pb"], "{parents}.pb")


def test_a_pattern_that_matches_nothing(models):
    with pytest.raises(NotFoundError, match=r"no model 'models/\*\.onnx'"):
        fleet_models(["models/*.onnx"], "{stem}")


@pytest.mark.parametrize(
    ("output", "fixed"), [("out/{parent}/", "out"), ("{parent}", ""), ("a/b.pb", "a"), ("a/x{stem}/", "a"), ("a/", "a")]
)
def test_what_outputs_have_in_common(output, fixed):
    assert fixed_directory(output) == fixed


@pytest.mark.parametrize(("output", "fixed"), [("out/{parent}/", "out"), ("a/b/", "a"), ("a/", "")])
def test_what_directories_have_in_common_is_above_them(output, fixed):
    assert fixed_directory(output, are_directories=True) == fixed


def test_keys_are_places():
    assert FleetModel("a/m.pb", "out/./x.pb").key == "out/x.pb"
    assert FleetModel("a/m.pb", "out/").key == "out/m"
