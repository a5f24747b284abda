"""`inspect_checkpoint`: TensorFlow's flags and text, our exit codes."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.compat.inspect_checkpoint import checkpoint_lines
from graphsurgeon.formats.save import save_checkpoint


@pytest.fixture
def prefix(tmp_path):
    save_checkpoint({"w": np.arange(6, dtype=np.float32) / 7, "b": np.array(7)}, tmp_path / "m")
    return f"{tmp_path}/m"


def text(prefix, *names):
    return "".join(f"{line}\n" for line in checkpoint_lines(prefix, *names))


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ([], ()),
        (["--tensor_name", "w"], ("w",)),
        (["--tensor_name=w", "--all_tensors=no"], ("w",)),
        (["--all_tensors"], ("", True)),
        (["--all_tensors", "True", "--count_exclude_pattern=b"], ("", True, False, "b")),
        (["--all_tensor_names=true"], ("", False, True)),
    ],
)
def test_flags(verb, prefix, flags, names):
    assert verb("inspect_checkpoint", f"--file_name={prefix}", *flags) == (0, text(prefix, *names), "")


@pytest.mark.parametrize(
    "flags",
    [
        ["--printoptions", "precision=2", "suppress=true"],
        ["--printoptions=precision=2", "--printoptions=suppress=true"],
    ],
)
def test_printoptions(verb, prefix, flags):
    before = np.get_printoptions()
    done = verb("inspect_checkpoint", *flags, "--tensor_name", "w", "--file_name", prefix)
    assert done.out.splitlines()[1] == "[0.   0.14 0.29 0.43 0.57 0.71]"
    assert np.get_printoptions() == before


def test_lines_of_version_1(verb, prefix):
    done = verb("inspect_checkpoint", "--file_name", prefix, "--all_tensor_names", "--tf_version=1")
    assert done.out.splitlines()[0] == "tensor_name:  b"


@pytest.mark.parametrize(
    ("flags", "code", "first"),
    [
        ([], 2, "Usage: inspect_checkpoint --file_name=checkpoint_file_name"),
        (["--file_name=nothing"], 5, "Unsuccessful TensorSliceReader constructor"),
        (["--file_name={}.index"], 3, "Unable to open table file"),
        (["--file_name={}", "--tensor_name=v"], 5, "Tensor v not found in checkpoint"),
        (["--file_name={}", "--count_exclude_pattern=("], 2, "b (DT_INT64) []"),
    ],
)
def test_what_goes_wrong_is_said_on_stdout(verb, prefix, flags, code, first):
    done = verb("inspect_checkpoint", *[flag.format(prefix) for flag in flags])
    assert (done.code, done.err) == (code, "")
    assert done.out.startswith(first)


@pytest.mark.parametrize("option", ["size=3", "threshold", "floatmode=odd"])
def test_bad_printoptions(verb, prefix, option):
    done = verb("inspect_checkpoint", "--file_name", prefix, "--printoptions", option)
    assert (done.code, done.out) == (2, "")
