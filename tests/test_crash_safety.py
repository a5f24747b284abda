"""A process killed while it replaces a checkpoint: what is found afterwards is the old one, the new one or none.

The same of edits, whose output may be one of their sources and share data files with others; and of edits that fail.
The killing happens in forks of one fresh interpreter, so that hundreds of deaths cost little. Nothing is synced: what a
process has written stays when it is killed, and whether it waited for the disk makes no difference to what is found.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

# Generation N of a checkpoint: w is 1000 times N, and the graph's only node is called after N too.
COMMON = """
import json, os, random, signal, sys, time
import numpy as np
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.values import as_tensor
from proto_utils import disk, schema
from proto_utils.files import FileSource, Span

os.fsync = os.fstat
prefix = sys.argv[1] + "/model.ckpt"

def write(generation):
    model = Model(Graph([Node.new(f"generation_{generation}", "NoOp")]), meta=b"")
    model.variables["w"] = as_tensor(np.full(1000, generation, np.int64))
    save(model, prefix, force=True)

def found():
    "(generation of the tensors, of the meta graph); None where there is no checkpoint."
    if not os.path.exists(prefix + ".index"):
        return None
    values = set(load_checkpoint(prefix)["w"].numpy().tolist())
    source = FileSource(prefix + ".meta")
    names = [node.name for node in Model.read_meta_graph_def(Span(source, 0, source.size)).graph]
    assert len(values) == len(names) == 1
    return values.pop(), int(names[0].partition("_")[2])

def die_in_child(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child
"""

EVERY_STEP = (
    COMMON
    + """
def killed_at(step):
    left = [step]
    def counted(real):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)
        return call
    for name in ("replace", "unlink", "open", "close", "write", "fsync", "chmod"):
        setattr(os, name, counted(getattr(os, name)))
    disk._link = None if sys.argv[2] == "no links" else counted(os.link)
    write(2)

answers = []
for step in range(1, 200):
    for name in os.listdir(sys.argv[1]):
        os.remove(os.path.join(sys.argv[1], name))
    if sys.argv[3] == "over an old one":
        write(1)
    status = os.waitpid(die_in_child(lambda: killed_at(step)), 0)[1]
    answers.append(found())
    if not os.WIFSIGNALED(status):
        break
print(json.dumps(answers))
"""
)

ANY_MOMENT = (
    COMMON
    + """
def rewrite():
    generation = 1
    while True:
        generation += 1
        write(generation)

random.seed(5)
answers = []
write(1)
for _ in range(60):
    child = die_in_child(rewrite)
    time.sleep(random.uniform(0.0, 0.04))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    answers.append(found())
print(json.dumps(answers))
"""
)


# It has imported what the scripts need, and nobody has used it: each script runs in a fork of it.
INTERPRETER = """
import gc, json, os, signal, sys, traceback
import graphsurgeon.edits.merge, graphsurgeon.edits.select, graphsurgeon.tools.edited_checkpoint
import graphsurgeon.formats.load, graphsurgeon.formats.save, numpy

# What a fork collects it first has to copy.
gc.disable()
gc.freeze()
for line in sys.stdin:
    script, sys.argv[1:], output = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(120)
            with open(output, "w") as sys.stdout:
                exec(compile(script, "<script>", "exec"), {"__name__": "__main__"})
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    print(os.waitpid(child, 0)[1], flush=True)
"""
Run = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def run(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run a script with arguments, and return what it prints."""
    output = tmp_path_factory.mktemp("run") / "output"
    command = [sys.executable, "-c", INTERPRETER]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as interpreter:
        assert interpreter.stdin is not None
        assert interpreter.stdout is not None
        requests, statuses = interpreter.stdin, interpreter.stdout

        def call(script: str, *arguments: object) -> list[Any]:
            requests.write(json.dumps([script, [str(each) for each in arguments], str(output)]) + "\n")
            requests.flush()
            assert statuses.readline() == "0\n", "see what it wrote to the standard error"
            answers: list[Any] = json.loads(output.read_text())
            return answers

        yield call


@pytest.mark.parametrize("links", ["links", "no links"])
def test_killed_at_every_step_of_replacing(links: str, run: Run, tmp_path_in_memory: Path):
    answers = run(EVERY_STEP, tmp_path_in_memory, links, "over an old one")
    assert len(answers) > 20
    assert answers[-1] == [2, 2]
    first_gap, last_gap = answers.index(None), len(answers) - 1 - answers[::-1].index(None)
    assert answers[:first_gap] == [[1, 1]] * first_gap
    assert answers[first_gap : last_gap + 1] == [None] * (last_gap + 1 - first_gap)
    assert answers[last_gap + 1 :] == [[2, 2]] * (len(answers) - last_gap - 1)
    # Only the renames themselves are without a checkpoint.
    assert last_gap + 1 - first_gap <= (3 if links == "links" else 5)


