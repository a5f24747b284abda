"""`summary`: a table of layers, and totals."""

from __future__ import annotations

import graphsurgeon as gs
from tests import notation
from tests.models import floats
from tests.tools.summary.test_summary import NET


def test_a_table_of_layers(verb, tmp_path):
    gs.save(notation.model(NET), tmp_path / "x.pb")
    done = verb("summary", tmp_path / "x.pb")
    assert done.out.splitlines() == [
        "input image: float32 [?, 8, 8, 3]",
        "layer  op       output shape  parameters  trained  multiply-adds  nbytes",
        "conv   Conv2D   [?, 8, 8, 4]  108         yes      6,912            432",
        "pool   MaxPool  [?, 4, 4, 4]    -                      -              -",
        "flat   Reshape  [?, 64]         -                      -              -",
        "head   MatMul   [?, 10]       640         yes        640          2,560",
        "748 parameters: 748 trained, 0 not; 3.0 kB",
        "7,552 multiply-adds for one example",
    ]
    assert done.err == ""


def test_options(verb, tmp_path):
    gs.save(notation.model(NET.replace("conv/", "net/conv/").replace("head/", "net/head/")), tmp_path / "x.pb")
    out = verb("summary", tmp_path / "x.pb", "--depth", "1", "--shape", "image=9,8,8,3").out
    assert "  head" not in out
    assert out.endswith("67,968 multiply-adds\n")
    done = verb("summary", tmp_path / "x.pb", "--outputs", "pool")
    assert done.err == "note: not counted, for the outputs do not need them: 1 other variable of 640 elements\n"
    assert verb("summary", tmp_path / "x.pb", "--outputs", "pol").code == 5
    assert verb("summary", tmp_path / "x.pb", "--depth", "0").code == 2
    assert verb("summary", tmp_path / "x.pb", "--shape", "image=x").code == 4


def test_csv_and_json(verb, tmp_path):
    gs.save(notation.model(NET.replace("conv/", "net/conv/").replace("head/", "net/head/")), tmp_path / "x.pb")
    assert verb("summary", tmp_path / "x.pb", "--csv").out.splitlines()[1:4] == [
        "net,,,,,,", 'net/conv,Conv2D,"[?, 8, 8, 4]",108,yes,6912,432', 'net/head,MatMul,"[?, 10]",640,yes,640,2560',
    ]  # fmt: skip
    answer = verb("summary", tmp_path / "x.pb", "--json").answer
    assert (answer["verb"], answer["multiply_adds"], answer["layers"][0]["parameters"]) == ("summary", 7552, None)


def test_what_is_not_known_is_a_question_mark(verb, tmp_path):
    gs.save(notation.model(NET.replace("[?,8,8,3]", "[?,?,?,3]")), tmp_path / "x.pb")
    done = verb("summary", tmp_path / "x.pb")
    assert "conv   Conv2D   [?, ?, ?, 4]  108         yes      ?" in done.out
    assert "which --shape may say" in done.err


def test_a_checkpoint_alone(verb, tmp_path):
    gs.save_checkpoint({"a/w": floats(1, 2)}, tmp_path / "m")
    assert verb("summary", tmp_path / "m").out.splitlines() == [
        "layer  parameters  nbytes", "a      2           8", "2 parameters; 8 B",
    ]  # fmt: skip
