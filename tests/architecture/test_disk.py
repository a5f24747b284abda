"""What changes the file system goes through `proto_utils.disk`, where tests can stand in its way."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.source import Module, modules, name_of

#: The place itself, and a tool of ours that writes sources.
ALLOWED = ("proto_utils/disk.py", "proto_utils/make_schema.py")
OF_OS = frozenset((
    "chmod", "copy_file_range", "dup", "fchmod", "fdatasync", "fsync", "ftruncate", "lchmod", "link", "makedirs",
    "mkdir", "mkfifo", "mknod", "posix_fallocate", "pwrite", "pwritev", "remove", "removedirs", "rename", "renames",
    "replace", "rmdir", "sendfile", "symlink", "sync", "truncate", "unlink", "utime", "write", "writev",
))  # fmt: skip
OF_PATHS = frozenset(("hardlink_to", "symlink_to", "touch", "unlink", "write_bytes", "write_text"))
CHANGES = OF_OS | OF_PATHS | {"open"}
#: Libraries that write files by themselves.
WRITERS = ("shutil", "tempfile")


def changes(module: Module) -> Iterator[str]:
    for node in module.nodes:
        if isinstance(node, ast.Call) and name_of(node.func) in CHANGES:
            yield from _changes_of(node)
    for found in module.imports:
        if found.target.partition(".")[0] in WRITERS:
            yield f"line {found.line}: imports {found.target}"


def _changes_of(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func)
    base, _, last = name.rpartition(".")
    text = ast.unparse(call)
    is_os = base == "os" and last in OF_OS
    is_path = bool(base) and base not in ("os", "disk") and last in OF_PATHS
    is_writing = (name == "os.open" and any(flag in text for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))) or (
        name == "open" and any(letter in _mode_of(call) for letter in "wax+")
    )
    if is_os or is_path or is_writing:
        yield f"line {call.lineno}: {text}"


def _mode_of(call: ast.Call) -> str:
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return next((str(each.value) for each in given if isinstance(each, ast.Constant)), "")


def test_the_file_system_is_changed_in_one_place():
    found = [
        f"{module.relative}, {change}"
        for module in modules()
        if module.relative not in ALLOWED
        for change in changes(module)
        # What is printed may go nowhere.
        if "os.devnull" not in change
    ]
    assert found == []


def test_changes_are_seen():
    (place,) = (module for module in modules("proto_utils") if module.relative == ALLOWED[0])
    assert len([*changes(place)]) > 12
