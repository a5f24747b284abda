"""Run the Python blocks of a page of the documentation: one session a page, and what it prints is the answer."""

import contextlib
import io
import os

SESSIONS = {}


def execute(text, directory):
    """Run a block in the session of a page, in its directory; return what it printed."""
    names = SESSIONS.setdefault(directory, {"__name__": "page"})
    # A file, for `tf.function` reads the source of what it traces.
    path = os.path.join(directory, ".block_%d.py" % len(os.listdir(directory)))
    with open(path, "w") as file:
        file.write(text)
    printed = io.StringIO()
    before = os.getcwd()
    os.chdir(directory)
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(text, path, "exec"), names)
    finally:
        os.chdir(before)
    return printed.getvalue()


def close(directory):
    """Let go of what a session holds."""
    SESSIONS.pop(directory, None)
