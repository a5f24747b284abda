"""Options of a step, against the signature of the edit."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import pytest

from graphsurgeon import edits, passes
from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.recipe.options import INNER, OptionError, check_options, relative_to


@checkpoint_edit
def twist(
    tensors,
    others: Sequence[Mapping[str, Tensor]] = (),
    *,
    dtype: str = "",
    select: tuple[str, ...] = (),
    axis_order: tuple[int, ...] = (),
    weights: tuple[float, ...] = (),
    value: str | float | None = None,
    decay: float | None = None,
    count: int = 0,
    force: bool = False,
    how: Literal["left", "right"] = "left",
    other: Mapping[str, Tensor] | None = None,
    map: tuple[str, ...] | Mapping[str, str] = (),  # noqa: A002
    model: Model | None = None,
    sources: tuple[str, ...] = (),
) -> Remarks:
    """Do nothing."""
    return Remarks()


@checkpoint_edit
def needy(tensors, *, shape: tuple[int, ...]) -> Remarks:
    """Do nothing."""
    return Remarks()


def checked(function=twist, **given):
    return check_options(function, given, lambda path: {path: None})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("name", "given", "made"),
    [
        ("dtype", "float16", "float16"),
        ("dtype", 3, "3"),
        ("select", "a", ("a",)),
        ("select", ["a", "b"], ("a", "b")),
        ("axis-order", [1, 0], (1, 0)),
        ("axis_order", 2, (2,)),
        ("weights", [1, 0.5, "1e-3"], (1.0, 0.5, 0.001)),
        ("value", "x", "x"),
        ("value", 7, 7),
        ("value", None, None),
        ("decay", "1e-3", 0.001),
        ("decay", None, None),
        ("count", 3, 3),
        ("force", True, True),
        ("how", "right", "right"),
        ("other", "b.ckpt", {"b.ckpt": None}),
        ("others", ["b", "c"], [{"b": None}, {"c": None}]),
        ("others", "b", [{"b": None}]),
        ("map", ["a=b"], ("a=b",)),
        ("map", {"a": "b"}, {"a": "b"}),
    ],
)
def test_values(name, given, made):
    assert checked(**{name: given}) == {name.replace("-", "_"): made}


@pytest.mark.parametrize(
    ("given", "reason", "hint"),
    [
        ({"dtipe": "a"}, "no option 'dtipe'", "did you mean 'dtype'"),
        ({"zzz": "a"}, "no option 'zzz'", "it takes others, dtype, select"),
        ({"model": "a"}, "no option 'model'", None),
        ({"sources": "a"}, "no option 'sources'", None),
        ({"axis-order": [1], "axis_order": [1]}, "'axis_order' is given twice", None),
        ({"dtype": ["a"]}, r"option 'dtype' is \['a'\]", "wanted: a text"),
        ({"dtype": True}, "option 'dtype' is True", "wanted: a text"),
        ({"select": [["a"]]}, "option 'select'", "wanted: a list of texts"),
        ({"axis_order": [1.5]}, "option 'axis_order'", "wanted: a list of integers"),
        ({"axis_order": [True]}, "option 'axis_order'", "wanted: a list of integers"),
        ({"weights": "abc"}, "option 'weights' is 'abc'", "wanted: a list of numbers"),
        ({"decay": True}, "option 'decay'", "wanted: a number"),
        ({"decay": 10**400}, "option 'decay'", "wanted: a number"),
        ({"weights": [10**400]}, "option 'weights'", "wanted: a list of numbers"),
        ({"count": "3"}, "option 'count' is '3'", "wanted: an integer"),
        ({"force": 1}, "option 'force'", "wanted: true or false"),
        ({"how": "up"}, "option 'how' is 'up'", "wanted: left, right"),
        ({"other": ["a"]}, "option 'other'", "wanted: the path of a checkpoint"),
        ({"others": [1]}, "option 'others'", "wanted: a list of paths of checkpoints"),
        ({"map": {"a": 1}}, "option 'map'", "wanted: a list of texts"),
        ({"value": [1]}, r"option 'value' is \[1\]", "wanted: a text"),
        ({"dtype": None}, "option 'dtype' is None", "wanted: a text"),
    ],
)
def test_what_does_not_fit(given, reason, hint):
    with pytest.raises(OptionError, match=reason) as caught:
        checked(**given)
    assert hint is None or hint in str(caught.value.hint)


def test_what_is_missing():
    with pytest.raises(OptionError, match="option 'shape' is missing") as caught:
        checked(needy)
    assert caught.value.hint == "wanted: a list of integers"


def test_hidden_options():
    with pytest.raises(OptionError, match="no option 'force'"):
        check_options(twist, {"force": True}, dict, ("force",))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*edits.names(), "rename"])
def test_every_option_of_every_edit_can_be_given(name):
    """A wrong value is answered with what is wanted, in words: so the kind of every parameter is known."""
    function = passes.load("rename") if name == "rename" else edits.load(name)
    options = [each for each in inspect.signature(function).parameters if each not in (*INNER, "map_file")][1:]
    assert options
    for option in options:
        with pytest.raises(OptionError, match=f"option '{option}' is") as caught:
            check_options(function, {option: [{}]}, dict)  # type: ignore[arg-type]
        assert re.fullmatch(r"wanted: [a-z][a-z ,]+", str(caught.value.hint))


def test_paths():
    assert relative_to("dir", "a/b") == "dir/a/b"
    assert relative_to("dir", "/a") == "/a"
    assert relative_to("", "a") == "a"
