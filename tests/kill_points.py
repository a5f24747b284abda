"""Kill points and failing operations, over all verbs that write: ``make kill-points``.

A kill point is an operation of the file system (`proto_utils.disk`) before which the process is killed, by SIGKILL.
Afterwards a copy of the directory is given to `recover`, and on the directory itself the verb runs again. A failing
operation raises OSError once, or from then on as a full disk does. It is a *loss* when neither what was there before
nor what was to be there is whole, or a source has changed; a *leftover* is any file that is in neither.

Everything happens in forks of one process that has all imported, so that thousands of deaths cost little.
"""

from __future__ import annotations

import argparse
import collections
import errno
import hashlib
import importlib
import itertools
import json
import os
import pkgutil
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

import graphsurgeon
import graphsurgeon as gs
from proto_utils import disk

#: What ends in a new checkpoint, file or directory; `{out}` is replaced by one that another verb wrote before.
CHECKPOINTS = """
    unfreeze src/g.pb -o {out}
    convert src/m -o {out} --to checkpoint
    rename src/w -o {out} --add-scope s
    rename src/m -o {out} --add-scope s
    select src/w -o {out} --keep a
    merge src/w src/v -o {out} --prefix b=v
    duplicate src/w -o {out} --map a=twin
    compact src/w -o {out} --shard-size 2000
    partition src/w -o {out} --shards 2 --select a
    strip-optimizer src/w -o {out} --drop b
    average src/w src/w2 -o {out}
    arithmetic src/w -o {out} --operation add --other src/w2
    cast src/w -o {out} --dtype float64
    transpose src/w -o {out} --select a --perm 1,0
    reverse src/w -o {out} --select a --axis 0
    scale src/w -o {out} --select a --factor 2
    fill src/w -o {out} --select a --value 1
    pad src/w -o {out} --select a --after 1,0
    tile src/w -o {out} --select a --multiples 2,1
    edit src/w -o {out} --recipe src/recipe.yaml
    import src/x.npz -o {out}
    import src/x.safetensors -o {out}
    fit --graph src/m.meta --from src/m -o {out}
    prune src/m -o {out} --outputs y
    run src/m -o {out} --recipe src/run.yaml
    set-device src/m -o {out} --device /cpu:0
    join src/m src/m2 -o {out} --prefix a --prefix b
"""
FILES = {
    "x.pb": "convert src/g.pb -o {out}; freeze src/m -o {out} --outputs y; prune src/g.pb -o {out} --outputs y;"
    "fix src/g.pb -o {out}; freeze_graph --input_meta_graph=src/m.meta --input_checkpoint=src/m --output_graph={out}"
    " --output_node_names=y",
    "x.pbtxt": "convert src/g.pb -o {out}",
    "x.meta": "convert src/g.pb -o {out} --to meta_graph",
    "saved": "convert src/g.pb -o {out} --to saved_model; convert src/m -o {out} --to saved_model;"
    "unfreeze src/g.pb -o {out} --to saved_model",
    "x.npz": "export src/w -o {out}",
    "x.safetensors": "export src/w -o {out}",
    "x.h5": "export src/w -o {out}",
    "arrays/": "export src/w -o {out}",
    "x.npy": "cat src/w a -o {out}",
}
#: In place of their source.
IN_PLACE = """
    rename src/w -o src/w --add-scope s --force
    rename src/m -o src/m --add-scope s --force
    scale src/w -o src/w --select a --factor 2 --force
    compact src/w -o src/w --force
    select src/w -o src/w --keep a --force
    merge src/w src/v -o src/w --prefix b=v --force
    convert src/g.pb -o src/g.pb --to graph_def_text --force
    convert src/saved -o src/saved --to saved_model --force
    prune-checkpoints src/run --keep 1
"""
NUMBERS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES}
#: What fails on a full disk.
GROWING = ("create", "open_lock", "write", "allocate", "mkdir", "link", "symlink")
#: What says that it cannot be done, and never fails otherwise.
ANSWERING = ("link", "symlink", "exchange")

Tree = dict[str, str]
End = Literal["before", "after"]


