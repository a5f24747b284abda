"""Cases on transforms: each against the Graph Transform Tool, five in one run, and graphs of many nodes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from benchmarks.bench import OURS, ROOT, Bench, Claim, Result
from benchmarks.process import MIB, Job

NUM_NODES = 5_000
MANY_NODES = 100_000
#: What loads a graph, and what infers the static shapes of all its tensors as `inspect`, `ls` and folding do.
LOAD = "import sys, graphsurgeon as gs; model = gs.load(sys.argv[1]); import numpy"
INFER = f"{LOAD}; from graphsurgeon.rewrites.shaping.model_shapes import infer; infer(model)"
#: What ours is called with, and what TensorFlow's tool is.
TRANSFORMS: dict[str, tuple[Sequence[str], str]] = {
    "prune": (["prune", "--outputs", "prob"], 'strip_unused_nodes(type=float, shape="1,224,224,3")'),
    "fold-constants": (["fold-constants", "--outputs", "prob"], "fold_constants(ignore_errors=true)"),
    "fold-batch-norms": (["fold-batch-norms", "--outputs", "prob"], "fold_batch_norms fold_old_batch_norms"),
    "quantize-weights": (["quantize-weights"], "quantize_weights"),
    "round-weights": (["round-weights"], "round_weights(num_steps=256)"),
}
CHAIN = [
    {"prune": {"outputs": "prob"}},
    {"remove_nodes": {"op": "Identity", "outputs": "prob"}},
    {"fold_constants": {"outputs": "prob"}},
    {"fold_batch_norms": {"outputs": "prob"}},
    {"sort": {}},
]


def transform_vgg(bench: Bench) -> Result:
    """Transforms of the frozen VGG16, each against the Graph Transform Tool, and five of ours in one run."""
    source, out = bench.vgg(), bench.work / "out"
    jobs: list[Job] = []
    peers: dict[str, list[str]] = {}
    for verb, (command, transforms) in TRANSFORMS.items():
        line = [*OURS, command[0], str(source), *command[1:], "-o", str(out / verb / "model.pb")]
        jobs.append(Job(f"graphsurgeon {verb}", line, out / verb, bench.runs))
        for label, python in (("1.15", bench.tf1), ("2.21", bench.tf2)):
            if python is not None:
                tool = [python, str(ROOT / "benchmarks" / "recipes" / "transform_graph_tool.py"), str(source)]
                directory = out / f"{verb}-{label}"
                line = [*tool, str(directory / "model.pb"), "input", "prob", transforms]
                jobs.append(Job(f"TensorFlow {label}, {verb}", line, directory, bench.recipe_runs))
                peers.setdefault(verb, []).append(jobs[-1].label)
    recipe = bench.work / "chain.json"
    recipe.write_text(json.dumps(CHAIN), encoding="utf-8")
    line = [*OURS, "run", str(source), "-o", str(out / "run" / "model.pb"), "--recipe", str(recipe)]
    jobs.append(Job("graphsurgeon run, five of them", line, out / "run", bench.runs))
    found = bench.compare(jobs)
    claims = []
    for verb in TRANSFORMS:
        ours = found[f"graphsurgeon {verb}"]
        claims.append(Claim(f"{verb} 553 MB, peak memory", ours.peak / MIB, 96, "MiB"))
        claims += [
            Claim(f"{verb} 553 MB, faster than {label}", found[label].median / ours.median, 10, "x", True)
            for label in peers.get(verb, [])
        ]
    one, five = found["graphsurgeon prune"], found["graphsurgeon run, five of them"]
    claims.append(Claim("five transforms in one run, against one", five.median / one.median, 1.5, "x"))
    return Result("Transform VGG16 (553 MB)", list(found.values()), claims)


def transform_many(bench: Bench) -> Result:
    """Transforms of a graph with as many nodes as a ResNet-152 has."""
    source, out = bench.synthetic("nodes", NUM_NODES), bench.work / "out"
    commands = [*TRANSFORMS.values()] + [
        (["remove-nodes", "--op", "Identity"], ""),
        (["merge-duplicate-nodes"], ""),
    ]  # fmt: skip
    jobs = []
    for command, _ in commands:
        options = [word for word in command[1:] if word not in ("--outputs", "prob")]
        if command[0] != "prune":
            line = [*OURS, command[0], str(source), *options, "-o", str(out / command[0] / "model.pb")]
            jobs.append(Job(f"graphsurgeon {command[0]}", line, out / command[0], bench.runs))
    found = list(bench.compare(jobs).values())
    claims = [Claim(f"{row.label}, {NUM_NODES:,} nodes", row.median, 0.5, "s") for row in found]
    return Result(f"Transform a graph of {NUM_NODES:,} nodes", found, claims)


def infer_many(bench: Bench) -> Result:
    """Static shapes of a graph of many nodes: inferred, and noted at all of them in a file."""
    source, out = bench.synthetic("nodes", MANY_NODES), bench.work / "out"
    noted = [*OURS, "infer-shapes", str(source), "-o", str(out / "shapes" / "model.pb")]
    jobs = [
        Job("load the graph", [sys.executable, "-c", LOAD, str(source)], None, bench.runs),
        Job("load it and infer shapes", [sys.executable, "-c", INFER, str(source)], None, bench.runs),
        Job("graphsurgeon infer-shapes", noted, out / "shapes", bench.runs),
    ]
    found = bench.compare(jobs)
    seconds = found[jobs[1].label].median - found[jobs[0].label].median
    claims = [Claim(f"shapes of {MANY_NODES:,} nodes", seconds, 1.5, "s")]
    return Result(f"Infer the shapes of {MANY_NODES:,} nodes", list(found.values()), claims)
