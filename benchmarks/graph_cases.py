"""Cases on editing graphs: many small edits, and verbs that write 553 MB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.bench import OURS, ROOT, Bench, Claim, Result
from benchmarks.process import MIB, Job

NUM_NODES, NUM_REROUTES = 100_000, 10_000
EDITS = (sys.executable, "-m", "benchmarks.graph_edits")
#: What the last hidden layer of the VGG16 gives.
HIDDEN = "vgg_16/fc7"


def reroute_many(bench: Bench) -> Result:
    """Ten thousand reroutes in a graph of a hundred thousand nodes; reading and indexing it are not counted."""
    source = str(bench.synthetic("nodes", NUM_NODES))
    found = bench.compare(
        [
            Job(f"{NUM_REROUTES:,} reroutes", _script("reroute", source, str(NUM_REROUTES)), runs=bench.runs),
            Job("reading and indexing", _script("open", source), runs=bench.runs),
        ]
    )
    edits, reading = found.values()
    seconds = edits.median - reading.median
    claims = [Claim(f"{NUM_REROUTES:,} reroutes on {NUM_NODES:,} nodes", seconds, 2, "s")]
    return Result(f"Edit a graph of {NUM_NODES:,} nodes", [edits, reading], claims)


def contexts(bench: Bench) -> Result:
    """What the contexts of loops cost `unfreeze`: where a tenth of the nodes is in loops, and where there are none."""
    jobs = []
    for source in (bench.synthetic("loops", NUM_NODES), bench.vgg()):
        for flags in ([], ["--no-contexts"]):
            label = " ".join([f"graphsurgeon unfreeze {source.name}", *flags])
            out = bench.work / "out" / label.replace(" ", "")
            line = [*OURS, "unfreeze", str(source), "-o", str(out / "model.ckpt"), *flags]
            jobs.append(Job(label, line, out, bench.runs))
    made, without, vgg, vgg_without = bench.compare(jobs).values()
    claims = [
        Claim(f"contexts, {NUM_NODES:,} nodes, a tenth in loops", made.median / without.median, 1.1, "x"),
        Claim("contexts, VGG16, which has no loops", vgg.median / vgg_without.median, 1.05, "x"),
        Claim("contexts, peak memory", made.peak / without.peak, 1.1, "x"),
    ]
    return Result("Contexts of loops", [made, without, vgg, vgg_without], claims)


def edit_vgg(bench: Bench) -> Result:
    """Verbs on the frozen VGG16, against `cp`."""
    source, out = bench.vgg(), bench.work / "out"
    dropped = bench.model("dropout.pb", [*_script("dropout", str(source), str(bench.work / "dropout.pb"))])
    cut = _last_hidden(source)
    other = bench.synthetic("nodes", 10)
    commands = {
        "join": ["join", str(source), str(other), "--prefix", "vgg", "--prefix", "other"],
        "set-inputs": ["set-inputs", str(dropped), "--set", "keep_prob=1", "--outputs", "prob"],
        "copy": ["copy", str(source), f"{HIDDEN}/MatMul", "--scope", "again"],
    }
    jobs = []
    for verb, command in commands.items():
        directory = out / verb
        line = [*OURS, *command, "-o", str(directory / "model.pb")]
        jobs.append(Job(f"graphsurgeon {verb}", line, directory, bench.runs))
    halves = [f"--{half}={out / 'split' / half}.pb" for half in ("front", "back")]
    line = [*OURS, "split", str(source), "--at", cut, *halves]
    jobs.append(Job("graphsurgeon split", line, out / "split", bench.runs))
    jobs.append(Job("cp of the same file", ["cp", str(source), str(out / "cp" / "copy.pb")], out / "cp", bench.runs))
    found = bench.compare(jobs)
    copy = found["cp of the same file"]
    claims = []
    for label in [f"graphsurgeon {verb}" for verb in (*commands, "split")]:
        claims.append(Claim(f"{label} 553 MB, over 1.5 x cp", found[label].median - 1.5 * copy.median, 0.15, "s"))
        claims.append(Claim(f"{label} 553 MB, peak memory", found[label].peak / MIB, 64, "MiB"))
    return Result("Edit VGG16 (553 MB)", list(found.values()), claims)


def beside_editors(bench: Bench) -> Result:
    """Load, insert a StopGradient, save: ours, TensorFlow 1.15's graph_editor, CODAIT's graph_def_editor."""
    source, out = bench.vgg(), bench.work / "out"
    script = _script("insert", str(source), str(out / "ours" / "model.pb"))
    jobs = [Job("graphsurgeon, a script of three lines", script, out / "ours", bench.runs)]
    for module, label in [
        ("tensorflow.contrib.graph_editor", "TensorFlow 1.15, tf.contrib.graph_editor"),
        ("graph_def_editor", "TensorFlow 1.15, CODAIT's graph_def_editor"),
    ]:
        if bench.tf1 and _has(bench.tf1, module):
            directory = out / module.rpartition(".")[2]
            name = f"insert_{module.rpartition('.')[2]}.py"
            command = [bench.tf1, str(ROOT / "benchmarks" / "recipes" / name), str(source), str(directory / "model.pb")]
            jobs.append(Job(label, command, directory, bench.recipe_runs))
    found = list(bench.compare(jobs).values())
    claims = [
        Claim(f"load, edit, save 553 MB, faster than {other.label}", other.median / found[0].median, 20, "x", True)
        for other in found[1:]
    ]
    return Result("Load, edit and save VGG16 (553 MB)", found, claims)


def _script(*arguments: str) -> list[str]:
    # Of the project's directory, wherever the process runs.
    return [EDITS[0], "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[0] = ''; "
            "from benchmarks.graph_edits import main; main(*sys.argv[1:])", *arguments]  # fmt: skip


def _last_hidden(source: Path) -> str:
    code = (
        "import sys, graphsurgeon as gs; from benchmarks.graph_edits import last_hidden; "
        "print(last_hidden(gs.load(sys.argv[1]).graph))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(source)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _has(python: str, module: str) -> bool:
    """Whether an interpreter can import a module."""
    done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    return done.returncode == 0
