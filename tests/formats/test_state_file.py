"""The `checkpoint` file; that its text is TensorFlow's is proven in tests/tf/test_state_file.py."""

from __future__ import annotations

import os
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.state_file import (
    MAX_NBYTES,
    CheckpointState,
    checkpoint_exists,
    is_v1_file,
    latest_checkpoint,
    read_state,
    write_state,
)
from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError, OutputExistsError, UnsupportedError
from proto_utils.output import Transaction


def write(directory, *prefixes, **options):
    """Write a state file of these prefixes; return its text."""
    state = CheckpointState(str(prefixes[-1]), tuple(map(str, prefixes)), **options.pop("facts", {}))
    with Transaction(overwrite=True) as transaction:
        path = write_state(directory, state, transaction, **options)
    with open(path) as file:
        return file.read()


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_paths_are_written_relative(tmp_path):
    text = write(tmp_path, tmp_path / "a", tmp_path / "sub" / "b", tmp_path.parent / "c")
    assert text == (
        'model_checkpoint_path: "../c"\nall_model_checkpoint_paths: "a"\n'
        'all_model_checkpoint_paths: "sub/b"\nall_model_checkpoint_paths: "../c"\n'
    )


def test_paths_are_relative_to_a_relative_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write("out", "out/model.ckpt").startswith('model_checkpoint_path: "model.ckpt"\n')
    assert write("", "model.ckpt").startswith('model_checkpoint_path: "model.ckpt"\n')
    assert latest_checkpoint("out") is None
    touch(tmp_path / "out" / "model.ckpt.index")
    assert latest_checkpoint("out") == "out/model.ckpt"


def test_paths_are_kept_when_asked(tmp_path):
    assert write(tmp_path, "/x/a", "b", relative=False) == (
        'model_checkpoint_path: "b"\nall_model_checkpoint_paths: "/x/a"\nall_model_checkpoint_paths: "b"\n'
    )


def test_a_prefix_with_an_empty_last_part_stays_one(tmp_path):
    write(tmp_path, f"{tmp_path}/")
    touch(tmp_path / ".index")
    latest = latest_checkpoint(tmp_path)
    assert latest is not None
    assert os.path.samefile(f"{latest}.index", tmp_path / ".index")


def test_the_latest_is_the_last_of_all(tmp_path):
    with Transaction() as transaction:
        write_state(tmp_path, CheckpointState("b", ("a",)), transaction, relative=False)
    state = read_state(tmp_path)
    assert state == CheckpointState(f"{tmp_path}/b", (f"{tmp_path}/a", f"{tmp_path}/b"))


def test_times_are_kept(tmp_path):
    facts = {"timestamps": (1571234567.25, 1.5e9), "last_preserved": 0.1}
    text = write(tmp_path, tmp_path / "a", tmp_path / "b", facts=facts)
    assert "all_model_checkpoint_timestamps: 1571234567.25\n" in text
    state = read_state(tmp_path)
    assert state is not None
    assert (state.timestamps, state.last_preserved) == ((1571234567.25, 1.5e9), 0.1)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1),
    st.data(),
    st.floats(),
)
def test_the_text_is_that_of_protobuf(tmp_path_factory, paths, data, last_preserved):
    times = data.draw(st.just([]) | st.lists(st.floats(), min_size=len(paths), max_size=len(paths)))
    directory = tmp_path_factory.mktemp("state")
    state = CheckpointState(paths[-1], tuple(paths), tuple(times), last_preserved)
    with Transaction() as transaction:
        path = write_state(directory, state, transaction, relative=False)
    message = schema.CheckpointState(
        model_checkpoint_path=paths[-1],
        all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=times,
        last_preserved_timestamp=last_preserved,
    )
    with open(path, "rb") as file:
        assert file.read() == schema.print_text(message).encode()


def test_times_must_be_as_many_as_checkpoints(tmp_path):
    with pytest.raises(CorruptionError, match="2 timestamps for 1 checkpoints"):
        write(tmp_path, "a", facts={"timestamps": (1.0, 2.0)})


def test_a_path_that_is_not_unicode_is_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="not UTF-8"):
        write(tmp_path, f"{tmp_path}/\udcff")


def test_an_existing_file_is_kept_unless_asked(tmp_path):
    write(tmp_path, tmp_path / "a")
    with pytest.raises(OutputExistsError), Transaction() as transaction:
        write_state(tmp_path, CheckpointState("b"), transaction)
    assert read_state(tmp_path) == CheckpointState(f"{tmp_path}/a", (f"{tmp_path}/a",))


def test_another_file_name(tmp_path):
    write(tmp_path, tmp_path / "a", name="latest")
    assert read_state(tmp_path) is None
    assert read_state(tmp_path, "latest") == CheckpointState(f"{tmp_path}/a", (f"{tmp_path}/a",))


