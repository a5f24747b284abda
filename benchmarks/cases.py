"""What is measured, and the targets it is held to.

Each case measures whole processes and returns rows for the table and claims to check.
"""

from __future__ import annotations

import filecmp
import os
import sys
from pathlib import Path

from benchmarks.bench import DATA, OURS, Bench, Claim, Result, recipe
from benchmarks.checkpoint_cases import average, edit_index, edit_values, list_tensors
from benchmarks.graph_cases import beside_editors, contexts, edit_vgg, reroute_many
from benchmarks.growth_cases import growth
from benchmarks.million_cases import edit_million
from benchmarks.page_cases import open_pages
from benchmarks.process import MIB, BenchmarkError, Job
from benchmarks.reading_cases import read_text, verify_checksums
from benchmarks.transform_cases import infer_many, transform_many, transform_vgg

NODE_COUNTS = (10_000, 30_000, 100_000)
ONE_TENSOR = "vgg_16/fc7/weights"


def unfreeze_vgg(bench: Bench) -> Result:
    """The main job on 553 MB, against `cp` and the recipes people use."""
    source, out = bench.vgg(), bench.work / "out"
    jobs = [
        Job("graphsurgeon unfreeze", _unfreeze(source, out / "ours"), out / "ours", bench.runs),
        Job("cp of the same file", ["cp", str(source), str(out / "cp" / "copy.pb")], out / "cp", bench.runs),
    ]
    for python, label, script in [
        (bench.tf1, "TensorFlow 1.15, graph_editor recipe", "unfreeze_graph_editor.py"),
        (bench.tf2, "TensorFlow 2.21, import_graph_def recipe", "unfreeze_import_map.py"),
    ]:
        if python:
            directory = out / Path(script).stem
            command = [python, recipe(script), str(source), str(directory / "model.ckpt")]
            jobs.append(Job(label, command, directory, bench.recipe_runs))
    found = bench.compare(jobs, keep="graphsurgeon unfreeze")
    _check_same_checkpoint(out / "ours" / "model.ckpt", bench.work / "vgg.ckpt")
    ours, copy = found["graphsurgeon unfreeze"], found["cp of the same file"]
    claims = [
        Claim("unfreeze 553 MB, over 1.5 x cp", ours.median - 1.5 * copy.median, 0.15, "s"),
        Claim("unfreeze 553 MB, peak memory", ours.peak / MIB, 64, "MiB"),
    ]
    if (editor := found.get("TensorFlow 1.15, graph_editor recipe")) is not None:
        ratio = editor.median / ours.median
        claims.append(Claim("unfreeze 553 MB, faster than the graph_editor recipe", ratio, 80, "x", at_least=True))
    return Result(f"Unfreeze VGG16 ({source.stat().st_size / 1e6:.0f} MB)", list(found.values()), claims)


