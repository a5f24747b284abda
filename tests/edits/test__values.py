"""Which tensors an edit of values works on, and that it changes all of them or none."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.edits._values import asks_for, axis_of, change, is_named, refuse, targets, value_edit
from graphsurgeon.errors import PassError
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils.errors import NotFoundError, UnsupportedError

NAMES = ["conv/w", "conv/b", OBJECT_GRAPH_KEY]


@asks_for("by", "to", hint="give `by` or `to`")
@value_edit
def twist(tensor: Tensor, *, by: tuple[int, ...], to: str | None = None) -> Tensor:
    """Twist tensors.

    Parameters
    ----------
    by : tuple of int
        How far.
    to : str
        Where
        to.

    Raises
    ------
    UnsupportedError
        A tensor is stiff.
    """
    if by == (0,):
        raise UnsupportedError("stiff")
    return as_tensor(tensor.numpy() + sum(by))


class TestValueEdit:
    def test_it_changes_what_is_selected(self):
        given = {name: as_tensor(number) for number, name in enumerate("abc")}
        report = twist(given, by=2, select=["a", "b"], exclude="b")
        assert {name: int(tensor.numpy()) for name, tensor in given.items()} == {"a": 2, "b": 1, "c": 2}
        assert [row.name for row in report.changes] == ["a"]

    def test_all_or_none(self):
        given = {name: as_tensor(number) for number, name in enumerate("ab")}
        with pytest.raises(PassError, match="twist: 2 tensors: a: stiff; b: stiff"):
            twist(given, by=0, select=".")
        assert [int(tensor.numpy()) for tensor in given.values()] == [0, 1]

    def test_its_signature_has_what_to_edit_among_what_is_required(self):
        assert str(inspect.signature(twist)).replace("'", "") == (
            "(tensors: MutableMapping[str, Tensor], *, by: tuple[int, ...], select: Names, "
            "exclude: Names = (), to: str | None = None) -> EditReport"
        )

    def test_its_docstring_has_it_too(self):
        assert (
            inspect.getdoc(twist)
            == """\
Twist tensors.

Parameters
----------
tensors : mapping of str to Tensor
    Edited in place.
by : tuple of int
    How far.
select : str or sequence of str
    Patterns of what to twist: names, or regular expressions that match the whole name.
exclude : str or sequence of str
    Patterns of what not to.
to : str
    Where
    to.

Returns
-------
EditReport
    changes : Sequence[Change]
        Each has name, action, dtype, shape, was, old_dtype, old_shape, reason.
    num_unchanged : int
    skipped : list[Skipped]
        Each has name, reason.
    notes : list[str]

Raises
------
NotFoundError
    A pattern matches nothing.
PassError
    A tensor is stiff."""
        )

    @pytest.mark.parametrize("options", [{}, {"by": 1}, {"by": 1, "select": "a", "exclude": "a", "too": 1}])
    def test_options_are_as_the_signature_has_them(self, options: dict[str, Any]):
        """Also when there is nothing to edit."""
        with pytest.raises(TypeError, match="argument"):
            twist({"a": as_tensor(1)}, **{"to": "x", **options})

    def test_something_must_be_asked_for(self):
        with pytest.raises(PassError, match="twist: nothing is asked for") as caught:
            twist({}, select="gone", by=())
        assert (caught.value.hint, caught.value.is_usage) == ("give `by` or `to`", True)
        with pytest.raises(NotFoundError):
            twist({}, select="gone", by=0)
        with pytest.raises(NotFoundError):
            twist({}, select="gone", by=(), to="")


def test_the_object_graph_is_no_target():
    assert targets(NAMES) == ["conv/w", "conv/b"]
    assert targets(NAMES, [".*"], ["conv/b"]) == ["conv/w"]
    with pytest.raises(NotFoundError):
        targets(NAMES, [OBJECT_GRAPH_KEY])


def test_all_or_none():
    given = {name: as_tensor(number) for number, name in enumerate("abc")}
    before = dict(given)

    def make(name, base):
        if name != "b":
            raise UnsupportedError(f"not {name}")
        return as_tensor(9)

    with pytest.raises(PassError, match="twist: 2 tensors: a: not a; c: not c"):
        change("twist", given, "abc", make)
    assert given == before
    change("twist", given, "b", make)
    assert given["b"].numpy() == 9


def test_a_long_list_is_cut():
    with pytest.raises(PassError, match=r"twist: 12 tensors: 0; .*; 9; and 2 more$"):
        refuse("twist", [str(number) for number in range(12)])
    refuse("twist", [])


def test_named():
    assert is_named("conv/w", ["conv/.*"])
    assert not is_named("conv/w", [])


def test_axes_count_from_both_ends():
    assert [axis_of(axis, 3) for axis in (0, 2, -1, -3)] == [0, 2, 2, 0]
    for axis in (3, -4):
        with pytest.raises(UnsupportedError, match="in a tensor of rank 3"):
            axis_of(axis, 3)


class TestWrongCalls:
    """A call that does not fit is a TypeError that says whose it is, before anything is asked for."""

    GIVEN = MappingProxyType({"w": 1.0})

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda given: gs.reverse(given, select="w"), r"reverse\(\) missing a required .*argument: 'axis'"),
            (
                lambda given: gs.pad(given, select="w", before=1, bogus=1),
                r"pad\(\) got an unexpected keyword argument 'bogus'",
            ),
            (lambda given: typing.cast(Any, gs.select)(given, ("w",)), r"select\(\) too many positional arguments"),
            (lambda given: typing.cast(Any, gs.fill)(), r"fill\(\) missing a required .*argument: 'tensors'"),
            (lambda given: gs.pad("path.ckpt", select="w"), "a dict of tensors is edited, and this is a str"),
        ],
    )
    def test_it_says_what_is_wrong(self, call: Callable[..., object], message: str):
        with pytest.raises(TypeError, match=message):
            call(dict(self.GIVEN))


def test_an_edit_of_values_is_introspected_as_what_it_is():
    hints = typing.get_type_hints(gs.pad)
    assert list(inspect.signature(gs.pad).parameters) == list(hints)
    assert list(hints)[:4] == ["tensors", "select", "exclude", "before"]
