"""What a directory holds after a test."""

from __future__ import annotations

from pathlib import Path


def contents(directory: Path) -> dict[str, str]:
    """Every file below a directory, hidden ones too."""
    return {
        path.relative_to(directory).as_posix(): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
