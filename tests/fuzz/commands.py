"""The command lines that a mutated input is given to, by the family of inputs.

``{src}`` is the input, ``{sound}`` the same before it was changed, ``{out}`` an empty directory, ``{output}`` an output
of the graph, ``{name}`` a node or tensor of it, ``{file}`` the file that was changed.
"""

from __future__ import annotations

import click

from graphsurgeon.cli.group import cli
from tests.fuzz.seeds import Seed

_LOOK = """
    inspect {src}
    inspect {src} --json
    ls {src}
    ls {src} --json
    verify {src}
    verify {src} --json
"""
_COMPARE = """
    diff {src} {sound}
    diff {sound} {src} --json
    verify {src} --against {sound}
    cat {src} {name}
    cat {src} {name} -o {out}/v.npy
    convert {src} -o {out}/copy
"""
_GRAPH = """
    ls {src} --constants
    ls {src} --inputs
    ls {src} --outputs
    ls {src} --variables
    ls {src} {name}
    convert {src} -o {out}/c.pbtxt --to graph_def_text
    convert {src} -o {out}/c.pb --to graph_def
    transform_graph --in_graph={src} --out_graph={out}/t.pb --outputs={output} --transforms=fold_constants
    transform_graph --in_graph={src} --out_graph={out}/t.pb --transforms=insert_logging(ignore_errors=true)
    optimize_for_inference --input={src} --output={out}/o.pb --output_names={output}
    strip_unused --input_graph={src} --output_graph={out}/s.pb --output_node_names={output}
    convert {src} -o {out}/c.meta --to meta_graph
    convert {src} -o {out}/c.pbtxt --to meta_graph_text
    convert {src} -o {out}/sm --to saved_model
    convert {src} -o {out}/m.ckpt --to checkpoint
    unfreeze {src} -o {out}/m.ckpt
    unfreeze {src} -o {out}/m.ckpt --json --explain --variables resource
    unfreeze {src} -o {out}/m.ckpt --select .* --trainable .*w.*
    unfreeze {src} -o {out}/sm --to saved_model
    freeze {src} -o {out}/f
    freeze {src} -o {out}/f --outputs {output}
    freeze {src} -o {out}/f --outputs {output} --remember --updates compute --drop-state .*
    freeze {src} -o {out}/f --outputs {output} --remember --updates compute
    freeze {src} -o {out}/f --outputs {output} --keep-calls
    freeze {src} -o {out}/f --outputs {output} --keep {name}
    freeze {src} -o {out}/f --outputs {output} --ema
    prune {src} -o {out}/p --outputs {output}
    prune {src} -o {out}/p --outputs {output} --inputs {name}
    prune {src} -o {out}/p --outputs {name},{output}
    fix {src} -o {out}/f
    fix {src} -o {out}/f --inputs x,{name}
    rename {src} -o {out}/r --add-scope my
    rename {src} -o {out}/r --map {name}=new
    rename {src} -o {out}/r --map (.*)=a/\\1
    downgrade {src} -o {out}/d --to 1.15
    downgrade {src} -o {out}/d --to 2.4
    export {src} -o {out}/x.npz
    fit --graph {src} --from {src} -o {out}/fit
"""
_EDITING = """
    reroute {src} -o {out}/e --map {name}:0={output}:0
    bypass {src} -o {out}/e {name}
    insert {src} -o {out}/e --at {name} --op Identity
    remove {src} -o {out}/e {name}
    set-inputs {src} -o {out}/e --set {name}=1
    set-inputs {src} -o {out}/e --set x=[[1,2],[3,4]] --outputs {output}
    set-shape {src} -o {out}/e --shape {name}=1,2,3
    set-attr {src} -o {out}/e {name} --attr T=float32
    set-attr {src} -o {out}/e .* --clear _class
    set-device {src} -o {out}/e --device /cpu:0
    set-device {src} -o {out}/e {name} --device /gpu:1
    set-trainable {src} -o {out}/e --trainable .*w.* --not-trainable .*b.*
    join {src} {sound} -o {out}/e --prefix a --prefix b
    join {sound} {src} -o {out}/e --prefix a --prefix b --connect b/{name}=a/{output}
    split {src} --at {name} --front {out}/f --back {out}/b
    copy {src} -o {out}/e {name} --scope s
    dense-to-conv {src} -o {out}/e {name}
    fold-constants {src} -o {out}/e --outputs {output}
    sparsify {src} -o {out}/sp --sparsity 0.5
    strip-masks {src} -o {out}/sm
    fold-batch-norms {src} -o {out}/e --outputs {output}
    merge-duplicate-nodes {src} -o {out}/e --outputs {output}
    remove-nodes {src} -o {out}/e --op Identity --outputs {output}
    infer-shapes {src} -o {out}/e
    remove-control-dependencies {src} -o {out}/e
    quantize-weights {src} -o {out}/e --minimum-size 1
    dequantize-weights {src} -o {out}/e
    round-weights {src} -o {out}/e --num-steps 4
    half-weights {src} -o {out}/e
    flatten-atrous-conv {src} -o {out}/e
    sort {src} -o {out}/e
    obfuscate-names {src} -o {out}/e --outputs {output}
    add-default-attributes {src} -o {out}/e
    remove-default-attributes {src} -o {out}/e
    remove-attribute {src} -o {out}/e --attribute-name T
    rename-attribute {src} -o {out}/e --old-attribute-name T --new-attribute-name U
    rename-op {src} -o {out}/e --old-op-name Identity --new-op-name Neg
    remove-training-nodes {src} -o {out}/e --outputs {output}
    sparsify {src} -o {out}/e --sparsity 0.5
    strip-masks {src} -o {out}/e
    train-mode {src} -o {out}/e
    add-head {src} -o {out}/e --at {output} --units 3 --loss softmax --optimizer adam
    lower {src} -o {out}/e
    functionalize {src} -o {out}/e
    rebuild-contexts {src} -o {out}/e
    init {src} -o {out}/e
    summary {src}
    report {src} -o {out}/r.html
    report {src} -o {out}/p.html --plan unfreeze
    report {src} -o {out}/d.html --against {sound}
    tensorboard {src} -o {out}/log
    fleet {src} -o {out}/f/ --recipe {out}/none.yaml --dry-run
    freeze_graph --input_graph={src} --output_graph={out}/f --output_node_names={output} --input_binary=true
    freeze_graph --input_meta_graph={src} --input_checkpoint={src} --output_graph={out}/f --output_node_names={output}
    strip_unused --input_graph={src} --output_graph={out}/f --input_node_names={name} --output_node_names={output}
    optimize_for_inference --input={src} --output={out}/f --input_names={name} --output_names={output}
    transform_graph --in_graph={src} --out_graph={out}/f --outputs={output} --transforms=fold_constants
"""
_MODEL = """
    freeze {src} -o {out}/m.ckpt --outputs {output} --keep .*
    prune {src} -o {out}/m.ckpt --outputs {output}
    rename {src} -o {out}/m.ckpt --add-scope my
    rename {src} -o {out}/m.ckpt --map (.*)=a/\\1 --checkpoint-only
    fit --graph {src} --from {sound} -o {out}/fit --missing zeros --mismatch skip
    fit --graph {sound} --from {src} -o {out}/fit --missing init --mismatch slice+pad
    fit --graph {src} --from {sound} -o {out}/fit --dry-run --json --accept-suggestions
"""
_CHECKPOINT = """
    ls {src} --names path
    ls {src} --names full
    inspect_checkpoint --file_name {src} --all_tensors true
    inspect_checkpoint --file_name {src}
    rename {src} -o {out}/c --add-scope my
    rename {src} -o {out}/c --map (.*)=\\1/x
    select {src} -o {out}/c --drop {name}
    select {src} -o {out}/c --keep .* --copy
    select {src} -o {out}/c --readable
    merge {src} {sound} -o {out}/c --prefix b=head
    merge {src} {sound} -o {out}/c --prefer a
    duplicate {src} -o {out}/c --map {name}=twin
    compact {src} -o {out}/c
    compact {src} -o {out}/c --byteorder big --shard-size 100
    partition {src} -o {out}/c --shards 2 --select .*
    partition {src} -o {out}/c --shards 3 --select {name} --names
    unpartition {src} -o {out}/c
    strip-optimizer {src} -o {out}/c
    ema {src} -o {out}/c
    average {src} {sound} -o {out}/c
    average {sound} {src} -o {out}/c --missing keep --saturate
    cast {src} -o {out}/c --dtype float16
    cast {src} -o {out}/c --dtype int8 --select .* --saturate
    arithmetic {src} -o {out}/c --operation divide --other {sound} --missing keep
    reshape {src} -o {out}/c --shape -1 --select .*
    transpose {src} -o {out}/c --select .*
    reverse {src} -o {out}/c --axis 0 --select .*
    slice {src} -o {out}/c --part ...,::2 --select .*
    pad {src} -o {out}/c --after 1 --select {name}
    pad {src} -o {out}/c --before 1 --select .* --value 2 --saturate
    tile {src} -o {out}/c --multiples 2 --select {name}
    scale {src} -o {out}/c --factor 0.5 --offset 1 --select .* --saturate
    fill {src} -o {out}/c --value 1 --select .* --saturate
    fill {src} -o {out}/c --value 1 --add new --shape 2,3 --dtype float32
    concat {src} -o {out}/c --select .*/part_.* --to joined
    concat {src} -o {out}/c --select .* --to joined
    split-tensor {src} -o {out}/c --select {name} --to a --to b
    take {src} -o {out}/c --indices 0,-1 --select .*
    export {src} -o {out}/x.npz
    export {src} -o {out}/x.safetensors
    export {src} -o {out}/x/ --skip-unsupported
    export {src} -o {out}/x.npz --readable --skip-unsupported
    latest {dir}
    prune-checkpoints {dir} --keep 1 --dry-run
    recover {dir}
"""
_ARRAYS = """
    import {src} -o {out}/c
    import {src} -o {out}/c --names paths
    import {src} -o {out}/c --select .*c
    inspect {src}
    import {src} -o {out}/c --from npz
    import {src} -o {out}/c --from safetensors
"""
_RECIPE = """
    edit {src} -o {out}/c --recipe {file}
    edit {src} -o {out}/c --recipe {file} --dry-run --json
"""
_PIPELINE = """
    run {src} -o {out}/c --recipe {file}
    run {src} -o {out}/c --recipe {file} --print
"""
_STATE = """
    latest {dir}
    inspect {dir}
    recover {dir}
    prune-checkpoints {dir} --keep 1 --dry-run
    prune-checkpoints {dir} --keep 1 --dry-run --unlisted
"""
_MAP = """
    rename {src} -o {out}/c --map-file {file}
    fit --graph {src} --from {src} -o {out}/c --map-file {file}
"""


