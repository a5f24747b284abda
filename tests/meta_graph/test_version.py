"""Versions that TensorFlow's import parses. That it does is proven in tests/tf/test_unfreeze_meta.py."""

from __future__ import annotations

import pytest

from graphsurgeon.meta_graph.version import VERSION, stamp_version
from proto_utils import schema


def stamped(version: str) -> tuple[str, str | None]:
    meta = schema.MetaGraphDef()
    meta.meta_info_def.tensorflow_version = version
    replaced = stamp_version(meta)
    return meta.meta_info_def.tensorflow_version, replaced


@pytest.mark.parametrize(
    "version",
    [
        "1.15.0",
        "2.21.0",
        "0.12",
        "2",
        "1.0.0-rc2",
        "2.0.0-beta1",
        "2.4.0-dev20200901",
        "1.14.1-dev20190518",
        "2.1.0+nv",
    ],
)
def test_a_version_stays(version):
    assert stamped(version) == (version, None)


@pytest.mark.parametrize("version", ["unknown", "1.x", "1.15-mine", "v1.15", "1.15.0 ", "1..2", "\uff11.2"])
def test_what_is_no_version_is_replaced(version):
    assert stamped(version) == (VERSION, version)


def test_none_is_given_one():
    assert stamped("") == (VERSION, None)