def test_killed_at_every_step_of_writing_anew(run: Run, tmp_path_in_memory: Path):
    answers = run(EVERY_STEP, tmp_path_in_memory, "links", "alone")
    assert answers[-1] == [2, 2]
    written = answers.index([2, 2])
    assert answers == [None] * written + [[2, 2]] * (len(answers) - written)


def test_killed_at_any_moment(run: Run, tmp_path_in_memory: Path):
    for answer in run(ANY_MOMENT, tmp_path_in_memory):
        assert answer is None or answer[0] == answer[1]


def test_a_killed_run_is_not_in_the_way_of_the_next(run: Run, tmp_path_in_memory: Path):
    run(ANY_MOMENT, tmp_path_in_memory)
    again = COMMON + "write(99999)\nprint(json.dumps([found()]))"
    assert run(again, tmp_path_in_memory) == [[99999, 99999]]


@pytest.mark.parametrize("signal_name", ["SIGTERM", "SIGINT"])
def test_a_signal_during_the_renames_waits_for_their_end(signal_name: str, run: Run, tmp_path_in_memory: Path):
    script = COMMON + (
        "write(1)\n"
        "def rewrite():\n"
        "    real = os.replace\n"
        "    def replace(*arguments):\n"
        f"        os.kill(os.getpid(), signal.{signal_name})\n"
        "        real(*arguments)\n"
        "    os.replace = replace\n"
        "    write(2)\n"
        "    os._exit(7)\n"
        "status = os.waitpid(die_in_child(rewrite), 0)[1]\n"
        "print(json.dumps([found(), status >> 8, sorted(os.listdir(sys.argv[1]))]))\n"
    )
    generation, code, names = run(script, tmp_path_in_memory)
    assert generation == [2, 2]
    assert code != 7
    assert names == ["checkpoint"] + [f"model.ckpt.{end}" for end in ("data-00000-of-00001", "index", "meta")]


# What each edit begins with, what it does, and what it has then: values by name, all of them one number's.
EDITS = """
import hashlib, json, os, shutil, signal, sys
import numpy as np
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from graphsurgeon.edits.merge import merge
from graphsurgeon.edits.select import select
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from proto_utils import disk

os.fsync = os.fstat
a, b = (os.path.join(sys.argv[1], name, "m") for name in "ab")
scenario, links, mode = sys.argv[2:]
if links == "no links":
    disk._link = None

def rename(source, destination):
    checkpoint = EditedCheckpoint(source)
    merge(checkpoint.tensors, [], prefix=("a=my",))
    checkpoint.save(destination, force=True)

def keep(source, destination, *names):
    checkpoint = EditedCheckpoint(source)
    select(checkpoint.tensors, keep=names)
    checkpoint.save(destination, force=True)

def put(source, destination, **values):
    checkpoint = EditedCheckpoint(source)
    for name, value in values.items():
        checkpoint.tensors[name] = np.full(1000, value, np.int64)
    checkpoint.save(destination, force=True)

def put_together(destination, *dropped, prefer=None):
    checkpoint = EditedCheckpoint(a)
    merge(checkpoint.tensors, [load_checkpoint(b)], prefer=prefer)
    for name in dropped:
        del checkpoint.tensors[name]
    checkpoint.save(destination, force=True)

def copy(prefix, **options):
    tensors = {"my/" + name: tensor for name, tensor in load_checkpoint(prefix).items()}
    save_checkpoint(tensors, prefix, force=True, **options)

A, B = {"u": 1, "v": 2, "w": 3}, {"x": 4, "y": 5}
SCENARIOS = {
    "rename": (a, lambda: rename(a, a), {"my/u": 1, "my/v": 2, "my/w": 3}),
    "rename away": (b, lambda: rename(a, b), {"my/u": 1, "my/v": 2, "my/w": 3}),
    "select": (a, lambda: keep(a, a, "w"), {"w": 3}),
    "select away": (b, lambda: keep(a, b, "u", "w"), {"u": 1, "w": 3}),
    "add": (a, lambda: put(a, a, z=6), {**A, "z": 6}),
    "change": (a, lambda: put(a, a, v=7), {**A, "v": 7}),
    "merge into the first": (a, lambda: put_together(a), {**A, **B}),
    "merge into the second": (b, lambda: put_together(b), {**A, **B}),
    "merge over a part": (b, lambda: put_together(b, "v", "w", "x"), {"u": 1, "y": 5}),
    "copy": (a, lambda: copy(a), {"my/u": 1, "my/v": 2, "my/w": 3}),
    "copy over each": (a, lambda: copy(a, shard_nbytes=8001), {"my/u": 1, "my/v": 2, "my/w": 3}),
}
destination, edit, wanted = SCENARIOS[scenario]
before_it = A if destination == a else B

def prepare():
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    shutil.copytree(sys.argv[1] + "_template", sys.argv[1])

for prefix, values in ((a, A), (b, B)):
    tensors = {name: np.full(1000, value, np.int64) for name, value in values.items()}
    save_checkpoint(tensors, prefix, shard_nbytes=8001)
shutil.move(sys.argv[1], sys.argv[1] + "_template")

def files(prefix):
    directory = os.path.dirname(prefix)
    found = {}
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if name != "checkpoint":
            found[name] = os.stat(path).st_ino, hashlib.sha256(open(path, "rb").read()).hexdigest()
    return found

def found():
    if not os.path.exists(destination + ".index"):
        return None
    values = {name: set(tensor.numpy().tolist()) for name, tensor in load_checkpoint(destination).items()}
    assert all(len(each) == 1 for each in values.values()), values
    return {name: each.pop() for name, each in values.items()}

def counted(step, strike):
    left = [step]
    def wrap(name, real):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] == 0:
                strike(name)
            return real(*arguments, **options)
        return call
    names = ("replace", "unlink", "open", "write", "fsync", "mkdir", "ftruncate")
    real = {(os, name): getattr(os, name) for name in names}
    real[disk, "_fallocate"] = disk._fallocate
    real[disk, "_link"] = disk._link
    for (module, name), function in real.items():
        if function is not None:
            setattr(module, name, wrap(name, function))
    def restore():
        for (module, name), function in real.items():
            setattr(module, name, function)
        return left[0] <= 0
    return restore

def sources_are_whole(before):
    "Other checkpoints are as they were, and of this one no data is gone while it has no successor."
    others = [prefix for prefix in (a, b) if prefix != destination]
    if any(files(prefix) != before[prefix] for prefix in others):
        return False
    now = {digest for _, digest in files(destination).values()}
    return found() == wanted or all(digest in now for _, digest in before[destination].values())

def killed(step):
    child = os.fork()
    if child == 0:
        try:
            counted(step, lambda name: os.kill(os.getpid(), signal.SIGKILL))
            edit()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])

def failed(step):
    struck = []
    def fail(name):
        struck.append(name)
        raise OSError(28, "No space left on device")
    restore = counted(step, fail)
    error = None
    try:
        edit()
    except OSError as raised:
        error = raised.errno
    return restore(), error, struck == ["unlink"]
"""