def _lines(text: str) -> list[list[str]]:
    """Return the command lines of verbs that there are; some of others stand here before their verbs do."""
    known = set(all_verbs())
    return [line for line in map(str.split, text.splitlines()) if line and line[0] in known]


def all_verbs() -> list[str]:
    """Return the names of the program's verbs that read files."""
    return [name for name in cli.list_commands(click.Context(cli)) if name not in ("completion", "help")]


#: What is run on each input of a family, and what some of is run.
COMMANDS: dict[str, tuple[list[list[str]], list[list[str]]]] = {
    "graph": (_lines(_LOOK), _lines(_COMPARE + _GRAPH + _EDITING)),
    "text": (_lines(_LOOK), _lines(_COMPARE + _GRAPH + _EDITING)),
    "model": (_lines(_LOOK), _lines(_COMPARE + _GRAPH + _MODEL + _EDITING + _CHECKPOINT)),
    "checkpoint": (_lines(_LOOK), _lines(_COMPARE + _CHECKPOINT)),
    "arrays": (_lines(_ARRAYS), _lines(_ARRAYS)),
    "recipe": (_lines(_RECIPE), _lines(_RECIPE)),
    "pipeline": (_lines(_PIPELINE), _lines(_PIPELINE)),
    "map": (_lines(_MAP), _lines(_MAP)),
    "state": (_lines(_STATE), _lines(_STATE)),
}


def verbs() -> set[str]:
    """Return the verbs that are run."""
    return {line[0] for both in COMMANDS.values() for lines in both for line in lines}


def fill_in(line: list[str], seed: Seed, directory: str, name: str) -> list[str]:
    """Return the arguments of a command line for an input in a directory."""
    values = {
        "src": f"{directory}/in/{seed.source}",
        "sound": f"{directory}/sound/{seed.source}",
        "out": f"{directory}/out",
        "dir": f"{directory}/in",
        "file": f"{directory}/in/{seed.changed[0]}",
        "output": seed.outputs[0] if seed.outputs else "out",
        "name": name,
    }
    return [each.format_map(values) if "{" in each else each for each in line]