class Scenario(NamedTuple):
    """A command line in a directory: the files before it, and after."""

    words: list[str]
    home: Path
    done: Path
    before: Tree
    after: Tree
    num_steps: int
    is_in_place: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as many points as are asked for; print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--errors", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="every kill point and error that there is")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        report = run(Path(directory), given.kills, given.errors, given.seed, is_all=given.all)
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    return int(any(report[key] for key in ("losses", "leftovers")))


def run(
    root: Path, num_kills: int, num_errors: int, seed: int, *, is_all: bool = False, one_of: int = 1
) -> dict[str, Any]:
    """Run kill points and errors, chosen by a seed; return what came of them. `one_of` so many commands is taken."""
    for module in pkgutil.walk_packages(graphsurgeon.__path__, "graphsurgeon."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    scenarios = [*prepared(root, one_of)]
    chance = random.Random(seed)
    kills = [(scenario, step) for scenario in scenarios for step in range(1, scenario.num_steps + 1)]
    errors = [(*point, kind) for point in kills for kind in (*NUMBERS, "full")]
    kills = kills if is_all else chance.sample(kills, min(num_kills, len(kills)))
    errors = errors if is_all else chance.sample(errors, min(num_errors, len(errors)))
    found: dict[str, list[str]] = {"losses": [], "leftovers": []}
    ends: collections.Counter[str] = collections.Counter()
    for scenario, step in kills:
        ends[kill(root, scenario, step, found)] += 1
    for scenario, step, kind in errors:
        ends[fail(root, scenario, step, kind, found)] += 1
    return {
        "scenarios": len(scenarios), "operations": sum(each.num_steps for each in scenarios),
        "kill_points": len(kills), "errors": len(errors), "ends": dict(ends), **found,
    }  # fmt: skip


def kill(root: Path, scenario: Scenario, step: int, found: dict[str, list[str]]) -> str:
    """Kill a verb before an operation, then recover, and run it again; note what is lost or left."""
    label = f"killed before {step}: {' '.join(scenario.words)}"
    home, copy = fresh(root, scenario, "work"), root / "copy"
    code = child(home, scenario.words, lambda: killed_at(step))
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy, symlinks=True)
    keep_links(home, copy)
    for directory in (copy, *(each for each in copy.rglob("*") if each.is_dir() and each.parent.name != "saved")):
        if directory.is_dir():
            gs.recover(directory)
    judge(scenario, tree(copy), f"{label}, recovered", found)
    end = "new" if whole(scenario, tree(copy)) == "after" else "old"
    again = child(home, scenario.words, lambda: None)
    # What is there is refused without --force, and an edit in place of one that was done is done to its result.
    if again == 0 and not (scenario.is_in_place and end == "new"):
        if tree(home) != scenario.after:
            judge(scenario, tree(home), f"{label}, run again", found)
            if scenario.words[0] == "prune-checkpoints":
                # Once the state file has moved on, what was to be deleted is not listed any more, and stays.
                return f"killed: {end}"
            found["losses"] += [f"{label}: run again, it is another"] if whole(scenario, tree(home)) != "after" else []
    elif again == 0:
        hidden = [path for path in tree(home) if path.rpartition("/")[2].startswith(".")]
        found["leftovers"] += [f"{label}, run again: {hidden}"] if hidden else []
    elif again == 6 and end == "new":
        judge(scenario, tree(home), f"{label}, refused", found)
    else:
        found["losses"].append(f"{label}: run again, it ends with {again}")
    return f"killed: {end}" if code < 0 else "not reached"


def fail(root: Path, scenario: Scenario, step: int, kind: str, found: dict[str, list[str]]) -> str:
    """Let an operation of a verb fail; note what is lost or left, and how it must not end."""
    label = f"{kind} at {step}: {' '.join(scenario.words)}"
    home = fresh(root, scenario, "work")
    code = child(home, scenario.words, lambda: failing_at(step, kind))
    now = tree(home)
    if code not in (0, 6):
        found["losses"].append(f"{label}: ends with {code}")
    elif not is_whole(scenario, now, "before" if code else "after") and not (code == 0 and copied(scenario, home, now)):
        judge(scenario, now, f"{label} ({code})", found)
        if scenario.words[0] == "prune-checkpoints" and whole(scenario, now) is not None:
            # What is deleted does not come back; what stays is whole, and what the state file names is there.
            return f"failed: {code}"
        if not any(label in each for each in (*found["losses"], *found["leftovers"])):
            found["losses"].append(f"{label}: ends with {code}, and is not what that means")
    return f"failed: {code}"


