"""The drop-ins for TensorFlow's checkpoint functions do what TensorFlow's do, errors and all."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.cli.run import run
from graphsurgeon.compat import checkpoint
from graphsurgeon.formats import state_file
from graphsurgeon.tensors import dtypes
from tests.formats.v1_files import STORED
from tests.tf.bundle_specs import STORABLE, STORABLE_V1, many
from tests.tf.judge import TensorFlow
from tests.tf.scripts import drop_ins

#: What TensorFlow's reader of V1 checkpoints takes.
READ_V1 = [t for t in STORED if t.name in ("float32", "float64", "int32", "uint8", "int16", "int8", "string", "int64")]

Calls = Sequence[tuple[str, Sequence[Any]]]


def ours(prefix: object) -> Any:
    """What our reader says, as it comes back from another process."""
    return json.loads(json.dumps(drop_ins.describe(checkpoint.NewCheckpointReader(str(prefix)))))


def test_reader_on_all_dtypes(tf: TensorFlow, tmp_path: Path):
    prefix = str(tmp_path / "m")
    tf.call("bundles:save", prefix=prefix, specs=many(300, STORABLE_V1 if tf.is_v1 else STORABLE, seed=6))
    assert ours(prefix) == tf.call("drop_ins:read", prefix=prefix)


def test_reader_on_partitioned_variables(tf: TensorFlow, tmp_path: Path):
    prefix = str(tmp_path / "m")
    tf.call("bundles:save_partitioned", prefix=prefix)
    found = ours(prefix)
    assert found == tf.call("drop_ins:read", prefix=prefix)
    assert found["text"].startswith("\0layer/weights_0\0")


def test_reader_on_a_v1_checkpoint(tf: TensorFlow, tmp_path: Path):
    prefix = str(tmp_path / "m")
    # TensorFlow 1.15 divides by zero when it reads an empty tensor.
    specs = [each for each in many(300, READ_V1, seed=7) if 0 not in each["shape"] or not tf.is_v1]
    tf.call("v1_checkpoints:save", path=prefix, specs=specs)
    found, theirs = ours(prefix), tf.call("drop_ins:read", prefix=prefix)
    # TensorFlow's lines are in the order of a hash table.
    assert found.pop("text").splitlines() == sorted(theirs.pop("text").splitlines(), key=lambda line: line.encode())
    assert found == theirs


@pytest.mark.parametrize("partitioned", [False, True], ids=["whole", "partitioned"])
def test_reader_on_v1_shards(tf: TensorFlow, tmp_path: Path, partitioned: bool):
    wholes, called = tf.call(
        "v1_checkpoints:save_variables", prefix=str(tmp_path / "m"), sharded=True, partitioned=partitioned
    )
    found, theirs = ours(called), tf.call("drop_ins:read", prefix=called)
    assert sorted(found["text"].splitlines()) == sorted(theirs["text"].splitlines())
    assert (found["shapes"], found["dtypes"]) == (theirs["shapes"], theirs["dtypes"])
    for name, value in theirs["values"].items():
        if value[0] == "UnimplementedError":
            assert partitioned
            assert found["values"][name][3] == wholes[name]
        else:
            assert found["values"][name] == value


@pytest.fixture
def places(tf: TensorFlow, tmp_path: Path) -> list[Path]:
    """Two equal directories with checkpoints and other things: TensorFlow's and ours."""
    there = tmp_path / "theirs"
    there.mkdir()
    specs = many(3, [dtypes.FLOAT], seed=1)
    tf.call("bundles:save", prefix=str(there / "v2"), specs=specs)
    tf.call("bundles:save", prefix=str(there / "m-10"), specs=specs)
    tf.call("v1_checkpoints:save", path=str(there / "v1"), specs=specs)
    for name in ("s-00000-of-00002", "s-00001-of-00002"):
        shutil.copy(there / "v1", there / name)
    (there / "text").write_text("a file of some kind, longer than the end of a table is")
    (there / "short").write_text("short")
    (there / "dir").mkdir()
    (there / "v2.meta").touch()
    (there / "s.meta").touch()
    for path in there.iterdir():
        os.utime(path, (1, 1500000000.75))
    shutil.copytree(there, tmp_path / "ours")
    return [there, tmp_path / "ours"]


