"""Exit codes, errors and the ways a process can end."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphsurgeon import errors
from graphsurgeon.cli.run import describe, exit_code, run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (click.UsageError("x"), 2),
        (errors.CorruptionError("x"), 3),
        (errors.ChangedError("x"), 6),
        (errors.UnsupportedError("x"), 3),
        (errors.GraphError("x"), 3),
        (errors.PassError("unfreeze", "x"), 4),
        (errors.PassError("unfreeze", "x", is_usage=True), 2),
        (errors.LimitError("x", 2, 1), 4),
        (MemoryError(), 4),
        (errors.NotFoundError("node", "x"), 5),
        (FileNotFoundError(), 5),
        (errors.OutputExistsError("x"), 6),
        (PermissionError(), 6),
        (OSError(errno.ENOSPC, "No space left on device"), 6),
    ],
)
def test_exit_codes(error, code):
    assert exit_code(error) == code


def test_a_defect_has_an_exit_code_of_its_own(monkeypatch, capsys):
    def fail(_):
        raise RuntimeError("impossible \x1b[31m")

    monkeypatch.setattr("graphsurgeon.cli.run._invoke", fail)
    assert run(["verify", "x"]) == 70
    line, hint = capsys.readouterr().err.splitlines()
    assert line == r"error: internal error, please report it: RuntimeError: impossible \x1b[31m"
    assert "--debug" in hint
    assert run(["verify", "x", "--debug", "--json"]) == 70
    *trace, answer = capsys.readouterr().err.splitlines()
    assert trace[0].startswith("Traceback")
    assert json.loads(answer)["error"]["type"] == "InternalError"


def test_errors_as_json_have_their_fields():
    error = errors.NotFoundError("node", "x", ["y"], hint="try y")
    assert describe(error) == {
        "type": "NotFoundError", "message": "no node 'x'", "kind": "node", "name": "x", "near": ("y",), "hint": "try y",
    }  # fmt: skip
    system = describe(OSError(errno.ENOSPC, "No space left on device", "out.pb"))
    assert system == {
        "type": "OSError", "message": "out.pb: No space left on device", "path": "out.pb", "errno": "ENOSPC",
    }  # fmt: skip


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted in /proc")
@pytest.mark.parametrize(("asked", "count"), [(None, "1"), ("3", "3")])
def test_numpy_starts_no_threads_of_its_own(asked, count):
    code = """if True:
        import os
        from graphsurgeon.cli import main
        try:
            main(["--version"])
        except SystemExit:
            import numpy
            print(os.environ["OPENBLAS_NUM_THREADS"], len(os.listdir("/proc/self/task")))
    """
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    env |= {} if asked is None else {"OPENBLAS_NUM_THREADS": asked}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    told, threads = done.stdout.split()[-2:]
    assert told == count
    assert threads == "1" or asked is not None


def test_error_is_one_line_and_a_hint(verb, tmp_path):
    (tmp_path / "frozen.pb").write_bytes(b"")
    done = verb("inspect", tmp_path / "frozen.bp")
    assert (done.code, done.out) == (5, "")
    assert done.err.splitlines() == [
        f"error: no file '{tmp_path}/frozen.bp'",
        f"hint: did you mean '{tmp_path}/frozen.pb'?",
    ]


def test_messages_are_not_as_long_as_the_file(verb, tmp_path):
    (tmp_path / "checkpoint").write_text("x" * 100_000)
    done = verb("latest", tmp_path)
    assert done.code == 3
    assert "has no field 'xxx" in done.err
    assert "letters more" in done.err
    assert len(done.err) < 5000
    assert "x" * 100_000 in verb("latest", tmp_path, "--json").error["message"]


def test_error_as_json(verb, tmp_path):
    (tmp_path / "x.pb").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    done = verb("inspect", tmp_path / "x.pb", "--json")
    assert (done.code, done.out) == (3, "")
    assert done.error["type"] == "UnsupportedError"
    assert done.error["path"] == str(tmp_path / "x.pb")
    assert "Git LFS pointer" in done.error["message"]


def test_usage_error_as_json(verb):
    done = verb("ls", "--json")
    assert (done.code, done.error["type"]) == (2, "UsageError")
    assert "SRC" in done.error["message"]


def test_options_resemble_by_their_words(verb):
    assert verb("cat", "a", "b", "--index", "0").err.splitlines()[1].startswith("hint: usage: graphsurgeon cat")
    assert "did you mean '--json' or '--sync'?" in verb("cat", "a", "b", "--jsn").err


def test_choices_that_are_missing_are_told_in_a_line(verb):
    done = verb("arithmetic", "a")
    assert done.code == 2
    assert done.err.startswith("error: Missing option '--operation'. Choose from: add, subtract, multiply, divide\n")


def test_traceback_only_with_debug(verb, tmp_path):
    assert "Traceback" not in verb("inspect", tmp_path / "x").err
    assert "Traceback" in verb("inspect", tmp_path / "x", "--debug").err


def test_unreadable_output_names_its_path(verb, graph, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    done = verb("convert", graph, "-o", tmp_path / "file" / "x.pb")
    assert done.code == 6
    assert str(tmp_path / "file") in done.err


def test_bare_program_tells_its_verbs(verb):
    done = verb()
    assert (done.code, done.out) == (2, "")
    assert "unfreeze" in done.err


def test_shells_complete_verbs(program):
    words = {"_GRAPHSURGEON_COMPLETE": "bash", "_GRAPHSURGEON_LINE": "graphsurgeon unf"}
    assert "unfreeze" in program(env={**os.environ, **words}).out


def test_only_the_answer_is_on_stdout(program, graph):
    done = program("ls", graph, "--json")
    assert done.code == 0
    assert json.loads(done.out)["verb"] == "ls"
    assert done.err == ""


@pytest.mark.parametrize("arguments", ["inspect {}", "ls {} --quiet", "--help"])
def test_reader_that_goes_away_is_no_error(root, graph, arguments):
    command = f"{sys.executable} -m graphsurgeon {arguments.format(graph)} | sleep 0; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=root, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "141")


def test_names_that_are_no_unicode_are_printed(program, tmp_path):
    from graphsurgeon.formats.save import save_checkpoint
    from tests.models import floats

    save_checkpoint({b"caf\xe9".decode("utf-8", "surrogateescape"): floats(1)}, tmp_path / "m")
    done = program("ls", tmp_path / "m")
    assert done.code == 0
    assert "caf\\udce9" in done.out


SLOW = """
import sys, time
from graphsurgeon.formats import message
from graphsurgeon.cli import main
copy = message.write_pieces

