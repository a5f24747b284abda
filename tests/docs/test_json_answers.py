"""The reference of JSON answers says what the verbs print: each key, its type, and whether it is always there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from docs.make.json_answers import answers, verbs_with_json
from docs.make.json_fields import Field, Type, flattened
from docs.make.json_reference import page
from graphsurgeon.cli.run import run
from tests import documents
from tests.passes.harness import model
from tests.rewrites.shaping.test_dense_layers import NET
from tests.test_docs import HOW_TO

#: What makes the files that the commands below read, all from a frozen graph.
FILES = """
unfreeze frozen.pb -o train/m.ckpt
compact train/m.ckpt -o m.ckpt
duplicate m.ckpt --map Logits/biases=Logits/biases/ExponentialMovingAverage -o averaged.ckpt
fill m.ckpt --value 0 --select Logits/biases -o zeros.ckpt
duplicate m.ckpt --map (.*)=\\1/Momentum -o trained.ckpt
select m.ckpt --drop Logits/.* -o part.ckpt
cast m.ckpt --dtype float16 -o half.ckpt
insert frozen.pb --at MobileNet/Pool --op StopGradient -o other.pb
unfreeze frozen.pb --to saved_model -o served/
export m.ckpt -o arrays.npz
"""
#: What is tried beside the examples of each verb's page. `DST` is another place each time, a number at the end an exit
#: code other than 0.
COMMANDS = """
arithmetic m.ckpt --other m.ckpt --operation subtract -o DST
average m.ckpt m.ckpt -o DST
bypass m.ckpt.meta Relu6 -o DST
cast m.ckpt --dtype float16 -o DST
cast frozen.pb --dtype float16 -o DST.pb --dry-run
cat m.ckpt Logits/biases
cat m.ckpt Logits/biases --stats
cat m.ckpt Logits/biases -o DST.npy
compact m.ckpt -o DST
completion bash
concat m.ckpt --select .*/gamma --to all/gamma -o DST
convert frozen.pb -o DST.pbtxt
convert frozen.pb --to saved_model -o DST/
convert m.ckpt -o DST --dry-run
copy m.ckpt.meta Logits/.* --scope again -o DST
dense-to-conv dense.pb fc6,fc7 -o DST.pb
diff m.ckpt.meta m.ckpt.meta
diff m.ckpt half.ckpt 1
diff frozen.pb train/m.ckpt.meta 1
diff frozen.pb other.pb 1
diff zeros.ckpt m.ckpt 1
downgrade frozen.pb --to 1.15 -o DST.pb
duplicate m.ckpt --map Logits/biases=again -o DST
edit m.ckpt --recipe edit.json -o DST
ema averaged.ckpt -o DST
export m.ckpt -o DST.npz
export m.ckpt -o DST.safetensors --dry-run
fill m.ckpt --value 0 --select Logits/biases -o DST
fit --graph train/m.ckpt.meta --from part.ckpt --missing zeros -o DST
fix frozen.pb -o DST.pb
freeze train/m.ckpt.meta --outputs Predictions -o DST.pb
freeze_graph --input_meta_graph=train/m.ckpt.meta --input_checkpoint=m.ckpt --input_binary=true \
    --output_graph=DST.pb --output_node_names=Predictions
