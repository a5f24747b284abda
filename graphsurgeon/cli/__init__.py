"""The command line: arguments in, one library call, its answer out.

``verbs/`` has a file per verb; passes and edits become verbs by `pass_verb` and `edit_verb`. Nothing heavy is
imported before a verb runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, by default with the arguments of the process, and exit."""
    # A graph is some hundred thousand objects that live until the end, and none of them are cycles worth
    # finding: on 100,000 nodes the collector's rounds over them take as long as everything else together.
    gc.disable()
    # Hardly a verb multiplies matrices. For those that do numpy's OpenBLAS would start threads when it is imported,
    # which spin for some 50 ms on the cores that values are computed on.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Ends by an exception, so that temp files are removed on the way out.
    signal.signal(signal.SIGTERM, _terminate)
    # The terminal was closed. With nohup, which ignores that, work goes on.
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        signal.signal(hang_up, _terminate)
    if sys.stdout is None:
        # The shell closed it (>&-): answers go nowhere.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    # Names in checkpoints may be bytes that are no UTF-8; they are printed all the same.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        from graphsurgeon.cli.run import run
    except ModuleNotFoundError as error:
        sys.exit(_tell_missing(error, given))
    code = run(given)
    # On its way out the interpreter collects all the same, three times; of what is frozen it looks at nothing.
    gc.freeze()
    sys.exit(code)


def _tell_missing(error: ModuleNotFoundError, given: Sequence[str]) -> int:
    """Say which package is not installed without one; return the exit code. What is no package goes on."""
    import json

    from graphsurgeon.cli.missing import DECLINED, describe_missing, missing_package

    package = missing_package(error)
    if package is None:
        raise error
    facts = describe_missing(package)
    text = json.dumps({"error": facts}) if "--json" in given else f"error: {facts['message']}"
    sys.stderr.write(f"{text}\n")
    return DECLINED


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
