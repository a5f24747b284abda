"""The generated files are current, and the generator notices when they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from proto_utils import make_schema

pytest.importorskip("grpc_tools", reason="grpcio-tools, the development dependency that has protoc, is not installed")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory in which the generator keeps its two files."""
    monkeypatch.setattr(make_schema, "HERE", tmp_path)
    return tmp_path


def test_files_are_current():
    assert make_schema.main(["--check"]) == 0


def test_stale_file_is_noticed_and_mended(elsewhere: Path, capsys: pytest.CaptureFixture[str]):
    assert make_schema.main(["--check"]) == 1
    assert "schema.binpb is not current" in capsys.readouterr().err
    assert list(elsewhere.iterdir()) == []
    assert make_schema.main([]) == 0
    assert make_schema.main(["--check"]) == 0
    (elsewhere / "schema.pyi").write_text("")
    assert make_schema.main(["--check"]) == 1
    assert capsys.readouterr().err.startswith("schema.pyi is not current")


def test_protoc_error_is_an_error(tmp_path: Path):
    (tmp_path / "bad.proto").write_text('syntax = "proto3"; message Broken {')
    with pytest.raises(RuntimeError, match="protoc failed"):
        make_schema.compile_protos(tmp_path)


def test_stub_knows_presence(tmp_path: Path):
    (tmp_path / "small.proto").write_text(
        'syntax = "proto3"; package tensorflow;\n'
        "message Outer { string plain = 1; Outer inner = 2; oneof choice { int32 left = 3; bytes right = 4; }\n"
        "  repeated int64 many = 5; map<string, Outer> by_name = 6; map<int32, float> sizes = 7; }"
    )
    stub = make_schema.write_stub(make_schema.compile_protos(tmp_path))
    lines = [line.strip() for line in stub.partition("class Outer")[2].splitlines()]
    assert "plain: str" in lines
    assert "def inner(self) -> Outer: ..." in lines
    assert "def many(self) -> RepeatedScalar[int]: ..." in lines
    assert "def by_name(self) -> MessageMap[str, Outer]: ..." in lines
    assert "def sizes(self) -> ScalarMap[int, float]: ..." in lines
    assert 'def HasField(self, field_name: Literal["inner", "left", "right", "choice"]) -> bool: ...' in lines
    assert 'def WhichOneof(self, oneof_group: Literal["choice"]) -> Literal["left", "right"] | None: ...' in lines
