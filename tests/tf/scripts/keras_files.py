"""Weights as Keras saves them in HDF5. TensorFlow 2 only."""

import os

import bundles
import keras_models


def save(directory, name):
    """Save a model's weights in both layouts; returns the digests of all datasets by path, and of all weights."""
    import h5py

    model = keras_models.dense() if name == "dense" else keras_models.convolutions()
    files = {"new": os.path.join(directory, "m.weights.h5"), "old": os.path.join(directory, "m.h5")}
    model.save_weights(files["new"])
    model.save(files["old"])
    found = {}
    for layout, path in files.items():
        found[layout] = {}
        with h5py.File(path, "r") as file:
            file.visititems(
                lambda place, item: (
                    found[layout].update({place: _digest(item[()])}) if isinstance(item, h5py.Dataset) else None  # noqa: B023
                )
            )
    return {"files": files, "found": found, "weights": sorted(_digest(weight.numpy()) for weight in model.weights)}


def _digest(value):
    return bundles.digest(value.tobytes())
