"""A pipeline of Apache Beam: elements, dealt out evenly, and one function over them.

As a program it runs a pipeline that it reads from its standard input, for `graphsurgeon.beam.engine`.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pickle
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.errors import GraphSurgeonError

#: What Beam says up to this is about itself.
_LEVEL = logging.WARNING
#: The exit code of the program when a worker ended.
LOST_WORKER = 75
_ERROR = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception)\b")


def run_pipeline(function: Callable[[Any], None], elements: Sequence[Any], settings: Mapping[str, Any]) -> None:
    """Do a function on every element; ChildProcessError when the engine fails, whatever of."""
    try:
        with _without_a_word():
            import apache_beam
            from apache_beam.options.pipeline_options import PipelineOptions

            with apache_beam.Pipeline(options=PipelineOptions.from_dictionary({**settings})) as pipeline:
                dealt = pipeline | apache_beam.Create(list(elements)) | apache_beam.Reshuffle()
                _ = dealt | apache_beam.Map(function)
    except (GraphSurgeonError, ImportError, OSError, MemoryError):
        raise
    except Exception as error:
        # Each engine has errors of its own.
        raise ChildProcessError(f"Beam failed: {type(error).__name__}: {_told(str(error))}") from error


def known_options(given: Mapping[str, Any]) -> set[str]:
    """Return the names of options that Beam itself has, and those of the given ones that are short for one.

    Job servers have more, of which it knows nothing.

    Raises
    ------
    ValueError
        An option cannot have its value.
    """
    told = io.StringIO()
    try:
        # It ends the program, after pages about all options there are.
        with _without_a_word(), contextlib.redirect_stderr(told):
            from apache_beam.options.pipeline_options import PipelineOptions

            known = set(PipelineOptions.from_dictionary({}).get_all_options())
            for name, value in given.items():
                if PipelineOptions.from_dictionary({name: value}).get_all_options(drop_default=True):
                    known.add(name)
    except SystemExit as end:
        raise ValueError(told.getvalue().strip().rpartition("error: ")[2]) from end
    return known


@contextlib.contextmanager
def _without_a_word() -> Iterator[None]:
    """Have Beam log nothing about itself; it speaks as soon as it is imported, and not only under its own name."""
    before = logging.root.manager.disable
    logging.disable(max(before, _LEVEL))
    try:
        yield
    finally:
        logging.disable(before)


def _told(text: str) -> str:
    """Return the line that says what happened: of the traceback of a worker the one that names the error."""
    lines = [line for line in text.splitlines() if line.strip()]
    named = [line for line in lines if _ERROR.match(line)]
    return (named or lines or [""])[-1 if named else 0].strip()


def _end(given: threading.ExceptHookArgs) -> None:
    """End the process when a thread of Beam's fails, as the one does that waits for a worker."""
    sys.stderr.write(f"{given.exc_value}\n")
    sys.stderr.flush()
    os._exit(LOST_WORKER)


if __name__ == "__main__":
    threading.excepthook = _end
    try:
        run_pipeline(*pickle.load(sys.stdin.buffer))
    except ChildProcessError as failure:
        sys.exit(str(failure))
