"""The lines of inspect_checkpoint, on our own files; `tests/tf` holds them against TensorFlow's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphsurgeon.compat.errors import DataLossError, NotFoundError
from graphsurgeon.compat.inspect_checkpoint import (
    checkpoint_lines,
    error_lines,
    parse_numpy_printoption,
    print_tensors_in_checkpoint_file,
)
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from tests.formats.bundle_files import entry, write_files


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    values: dict[str, Any] = {"w": np.ones([2, 3], np.float32), "b": np.array(7, np.int64), "w/Adam": np.ones([2, 3])}
    save_checkpoint(values, tmp_path / "m")
    return f"{tmp_path}/m"


def lines(prefix: str, **options: Any) -> list[str]:
    return list(checkpoint_lines(prefix, **options))


def test_without_options(prefix):
    assert lines(prefix) == [
        "b (DT_INT64) []\nw (DT_FLOAT) [2,3]\nw/Adam (DT_DOUBLE) [2,3]\n",
        "# Total number of params: 13",
    ]


def test_names_and_values(prefix):
    titles = ["tensor: b (int64) []", "tensor: w (float32) [2, 3]", "tensor: w/Adam (float64) [2, 3]"]
    values = ["7", "[[1. 1. 1.]\n [1. 1. 1.]]", "[[1. 1. 1.]\n [1. 1. 1.]]"]
    total = ["# Total number of params: 13"]
    assert lines(prefix, all_tensor_names=True) == titles + total
    both = [line for pair in zip(titles, values, strict=True) for line in pair]
    assert lines(prefix, all_tensors=True) == lines(prefix, all_tensors=True, tensor_name="b") == both + total


def test_one_tensor(prefix):
    assert lines(prefix, tensor_name="b") == ["tensor: b (int64) []", "7", "# Total number of params: 13"]
    with pytest.raises(NotFoundError, match=r"^Tensor c not found in checkpoint$"):
        lines(prefix, tensor_name="c")


def test_lines_of_version_1(prefix):
    assert lines(prefix, tensor_name="b", tf_version=1)[:2] == ["tensor_name:  b", "7"]
    assert lines(prefix, all_tensor_names=True, tf_version=1)[0] == "tensor_name:  b"
    with pytest.raises(NotFoundError, match=r"^Key c not found in checkpoint$"):
        lines(prefix, tensor_name="c", tf_version=1)


def test_what_is_not_counted(prefix):
    assert lines(prefix, count_exclude_pattern="Adam|b")[-2:] == [
        "# Excluding 2 tensors (7 params) that match Adam|b when counting.",
        "# Total number of params: 6",
    ]
    with pytest.raises(re.error):
        lines(prefix, count_exclude_pattern="(")


def test_variants_are_named_only(tmp_path):
    write_files(tmp_path / "m", {b"v": entry(dtypes.VARIANT, [2], nbytes=6)}, bytes(6))
    found = lines(f"{tmp_path}/m", all_tensors=True)
    assert found[:2] == ["tensor: v (variant) [2]", "<not convertible to a numpy dtype>"]


def test_printed(prefix, capsys):
    print_tensors_in_checkpoint_file(prefix, "", all_tensors=False, all_tensor_names=True)
    assert capsys.readouterr().out.splitlines() == lines(prefix, all_tensor_names=True)
    print_tensors_in_checkpoint_file(prefix, "c", all_tensors=False)
    assert capsys.readouterr().out == "Tensor c not found in checkpoint\n"


def test_a_member_is_given(prefix):
    name = f"{prefix}.data-00000-of-00001"
    with pytest.raises(DataLossError) as caught:
        lines(name)
    first, empty, *hint = error_lines(caught.value, name)
    assert first == str(caught.value)
    assert (empty, hint[-1]) == ("", f"inspect checkpoint --file_name = {prefix}")


def test_printoptions():
    assert parse_numpy_printoption("threshold=5") == ("threshold", 5)
    assert parse_numpy_printoption("nanstr=none=") == ("nanstr", "none=")
    assert parse_numpy_printoption("suppress=T") == ("suppress", True)
    for wrong in ("threshold", "=3", "size=3", "formatter=x", "threshold=many", "suppress=perhaps"):
        with pytest.raises(ValueError):  # noqa: PT011 -- numpy and int have their own words
            parse_numpy_printoption(wrong)


def test_control_characters_are_escaped(tmp_path, capsys):
    save_checkpoint({"a\x1b[31m\0b\r\x9b1m\u202e\tc\né": np.zeros(1, np.float32)}, tmp_path / "m")
    name = "a\\x1b[31m\\x00b\\r\\x9b1m\\u202e\tc\né"
    for all_tensors, all_names in [(False, False), (True, False), (False, True)]:
        print_tensors_in_checkpoint_file(str(tmp_path / "m"), "", all_tensors, all_names)
    print_tensors_in_checkpoint_file(str(tmp_path / "m"), "\x1b", False)
    out = capsys.readouterr().out
    assert out.count(name) == 3
    assert "\x1b" not in out
