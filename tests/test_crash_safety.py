"""A process killed while it replaces a checkpoint: what is found afterwards is the old one, the new one or none.

The killing happens in forks of one fresh interpreter, so that hundreds of deaths cost little.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
from graphsurgeon.graph import Graph
from graphsurgeon.model import Model
from graphsurgeon.node import Node
from graphsurgeon.tensor import as_tensor
from proto_utils import output, schema
from proto_utils.files import FileSource, Span

prefix = sys.argv[1] + "/model.ckpt"

def write(generation):
    model = Model(Graph([Node.new(f"generation_{generation}", "NoOp")]), meta=b"")
    model.variables["w"] = as_tensor(np.full(1000, generation, np.int64))
    save(model, prefix)

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
    output._link = None if sys.argv[2] == "no links" else counted(os.link)
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


def run(script: str, root: Path, *arguments: object) -> list[Any]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=root, check=False)
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("links", ["links", "no links"])
def test_killed_at_every_step_of_replacing(links: str, root: Path, tmp_path: Path):
    answers = run(EVERY_STEP, root, tmp_path, links, "over an old one")
    assert len(answers) > 20
    assert answers[-1] == [2, 2]
    first_gap, last_gap = answers.index(None), len(answers) - 1 - answers[::-1].index(None)
    assert answers[:first_gap] == [[1, 1]] * first_gap
    assert answers[first_gap : last_gap + 1] == [None] * (last_gap + 1 - first_gap)
    assert answers[last_gap + 1 :] == [[2, 2]] * (len(answers) - last_gap - 1)
    # Only the renames themselves are without a checkpoint.
    assert last_gap + 1 - first_gap <= (3 if links == "links" else 5)


def test_killed_at_every_step_of_writing_anew(root: Path, tmp_path: Path):
    answers = run(EVERY_STEP, root, tmp_path, "links", "alone")
    assert answers[-1] == [2, 2]
    written = answers.index([2, 2])
    assert answers == [None] * written + [[2, 2]] * (len(answers) - written)


def test_killed_at_any_moment(root: Path, tmp_path: Path):
    for answer in run(ANY_MOMENT, root, tmp_path):
        assert answer is None or answer[0] == answer[1]


def test_a_killed_run_is_not_in_the_way_of_the_next(root: Path, tmp_path: Path):
    run(ANY_MOMENT, root, tmp_path)
    again = COMMON + "write(99999)\nprint(json.dumps([found()]))"
    assert run(again, root, tmp_path) == [[99999, 99999]]


@pytest.mark.parametrize("signal_name", ["SIGTERM", "SIGINT"])
def test_a_signal_during_the_renames_waits_for_their_end(signal_name: str, root: Path, tmp_path: Path):
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
    generation, code, names = run(script, root, tmp_path)
    assert generation == [2, 2]
    assert code != 7
    assert names == ["checkpoint"] + [f"model.ckpt.{end}" for end in ("data-00000-of-00001", "index", "meta")]