def both(tf: TensorFlow, places: list[Path], calls: Calls) -> tuple[list[Any], list[Any]]:
    """The outcomes of the same calls, TensorFlow's and ours; the directories are equal after them."""
    theirs = tf.call("drop_ins:outcomes", directory=str(places[0]), calls=calls)
    found = json.loads(json.dumps(drop_ins.outcomes(str(places[1]), calls, checkpoint)))
    assert _files(places[0]) == _files(places[1])
    return theirs, found


STATES: Calls = [
    ("get_checkpoint_state", ["."]),
    ("latest_checkpoint", ["."]),
    ("update_checkpoint_state", [".", "v2"]),
    ("latest_checkpoint", ["."]),
    ("update_checkpoint_state", [".", "v2", ["v1", "v2"], None, [1, 2.5], 0.25]),
    ("get_checkpoint_state", ["."]),
    ("update_checkpoint_state", ["dir", "dir/x", ["/y", "dir/z"], "other"]),
    ("get_checkpoint_state", ["dir", "other"]),
    ("latest_checkpoint", ["dir", "other"]),
    ("update_checkpoint_state", [".", "s-?????-of-00002"]),
    ("latest_checkpoint", ["."]),
    ("update_checkpoint_state", [".", "gone"]),
    ("latest_checkpoint", ["."]),
    ("latest_checkpoint", ["."]),
    ("update_checkpoint_state", ["", "checkpoint"]),
    ("update_checkpoint_state", [".", "a", ["b"], None, [1]]),
    ("generate_checkpoint_state_proto", ["/x", "/x/a"]),
    ("generate_checkpoint_state_proto", ["x", "x/a", ["x/b", "y/c", "/z"]]),
    ("generate_checkpoint_state_proto", ["x", "x/a", None, [3], 4]),
    ("get_checkpoint_state", ["nowhere"]),
]


def test_state_files(tf: TensorFlow, places: list[Path]):
    theirs, found = both(tf, places, STATES)
    for call, expected, result in zip(STATES, theirs, found, strict=True):
        if isinstance(expected, dict) and "raised" in expected:
            assert (result["raised"], result["text"]) == (expected["raised"], expected["text"]), call
        else:
            assert result == expected, call


@pytest.mark.parametrize(
    "text", [b"garbage {{{", b"", b'model_checkpoint_path: "a"\nx: 3', b'model_checkpoint_path: "a\xff"']
)
def test_damaged_state_files(tf: TensorFlow, places: list[Path], text: bytes):
    for place in places:
        (place / "checkpoint").write_bytes(text)
    theirs, found = both(tf, places, [("get_checkpoint_state", ["."])])
    assert found == theirs


URIS: Calls = [
    ("load_checkpoint", ["@/v2"]),
    ("list_variables", ["@/v1"]),
    ("NewCheckpointReader", ["@/none"]),
    ("update_checkpoint_state", ["@", "@/v2", ["@/v1", "/x/y", "@/v2"]]),
    ("get_checkpoint_state", ["@"]),
    ("latest_checkpoint", ["@"]),
    ("list_variables", ["@"]),
    ("update_checkpoint_state", ["@/", "@/v2", None, "other"]),
    ("latest_checkpoint", ["@", "other"]),
    ("update_checkpoint_state", ["@/new", "@/new/v2"]),
    ("update_checkpoint_state", ["@", "@/checkpoint", ["/x"]]),
    ("latest_checkpoint", ["@"]),
    ("checkpoint_exists", ["@/v2"]),
    ("checkpoint_exists", ["@/s-?????-of-00002"]),
    ("checkpoint_exists", ["@/none"]),
    ("get_checkpoint_mtimes", [["@/v2", "@/none", "@/s-?????-of-00002"]]),
    ("remove_checkpoint", ["@/v2"]),
    ("remove_checkpoint", ["@/s-?????-of-00002", 1]),
    ("checkpoint_exists", ["@/v2"]),
]