def flat_memory(bench: Bench) -> Result:
    """The same network once and ten times over: 0.55 GB and 5.5 GB of weights, holes in the file."""
    jobs = []
    for count in (1, 10):
        source, out = bench.synthetic("towers", count), bench.work / "out" / f"towers-{count}"
        runs, size = max(1, bench.runs // 3), f"{source.stat().st_size / 1e9:.2f} GB"
        jobs.append(Job(f"graphsurgeon unfreeze, {size}", _unfreeze(source, out), out, runs))
        values = bench.checkpoint(f"towers-{count}", 16 * count, 34_000_000)
        jobs.append(Job(f"graphsurgeon verify, {size}", [*OURS, "verify", str(values)], runs=runs))
        jobs.append(Job(f"graphsurgeon diff, {size}", [*OURS, "diff", str(source), str(source)], runs=runs))
    found = list(bench.compare(jobs).values())
    claims = [Claim("peak memory at 5.5 GB", found[3].peak / MIB, 64, "MiB")]
    for verb, once, ten_times in zip(("unfreeze", "verify", "diff"), found[:3], found[3:], strict=True):
        claims.append(Claim(f"{verb}, peak memory, 5.5 GB over 0.55 GB", ten_times.peak / once.peak, 1.1, "x"))
    return Result("Ten times larger", found, claims)


def start_up(bench: Bench) -> Result:
    """What a process costs before it does anything."""
    runs = 3 * bench.runs
    found = bench.compare(
        [
            Job("import graphsurgeon", [sys.executable, "-c", "import graphsurgeon"], runs=runs),
            Job("graphsurgeon --help", [*OURS, "--help"], runs=runs),
            Job("python, nothing imported", [sys.executable, "-c", "pass"], runs=runs),
        ]
    )
    claims = [
        Claim("import graphsurgeon", 1000 * found["import graphsurgeon"].median, 60, "ms"),
        Claim("--help", 1000 * found["graphsurgeon --help"].median, 150, "ms"),
    ]
    return Result("Start-up", list(found.values()), claims)


def many_nodes(bench: Bench) -> Result:
    """Graphs of many nodes, a fifth of them small constants: time grows with their number and no faster."""
    jobs = []
    for count in NODE_COUNTS:
        out = bench.work / "out" / f"nodes-{count}"
        label = f"graphsurgeon unfreeze, {count:,} nodes"
        jobs.append(Job(label, _unfreeze(bench.synthetic("nodes", count), out), out, bench.runs))
    few, some, many = bench.compare(jobs).values()
    # Between the same two pairs of sizes, start-up cancels out: 1.0 is linear, 3.3 would be quadratic.
    per_node = (some.median - few.median) / (NODE_COUNTS[1] - NODE_COUNTS[0])
    per_node_later = (many.median - some.median) / (NODE_COUNTS[2] - NODE_COUNTS[1])
    claims = [
        Claim("100,000 nodes, 20,000 of them constants", many.median, 4, "s"),
        Claim("time per node, 30,000 to 100,000 over 10,000 to 30,000", per_node_later / per_node, 1.3, "x"),
    ]
    return Result("Many nodes", [few, some, many], claims)


def one_tensor(bench: Bench) -> Result:
    """One tensor out of the 553 MB checkpoint, as a file."""
    bench.vgg()
    prefix, out = bench.work / "vgg.ckpt", bench.work / "out" / "cat"
    command = [*OURS, "cat", str(prefix), ONE_TENSOR, "-o", str(out / "x.npy")]
    jobs = [Job("graphsurgeon cat -o x.npy", command, out, bench.runs)]
    for python, version in [(bench.tf1, "1.15"), (bench.tf2, "2.21")]:
        if python:
            reader = [python, recipe("read_one.py"), str(prefix), ONE_TENSOR]
            jobs.append(Job(f"TensorFlow {version}, NewCheckpointReader", reader, runs=bench.recipe_runs))
    found = list(bench.compare(jobs).values())
    claims = [
        Claim(f"one tensor, faster than {other.label}", other.median / found[0].median, 10, "x", at_least=True)
        for other in found[1:]
    ]
    return Result(f"One tensor of a 553 MB checkpoint ({ONE_TENSOR}, 64 MiB)", found, claims)


def freeze_vgg(bench: Bench) -> Result:
    """The way back on 553 MB, and the other passes that write a graph of that size."""
    bench.vgg()
    prefix, out = bench.work / "vgg.ckpt", bench.work / "out"
    frozen = bench.work / "vgg.pb"
    ours = {
        "graphsurgeon freeze": [*OURS, "freeze", f"{prefix}.meta", "--outputs", "prob"],
        "graphsurgeon prune": [*OURS, "prune", str(frozen), "--outputs", "prob"],
        "graphsurgeon convert": [*OURS, "convert", str(frozen), "--to", "graph_def"],
    }
    jobs = []
    for label, command in ours.items():
        directory = out / label.split()[-1]
        jobs.append(Job(label, [*command, "-o", str(directory / "model.pb")], directory, bench.runs))
    jobs.append(Job("cp of the frozen graph", ["cp", str(frozen), str(out / "cp" / "copy.pb")], out / "cp", bench.runs))
    for python, version in [(bench.tf1, "1.15"), (bench.tf2, "2.21")]:
        if python:
            directory = out / f"freeze-{version}"
            command = [python, recipe("freeze_graph_tool.py"), str(prefix), str(directory / "model.pb")]
            jobs.append(Job(f"TensorFlow {version}, freeze_graph", command, directory, bench.recipe_runs))
    found = bench.compare(jobs)
    copy = found["cp of the frozen graph"]
    claims = []
    for label in ours:
        claims.append(Claim(f"{label}, over 1.5 x cp", found[label].median - 1.5 * copy.median, 0.15, "s"))
        claims.append(Claim(f"{label}, peak memory", found[label].peak / MIB, 64, "MiB"))
    for label, other in found.items():
        if label.startswith("TensorFlow"):
            ratio = other.median / found["graphsurgeon freeze"].median
            claims.append(Claim(f"freeze, faster than {label}", ratio, 15, "x", at_least=True))
    return Result("Freeze VGG16 (553 MB)", list(found.values()), claims)


def diff_checkpoints(bench: Bench) -> Result:
    """Two equal checkpoints of 553 MB: every value is compared and every checksum verified."""
    prefix, (other,) = bench.work / "vgg.ckpt", bench.vgg_copies(1)
    found = bench.compare(
        [
            Job("graphsurgeon diff", [*OURS, "diff", f"{prefix}.index", str(other)], runs=bench.runs),
            Job("cmp of the data", ["cmp", f"{prefix}{DATA}", f"{other}{DATA}"], runs=bench.runs),
        ]
    )
    ours, bytewise = found.values()
    claims = [
        Claim("diff of 2 x 553 MB, over 1.5 x cmp", ours.median - 1.5 * bytewise.median, 0.3, "s"),
        Claim("diff of 2 x 553 MB, peak memory", ours.peak / MIB, 128, "MiB"),
    ]
    return Result("Diff of two checkpoints (553 MB each)", list(found.values()), claims)


CASES = {
    "vgg": unfreeze_vgg,
    "freeze": freeze_vgg,
    "diff": diff_checkpoints,
    "memory": flat_memory,
    "start-up": start_up,
    "nodes": many_nodes,
    "tensor": one_tensor,
    "index": edit_index,
    "list": list_tensors,
    "million": edit_million,
    "values": edit_values,
    "average": average,
    "reroute": reroute_many,
    "contexts": contexts,
    "graph": edit_vgg,
    "editors": beside_editors,
    "transforms": transform_vgg,
    "transform-nodes": transform_many,
    "shapes": infer_many,
    "page": open_pages,
    "text": read_text,
    "verify": verify_checksums,
    "growth": growth,
}


def _unfreeze(source: Path, directory: Path) -> list[str]:
    return [*OURS, "unfreeze", str(source), "-o", str(directory / "model.ckpt")]


def _check_same_checkpoint(ours: Path, original: Path) -> None:
    """Compare with the checkpoint that TensorFlow froze the model from; a fast wrong answer is no measurement."""
    for suffix in (".index", DATA):
        if not filecmp.cmp(f"{ours}{suffix}", f"{original}{suffix}", shallow=False):
            raise BenchmarkError(f"{os.path.basename(original)}{suffix}: ours differs from TensorFlow's")
