"""Whatever reads or writes payload shows its progress on a terminal, the same for every verb."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.cli import progress
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from proto_utils.splice import join
from tests.terminal import Seen, run_on_terminal, terminal

SIDE = 512
SIZE = re.compile(r"[\d.]+ MB(?= of|  )")


def dense(name: str, read: str, units: int = SIDE) -> list[Node]:
    """A fully connected layer of 1 MiB, or 2."""
    values = np.linspace(-1, 1, SIDE * units, dtype="float32").reshape(SIDE, units)
    return [
        Node.new(f"{name}/kernel", "Const", attrs={"dtype": dtypes.FLOAT, "value": as_tensor(values)}),
        Node.new(f"{name}/kernel/read", "Identity", [f"{name}/kernel"], attrs={"T": dtypes.FLOAT}),
        Node.new(name, "MatMul", [read, f"{name}/kernel/read"], attrs={"T": dtypes.FLOAT}),
    ]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a frozen graph, and its checkpoint twice."""
    from graphsurgeon.cli.run import run

    directory = tmp_path_factory.mktemp("models")
    feed = Node.new("x", "Placeholder", attrs={"dtype": dtypes.FLOAT, "shape": Shape((None, SIDE))})
    phase = Node.new("phase", "Placeholder", attrs={"dtype": dtypes.BOOL})
    nodes = [feed, phase, *dense("a", "x"), *dense("b", "a"), *dense("out", "b", 2 * SIDE)]
    protos = [schema.NodeDef.FromString(join(node.pieces())) for node in nodes]
    graph = schema.GraphDef(node=protos, versions={"producer": 134})
    (directory / "f.pb").write_bytes(graph.SerializeToString())
    (directory / "recipe.json").write_text('[{"scale": {"select": ".*", "factor": 2}}]')
    (directory / "steps.json").write_text('[{"insert": {"op": "StopGradient", "at": "a"}}]')
    for prefix in ("m.ckpt", "n.ckpt"):
        assert run(["unfreeze", f"{directory}/f.pb", "-o", f"{directory}/{prefix}", "--quiet"]) == 0
    assert run(["export", f"{directory}/m.ckpt", "-o", f"{directory}/m.npz", "--quiet"]) == 0
    return directory


Shown = Callable[..., Seen]


