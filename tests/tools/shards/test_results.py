"""Results of elements: values and errors, which come back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.tools.shards.results import Results


@pytest.fixture
def results(tmp_path: Path) -> Results:
    made = Results(str(tmp_path / "parts"))
    made.make()
    made.make()
    return made


def raising(error: BaseException):
    def function():
        raise error

    return function


def test_values_come_back(results):
    results.work(3, lambda: {"a": [1, None]})
    assert results.is_done(3)
    assert results.value(3) == {"a": [1, None]}
    results.forget(3)
    results.forget(3)
    assert not results.is_done(3)


@pytest.mark.parametrize(
    "error",
    [
        gs.CorruptionError("is damaged", path="x", offset=3, hint="get it again"),
        gs.NotFoundError("tensor", "w", ("v", "x")),
        gs.PassError("cast", "out of range", hint="`saturate`", listed=("a", "b")),
        gs.OutputExistsError("x"),
        OSError(28, "No space left on device", "x"),
        OSError("no number"),
        MemoryError("all of it"),
    ],
)
def test_errors_come_back(results, error):
    results.work(0, raising(error))
    with pytest.raises(type(error)) as caught:
        results.value(0)
    assert str(caught.value) == str(error)
    if isinstance(error, gs.GraphSurgeonError):
        assert isinstance(caught.value, gs.GraphSurgeonError)
        assert caught.value.fields() == error.fields()


def test_a_defect_is_for_the_engine(results):
    with pytest.raises(KeyError):
        results.work(0, raising(KeyError("x")))
    assert not results.is_done(0)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "1"])
def test_what_is_no_result_is_none(results, text):
    results.work(0, lambda: 1)
    Path(results.path(0)).write_text(text)
    assert not results.is_done(0)
    with pytest.raises(ChildProcessError, match="without element 0"):
        results.value(0)


def test_removed(results):
    results.work(0, lambda: 1)
    results.remove()
    results.remove()
    assert not Path(results.directory).exists()