import arrays.npz -o DST
insert frozen.pb --at MobileNet/Pool --op StopGradient -o DST.pb
inspect frozen.pb
inspect m.ckpt
inspect train/m.ckpt.meta
inspect served
join frozen.pb other.pb --prefix frozen.pb=a --prefix other.pb=b -o DST.pb
latest train
ls m.ckpt
ls m.ckpt --names full
ls frozen.pb
ls m.ckpt --stats
ls frozen.pb --inputs --outputs
merge part.ckpt m.ckpt -o DST
merge-duplicate-nodes cond.pb -o DST.pb
obfuscate-names frozen.pb --outputs Predictions -o DST.pb
pad m.ckpt --select Logits/biases --after 2 -o DST
partition m.ckpt --select Logits/biases --shards 2 -o DST
prune train/m.ckpt.meta --outputs MobileNet/Pool -o DST
prune-checkpoints train --keep 1 --dry-run
recover train --dry-run
help
help prune
remove frozen.pb Predictions -o DST.pb
remove-control-dependencies cond.pb -o DST.pb
remove-nodes frozen.pb --op Identity --outputs Predictions -o DST.pb
remove-training-nodes frozen.pb --outputs Predictions -o DST.pb
rename m.ckpt --add-scope mine -o DST
reroute other.pb --map MobileNet/StopGradient:0=MobileNet/Pool:0 -o DST.pb
reshape m.ckpt --select Logits/biases --shape -1,1 -o DST
reverse m.ckpt --select Logits/biases --axis 0 -o DST
run frozen.pb --recipe run.json --record -o DST.pb
scale m.ckpt --select Logits/biases --factor 2 -o DST
select m.ckpt --drop Logits/.* -o DST
set-attr frozen.pb MatMul --attr transpose_a=true -o DST.pb
set-device frozen.pb MatMul --device /cpu:0 -o DST.pb
set-inputs cond.pb --set flag=false -o DST.pb
set-shape frozen.pb --shape input=2,32,32,3 -o DST.pb
set-trainable train/m.ckpt.meta --not-trainable Logits/.* -o DST
slice m.ckpt --select Logits/biases --part 0:2 -o DST
sort frozen.pb -o DST.pb
split frozen.pb --at MobileNet/Pool:0 --front DST.pb --back DST2.pb
split-tensor m.ckpt --select Logits/biases --to one,two --sizes 4,-1 -o DST
strip-optimizer trained.ckpt -o DST
summary frozen.pb
summary m.ckpt
take m.ckpt --select Logits/biases --indices 0,1 --axis 0 -o DST
tile m.ckpt --select Logits/biases --multiples 2 -o DST
transpose m.ckpt --select Logits/weights -o DST
unfreeze frozen.pb -o DST
unfreeze frozen.pb --to saved_model -o DST/
unfreeze frozen.pb --dry-run -o DST
unpartition m.ckpt -o DST
verify frozen.pb
verify frozen.pb --against train/m.ckpt.meta
verify frozen.pb --against other.pb 1
"""


def commands(text: str) -> list[list[str]]:
    return [line.split() for line in text.replace("\\\n", "").strip().splitlines()]


def ran(arguments: Sequence[str], number: int) -> int:
    """The exit code of a command, which `run` returns; `DST` is a place of its own."""
    return run([each.replace("DST", f"made/{number}") for each in arguments])


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Path:
    """A directory with what `COMMANDS` read."""
    path = tmp_path_factory.mktemp("answers")
    for name in ("mobile_cnn.pb", "cond.pb"):
        shutil.copy(fixtures / name, path / ("frozen.pb" if name == "mobile_cnn.pb" else name))
    (path / "made").mkdir()
    gs.save(model(NET), path / "dense.pb")
    (path / "edit.json").write_text('[{"scale": {"select": "Logits/biases", "factor": 2}}]')
    (path / "run.json").write_text('[{"insert": {"op": "StopGradient", "at": "MobileNet/Pool"}}]')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        for number, arguments in enumerate(commands(FILES)):
            assert ran(arguments, number) == 0, arguments
    return path


@pytest.fixture(scope="module")
def documented() -> dict[str, tuple[Field, ...]]:
    """What the page says of each verb: made once, for it takes a while."""
    return answers()


def differences(value: Any, type_: Type, where: str) -> Iterator[str]:
    """What of a printed value is not as it is said to be."""
    if "anything" in type_.words:
        return
    word = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}.get(
        type(value), "null"
    )
    if word not in type_.words and not (word == "integer" and "number" in type_.words):
        yield f"{where} is {word}, not {type_.spell()}: {value!r:.80}"
    elif isinstance(value, list) and type_.items is not None:
        for each in value:
            yield from differences(each, type_.items, f"{where}[]")
    elif isinstance(value, dict) and type_.values is not None:
        for each in value.values():
            yield from differences(each, type_.values, f"{where}.*")
    elif isinstance(value, dict):
        yield from differences_of_object(value, type_.fields, where)


def differences_of_object(value: dict[str, Any], fields: tuple[Field, ...], where: str) -> Iterator[str]:
    known = {field.name: field for field in fields}
    yield from (f"{where}.{key} is not documented" for key in value if key not in known)
    for name, field in known.items():
        if name in value:
            yield from differences(value[name], field.type, f"{where}.{name}")
        elif field.is_always:
            yield f"{where}.{name} is not there"


@pytest.mark.parametrize("command", commands(COMMANDS), ids=" ".join)
def test_what_a_verb_prints_is_documented(
    directory: Path,
    documented: dict[str, tuple[Field, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
):
    monkeypatch.chdir(directory)
    code = int(command.pop()) if command[-1] == "1" else 0
    assert ran([*command, "--json"], commands(COMMANDS).index([*command, *(["1"] if code else [])])) == code
    (answer,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert list(differences_of_object(answer, documented[command[0]], command[0])) == []


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return documents.prepare(tmp_path_factory.mktemp("docs"))


@pytest.mark.parametrize("page_of", HOW_TO, ids=lambda page: page.stem)
def test_what_the_examples_of_a_verb_print_is_documented(
    prepared: Path,
    documented: dict[str, tuple[Field, ...]],
    tmp_path_in_memory: Path,
    monkeypatch: pytest.MonkeyPatch,
    page_of: Path,
):
    """Every verb has a page with examples; they are run once more with ``--json``."""
    known, found = documented, list[str]()
    run_here = documents._run_here

    def with_json(arguments: list[str]) -> tuple[int, str]:
        if arguments[0] not in known:
            return run_here(arguments)
        code, printed = run_here([*arguments, "--json"])
        for line in printed.splitlines():
            if line.startswith('{"schema"'):
                found.extend(differences_of_object(json.loads(line), known[arguments[0]], arguments[0]))
        return code, printed

    monkeypatch.setattr(documents, "_run_here", with_json)
    shutil.copytree(prepared, tmp_path_in_memory / "try")
    documents.enter(tmp_path_in_memory / "try", monkeypatch)
    documents.fresh_text(page_of.read_text(encoding="utf-8"), documents.python_here())
    assert found == []


def test_every_verb_with_an_answer_is_in_the_reference():
    """Of passes and edits by themselves; another verb declares its fields in `_OTHERS` of docs/make/json_answers.py."""
    assert set(verbs_with_json()) == set(answers())


def test_every_key_is_on_the_page_with_its_meaning():
    text, every = page(), answers()
    missing = [
        f"{verb}: {path}"
        for verb, fields in every.items()
        for path, field in flattened(fields)
        if f"`{path}`" not in text or not field.meaning
    ]
    assert missing == [], "say it in the docstring of the report's class, under Attributes"


def test_what_is_not_documented_is_found():
    fields = (Field("a", Type(("integer",)), "a number"), Field("b", Type(("string",)), "a text", is_always=False))
    assert list(differences_of_object({"a": 1}, fields, "x")) == []
    assert list(differences_of_object({"b": 1, "c": 2}, fields, "x")) == [
        "x.c is not documented",
        "x.a is not there",
        "x.b is integer, not string: 1",
    ]
