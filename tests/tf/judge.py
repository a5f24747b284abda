"""Talk to a TensorFlow that runs in another process.

TensorFlow takes seconds to start, so one worker (``scripts/worker.py``) stays up per interpreter and answers one JSON
line per call; ``call("judging:compare", pb=..., prefix=...)`` runs ``compare`` of ``scripts/judging.py`` in it.
A worker that dies (TensorFlow aborts on some bad graphs) is reported as that call's failure and replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

SCRIPTS = Path(__file__).resolve().parent / "scripts"


class JudgeError(Exception):
    """TensorFlow raised, died or took too long; ``kind`` is the name of the exception it raised."""

    def __init__(self, kind: str, message: str, traceback: str = "") -> None:
        super().__init__(f"{kind}: {message}\n{traceback}")
        self.kind = kind
        self.message = message


def environment() -> dict[str, str]:
    """The variables a TensorFlow process gets: quiet, on the CPU, and importing nothing of ours."""
    variables = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", PYTHONHASHSEED="0")
    variables["PYTHONPATH"] = str(SCRIPTS)
    # One thread each: several judges share a small machine, and threads that spin for work starve the others.
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        variables[name] = "1"
    variables["PYTHONWARNINGS"] = "ignore"
    return variables


class TensorFlow:
    """One TensorFlow: an interpreter that has it, and a worker process started on the first call.

    Parameters
    ----------
    python
        The interpreter.
    directory
        A directory of this judge's own, for its log and for scripts given as text.
    """

    def __init__(self, python: str, directory: Path) -> None:
        self.python = python
        self.directory = directory
        self._worker: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._reader: threading.Thread | None = None
        self._lock = threading.Lock()
        self._version = ""

    @property
    def version(self) -> str:
        """TensorFlow's own ``__version__``."""
        if not self._version:
            self._version = str(self.call("judging:version"))
        return self._version

    @property
    def is_v1(self) -> bool:
        """Whether this is a TensorFlow 1.x."""
        return self.version.startswith("1.")

    def __repr__(self) -> str:
        return f"TensorFlow({self.python!r})"

    def __enter__(self) -> TensorFlow:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, script: str | Path, *arguments: object, json_out: bool = True, timeout: float = 300) -> Any:
        """Run a script (a path, or its text) in a process of its own.

        Returns
        -------
        object
            The last line of its standard output parsed as JSON, or all of the output when ``json_out`` is false.

        Raises
        ------
        JudgeError
            When it fails; the message ends with what it wrote to standard error.
        """
        path = Path(script) if isinstance(script, Path) or "\n" not in script else self.directory / "script.py"
        if path == self.directory / "script.py":
            path.write_text(str(script), encoding="utf-8")
        command = [self.python, str(path), *map(str, arguments)]
        try:
            done = subprocess.run(
                command, env=environment(), capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise JudgeError("Timeout", f"{path.name} took more than {timeout} s") from error
        if done.returncode:
            raise JudgeError("Failed", f"{path.name} exited with {done.returncode}", done.stderr[-4000:])
        return json.loads(done.stdout.strip().splitlines()[-1]) if json_out else done.stdout

    def call(self, function: str, *, timeout: float = 180, **arguments: Any) -> Any:
        """Call ``module:function`` of the scripts directory in the worker and return its answer.

        Raises
        ------
        JudgeError
            When the function raises, or the worker dies or takes longer than ``timeout`` seconds.
        """
        request = json.dumps({"function": function, "arguments": arguments}, default=str)
        with self._lock:
            line = self._exchange(request, timeout)
        answer = json.loads(line)
        if "error" in answer:
            raise JudgeError(**answer["error"])
        return answer["result"]

    def close(self) -> None:
        """End the worker, if one runs."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        assert worker.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            worker.stdin.close()
        try:
            worker.wait(timeout=10)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        if self._reader is not None:
            # What the worker started may still hold the pipe.
            self._reader.join(timeout=10)

    def log(self) -> str:
        """The end of what the worker wrote to standard error."""
        path = self.directory / "worker.log"
        return path.read_text(encoding="utf-8", errors="replace")[-3000:] if path.exists() else ""

    def _exchange(self, request: str, timeout: float) -> str:
        worker = self._started()
        assert worker.stdin is not None
        worker.stdin.write(request + "\n")
        worker.stdin.flush()
        try:
            line = self._answers.get(timeout=timeout)
        except queue.Empty:
            worker.kill()
            self.close()
            raise JudgeError("Timeout", f"no answer within {timeout} s to {request[:500]}", self.log()) from None
        if line is None:
            code = worker.wait()
            self.close()
            raise JudgeError("Died", f"the worker ended with {code} on {request[:500]}", self.log())
        return line

    def _started(self) -> subprocess.Popen[str]:
        if self._worker is None:
            with open(self.directory / "worker.log", "a", encoding="utf-8") as log:
                self._worker = subprocess.Popen(
                    [self.python, str(SCRIPTS / "worker.py")],
                    env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                )  # fmt: skip
            self._answers = queue.Queue()
            self._reader = threading.Thread(target=_forward, args=(self._worker, self._answers), daemon=True)
            self._reader.start()
        return self._worker


def _forward(worker: subprocess.Popen[str], answers: queue.Queue[str | None]) -> None:
    """Pass on the worker's lines; ``None`` when there will be no more."""
    assert worker.stdout is not None
    with worker.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put(None)
