"""Means of checkpoints."""

from __future__ import annotations

import json

import numpy as np
import pytest

from graphsurgeon.edits.average import average
from graphsurgeon.errors import PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from tests.edits.values import lists, singles, tensors, told
from tests.object_layers import checkpoint, key


def three(**more):
    return [tensors(w=singles(value), step=step, **more) for value, step in ((1, 100), (2, 200), (6, 300))]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 3),
        ({"weights": (1, 1, 2)}, 15 / 4),
        ({"weights": (0.0, 0.0, 1.0)}, 6),
        ({"decay": 0.5}, 0.25 * 1 + 0.25 * 2 + 0.5 * 6),
    ],
)
def test_means(options, expected):
    first, *others = three()
    report = average(first, others, **options)
    assert lists(first) == {"w": [expected], "step": 100}
    assert told(report) == {"step": "of dtype int64; taken from the first"}


def test_the_last_may_give_what_has_no_mean():
    first, *others = three(s="text")
    report = average(first, others, take="last")
    assert lists(first) == {"w": [3], "step": 300, "s": b"text"}
    assert first["step"] is others[-1]["step"]
    assert told(report)["s"] == "of dtype string; taken from the last"


def test_only_what_is_selected():
    first, *others = three(v=singles(7))
    others[0]["v"] = others[1]["v"] = tensors(v=singles(1))["v"]
    average(first, others, select=("w",))
    assert lists(first) == {"w": [3], "step": 100, "v": [7]}
    average(first, others, exclude=("w",))
    assert lists(first) == {"w": [3], "step": 100, "v": [3]}


def test_the_object_graph_is_that_of_one():
    first, *others = three(**{OBJECT_GRAPH_KEY: ""})
    kept = first[OBJECT_GRAPH_KEY]
    assert OBJECT_GRAPH_KEY not in told(average(first, others))
    assert first[OBJECT_GRAPH_KEY] is kept


def test_what_one_of_them_lacks():
    first, *others = three()
    first |= tensors(a=singles(1))
    others[0] |= tensors(b=singles(1))
    with pytest.raises(PassError, match="2 tensors: a: not in checkpoint 2, 3; b: not in checkpoint 1, 3") as caught:
        average(first, others)
    assert 'missing="keep"' in str(caught.value.hint)
    report = average(first, others, missing="keep")
    assert lists(first) == {"w": [3], "step": 100, "a": [1]}
    assert told(report)["b"] == "not in checkpoint 1, 3"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"weights": (1, 2)}, "2 weights for 3 checkpoints"),
        ({"weights": (1, 0, -1)}, "sum up to nothing"),
        ({"weights": (1, float("inf"), 1)}, "sum up to nothing"),
        ({"weights": (1, 1, 1), "decay": 0.5}, "exclude each other"),
        ({"decay": 1.0}, "is not between 0 and 1"),
    ],
)
def test_what_are_no_weights(options, reason):
    first, *others = three()
    with pytest.raises(PassError, match=reason):
        average(first, others, **options)
    assert lists(first) == {"w": [1], "step": 100}


def test_one_has_no_average():
    with pytest.raises(PassError, match="one checkpoint has no average"):
        average(three()[0], [])


def test_different_tensors_are_listed():
    first, *others = three(v=singles(1))
    others[0]["w"] = tensors(w=np.array([1], np.float64))["w"]
    others[1]["v"] = tensors(v=singles(1, 2))["v"]
    with pytest.raises(PassError, match=r"2 tensors: w: dtypes .* differ; v: shapes \[1\] and \[2\] differ"):
        average(first, others)


def test_the_verb(verb, tmp_path):
    for name, given in zip("abc", three(), strict=True):
        save_checkpoint(given, tmp_path / name)
    paths = [tmp_path / name for name in "abc"]
    done = verb("average", *paths, "-o", tmp_path / "mean", "--weights", "1,1,2", "--json")
    assert done.code == 0
    assert json.loads(done.out)["skipped"] == [{"name": "step", "reason": "of dtype int64; taken from the first"}]
    assert lists(load_checkpoint(tmp_path / "mean")) == {"w": [3.75], "step": 100}


def test_of_objects_by_the_names_of_variables():
    tensors = checkpoint(a=1, new=5, b=3)
    report = average(tensors, [checkpoint(a=3, b=5)], missing="keep")
    assert [float(tensors[key(place)].numpy()) for place in "012"] == [2, 5, 4]
    assert report.notes[0].startswith("paired by the names of variables, which keys do not agree with (1)")
    with pytest.raises(PassError, match="not in checkpoint 2"):
        average(checkpoint(a=1, new=5, b=3), [checkpoint(a=3, b=5)])
    last = checkpoint(a=1, new=5, b=3)
    average(last, [checkpoint(a=3, b=5)], missing="keep", take="last")
    assert [float(last[key(place)].numpy()) for place in "01"] == [2, 4]
    assert key("2") not in last


def test_a_mean_out_of_range_is_an_error_or_saturates():
    def both():
        return tensors(w=np.array([60000], np.float16)), tensors(w=np.array([-60000], np.float16))

    first, second = both()
    average(first, [second], weights=(2, -1))
    with pytest.raises(PassError, match=r"average: tensor 'w': the result at \[0\] has no place in float16"):
        first["w"].numpy()
    first, second = both()
    average(first, [second], weights=(2, -1), saturate=True)
    assert lists(first) == {"w": [65504]}


@pytest.mark.parametrize("select", ["n", "n,w", "n|s", ["w", "s"]])
def test_what_has_no_mean_is_refused_when_it_is_asked_for(select):
    first = tensors(w=singles(1, 2), n=3, s="text")
    with pytest.raises(PassError, match=r"of dtype (int64|string), of which no means are made"):
        average(dict(first), [dict(first)], select=select)
    report = average(dict(first), [dict(first)], select=("[wn]",))
    assert [row.name for row in report.skipped] == ["n"]
