"""The power goes, at any operation: what the state file names is whole, or the one before it is; nothing old is lost.

Each case works in a directory all of which is on the disk, on a simulated one (`simulated_disk`). Every state in which
a cut could leave it is made, looked at as it is, then after `recover`.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import GraphSurgeonError, NotFoundError
from graphsurgeon.formats.state_file import read_state
from graphsurgeon.tensors.values import as_tensor
from proto_utils import disk
from tests.notation import model
from tests.simulated_disk import Order, SimulatedDisk, State, put


def values(generation: int) -> dict[str, Any]:
    return {name: np.full(300, generation, np.int64) for name in ("u", "v", "w")}


def save(prefix: Path, *generations: int, **how: Any) -> Any:
    """Save one or several, one over the other."""
    for generation in generations:
        gs.save_checkpoint(values(generation), prefix, **how, force=True)


def save_all(directory: Path, *generations: int) -> Any:
    for generation in generations:
        save(directory / f"m-{generation}", generation)


def edited(source: Path, destination: Path, **how: Any) -> None:
    """Rename and save, with links to the values, as the command line does."""
    from graphsurgeon.edits.merge import merge
    from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint

    checkpoint = EditedCheckpoint(source)
    merge(checkpoint.tensors, [], prefix=("a=my",))
    checkpoint.save(str(destination), force=True, **how)


def compacted(prefix: Path, **how: Any) -> None:
    from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint

    EditedCheckpoint(prefix).save(str(prefix), force=True, links="never", shard_nbytes=2500, **how)


def generation_at(prefix: Path) -> int | None:
    """Return what is at a prefix; None where no checkpoint is, an error where one is that is not whole."""
    if not Path(f"{prefix}.index").exists():
        return None
    found = {name: set(tensor.numpy().tolist()) for name, tensor in gs.load_checkpoint(prefix).items()}
    scopes = {name.rpartition("/")[0] for name in found}
    numbers = set().union(*found.values())
    assert len(found) == 3, found
    assert len(numbers) == len(scopes) == 1, found
    return int(numbers.pop()) + (100 if scopes == {"my"} else 0)


def model_of(generation: int) -> gs.Model:
    return model(f"a = Placeholder {{dtype: f32}}; generation_{generation} = Identity(a)")


def graph_at(path: Path) -> int | None:
    if not path.exists():
        return None
    (name,) = (node.name for node in gs.load(path).graph if node.name.startswith("generation"))
    return int(name.partition("_")[2])


def arrays_at(path: Path) -> int | None:
    if not path.exists():
        return None
    (number,) = set().union(*(tensor.numpy().tolist() for tensor in gs.import_tensors(path).values()))
    return int(number)


class Case(NamedTuple):
    """What is there, what is done, what may then be at `place`, by `look`; `first` what is there at the beginning."""

    before: Callable[[Path], Any]
    work: Callable[[Path], Any]
    place: str
    look: Callable[[Path], int | None]
    allowed: tuple[int | None, ...]


def over(work: Callable[[Path], Any], *allowed: int) -> Case:
    """Return the case of work in place of a checkpoint."""
    return Case(lambda d: save(d / "m", 1), work, "m", generation_at, (1, *allowed))


def export(name: str, generation: int, directory: Path) -> None:
    gs.export_tensors(
        {key: as_tensor(value) for key, value in values(generation).items()}, f"{directory}/{name}", force=True
    )


IN_PLACE: dict[str, Case] = {
    "save over": over(lambda d: save(d / "m", 2), 2),
    "save over in more files": over(lambda d: save(d / "m", 2, shard_nbytes=2500), 2),
    "save over in fewer files": Case(
        lambda d: save(d / "m", 1, shard_nbytes=2500), lambda d: save(d / "m", 2), "m", generation_at, (1, 2)
    ),
    "edit": over(lambda d: edited(d / "m", d / "m"), 101),
    "edit away": Case(
        lambda d: [save(d / name, number) for number, name in ((1, "s"), (2, "m"))],
        lambda d: edited(d / "s", d / "m"), "m", generation_at, (2, 101),
    ),
    "compact": over(lambda d: compacted(d / "m")),
    "twice": over(lambda d: save(d / "m", 2, 3), 2, 3),
    "SavedModel": Case(
        lambda d: gs.save(model_of(1), d / "out", to="saved_model"),
        lambda d: gs.save(model_of(2), d / "out", to="saved_model", force=True),
        "out", graph_at, (1, 2),
    ),
    "convert": Case(
        lambda d: gs.save(model_of(1), d / "x.pb"),
        lambda d: gs.save(gs.load(d / "x.pb"), d / "x.pb", to="graph_def_text", force=True),
        "x.pb", graph_at, (1,),
    ),
    **{
        f"export {name}": Case(
            partial(export, name, 1), partial(export, name, 2), name, arrays_at, (1, 2)
        )
        for name in ("x.npz", "x.safetensors", "x.h5", "x/")
    },
}  # fmt: skip


def states_of(
    case: Callable[[Path], Any], work: Callable[[Path], Any], root: Path, order: Order, monkeypatch: Any
) -> list[State]:
    """Do something, and return what cuts could leave; the last ones are those of a cut after it."""
    root.mkdir()
    case(root)
    simulated = SimulatedDisk(root, order)
    with monkeypatch.context() as patch:
        simulated.watch(patch)
        work(root)
    simulated.cut()
    return simulated.states


def cuts(states: list[State], directory: Path) -> Iterator[Path]:
    """Make what cuts would leave: some of it, or all when the environment asks for that; the last in any case."""
    if not states:
        return
    num_states = len(states) if "GRAPHSURGEON_ALL_CUTS" in os.environ else 60
    some = random.Random(7).sample(range(len(states) - 1), min(num_states, len(states)) - 1)
    for number in (*sorted(some), len(states) - 1):
        state = states[number]
        place = directory / f"cut-{number}"
        put(state, place)
        yield place


@pytest.fixture(params=["exchange", "step aside"])
def swap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "step aside":
        monkeypatch.setattr(disk, "exchange", lambda *_: False)


@pytest.mark.usefixtures("swap")
@pytest.mark.parametrize("name", IN_PLACE)
def test_what_is_replaced_is_whole_or_its_successor_is(
    name: str, tmp_path_in_memory: Path, monkeypatch: pytest.MonkeyPatch
):
    if name.endswith("h5"):
        pytest.importorskip("h5py")
    case = IN_PLACE[name]
    states = states_of(case.before, case.work, tmp_path_in_memory / "root", "in order", monkeypatch)
    assert len(states) > 3
    for place in cuts(states, tmp_path_in_memory):
        # For some microseconds there is none; never one of which some is old and some is new.
        assert case.look(place / case.place) in (*case.allowed, None)
        gs.recover(place)
        assert case.look(place / case.place) in case.allowed
        assert not [path for path in place.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    "name", [name for name in IN_PLACE if not name.startswith(("SavedModel", "convert", "export"))]
)
def test_sync_also_on_file_systems_that_keep_no_order(
    name: str, tmp_path_in_memory: Path, monkeypatch: pytest.MonkeyPatch
):
    case = IN_PLACE[name]

    def work(directory: Path) -> None:
        monkeypatch.setattr(gs, "save_checkpoint", partial(gs.save_checkpoint, sync=True))
        for each in ("edited", "compacted"):
            monkeypatch.setitem(globals(), each, partial(globals()[each], sync=True))
        case.work(directory)

    states = states_of(case.before, work, tmp_path_in_memory / "root", "any", monkeypatch)
    for place in cuts(states, tmp_path_in_memory):
        assert case.look(place / case.place) in (*case.allowed, None)
        gs.recover(place)
        assert case.look(place / case.place) in case.allowed
    assert case.look(place / case.place) == case.allowed[-1]


def named(directory: Path) -> list[int | None]:
    """Return what is at the checkpoints that the state file names, the latest first; None for what is not whole."""
    state = read_state(directory)
    assert state is not None
    found = []
    for prefix in reversed(state.checkpoints):
        generation = None
        with contextlib.suppress(GraphSurgeonError, AssertionError):
            generation = generation_at(Path(prefix))
        found.append(generation)
    return found


STATE_FILE: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any]]] = {
    "a new checkpoint": (lambda d: save_all(d, 1), lambda d: save_all(d, 2)),
    "a new checkpoint, edited": (lambda d: save(d / "m-1", 1), lambda d: edited(d / "m-1", d / "m-2")),
    "prune": (
        lambda d: save(d / "m-1", 1),
        lambda d: [save_all(d, 2), gs.prune_checkpoints(d, keep=1)],
    ),
    "prune, then go on": (
        lambda d: save_all(d, 1, 2),
        lambda d: [gs.prune_checkpoints(d, keep=1), save_all(d, 3)],
    ),
    "over the latest": (lambda d: save_all(d, 1, 2), lambda d: save(d / "m-2", 3)),
}


@pytest.mark.parametrize("name", STATE_FILE)
def test_the_latest_that_is_named_is_whole_or_the_one_before_it(
    name: str, tmp_path_in_memory: Path, monkeypatch: pytest.MonkeyPatch
):
    before, work = STATE_FILE[name]
    for place in cuts(
        states_of(before, work, tmp_path_in_memory / "root", "in order", monkeypatch), tmp_path_in_memory
    ):
        assert any(named(place)[:2])
        gs.recover(place)
        assert any(named(place)[:2])


@pytest.mark.parametrize("order", ["in order", "any"])
def test_with_sync_whatever_is_named_is_whole(order: Order, tmp_path_in_memory: Path, monkeypatch: pytest.MonkeyPatch):
    states = states_of(
        lambda d: save(d / "m-1", 1),
        lambda d: save(d / "m-2", 2, sync=True),
        tmp_path_in_memory / "root",
        order,
        monkeypatch,
    )
    for place in cuts(states, tmp_path_in_memory):
        assert all(named(place))
    assert named(place) == [2, 1]


def test_without_it_a_new_checkpoint_may_be_lost(tmp_path_in_memory: Path, monkeypatch: pytest.MonkeyPatch):
    """The simulated disk does lose things."""
    states = states_of(
        lambda d: save(d / "m-1", 1), lambda d: save(d / "m-2", 2), tmp_path_in_memory / "root", "in order", monkeypatch
    )
    found = [named(place) for place in cuts(states, tmp_path_in_memory)]
    assert [None, 1] in found
    assert [2, 1] in found
    assert [1] in found


def test_a_cut_during_recover(tmp_path_in_memory: Path, monkeypatch: pytest.MonkeyPatch):
    case = IN_PLACE["save over in more files"]
    states = states_of(case.before, case.work, tmp_path_in_memory / "root", "in order", monkeypatch)
    (tmp_path_in_memory / "again").mkdir()
    for number, place in enumerate(cuts(states, tmp_path_in_memory)):
        if number % 5 == 0:
            simulated = SimulatedDisk(place, "in order")
            with monkeypatch.context() as patch:
                simulated.watch(patch)
                gs.recover(place)
            (tmp_path_in_memory / "again" / str(number)).mkdir()
            for again in cuts(simulated.states, tmp_path_in_memory / "again" / str(number)):
                with contextlib.suppress(NotFoundError):
                    assert case.look(again / case.place) in (*case.allowed, None)
                gs.recover(again)
                assert case.look(again / case.place) in case.allowed
