"""Several tensors become one."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.concat import concat
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from tests.edits.values import tensors

ROWS = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_in_the_order_of_the_patterns(tmp_path):
    given = tensors(q=ROWS, k=ROWS + 10, v=ROWS + 20, b=ROWS)
    report = concat(given, select=("v,q", "k"), to="vqk", axis=-1)
    assert {row.name: row.action for row in report.changes} == {
        "vqk": "added", "q": "dropped", "k": "dropped", "v": "dropped",
    }  # fmt: skip
    save_checkpoint(given, tmp_path / "a")
    made = load_checkpoint(tmp_path / "a")
    assert made["vqk"].parts is None
    assert made["vqk"].numpy().tolist() == np.concatenate([ROWS + 20, ROWS, ROWS + 10], 1).tolist()
    assert sorted(made) == ["b", "vqk"]


def test_a_group_makes_one_for_each_text_that_it_takes():
    given = tensors(**{f"block_{n}__{part}": ROWS + n for n in (1, 2) for part in "qk"})
    concat(given, select=(r"block_(\d+)/q", r"block_(\d+)/k"), to=r"block_\1/qk")
    assert {name: tensor.shape for name, tensor in given.items()} == {"block_1/qk": (4, 3), "block_2/qk": (4, 3)}


def test_what_one_pattern_takes_is_in_natural_order():
    given = tensors(**{f"w_{n}": np.array([n]) for n in (10, 9, 1)})
    concat(given, select=("w_.*",), to="w")
    assert given["w"].numpy().tolist() == [1, 9, 10]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"select": "a,b", "to": "c", "axis": 1}, "do not lie one behind the other along axis 1"),
        ({"select": "a,i", "to": "c"}, "do not lie one behind the other"),
        ({"select": "a", "to": "c"}, "one tensor alone"),
        ({"select": "a,b", "to": "i"}, "that name is taken"),
    ],
)
def test_what_is_refused(options, reason):
    given = tensors(a=ROWS, b=ROWS[:1], i=ROWS.astype(np.int32))
    before = dict(given)
    with pytest.raises(PassError, match=reason):
        concat(given, **options)
    assert given == before


def test_a_pattern_that_takes_nothing():
    with pytest.raises(NotFoundError):
        concat(tensors(a=ROWS), select=("a,z",), to="c")


def test_objects_do_not_have_what_is_made():
    given = tensors(a=ROWS, b=ROWS, **{OBJECT_GRAPH_KEY: b""})
    assert concat(given, select=("a,b",), to="c").notes[0].endswith("only a reader by name: c")
