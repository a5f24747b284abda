"""What is tracked is true and belongs to no machine."""

from __future__ import annotations

import hashlib
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

# Homes and working directories of somebody's machine. Written in pieces, so that this file does not match itself.
MACHINE_PATH = re.compile(rb"(?<![A-Za-z0-9_.~$}/])/" + rb"(?:work|farm|root|home/[a-z]\w*|Users/[A-Za-z]\w*)/[\w.]")


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    """The files git tracks."""
    if not (root / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    return [root / name for name in listed.decode().split("\0") if name and (root / name).is_file()]


def test_no_machine_paths(root: Path, tracked: list[Path]):
    found = {
        path.relative_to(root).as_posix(): hit.group().decode()
        for path in tracked
        if (hit := MACHINE_PATH.search(path.read_bytes()))
    }
    assert found == {}


@pytest.mark.parametrize("text", ["/ho" + "me/ann/x.pb", "cd /wo" + "rk/main", '"/Us' + 'ers/Bob/m"'])
def test_machine_path_pattern_sees_them(text: str):
    assert MACHINE_PATH.search(text.encode())


@pytest.mark.parametrize("text", ["gs://bucket/home" + "/a", "../shared/models", "name/work" + "/x", "/usr/share/x"])
def test_machine_path_pattern_leaves_others(text: str):
    assert not MACHINE_PATH.search(text.encode())


def manifest(root: Path) -> dict[str, list[str]]:
    """`fixtures/MANIFEST`: path -> [sha256, TensorFlow version, command], one fixture per line, tabs between."""
    lines = (root / "fixtures" / "MANIFEST").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {path: rest for path, *rest in rows}


def test_manifest_names_every_fixture(root: Path, tracked: list[Path]):
    fixtures = {path.relative_to(root / "fixtures").as_posix() for path in tracked if root / "fixtures" in path.parents}
    made = {name for name in fixtures if not name.startswith("make/") and name not in ("MANIFEST", "README.md")}
    assert set(manifest(root)) == made


def test_manifest_is_true(root: Path):
    rows = manifest(root)
    assert {path: row[0] for path, row in rows.items()} == {
        path: hashlib.sha256((root / "fixtures" / path).read_bytes()).hexdigest() for path in rows
    }


def test_manifest_says_how_each_was_made(root: Path):
    for path, (_, version, command) in manifest(root).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+|-", version), path
        script = command.split()[1]
        assert (root / script).is_file(), f"{path}: no generator {script}"


def test_the_sdist_has_whatever_is_tracked(root: Path, tracked: list[Path]):
    listed = (root / "pyproject.toml").read_text().partition("[tool.hatch.build.targets.sdist]")[2].partition("\n]")[0]
    patterns = [text.removeprefix("/") for text in re.findall(r'"(/[^"]+)"', listed)]
    always = {"pyproject.toml", "LICENSE", ".gitignore"}
    tops = {path.relative_to(root).parts[0] for path in tracked} - always
    assert {top for top in tops if not any(fnmatch(top, pattern) for pattern in patterns)} == set()
    assert [pattern for pattern in patterns if not [*root.glob(pattern)]] == []


def test_oldest_requirements_are_the_lower_bounds(root: Path):
    declared = re.findall(r'^    "([\w-]+)>=([\d.]+)",$', (root / "pyproject.toml").read_text(), re.MULTILINE)
    pinned = dict(re.findall(r"^([\w-]+)==([\d.]+?)(?:\.\*)?(?:; python_version < .*)?$", _oldest(root), re.MULTILINE))
    assert len(declared) == len(pinned) > 5
    for name, lowest in declared:
        assert pinned[name].removesuffix(".0") == lowest.removesuffix(".0"), name


def _oldest(root: Path) -> str:
    return (root / "requirements" / "oldest.txt").read_text(encoding="utf-8")


def test_the_version_is_one(root: Path):
    found = {
        name: re.findall(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)
        for name, pattern in {
            "pyproject.toml": r'^version = "(.+)"$',
            "graphsurgeon/__init__.py": r'^__version__ = "(.+)"$',
            "CITATION.cff": r"^version: (.+)$",
        }.items()
    }
    versions = found["pyproject.toml"]
    assert len(versions) == 1
    assert set(map(tuple, found.values())) == {tuple(versions)}
    assert versions[0] in (root / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CHANGELOG.md"])
def test_files_that_are_named_are_there(root: Path, name: str):
    text = (root / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:graphsurgeon|proto_utils|tests)/[\w/.]+|\w+\.(?:md|toml))`", text)
    assert [path for path in named if "NAME" not in path and not (root / path).exists()] == []
    assert len(named) > 10 or name != "CONTRIBUTING.md"


def test_nothing_tells_to_install_the_placeholder(root: Path, tracked: list[Path]):
    """`graphsurgeon` on the package index is somebody else's, also with extras."""
    told = re.compile(rb"pip install " + rb"'?graphsurgeon\b|['\"]graphsurgeon" + rb"\[[a-z]")
    found = [path.relative_to(root).as_posix() for path in tracked if told.search(path.read_bytes())]
    assert set(found) <= {"README.md"}
    assert b"`pip install " + b"graphsurgeon` is wrong" in (root / "README.md").read_bytes()


def test_plain_words(root: Path, tracked: list[Path]):
    """Nothing is none, as in ``this is none``: it is not one."""
    idiom = re.compile(r"(?<!here )\b(?:is|are|was|were) none\b")
    own = Path(__file__).resolve()
    texts = {
        path: path.read_text(encoding="utf-8") for path in tracked if path.suffix in (".py", ".md") and path != own
    }
    found = [f"{path.relative_to(root)}: {hit}" for path, text in texts.items() for hit in idiom.findall(text)]
    assert not found