KILLED = (
    EDITS
    + """
answers = []
for step in range(1, 200):
    prepare()
    before = {a: files(a), b: files(b)}
    goes_on = killed(step)
    now = found()
    state = "none" if now is None else "new" if now == wanted else "old" if now == before_it else str(now)
    answers.append([state, sources_are_whole(before)])
    # And whatever was left behind is not in the way.
    if state == "old":
        edit()
        assert found() == wanted
    if not goes_on:
        break
print(json.dumps(answers))
"""
)

FAILED = (
    EDITS
    + """
answers = []
for step in range(1, 200):
    prepare()
    before = {a: files(a), b: files(b)}
    goes_on, error, is_unlink = failed(step)
    now = {a: files(a), b: files(b)}
    # A file that cannot be removed stays, under its hidden name.
    rest = [name for each in now.values() for name in each if name.startswith(".")]
    answers.append([error, now == before, found() == wanted and not (rest and not is_unlink)])
    if not goes_on:
        break
print(json.dumps(answers))
"""
)

#: Edits that give no data file of the output another content: there is a checkpoint at every moment.
GAPLESS = ["rename", "select", "add", "merge into the first", "merge into the second", "copy"]
REPLACING = ["rename away", "select away", "change", "merge over a part", "copy over each"]


@pytest.mark.parametrize("links", ["links", "no links"])
@pytest.mark.parametrize("scenario", GAPLESS + REPLACING)
def test_an_edit_killed_at_every_step(scenario: str, links: str, run: Run, tmp_path_in_memory: Path):
    answers = run(KILLED, tmp_path_in_memory / "all", scenario, links, "killed")
    states = [state for state, _ in answers]
    assert len(states) > 8
    assert set(states) <= {"old", "none", "new"}
    assert states[-1] == "new"
    # One after the other, never back.
    assert states == sorted(states, key=["old", "none", "new"].index)
    if scenario in GAPLESS and links == "links":
        assert "none" not in states
    assert all(whole for _, whole in answers)


@pytest.mark.parametrize("links", ["links", "no links"])
@pytest.mark.parametrize("scenario", GAPLESS + REPLACING)
def test_an_edit_that_fails_at_every_step(scenario: str, links: str, run: Run, tmp_path_in_memory: Path):
    """A full disk at any moment: all is as it was, or, where it does not matter, all is done."""
    answers = run(FAILED, tmp_path_in_memory / "all", scenario, links, "failed")
    assert answers[-1] == [None, False, True]
    assert len([error for error, _, _ in answers if error]) > 5
    for error, as_before, whole in answers:
        assert as_before if error else whole