def test_file_uris(tf: TensorFlow, places: list[Path]):
    """TensorFlow reads and writes by ``file://`` as well as by plain paths, and gives prefixes back as it got them."""
    there, here = (f"file://{place}" for place in places)
    theirs = _plain(tf.call("drop_ins:outcomes", directory=str(places[0]), calls=_under(there)), places[0])
    found = _plain(drop_ins.outcomes(str(places[1]), _under(here), checkpoint), places[1])
    for call, expected, result in zip(URIS, theirs, found, strict=True):
        if isinstance(expected, dict) and "raised" in expected:
            # TensorFlow names the file that it writes first.
            text = re.sub(r"\.tmp[0-9a-f]{32}", "", expected["text"])
            assert (result["raised"][0], result["text"]) == (expected["raised"][0], text), call
        else:
            assert result == expected, call
    assert _files(places[0]) == _files(places[1])


def _under(uri: str) -> Calls:
    calls: Calls = json.loads(json.dumps(URIS).replace("@", uri))
    return calls


def _plain(outcomes: list[Any], place: Path) -> list[Any]:
    plain: list[Any] = json.loads(json.dumps(outcomes).replace(f"file://{place}", "@").replace(str(place), "@"))
    return plain


def _files(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}


@pytest.mark.parametrize("version", [1, 2])
def test_prefix_of_the_state_files_name(tf: TensorFlow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int):
    """A sharded Saver takes the prefix ``checkpoint``; the state file, of the same name, then names itself."""
    monkeypatch.chdir(tmp_path)
    called, values = tf.call("drop_ins:save_as_checkpoint", directory=str(tmp_path), version=version)
    assert checkpoint.latest_checkpoint("d") == called
    for path in ("d", "d/checkpoint", "d/checkpoint.meta", called):
        assert {name: tensor.numpy().tolist() for name, tensor in gs.load_checkpoint(path).items()} == values
        assert len(gs.load(path).graph) > 0
    assert state_file.latest_checkpoint("d") == called
    gs.save_checkpoint(values, "ours/checkpoint")
    assert tf.call("drop_ins:outcomes", directory=".", calls=[("latest_checkpoint", [str(tmp_path / "ours")])]) == [
        str(tmp_path / "ours" / "checkpoint")
    ]
    assert dict(checkpoint.list_variables("ours")) == {"a": [2], "b": [1]}


FILES: Calls = [
    *[("checkpoint_exists", [name]) for name in ("v2", "v1", "s", "s-?????-of-00002", "m-1", "v2.meta", "none", "dir")],
    ("get_checkpoint_mtimes", [["v2", "none", "v1", "s-?????-of-00002"]]),
    ("remove_checkpoint", ["m-1"]),
    ("remove_checkpoint", ["m-10"]),
    ("remove_checkpoint", ["v2", 2, "other"]),
    ("remove_checkpoint", ["v1"]),
    ("remove_checkpoint", ["s-?????-of-00002", 1]),
    ("checkpoint_exists", ["v2"]),
    ("remove_checkpoint", ["v1", 1]),
    ("checkpoint_exists", ["v1"]),
]


def test_files(tf: TensorFlow, places: list[Path]):
    theirs, found = both(tf, places, FILES)
    assert found == theirs


LOADS: Calls = [
    ("NewCheckpointReader", ["v2"]),
    ("NewCheckpointReader", ["none"]),
    ("NewCheckpointReader", ["text"]),
    ("NewCheckpointReader", ["short"]),
    ("NewCheckpointReader", ["dir"]),
    ("NewCheckpointReader", ["v2.data-00000-of-00001"]),
    ("load_checkpoint", ["none"]),
    ("load_checkpoint", ["dir"]),
    ("load_checkpoint", ["."]),
    ("list_variables", ["v2"]),
    ("list_variables", ["v1"]),
    ("load_variable", ["v2", "none:0"]),
    ("load_variable", ["v1", "none"]),
]


