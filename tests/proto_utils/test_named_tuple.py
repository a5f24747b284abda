from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from proto_utils.named_tuple import NamedTuple


class Point(NamedTuple):
    """A place."""

    x: int
    y: int = 0
    label: str | None = None

    @property
    def is_origin(self) -> bool:
        return self == (0, 0, None)


def test_values_have_names_and_places() -> None:
    point = Point(1, 2, "a")
    x, y, label = point
    assert (x, y, label) == (point.x, point.y, point.label) == point == (1, 2, "a")
    assert isinstance(point, tuple)
    assert hash(point) == hash((1, 2, "a"))


@pytest.mark.parametrize("point", [Point(1, label="a"), Point(x=1, label="a"), Point(label="a", x=1, y=0)])
def test_values_are_given_by_position_or_name_and_may_be_left_out(point: Point) -> None:
    assert point == Point(1, 0, "a")


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((), {"y": 1}), ((1, 2, "a", 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1})]
)
def test_values_that_do_not_fit_the_fields(values: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError, match=r"Point\.__new__"):
        Point(*values, **named)  # type: ignore[arg-type]


def test_properties_stay() -> None:
    assert Point(0).is_origin
    assert not Point(0, 1).is_origin


def test_a_value_is_replaced_in_a_copy() -> None:
    point = Point(1)
    assert point._replace(y=2) == Point(1, 2)
    assert point == Point(1)
    with pytest.raises(TypeError, match="Point"):
        point._replace(z=1)  # type: ignore[call-arg]


def test_nothing_is_set() -> None:
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]


def test_what_it_shows() -> None:
    assert repr(Point(1, label="a")) == "Point(x=1, y=0, label='a')"
    assert Point(1)._asdict() == {"x": 1, "y": 0, "label": None}
    assert Point._fields == ("x", "y", "label")
    assert Point.__doc__ == "A place."


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda point: pickle.loads(pickle.dumps(point))])
def test_copies_are_of_its_class(copied: object) -> None:
    point = Point(1, 2, "a")
    found = copied(point)  # type: ignore[operator]
    assert type(found) is Point
    assert found == point


def test_a_pattern_takes_it_apart() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_as_many_fields_as_there_may_be() -> None:
    annotations = {f"field_{number}": int for number in range(16)}
    base: Any = NamedTuple
    made = type(base)("Many", (base,), {"__annotations__": annotations, "field_15": 3})
    assert made(*range(15)) == (*range(15), 3)
    assert made(*range(14), field_14=14) == (*range(15), 3)