def judge(scenario: Scenario, now: Tree, label: str, found: dict[str, list[str]]) -> None:
    """Note what is lost, and what is left."""
    strange = sorted(path for path in now if path not in scenario.before and path not in scenario.after)
    if strange:
        found["leftovers"].append(f"{label}: {strange}")
    elif whole(scenario, now) is None:
        wrong = sorted(path for path in {*now, *scenario.before} if now.get(path) != scenario.before.get(path))
        found["losses"].append(f"{label}: {wrong}")


def whole(scenario: Scenario, now: Tree) -> End | None:
    """Return whether all is as it was, or as it was to be; of what is deleted, some may be there still."""
    ends: tuple[End, End] = ("before", "after")
    for end in ends:
        if is_whole(scenario, now, end):
            return end
    if scenario.words[0] == "prune-checkpoints":
        state = "src/run/checkpoint"
        kept = all(now.get(path) == digest for path, digest in scenario.after.items() if not is_state(path))
        if kept and now.get(state) in (scenario.before[state], scenario.after[state]):
            return "after" if now[state] == scenario.after[state] else "before"
    return None


def is_whole(scenario: Scenario, now: Tree, end: End) -> bool:
    """Return whether all is as it was, or as it was to be, but for state files, which are of one or the other."""
    wanted = scenario.before if end == "before" else scenario.after
    states = {path: digest for path, digest in now.items() if is_state(path)}
    return without_states(now) == without_states(wanted) and all(
        digest in (scenario.before.get(path), scenario.after.get(path)) for path, digest in states.items()
    )


def without_states(files: Tree) -> Tree:
    return {path: digest for path, digest in files.items() if not is_state(path)}


def copied(scenario: Scenario, home: Path, now: Tree) -> bool:
    """Return whether a checkpoint was written without a link that could not be made: other files, the same values."""
    output = scenario.words[scenario.words.index("-o") + 1] if "-o" in scenario.words else ""
    beside = {path for path in now if not path.startswith((f"{output}.", "out/checkpoint"))}
    if not (scenario.done / f"{output}.index").exists() or not beside <= {*scenario.before, *scenario.after}:
        return False
    here, there = (gs.load_checkpoint(each / output) for each in (home, scenario.done))
    return [*here] == [*there] and all(np.array_equal(here[name].numpy(), there[name].numpy()) for name in here)


def is_state(path: str) -> bool:
    return path.rpartition("/")[2] == "checkpoint"


def prepared(root: Path, one_of: int) -> Iterator[Scenario]:
    """Run every command once, and count its operations."""
    sources = root / "sources"
    make_sources(sources)
    for number, (earlier, words) in enumerate(itertools.islice(commands(), 0, None, one_of)):
        home = root / f"home-{number}"
        shutil.copytree(sources, home, symlinks=True)
        for each in earlier:
            assert child(home, each.split(), lambda: None) == 0, each
        before, counter = tree(home), root / "counter"
        work = root / f"done-{number}"
        shutil.copytree(home, work, symlinks=True)
        code = child(work, words, partial(counting, counter))
        assert code == 0, f"{' '.join(words)} ends with {code}"
        in_place = "src/" in " ".join(words[words.index("-o") :][:2]) if "-o" in words else not earlier
        steps = len(counter.read_bytes())
        yield Scenario(words, home, work, before, tree(work), steps, in_place and "freeze_graph" not in words)


