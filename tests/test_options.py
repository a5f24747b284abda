"""The options of a function, from its signature and docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import pytest

import graphsurgeon as gs
from graphsurgeon import edits, passes
from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.options import Kind, description_of, options_of, parameter_entries
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from tests.models import floats


@checkpoint_edit
def twist(
    tensors,
    others: Sequence[Mapping[str, Tensor]] = (),
    *,
    dtype: str = "",
    select: Names = (),
    axis_order: tuple[int, ...] = (),
    weights: tuple[float, ...] = (),
    value: str | float | None = None,
    decay: float | None = None,
    count: int,
    force: bool = False,
    how: Literal["left", "right"] = "left",
    other: Mapping[str, Tensor] | None = None,
    map: Names | Mapping[str, str] = (),  # noqa: A002
    values: Names | Mapping[str, Any] = (),
    map_file: Iterable[str] | None = None,
    model: Model | None = None,
    sources: tuple[str, ...] = (),
) -> Remarks:
    """Do nothing.

    At length.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    dtype : str
        What to twist to,
        in two lines.
    count : int
        How often : 3.

    Returns
    -------
    Remarks
    """
    return Remarks()


OPTIONS = options_of(twist)
FUNCTIONS = [*map(edits.load, edits.names()), *map(passes.load, passes.names())]
every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)


def test_every_parameter_but_the_first_is_an_option():
    assert {name: option.kind for name, option in OPTIONS.items()} == {
        "others": Kind("checkpoint", is_list=True),
        "dtype": Kind("text"),
        "select": Kind("text", is_list=True),
        "axis_order": Kind("integer", is_list=True),
        "weights": Kind("number", is_list=True),
        "value": Kind("value", takes_none=True),
        "decay": Kind("number", takes_none=True),
        "count": Kind("integer"),
        "force": Kind("flag"),
        "how": Kind("choice", choices=("left", "right")),
        "other": Kind("checkpoint", takes_none=True),
        "map": Kind("text", is_list=True, takes_pairs=True),
        "values": Kind("text", is_list=True, takes_pairs=True, takes_values=True),
        "map_file": Kind("lines", takes_none=True),
        "model": Kind("other", takes_none=True),
        "sources": Kind("text", is_list=True),
    }
    assert [name for name, option in OPTIONS.items() if option.is_internal] == ["model", "sources"]


def test_defaults():
    assert [name for name, option in OPTIONS.items() if option.is_required] == ["count"]
    assert (OPTIONS["how"].default, OPTIONS["decay"].default) == ("left", None)


def test_help_is_in_the_docstring():
    assert (OPTIONS["dtype"].help, OPTIONS["count"].help) == ("What to twist to, in two lines.", "How often : 3.")
    assert OPTIONS["force"].help == ""
    assert description_of(twist) == "Do nothing.\n\nAt length."
    assert parameter_entries(twist)["dtype"] == ["dtype : str", "    What to twist to,", "    in two lines."]
    assert parameter_entries(lambda: None) == {}
    assert description_of(lambda: None) == ""


@every_function
def test_every_option_of_every_function_is_explained(function):
    assert [name for name, option in options_of(function).items() if not option.help] in ([], ["others"])


@pytest.mark.parametrize(
    ("name", "given", "made"),
    [
        ("dtype", "float16", "float16"),
        ("dtype", 3, "3"),
        ("select", "a", ("a",)),
        ("select", ["a", "b"], ("a", "b")),
        ("axis_order", [1, 0], (1, 0)),
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
        ("other", "b.ckpt", "b.ckpt"),
        ("other", None, None),
        ("others", ["b", "c"], ("b", "c")),
        ("others", "b", ("b",)),
        ("map", ["a=b"], ("a=b",)),
        ("map", {"a": "b"}, {"a": "b"}),
        ("values", {"a": [1, 2], "b": True}, {"a": [1, 2], "b": True}),
    ],
)
def test_plain_values_are_converted(name, given, made):
    assert OPTIONS[name].convert(given) == made


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("dtype", ["a"], "a text"),
        ("dtype", True, "a text"),
        ("dtype", None, "a text"),
        ("select", [["a"]], "a list of texts"),
        ("axis_order", [1.5], "a list of integers"),
        ("axis_order", [True], "a list of integers"),
        ("weights", "abc", "a list of numbers"),
        ("weights", [10**400], "a list of numbers"),
        ("value", [1], "a text"),
        ("decay", True, "a number"),
        ("decay", 10**400, "a number"),
        ("count", "3", "an integer"),
        ("force", 1, "true or false"),
        ("how", "up", "left, right"),
        ("other", ["a"], "the path of a checkpoint"),
        ("others", [1], "a list of paths of checkpoints"),
        ("map", {"a": 1}, "a list of texts, or a mapping of texts"),
        ("values", {"a": {}}, "a list of texts, or a mapping of names to values"),
        ("map", [{"a": "b"}, {"a": "c"}], "a list of texts, or a mapping of texts"),
        ("map", [{"a": "b"}, "c=d"], "a list of texts, or a mapping of texts"),
    ],
)
def test_what_does_not_fit_is_answered_with_what_does(name, given, wanted):
    with pytest.raises(UnsupportedError, match=f"option '{name}' is ") as caught:
        OPTIONS[name].convert(given)
    assert caught.value.hint == f"wanted: {wanted}"


@pytest.mark.parametrize(
    ("name", "given", "made"),
    [("select", "abc", ("abc",)), ("axis_order", 1, (1,)), ("select", ["a"], ("a",)), ("dtype", "a", "a"),
     ("map", {"a": "b"}, {"a": "b"})],
)  # fmt: skip
def test_one_for_a_list_of_one(name, given, made):
    assert OPTIONS[name].normalize(given) == made


@pytest.mark.parametrize(
    ("function", "name", "given", "wanted"),
    [
        (gs.freeze, "outputs", 3, "a list of texts"),
        (gs.freeze, "outputs", None, "a list of texts"),
        (gs.freeze, "outputs", [3], "a list of texts"),
        (gs.freeze, "outputs", b"prob", "a list of texts"),
        (gs.freeze, "updates", "x", "decline, compute"),
        (gs.freeze, "signature", 3, "a text"),
        (gs.average, "missing", "x", "error, keep"),
        (gs.downgrade, "to", 1.15, "a text"),
        (gs.rename, "map", 3, "a mapping of texts"),
    ],
)
def test_what_a_call_takes_for_no_texts_is_told(function, name, given, wanted):
    with pytest.raises(TypeError, match=f"{name} is .*({wanted}).*; not "):
        options_of(function)[name].normalize(given)


def test_a_text_that_may_be_left_out_may_be_none():
    assert options_of(gs.freeze)["signature"].normalize(None) is None
    assert options_of(gs.freeze)["outputs"].normalize(iter("ab")) == ("a", "b")


@every_function
def test_the_kind_of_every_option_is_known(function):
    """A wrong value is answered with what is wanted, in words."""
    for option in options_of(function).values():
        with pytest.raises(UnsupportedError, match=f"option '{option.name}' is") as caught:
            option.convert([{}])
        if not option.is_internal and option.kind.item != "lines":
            assert re.fullmatch(r"wanted: [a-z][a-z0-9_ ,]+", str(caught.value.hint))


@pytest.mark.parametrize("given", ["w", ["w"], ("w",), {"w"}, iter(["w"]), (each for each in "w"), {"w": 1}.keys()])
def test_one_text_and_whatever_can_be_looped_over_are_lists_of_texts(given):
    tensors: dict[str, gs.Tensor] = {"w": floats(1), "b": floats(2)}
    assert [row.name for row in gs.scale(tensors, select=given, factor=2.0).changes] == ["w"]


@pytest.mark.parametrize("name", [*passes.names(), *edits.names()])
def test_lists_of_texts_are_declared_by_one_name(name):
    """So that type checkers take one text and a list as well as a tuple."""
    function = passes.load(name) if name in passes.names() else edits.load(name)
    for option in inspect.signature(function).parameters.values():
        if option.name != "sources":
            assert "tuple[str" not in str(option.annotation), option


@pytest.mark.parametrize("name", [*passes.names(), *edits.names()])
def test_help_tells_what_is_returned_and_its_fields(name):
    function = passes.load(name) if name in passes.names() else edits.load(name)
    text = inspect.getdoc(function) or ""
    report = str(inspect.signature(function).return_annotation)
    assert f"\nReturns\n-------\n{report}\n    " in text
    assert text.count("\nReturns\n") == 1


def test_help_of_an_edit():
    text = inspect.getdoc(gs.cast) or ""
    assert "changes : Sequence[Change]\n        Each has name, action, dtype, shape, was," in text
    assert text.index("\nParameters\n") < text.index("\nReturns\n") < text.index("\nRaises\n")