def test_loading_and_what_it_raises(tf: TensorFlow, places: list[Path]):
    theirs, found = both(tf, places, LOADS)
    for call, expected, result in zip(LOADS, theirs, found, strict=True):
        if not isinstance(expected, dict):
            assert result == expected, call
            continue
        assert result["raised"][0] == expected["raised"][0], call
        assert ("OpError" in result["raised"]) == ("OpError" in expected["raised"])
        words = {"DATA_LOSS": "Data loss", "FAILED_PRECONDITION": "Failed precondition", " ./": " "}
        text = expected["text"]
        for new, old in words.items():
            text = text.replace(new, old)
        assert result["text"] == text, call


def without_control(text: str) -> str:
    """Escape what TensorFlow prints raw: bytes of the keys of slices, and whatever a terminal would act on."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)


@pytest.mark.parametrize(
    ("flags", "arguments", "options"),
    [
        ([], ["", False], {}),
        (["--all_tensors"], ["", True], {}),
        (["--all_tensor_names", "--count_exclude_pattern=bias|w"], ["", False, True, "bias|w"], {}),
        (["--all_tensors=True", "--printoptions", "precision=3", "threshold=10"], ["", True],
         {"precision": 3, "threshold": 10}),
    ],
    ids=["text", "values", "names", "options"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["mobile_cnn", "lstm_loop", "dtypes", "partitioned"])
def test_inspect_checkpoint(
    tf: TensorFlow,
    fixtures: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    flags: list[str],
    arguments: list[Any],
    options: dict[str, Any],
):
    prefix = str(fixtures / f"{name}.ckpt")
    theirs = tf.call("drop_ins:inspect", arguments=[prefix, *arguments], options=options)
    if theirs.startswith("'utf-8' codec"):
        pytest.skip("TensorFlow 1.15 cannot print the keys of slices")
    if "bfloat16(" in theirs:
        pytest.skip("TensorFlow 1.15 spells bfloat16 values in its own way")
    assert run(["inspect_checkpoint", f"--tf_version={1 if tf.is_v1 else 2}", f"--file_name={prefix}", *flags]) == 0
    assert capsys.readouterr().out == without_control(theirs)


def test_inspect_checkpoint_of_one_tensor(tf: TensorFlow, fixtures: Path, capsys: pytest.CaptureFixture[str]):
    prefix = str(fixtures / "mobile_cnn.ckpt")
    version = f"--tf_version={1 if tf.is_v1 else 2}"
    for name, code in (("MobileNet/Conv/weights", 0), ("none", 5)):
        theirs = tf.call("drop_ins:inspect", arguments=[prefix, name, False], options={})
        assert run(["inspect_checkpoint", version, "--file_name", prefix, "--tensor_name", name]) == code
        assert capsys.readouterr().out == theirs


def test_real_checkpoints(tf: TensorFlow, shared_models: Path, capsys: pytest.CaptureFixture[str]):
    indices = sorted(shared_models.rglob("*.index"))
    assert indices
    for prefix in (str(path.with_suffix("")) for path in indices):
        found, theirs = ours(prefix), tf.call("drop_ins:read", prefix=prefix)
        # Of a shard that is missing TensorFlow 2 says no more than that it is an OpError.
        for name, value in theirs["values"].items():
            if value[0].endswith("Error"):
                assert found["values"].pop(name)[0] == "NotFoundError"
        theirs["values"] = {name: value for name, value in theirs["values"].items() if name in found["values"]}
        assert found == theirs, prefix
        printed = tf.call("drop_ins:inspect", arguments=[prefix, "", True], options={})
        run(["inspect_checkpoint", f"--tf_version={1 if tf.is_v1 else 2}", "--file_name", prefix, "--all_tensors"])
        assert capsys.readouterr().out == without_control(printed), prefix


def test_real_state_files(tf: TensorFlow, shared_models: Path):
    directories = sorted(str(path.parent) for path in shared_models.rglob("checkpoint") if path.is_file())
    assert directories
    calls = [(name, [path]) for name in ("get_checkpoint_state", "latest_checkpoint") for path in directories]
    theirs = tf.call("drop_ins:outcomes", directory="/", calls=calls)
    # Where not even the directory of a checkpoint is there, TensorFlow 1.15 raises; since 2 there is none.
    theirs = [None if tf.is_v1 and each and "raised" in each else each for each in theirs]
    assert json.loads(json.dumps(drop_ins.outcomes("/", calls, checkpoint))) == theirs
