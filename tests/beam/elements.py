"""Functions over elements, which workers in other processes import."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def note(element: str) -> None:
    """Make a file that says which process was at an element."""
    Path(element).write_text(str(os.getpid()))


def fail(element: str) -> None:
    """Fail of a defect."""
    raise KeyError(element)


def end_once(element: str) -> None:
    """End the process at an element, the first time."""
    path = Path(element)
    if path.name == "2" and not path.with_name("ended").exists():
        path.with_name("ended").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    note(element)
