"""What weights in Keras's HDF5 files are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.formats.arrays.keras_names import group_names, names_of, weight_names

h5py: Any = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as made:
        yield made


def put(file: Any, *places: str) -> list[str]:
    for place in places:
        file[place] = np.zeros(1)
    return list(places)


def named(file: Any, **names: str) -> None:
    for group, name in names.items():
        file.require_group(group.replace("__", "/") + "/vars").attrs["name"] = name


def test_layers_have_their_own_names_and_lists_of_layers_none(file):
    named(file, layers__dense="second", layers__dense_1="first", layers__sequential="inner")
    named(file, layers__sequential__layers__dense="deep")
    places = put(file, "layers/dense/vars/0", "layers/dense_1/vars/0", "layers/sequential/layers/dense/vars/1")
    assert names_of(file, places) == dict(zip(places, ["second/0", "first/0", "inner/deep/1"], strict=True))


def test_a_layer_without_a_name_has_that_of_its_group(file):
    places = put(file, "layers/dense/vars/0", "layers/rnn/cell/vars/kernel")
    file.require_group("layers/rnn/vars")
    assert list(names_of(file, places).values()) == ["dense/0", "rnn/cell/kernel"]


def test_weights_of_the_model_itself(file):
    places = put(file, "vars/0")
    assert names_of(file, places) == {"vars/0": "vars/0"}
    file["vars"].attrs["name"] = "net"
    assert names_of(file, places) == {"vars/0": "net/0"}
    assert group_names(file, "w") is None


def test_where_two_have_one_name_both_keep_their_paths(file):
    named(file, a="same", b="same", c="other")
    places = put(file, "a/vars/0", "b/vars/0", "c/vars/0")
    assert list(names_of(file, places).values()) == ["a/vars/0", "b/vars/0", "other/0"]


@pytest.mark.parametrize("scope", ["", "model_weights/"])
def test_old_files_list_the_names_of_weights(file, scope):
    places = put(file, f"{scope}conv/conv/kernel:0", f"{scope}conv/conv/bias:0", f"{scope}rest:0")
    group = file[f"{scope}conv"]
    group.attrs["weight_names0"] = [b"conv/kernel:0"]
    group.attrs["weight_names1"] = ["conv/bias:0"]
    assert weight_names(group) == ["conv/kernel:0", "conv/bias:0"]
    assert list(names_of(file, places).values()) == ["conv/kernel", "conv/bias", f"{scope}rest"]


def test_other_files_have_paths(file):
    places = put(file, "conv/kernel:0", "layers/x")
    assert names_of(file, places) == {place: place for place in places}