@pytest.fixture
def shown(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Run a command line on a terminal, with a bar that is drawn whenever something moves."""
    monkeypatch.setattr(progress, "DELAY", 0)
    monkeypatch.setattr(progress, "INTERVAL", 0)
    monkeypatch.setenv("TERM", "xterm")

    def call(line: str, columns: int = 100) -> Seen:
        words = shlex.split(line.format(m=models, out=tmp_path))
        return run_on_terminal(monkeypatch, *words, columns=columns)

    return call


FROZEN = "{m}/f.pb -o {out}/x.pb"
CHECKPOINT = "{m}/m.ckpt -o {out}/x.ckpt"
EVERY = "--select '.*kernel'"
VERBS = [
    "arithmetic {m}/m.ckpt -o {out}/x.ckpt --operation add --other {m}/n.ckpt",
    "average {m}/m.ckpt {m}/n.ckpt -o {out}/x.ckpt",
    f"bypass {FROZEN} b",
    f"cast {CHECKPOINT} --dtype float16",
    "cat {m}/m.ckpt out/kernel",
    "cat {m}/m.ckpt out/kernel -o {out}/x.npy",
    "cat {m}/f.pb out/kernel -o {out}/x.npy",
    f"compact {CHECKPOINT}",
    f"compact {CHECKPOINT} --shard-size 1MiB",
    f"concat {CHECKPOINT} --select a/kernel,b/kernel --to ab --axis 0",
    f"convert {FROZEN}",
    "convert {m}/m.ckpt -o {out}/x.ckpt",
    "convert {m}/m.ckpt.meta -o {out}/saved/ --to saved_model",
    f"copy {FROZEN} b b/.* --scope again",
    "diff {m}/m.ckpt {m}/n.ckpt",
    "diff {m}/f.pb {out}/g.pb",
    f"downgrade {FROZEN} --to 1.15",
    f"duplicate {CHECKPOINT} --map 'a/(.*)=c/\\1' --copy",
    f"edit {CHECKPOINT} --recipe {{m}}/recipe.json",
    "export {m}/m.ckpt -o {out}/x.npz",
    "export {m}/m.ckpt -o {out}/x.safetensors",
    "export {m}/m.ckpt -o {out}/x/",
    "export {m}/m.ckpt -o {out}/x.npz --readable",
    f"fill {CHECKPOINT} {EVERY} --value 1",
    "fit --graph {m}/m.ckpt.meta --from {m}/n.ckpt -o {out}/x.ckpt --copy",
    f"fix {FROZEN}",
    "freeze {m}/m.ckpt.meta -o {out}/x.pb --outputs out",
    "freeze_graph --input_meta_graph {m}/m.ckpt.meta --input_checkpoint {m}/m.ckpt --output_graph {out}/x.pb "
    "--output_node_names out --input_binary=true",
    "import {m}/m.npz -o {out}/x.ckpt",
    f"insert {FROZEN} --at a --op StopGradient",
    "join {m}/f.pb {out}/g.pb -o {out}/x.pb --prefix {m}/f.pb=f --prefix {out}/g.pb=g",
    "merge {m}/m.ckpt {m}/n.ckpt -o {out}/x.ckpt",
    f"pad {CHECKPOINT} {EVERY} --before 1,1 --after 1,1",
    f"partition {CHECKPOINT} {EVERY} --shards 2 --copy",
    f"prune {FROZEN} --outputs out",
    f"rename {CHECKPOINT} --add-scope s --copy",
    f"reroute {FROZEN} --map a:0=x:0",
    f"reshape {CHECKPOINT} {EVERY} --shape -1 --copy",
    f"reverse {CHECKPOINT} {EVERY} --axis 0",
    f"run {FROZEN} --recipe {{m}}/steps.json --record",
    f"scale {CHECKPOINT} {EVERY} --factor 2",
    f"select {CHECKPOINT} --keep '[ab]/.*' --copy",
    f"set-attr {FROZEN} a --attr transpose_b=true",
    f"set-device {FROZEN} a --device /device:CPU:0",
    f"set-inputs {FROZEN} --set phase=true",
    f"set-shape {FROZEN} --shape x=8,{SIDE}",
    "set-trainable {m}/m.ckpt.meta -o {out}/x.ckpt --not-trainable a/kernel --copy",
    f"slice {CHECKPOINT} {EVERY} --part 1:,: --copy",
    "split {m}/f.pb --at a --front {out}/x.pb --back {out}/y.pb",
    f"split-tensor {CHECKPOINT} --select a/kernel --to p,q --axis 0 --copy",
    f"strip-optimizer {CHECKPOINT} --drop b/kernel --copy",
    f"take {CHECKPOINT} {EVERY} --indices 1,0 --blocks 2",
    f"tile {CHECKPOINT} {EVERY} --multiples 2,1",
    f"transpose {CHECKPOINT} {EVERY}",
    "unfreeze {m}/f.pb -o {out}/x.ckpt",
    "verify {m}/m.ckpt",
    "verify {m}/f.pb --against {m}/m.ckpt.meta",
]


def moved(bars: list[str]) -> bool:
    """Whether payload was drawn at different stages, each with a speed."""
    stages = {size for bar in bars for size in SIZE.findall(bar)}
    return len(stages) > 1 and all("/s" in bar for bar in bars)


@pytest.mark.parametrize("line", VERBS, ids=lambda line: re.sub(r"{\w+}/?", "", line)[:50])
def test_the_bar_moves(shown: Shown, models: Path, tmp_path: Path, line: str):
    (tmp_path / "g.pb").write_bytes((models / "f.pb").read_bytes())
    seen = shown(line)
    assert seen.code == 0, seen.text
    assert moved(seen.bars), seen.text
    assert not [row for row in seen.screen if "B/s" in row], "nothing of it is left"


@pytest.mark.parametrize(
    "line", [f"scale {CHECKPOINT} {EVERY} --factor 2", f"prune {FROZEN} --outputs out", "diff {m}/m.ckpt {m}/n.ckpt"]
)
def test_the_tensor_at_hand_is_named(shown: Shown, line: str):
    bars = "\n".join(shown(line).bars)
    assert all(f"  {name}/kernel" in bars for name in ("a", "b", "out")), bars


@pytest.mark.parametrize(
    ("line", "nbytes"),
    [
        ("ls {m}/m.ckpt --stats", "4.2 MB"),
        ("ls {m}/f.pb --stats", "4.2 MB"),
        ("cat {m}/m.ckpt out/kernel", "2.1 MB"),
        ("cat {m}/m.ckpt out/kernel --stats", "2.1 MB"),
        ("cat {m}/m.ckpt out/kernel[:32] -o {out}/x.csv", "131.1 kB"),
        ("report {m}/m.ckpt -o {out}/x.html", "4.2 MB"),
        ("report {m}/f.pb -o {out}/x.html", "4.2 MB"),
        ("tensorboard {m}/m.ckpt -o {out}/log", "4.2 MB"),
        (f"round-weights {FROZEN}", "4.2 MB"),
        (f"quantize-weights {FROZEN}", "4.2 MB"),
        (f"run {FROZEN} --recipe {{m}}/steps.json --record", "4.2 MB"),
    ],
)
def test_what_is_read_is_told_beforehand(shown: Shown, line: str, nbytes: str):
    seen = shown(line)
    assert seen.code == 0, seen.text
    reading = [bar for bar in seen.bars if bar.startswith("reading 100%")]
    assert reading
    assert f" {nbytes} of {nbytes} " in reading[-1], reading


@pytest.mark.parametrize("flag", ["--quiet", "--json"])
@pytest.mark.parametrize("line", ["verify {m}/m.ckpt", "inspect {m}/f.pb", f"prune {FROZEN} --outputs out"])
def test_nothing_moves_where_nobody_reads_along(shown: Shown, line: str, flag: str):
    seen = shown(f"{line} {flag}")
    assert (seen.code, seen.bars) == (0, [])


def test_a_dumb_terminal_has_none(shown: Shown, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert shown("verify {m}/m.ckpt").bars == []


@pytest.mark.parametrize("columns", [20, 40, 60])
def test_narrow_terminals_have_short_bars(shown: Shown, columns: int):
    bars = shown("verify {m}/m.ckpt", columns=columns).bars
    assert bars
    assert max(map(len, bars)) < columns


INTERRUPTED = """
import os, sys, time
from graphsurgeon.cli import main, progress
progress.DELAY = progress.INTERVAL = 0
draw = progress.Bar._draw
def slowly(bar, line):
    draw(bar, line)
    if bar._written:
        os.write(1, b"half-way")
        time.sleep(30)
progress.Bar._draw = slowly
main(sys.argv[1:])
"""


def test_an_interrupt_leaves_a_clean_line(root: Path, models: Path, tmp_path: Path):
    """In a process of its own, for the signal comes from the terminal."""
    with terminal() as (stream, text):
        command = [
            sys.executable,
            "-c",
            INTERRUPTED,
            "scale",
            f"{models}/m.ckpt",
            "-o",
            f"{tmp_path}/x.ckpt",
            *shlex.split(EVERY),
            "--factor",
            "2",
        ]
        environment = {**os.environ, "TERM": "xterm"}
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=stream, env=environment) as process:
            assert process.stdout is not None
            assert process.stdout.read(8) == b"half-way"
            # The file that is being written, and its lock.
            assert len(os.listdir(tmp_path)) >= 1
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        seen = Seen(process.returncode, text())
    assert seen.code == 130
    assert seen.bars
    assert seen.screen == [""]
    assert os.listdir(tmp_path) == []