def slowly(pieces, sink):
    copy(pieces, sink)
    print("half-way", flush=True)
    time.sleep(60)

import graphsurgeon.formats.save as save
save.write_pieces = slowly
main(["convert", sys.argv[1], "-o", sys.argv[2], "--force"])
"""


@pytest.mark.parametrize(("number", "codes"), [(signal.SIGTERM, {143}), (signal.SIGINT, {130}), (signal.SIGHUP, {129})])
def test_signals_leave_no_temp_files(root, graph, tmp_path, number, codes):
    out = tmp_path / "out" / "x.pb"
    out.parent.mkdir()
    out.write_bytes(b"precious")
    command = [sys.executable, "-c", SLOW, str(graph), str(out)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half-way\n"
        # The file, its temp file and the lock.
        assert len(os.listdir(out.parent)) == 3
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode in codes
    assert {path.name: path.read_bytes() for path in out.parent.iterdir()} == {"x.pb": b"precious"}


def test_without_standard_output(root, graph):
    command = f'"{sys.executable}" -m graphsurgeon ls "{graph}" >&-'
    done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "closed", "reason"),
    [
        ("convert {} -o -", ">&-", "standard output (-o -) is closed"),
        ("inspect -", "<&-", "standard input (-) is closed"),
    ],
)
def test_a_stream_that_is_closed(root, graph, words, closed, reason):
    """A graph that goes nowhere is not written."""
    command = f'"{sys.executable}" -m graphsurgeon {words.format(graph)} {closed}'
    done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, reason in done.stderr) == (2, True)


def test_missing_parent_directories_are_made(verb, graph, tmp_path):
    assert verb("convert", graph, "-o", tmp_path / "a" / "b" / "x.pb").code == 0
    assert Path(tmp_path / "a" / "b" / "x.pb").read_bytes() == graph.read_bytes()


@given(st.integers(min_value=0), st.sampled_from(["inspect", "ls", "verify", "unfreeze"]), st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_graphs_get_an_answer_or_an_error(tmp_path, fixtures, seed, verb_name, data):
    """Whatever bits are flipped and wherever the file ends: no traceback."""
    content = bytearray((fixtures / "cond.pb").read_bytes())
    for offset in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[offset] ^= 1 << seed % 8
    (tmp_path / "x.pb").write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    assert run([verb_name, str(tmp_path / "x.pb"), "--dry-run", "--json"]) in range(6)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("words", "streams", "code"),
    [
        ("ls nothing", "2>/dev/full", 5),
        ("ls nothing --debug --json", "2>/dev/full", 5),
        ("ls nothing", ">&- 2>&-", 5),
        ("convert {graph} -o {out}", "2>/dev/full", 0),
        ("ls {graph}", ">/dev/full", 6),
        ("ls {graph}", ">/dev/full 2>/dev/full", 6),
    ],
)
def test_what_cannot_be_printed_changes_no_exit_code(root, graph, tmp_path, words, streams, code):
    words = words.format(graph=graph, out=tmp_path / "x.pb")
    done = subprocess.run(f"{sys.executable} -m graphsurgeon {words} {streams}", shell=True, cwd=root, check=False)
    assert done.returncode == code


def test_names_in_tracebacks_are_escaped(verb, tmp_path):
    assert "\x1b" not in verb("inspect", tmp_path / "\x1b[2J", "--debug").err
