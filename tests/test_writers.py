"""Several processes that write: one of those to one prefix wins whole, and no entry of a state file is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.formats.state_file import read_state
from proto_utils.leftovers import leftovers
from proto_utils.locks import Lock

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

TWO = """
import json, multiprocessing, os, sys
import numpy as np
import graphsurgeon as gs

context = multiprocessing.get_context("fork")

def save(generation, **how):
    tensors = {name: np.full(2000, generation, np.int64) for name in "abc"}
    gs.save_checkpoint(tensors, sys.argv[1] + "/m", **how, force=True)

def one(queue, barrier, generation):
    try:
        barrier.wait()
        save(generation, shard_nbytes=None if generation % 2 else 17_000)
        queue.put((generation, None))
    except gs.GraphSurgeonError as error:
        queue.put((generation, type(error).__name__))

save(0)
found = []
for _ in range(25):
    queue, barrier = context.SimpleQueue(), context.Barrier(2)
    processes = [context.Process(target=one, args=(queue, barrier, generation)) for generation in (1, 2)]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
    said = [queue.get(), queue.get()]
    values = set().union(*(set(t.numpy().tolist()) for t in gs.load_checkpoint(sys.argv[1] + "/m").values()))
    found.append([said, sorted(values), sorted(os.listdir(sys.argv[1]))])
print(json.dumps(found))
"""

FOUR = """
import sys
import numpy as np
import graphsurgeon as gs
for number in range(8):
    gs.save_checkpoint({"w": np.zeros(3)}, f"{sys.argv[1]}/m-{sys.argv[2]}-{number}")
"""


def test_two_writers_of_one_prefix(tmp_path: Path, root: Path):
    command = [sys.executable, "-c", TWO, str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=True)
    for said, values, names in json.loads(done.stdout):
        winners = [generation for generation, error in said if error is None]
        assert values in [[winner] for winner in winners]
        assert {error for _, error in said} <= {None, "OutputBusyError"}
        assert not [name for name in names if name.startswith(".")]


def test_four_writers_of_a_state_file_lose_no_entry(tmp_path: Path, root: Path):
    command = [sys.executable, "-c", FOUR, str(tmp_path)]
    processes = [subprocess.Popen([*command, str(number)], cwd=root) for number in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    state = read_state(tmp_path)
    assert state is not None
    names = {os.path.basename(prefix) for prefix in state.checkpoints}
    assert names == {f"m-{writer}-{number}" for writer in range(4) for number in range(8)}
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_the_other_one_is_told_so(tmp_path: Path, root: Path):
    gs.save_checkpoint({"w": np.zeros(3)}, tmp_path / "m")
    lock = Lock(str(tmp_path / "m"))
    lock.acquire()
    command = [sys.executable, "-m", "graphsurgeon", "rename", "m", "-o", "m", "--add-scope", "x", "--force"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 6
    assert f"process {os.getpid()}" in done.stderr
    lock.release()
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert [*gs.load_checkpoint(tmp_path / "m")] == ["x/w"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_a_signal_leaves(number: signal.Signals, tmp_path: Path, root: Path):
    """Nothing; a kill leaves hidden names, and the next run on that prefix removes them."""
    gs.save_checkpoint({"w": np.ones(3)}, tmp_path / "m")
    code = (
        "import time\nimport graphsurgeon.formats.save as save\nfrom graphsurgeon.cli import main\n"
        "def slowly(*_, **__):\n    print('half-way', flush=True)\n    time.sleep(60)\n"
        "save._write_state = slowly\n"
        "main(['compact', 'm', '-o', 'm', '--force'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half-way\n"
        assert len(leftovers(str(tmp_path))) == 2
        process.send_signal(number)
        process.wait(timeout=20)
    hidden = [name for name in os.listdir(tmp_path) if name.startswith(".")]
    assert len(hidden) == (3 if number == signal.SIGKILL else 0)
    gs.save_checkpoint({"w": np.zeros(3)}, tmp_path / "m", force=True)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
    assert gs.load_checkpoint(tmp_path / "m")["w"].numpy().tolist() == [0, 0, 0]


def test_two_threads(tmp_path: Path):
    import threading

    errors: list[BaseException] = []

    def save(generation: int) -> None:
        try:
            gs.save_checkpoint({"w": np.full(1000, generation)}, tmp_path / "m", force=True)
        except gs.OutputBusyError as error:
            errors.append(error)

    threads = [threading.Thread(target=save, args=(generation,)) for generation in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(errors) < 8
    assert len(set(gs.load_checkpoint(tmp_path / "m")["w"].numpy().tolist())) == 1
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
