"""The fuzzing itself: that it finds what is wrong, tells it again, and makes it small; and a few of its cases."""

from __future__ import annotations

import random
import signal
import tempfile
from pathlib import Path

import pytest

from graphsurgeon.formats.load import load_checkpoint
from proto_utils import schema
from tests.formats.bundle_files import refusal
from tests.fuzz import cases, mutations, wire
from tests.fuzz.campaign import Campaign, warm_up
from tests.fuzz.cases import Case, make_case, run_case, run_command
from tests.fuzz.commands import COMMANDS, all_verbs, verbs
from tests.fuzz.graph_mutations import change_graph
from tests.fuzz.minimize import minimized
from tests.fuzz.mutations import Change
from tests.fuzz.seeds import seeds

pytest.importorskip("resource")


@pytest.fixture
def seed():
    return next(each for each in seeds()["graph"] if each.name == "net as graph_def")


def test_every_verb_is_run():
    assert set(all_verbs()) == verbs()
    assert COMMANDS.keys() == seeds().keys() == cases.WEIGHTS.keys()


@pytest.mark.parametrize("family", COMMANDS)
def test_some_cases(family: str, tmp_path_in_memory: Path):
    """As many as take a second; `make fuzz` runs more."""
    found = [each for number in range(40) for each in run_case(make_case(family, 1, number), str(tmp_path_in_memory))]
    assert [f"{each.command}\n{each.details}" for each in found] == []


def test_a_case_can_be_made_again():
    first, second = (make_case(None, 7, 12) for _ in range(2))
    assert (first, first.nbytes) == (second, second.nbytes)
    assert make_case(None, 7, 13) != first


@pytest.mark.parametrize("family", ["graph", "model"])
def test_messages_are_taken_apart_and_put_together(family: str):
    for each in seeds()[family]:
        for name in each.changed:
            if name.endswith((".pb", ".meta")):
                message = wire.decode(each.files[name])
                assert message is not None
                assert wire.encode(message) == each.files[name]


def test_changed_tables_have_right_checksums(tmp_path: Path):
    """What a reader then refuses are contents."""
    sound = next(each for each in seeds()["checkpoint"] if each.name == "slots")
    for number in range(50):
        data = mutations.of_table(sound.files["c.index"], Change(random.Random(number)))
        (tmp_path / "c.index").write_bytes(data)
        finding = refusal(lambda: load_checkpoint(tmp_path / "c"))
        assert finding is None or "checksum" not in finding.reason


def test_graphs_stay_graphs(seed):
    for number in range(50):
        data = change_graph(seed.files["g.pb"], random.Random(number), [])
        assert data is not None
        assert len(schema.parse(schema.GraphDef, data).node) > 0


def broken(monkeypatch: pytest.MonkeyPatch, work) -> None:
    """Let the verb `verify` do something else."""
    from graphsurgeon.cli.verbs import verify

    monkeypatch.setattr(verify.command, "callback", lambda **_: work())


def _never_ends() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("work", "kind"),
    [
        (lambda: int("x"), "ValueError"),
        (lambda: bytearray(1 << 30), "MemoryError"),
        (_never_ends, "TookTooLongError"),
        (lambda: 9, "exit code 9"),
    ],
)
def test_what_is_a_finding(monkeypatch: pytest.MonkeyPatch, work, kind: str):
    monkeypatch.setattr(cases, "MAX_SECONDS", 0.2)
    broken(monkeypatch, work)
    finding = run_command(["verify", "x"], 0)
    assert finding is not None
    assert finding.kind == kind
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0
    assert run_command(["inspect", "nothing"], 0) is None


def test_findings_become_small(monkeypatch: pytest.MonkeyPatch, seed, tmp_path: Path):
    case = Case(seed, {"g.pb": seed.files["g.pb"]}, [["verify", "{src}"]], "x")

    def work() -> None:
        if b"keep" in (tmp_path / "in" / "g.pb").read_bytes():
            raise ValueError("it is there")

    broken(monkeypatch, work)
    (finding,) = run_case(case, str(tmp_path))
    small, last = minimized(case, finding, str(tmp_path))
    assert (small.changed, last.kind) == ({"g.pb": b"keep"}, "ValueError")


def test_a_campaign_goes_on_behind_what_ends_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def work(case: Case, directory: str) -> list[cases.Finding]:
        if case == make_case("map", 3, 2):
            signal.raise_signal(signal.SIGKILL)
        return []

    monkeypatch.setattr("tests.fuzz.campaign.run_case", work)
    campaign = Campaign(3, "map", tmp_path)
    campaign.go(start=0, num_cases=5, seconds=None)
    assert (campaign.num_cases, campaign.kinds) == (5, {"the process ended: status 9": 1})
    assert (tmp_path / "map-3-2" / "in" / "m.tsv").is_file()


def test_sound_inputs_make_no_findings(
    tmp_path_in_memory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    # `make fuzz-ci` begins with all of them.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_in_memory))
    assert warm_up(step=6) == 0
    assert capsys.readouterr().err == ""
