"""What nodes take, and what they say of the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.ir.node_fields import require_inputs, require_text


def test_texts():
    assert require_text("name", "a") == "a"
    assert require_inputs(["a", "^b"]) == require_inputs(text for text in ("a", "^b")) == ("a", "^b")
    assert require_inputs(()) == ()
    assert require_inputs([np.str_("a")]) == ("a",)


@pytest.mark.parametrize("value", [None, 3, b"a", ["a"]])
def test_what_is_no_text(value: Any):
    with pytest.raises(TypeError, match=f"the name of a node is a str, not {type(value).__name__}: "):
        require_text("name", value)


@pytest.mark.parametrize("value", ["abc", b"a", 3, None])
def test_what_is_no_list(value: Any):
    with pytest.raises(TypeError, match=r"inputs are a list of str such as \['a', 'b:1', '\^c'\], not "):
        require_inputs(value)


@pytest.mark.parametrize("value", [[1], [b"a"], [["a"]], {"a": 1}.values()])
def test_what_is_no_list_of_texts(value: Any):
    with pytest.raises(TypeError, match="the input of a node is a str, not "):
        require_inputs(value)
