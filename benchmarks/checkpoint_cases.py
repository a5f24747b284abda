"""What editing checkpoints costs, and the targets it is held to."""

from __future__ import annotations

from benchmarks.bench import DATA, OURS, Bench, Claim, Result, recipe
from benchmarks.process import MIB, Job

_MANY = 1_000_000


def edit_index(bench: Bench) -> Result:
    """Every variable renamed: of 10 GB, of 10,000 variables, and of the VGG16 against the script that users run."""
    bench.vgg()
    out = bench.work / "out"
    sources = {
        "graphsurgeon rename, 553 MB": bench.work / "vgg.ckpt",
        "graphsurgeon rename, 10.7 GB": bench.checkpoint("ten", 10, 1 << 30),
        "graphsurgeon rename, 10,000 variables": bench.checkpoint("thousands", 10_000, 4),
    }
    jobs = []
    for number, (label, source) in enumerate(sources.items()):
        directory = out / f"rename-{number}"
        command = [
            *OURS,
            "rename",
            str(source),
            "-o",
            str(directory / "m.ckpt"),
            "--add-scope",
            "my",
            "--checkpoint-only",
        ]
        jobs.append(Job(label, command, directory, bench.runs))
    for python, version in [(bench.tf1, "1.15"), (bench.tf2, "2.21")]:
        if python:
            directory = out / f"rename-{version}"
            prefix = str(directory / "m.ckpt")
            script = [python, recipe("rename_checkpoint.py"), str(bench.work / "vgg.ckpt"), prefix, "my"]
            jobs.append(Job(f"TensorFlow {version}, the usual script, 553 MB", script, directory, bench.recipe_runs))
    found = bench.compare(jobs)
    claims = [
        Claim("rename 10.7 GB", found["graphsurgeon rename, 10.7 GB"].median, 0.5, "s"),
        Claim("rename 10,000 variables", found["graphsurgeon rename, 10,000 variables"].median, 1, "s"),
    ]
    return Result("Rename every variable of a checkpoint", list(found.values()), claims)


def list_tensors(bench: Bench) -> Result:
    """A checkpoint of a million tensors, listed."""
    source = bench.checkpoint("million", _MANY, 4)
    jobs = [
        Job("graphsurgeon ls", [*OURS, "ls", str(source)], runs=bench.recipe_runs),
        Job("graphsurgeon ls --json", [*OURS, "ls", str(source), "--json"], runs=bench.recipe_runs),
    ]
    found = list(bench.compare(jobs).values())
    claims = []
    for one in found:
        claims.append(Claim(f"{one.label}, a million tensors", one.median, 10, "s"))
        claims.append(Claim(f"{one.label}, a million tensors, peak memory", one.peak / MIB, 500, "MiB"))
    return Result("List a checkpoint of 1,000,000 tensors", found, claims)


def edit_values(bench: Bench) -> Result:
    """Values changed on the way from file to file, against copying as many bytes as change."""
    bench.vgg()
    prefix, out = bench.work / "vgg.ckpt", bench.work / "out"
    edits = {
        "cast": ["--dtype", "float16"],
        "scale": ["--select", ".*", "--factor", "0.5"],
        "transpose": ["--select", "vgg_16/fc[678]/weights"],
    }
    jobs = [
        Job(
            f"graphsurgeon {verb}",
            [*OURS, verb, str(prefix), "-o", str(out / verb / "m.ckpt"), *options],
            out / verb,
            bench.runs,
        )
        for verb, options in edits.items()
    ]
    jobs.append(Job("cp of the data", ["cp", f"{prefix}{DATA}", str(out / "cp" / "copy")], out / "cp", bench.runs))
    found = bench.compare(jobs)
    copy = found["cp of the data"]
    claims = []
    for verb in edits:
        ours = found[f"graphsurgeon {verb}"]
        claims.append(Claim(f"{verb}, over 2 x cp", ours.median - 2 * copy.median, 0.15, "s"))
        claims.append(Claim(f"{verb}, peak memory", ours.peak / MIB, 128, "MiB"))
    return Result("Change values of a checkpoint (553 MB)", list(found.values()), claims)


def average(bench: Bench) -> Result:
    """Three checkpoints of 553 MB, averaged, against the script that users run."""
    sources = [str(bench.work / "vgg.ckpt"), *map(str, bench.vgg_copies(2))]
    out = bench.work / "out"
    jobs = [
        Job(
            "graphsurgeon average",
            [*OURS, "average", *sources, "-o", str(out / "ours" / "m.ckpt")],
            out / "ours",
            bench.runs,
        )
    ]
    for python, version in [(bench.tf1, "1.15"), (bench.tf2, "2.21")]:
        if python:
            directory = out / f"average-{version}"
            script = [python, recipe("average_checkpoints.py"), str(directory / "m.ckpt"), *sources]
            jobs.append(Job(f"TensorFlow {version}, the usual script", script, directory, bench.recipe_runs))
    ours, *others = bench.compare(jobs).values()
    claims = [Claim("average of 3 x 553 MB, peak memory", ours.peak / MIB, 128, "MiB")]
    claims += [
        Claim(f"average, faster than {other.label}", other.median / ours.median, 5, "x", at_least=True)
        for other in others
    ]
    return Result("Average three checkpoints (553 MB each)", [ours, *others], claims)
