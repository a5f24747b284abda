"""Parts with names of their own, on either side."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tools.fit import fit
from graphsurgeon.tools.fit.matching import Weights
from graphsurgeon.tools.fit.part_matching import matches_of_parts
from tests.tools.fit.targets import arrays, target, wanted

PARTS = {f"w/part_{n}": (rows, 2) for n, rows in enumerate((2, 2, 1))}


@pytest.mark.parametrize("axis", [0, 1])
def test_a_whole_is_put_together(axis):
    shapes = {f"w/part_{n}": (3, 3) for n in range(11)}
    of, weights = target({"w": (33, 3) if axis == 0 else (3, 33), "v": (1,)}), arrays({**shapes, "v": (1,)})
    report = fit(of, weights)
    assert report.extra == []
    assert {row.name: row.why for row in report.rows} == {"v": "name", "w": "name; 11 parts put together"}
    parts = [weights[f"w/part_{n}"].numpy() for n in range(11)]
    assert of.variables["w"].numpy().tolist() == np.concatenate(parts, axis).tolist()
    assert of.variables["w"].parts is None


def test_a_whole_is_cut_and_so_are_its_slots():
    slots = {f"{name}/Adam": shape for name, shape in PARTS.items()}
    of, weights = target({**PARTS, **slots}), arrays({"w": (5, 2), "w/Adam": (5, 2)})
    report = fit(of, weights)
    assert {row.name: row.source for row in report.rows}["w/part_1"] == "w[2:4, 0:2]"
    assert report.extra == []
    for whole, end in (("w", ""), ("w/Adam", "/Adam")):
        values = [of.variables[f"w/part_{n}{end}"].numpy() for n in range(3)]
        assert np.concatenate(values).tolist() == weights[whole].numpy().tolist()


def test_other_parts_are_put_together_and_cut():
    of, weights = target(PARTS), arrays({"w/part_0": (3, 2), "w/part_1": (2, 2)})
    assert fit(of, weights).extra == []
    values = [of.variables[name].numpy() for name in PARTS]
    assert np.concatenate(values).tolist() == np.concatenate([weights[f"w/part_{n}"].numpy() for n in (0, 1)]).tolist()


def test_the_same_parts_go_over_as_they_are():
    of, weights = target(PARTS), arrays(PARTS)
    fit(of, weights)
    assert all(of.variables[name] is weights[name] for name in PARTS)


def test_a_rule_is_about_the_whole_too():
    of = target({f"net/{name}": shape for name, shape in PARTS.items()})
    fit(of, arrays({"old/w": (5, 2)}), map=r"old/(.*)=net/\1")
    of = target({"net/w": (5, 2)})
    fit(of, arrays({f"old/{name}": shape for name, shape in PARTS.items()}), map=r"old/(.*)=net/\1")


@pytest.mark.parametrize("shape", [(4, 2), (5, 3), (5,)])
def test_a_whole_of_another_shape_is_not_cut(shape):
    parts = [wanted(name, size) for name, size in PARTS.items()]
    assert matches_of_parts(parts, Weights(arrays({"w": shape})), (), lambda _: False) == {}


def test_no_shape_no_cut():
    parts = [wanted(name, None) for name in PARTS]
    assert matches_of_parts(parts, Weights(arrays({"w": (5, 2)})), (), lambda _: False) == {}