@pytest.mark.parametrize("where", ["nothing", "file"])
def test_no_state_file_is_none(tmp_path, where):
    touch(tmp_path / "file")
    assert read_state(tmp_path / where) is None
    assert latest_checkpoint(tmp_path / where) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"model_checkpoint_path",
        b"\xff",
        b"no_such_field: 1",
        b'all_model_checkpoint_paths: "a"',
        b'model_checkpoint_path: "a\\000"',
        b'model_checkpoint_path: "a" all_model_checkpoint_paths: "\\000"',
    ],
)
def test_a_damaged_state_file_is_refused(tmp_path, text):
    (tmp_path / "checkpoint").write_bytes(text)
    with pytest.raises(CorruptionError) as caught:
        read_state(tmp_path)
    assert caught.value.path == str(tmp_path / "checkpoint")


def test_an_enormous_state_file_is_refused(tmp_path):
    with open(tmp_path / "checkpoint", "wb") as file:
        file.truncate(MAX_NBYTES + 1)
    with pytest.raises(LimitError, match="state file"):
        read_state(tmp_path)


def test_a_directory_that_was_moved_still_finds_its_checkpoints(tmp_path):
    write(tmp_path, "/gone/a", "/gone/b", relative=False)
    touch(tmp_path / "b.index")
    state = read_state(tmp_path)
    assert state is not None
    assert state.checkpoints == ("/gone/a", f"{tmp_path}/b")
    assert latest_checkpoint(tmp_path) == f"{tmp_path}/b"


@pytest.mark.parametrize(
    ("pattern", "is_there"),
    [("m-?????-of-00002", True), ("m-?????-of-?????", True), ("m-?????-of-00003", False), ("n-?????-of-00002", False)],
)
def test_shards_by_their_pattern(tmp_path, pattern, is_there):
    """As a Saver of the V1 format names what it wrote, here before the directory was moved."""
    touch(tmp_path / "m-00000-of-00002", tmp_path / "n")
    assert checkpoint_exists(str(tmp_path / pattern)) == is_there
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "/gone/{pattern}"')
    assert latest_checkpoint(tmp_path) == (f"{tmp_path}/{pattern}" if is_there else None)


def test_an_absolute_path_that_exists_wins_over_one_beside(tmp_path):
    touch(tmp_path / "old" / "b.index", tmp_path / "new" / "b.index")
    write(tmp_path / "new", tmp_path / "old" / "b", relative=False)
    assert latest_checkpoint(tmp_path / "new") == f"{tmp_path}/old/b"


@pytest.mark.parametrize("file", ["m.index", "m", "m-00000-of-00002"])
def test_checkpoint_exists(tmp_path, file):
    touch(tmp_path / file)
    assert checkpoint_exists(str(tmp_path / "m"))


@pytest.mark.parametrize(
    "file", ["m.meta", "m.data-00000-of-00001", "m-0-of-2", "m-00000-of-0000x", "mm.index", "other/m"]
)
def test_checkpoint_does_not_exist(tmp_path, file):
    touch(tmp_path / file)
    assert not checkpoint_exists(str(tmp_path / "m"))
    assert not checkpoint_exists(str(tmp_path / "nowhere" / "m"))


def test_a_state_file_may_name_a_checkpoint_of_its_own_name(tmp_path):
    write(tmp_path, tmp_path / "checkpoint")
    assert latest_checkpoint(tmp_path) is None
    touch(tmp_path / "checkpoint.index")
    assert latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint")


def test_a_state_file_is_no_v1_checkpoint(tmp_path):
    write(tmp_path, tmp_path / "m", name="latest")
    (tmp_path / "m").write_bytes(b"not looked at")
    assert [is_v1_file(str(tmp_path / name)) for name in ("latest", "m", "gone", "")] == [False, True, False, False]


@pytest.mark.parametrize("named", ["http://127.0.0.1:9/run/m.ckpt", "gs://bucket/run/m.ckpt", "s3://b/m.ckpt"])
def test_nobody_is_asked_because_a_file_says_so(tmp_path, named: str):
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{named}"\n')
    state = read_state(tmp_path)
    assert state is not None
    assert state.latest == str(tmp_path / "m.ckpt")
    assert latest_checkpoint(tmp_path) is None


def test_an_archive_does_not_lead_to_the_disk(tmp_path):
    (tmp_path / "m.ckpt.index").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("checkpoint", f'model_checkpoint_path: "{tmp_path}/m.ckpt"\n')
    state = read_state(f"{tmp_path}/a.zip!")
    assert state is not None
    assert state.latest == f"{tmp_path}/a.zip!/m.ckpt"
