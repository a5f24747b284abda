"""Whatever we read of a damaged checkpoint, TensorFlow reads too, bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.tensors.dtypes import UINT64
from tests.formats.bundle_files import assemble, raw_block
from tests.hostile_indexes import CONTENT, DATA, v1_block, write_index
from tests.tf.bundle_specs import digest_of


def sound(prefix: Path) -> dict[str, tuple[str, str]]:
    """The dtype and digest of every tensor that is sound; none of a checkpoint that is not opened."""
    found: dict[str, tuple[str, str]] = {}
    try:
        checkpoint = load_checkpoint(prefix)
    except GraphSurgeonError:
        return found
    for name, tensor in checkpoint.items():
        # TensorFlow 1.15 has no later dtypes, and names go there as text.
        if tensor.dtype.number > UINT64.number or not name.isprintable():
            continue
        try:
            found[name] = tensor.dtype.name, digest_of(tensor)
        except GraphSurgeonError:
            continue
    return found


def judged(tf: Any, cases: dict[Path, dict[str, tuple[str, str]]]) -> dict[Path, Any]:
    asked = [(str(prefix), list(of), [dtype for dtype, _ in of.values()]) for prefix, of in cases.items()]
    return dict(zip(cases, tf.call("index_edits:read_each", cases=asked), strict=True))


@pytest.mark.parametrize("bits", [(0, 1, 2), (3, 4, 5), (6, 7)], ids=str)
def test_an_index_with_a_flipped_bit_whose_checksums_are_right(tf, tmp_path, bits):
    cases = {}
    for position in range(len(CONTENT)):
        for bit in bits:
            prefix = write_index(tmp_path / f"{position}-{bit}", position, bit)
            cases[prefix] = sound(prefix)
    cases = {prefix: found for prefix, found in cases.items() if found}
    assert len(cases) > 60
    different = {
        prefix.name: (answer, cases[prefix])
        for prefix, answer in judged(tf, cases).items()
        if answer != {name: digest for name, (_, digest) in cases[prefix].items()}
    }
    assert different == {}


def test_values_with_a_flipped_bit(tf, tmp_path):
    cases = {}
    for position in range(len(DATA)):
        prefix = tmp_path / str(position)
        write_index(prefix, data=DATA[:position] + bytes([DATA[position] ^ 1]) + DATA[position + 1 :])
        cases[prefix] = sound(prefix)
        assert len(cases[prefix]) == 4
    for prefix, answer in judged(tf, cases).items():
        assert answer == {name: digest for name, (_, digest) in cases[prefix].items()}


@pytest.mark.parametrize("bits", [(0, 3), (1, 4), (2, 5), (6, 7)], ids=str)
def test_a_v1_file_with_a_flipped_bit_whose_checksums_are_right(tf, tmp_path, bits):
    """Beside each value its name and slice stand again; TensorFlow parses them, we go by the key alone."""
    content, cases = v1_block(), {}
    (tmp_path / "sound").write_bytes(assemble([(b"~", raw_block(content))]))
    undamaged = sound(tmp_path / "sound")
    for position in range(len(content)):
        for bit in bits:
            damaged = bytearray(content)
            damaged[position] ^= 1 << bit
            path = tmp_path / f"{position}-{bit}"
            path.write_bytes(assemble([(b"~", raw_block(bytes(damaged)))]))
            cases[path] = sound(path)
    cases = {prefix: found for prefix, found in cases.items() if found}
    assert len(cases) > 60
    for prefix, answer in judged(tf, cases).items():
        if isinstance(answer, str):
            assert cases[prefix].items() <= undamaged.items(), (prefix, answer)
        else:
            assert answer == {name: digest for name, (_, digest) in cases[prefix].items()}, prefix
