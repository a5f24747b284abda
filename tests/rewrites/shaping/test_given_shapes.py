"""Shapes that users give."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.shaping.given_shapes import given_shapes
from proto_utils.errors import NotFoundError
from tests import notation

NET = "image = Placeholder {dtype: f32}; y = Relu(image)"


def test_shapes_are_given_as_texts_or_lists():
    model = notation.model(NET)
    assert given_shapes(model, ["image=1,?,3"], "op") == {"image": (1, None, 3)}
    assert given_shapes(model, {"image": [1, None, 3]}, "op") == {"image": (1, None, 3)}


def test_what_is_no_shape_or_no_input():
    model = notation.model(NET)
    with pytest.raises(PassError, match="no shape"):
        given_shapes(model, ["image=large"], "op")
    with pytest.raises(PassError, match="no input"):
        given_shapes(model, ["y=1"], "op")
    with pytest.raises(NotFoundError, match="imag"):
        given_shapes(model, ["imag=1"], "op")