def commands() -> Iterator[tuple[list[str], list[str]]]:
    """Yield what is to be done, and before it."""
    for line in CHECKPOINTS.strip().splitlines():
        words = line.format(out="out/c").split()
        yield [], words
        yield ["compact src/v -o out/c --shard-size 1000"], [*words, "--force"]
        yield (
            ["compact src/v -o out/other"],
            [*words, "--sync", *([] if words[0] == "unfreeze" else ["--update-state"])],
        )
    for name, lines in FILES.items():
        for line in lines.split(";"):
            words = line.format(out=f"out/{name}").split()
            yield [], words
            earlier = lines.split(";")[0].format(out=f"out/{name}").replace("src/w", "src/v").replace("g.pb", "g2.pb")
            yield [earlier], [*words, *([] if words[0] == "freeze_graph" else ["--force"])]
            yield [], [*words, "--sync"]
    for line in IN_PLACE.strip().splitlines():
        yield [], line.split()
        yield [], [*line.split(), "--sync"]


def make_sources(root: Path) -> None:
    """Make what the commands read."""
    from tests.notation import model

    src, values = root / "src", np.arange(600, dtype=np.float32).reshape(30, 20)
    (root / "out").mkdir(parents=True)
    text = "x = Placeholder {{dtype: f32}}; w = Const {{f32 [4,600] {}}}; y = MatMul(x, w)"
    for name, value in (("g", 1), ("g2", 2)):
        gs.save(model(text.format(value)), src / f"{name}.pb")
        made = gs.load(src / f"{name}.pb")
        gs.unfreeze(made)
        gs.save(made, src / ("m" if name == "g" else "m2"))
    for name, value in (("w", 1), ("w2", 2), ("v", 3)):
        gs.save_checkpoint({"a": values + value, "b": values[0] * value}, src / name, shard_nbytes=2400)
    for step in (1, 2, 3):
        gs.save_checkpoint({"a": values * step}, src / "run" / f"m-{step}", force=True)
    gs.save(gs.load(src / "m"), src / "saved", to="saved_model")
    for name in ("x.npz", "x.safetensors"):
        gs.export_tensors(gs.load_checkpoint(src / "w"), src / name)
    (src / "recipe.yaml").write_text("- rename: {add_scope: s}\n- scale: {select: s/a, factor: 2}\n")
    (src / "run.yaml").write_text("- rename: {add_scope: s}\n")


def fresh(root: Path, scenario: Scenario, name: str) -> Path:
    work = root / name
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(scenario.home, work, symlinks=True)
    return work


def keep_links(source: Path, copy: Path) -> None:
    """Make hard links of what are hard links in the source."""
    names: dict[int, Path] = {}
    for path in sorted(source.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_nlink > 1:
            first = names.setdefault(path.stat().st_ino, path)
            if first is not path:
                (copy / path.relative_to(source)).unlink()
                os.link(copy / first.relative_to(source), copy / path.relative_to(source))


def tree(directory: Path) -> Tree:
    """Return the content of all files, by path."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def child(home: Path, words: list[str], before: Callable[[], None]) -> int:
    """Run a command line in a fork; return its exit code, or the signal that ended it, negative."""
    from graphsurgeon.cli.run import run as run_verb

    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    code = 99
    try:
        os.chdir(home)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in (1, 2):
            os.dup2(nowhere, fd)
        before()
        code = run_verb([*words, "--json"])
    finally:
        os._exit(code)


def wrap(strike: Callable[[str], bool]) -> None:
    """Have something called before each operation; where it says so, the operation answers that it cannot be done."""
    for name in disk.OPERATIONS:

        def call(*arguments: Any, name: str = name, real: Any = getattr(disk, name), **options: Any) -> Any:  # noqa: B008
            return False if strike(name) else real(*arguments, **options)

        setattr(disk, name, call)


def counting(path: Path) -> None:
    counter = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)

    def count(_name: str) -> bool:
        os.write(counter, b".")
        return False

    wrap(count)


def killed_at(step: int) -> None:
    steps = itertools.count(1)

    def strike(_name: str) -> bool:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    wrap(strike)


def failing_at(step: int, kind: str) -> None:
    steps = itertools.count(1)

    def strike(name: str) -> bool:
        number = next(steps)
        fails = number >= step and name in GROWING if kind == "full" else number == step
        if fails and name not in ANSWERING:
            raise OSError(NUMBERS.get(kind, errno.ENOSPC), f"injected at {name}")
        return fails

    wrap(strike)


if __name__ == "__main__":
    sys.exit(main())
