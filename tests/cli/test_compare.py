"""``wmsim compare`` as a user meets it: a ranking, or one clear message."""

import json

import pytest

from wmsim.hypotheses import plant
from wmsim.recordings import save
from wmsim.report import compare as report

QUICK = (
    "--halvings", "1", "--shuffles", "2", "--bootstrap", "0", "--score", "tensor", "--jobs", "1",
)  # fmt: skip
SIZES = {"n_units": 30, "n_trials": 90, "n_items": 3, "maintenance": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two planted brains and two models."""
    place = tmp_path_factory.mktemp("planted")
    for name, hypothesis, seed in (
        ("monkey", "H2", 1), ("ape", "H2", 2), ("gru", "H2", 3), ("slots", "H1", 4),
    ):  # fmt: skip
        signal = 2 if name in ("monkey", "ape") else 9
        recording = plant(hypothesis=hypothesis, signal=signal, seed=seed, **SIZES)
        save(recording.assign_attrs(source="planted"), place / f"{name}.nc")
    return place


@pytest.fixture(autouse=True)
def _nothing_is_drawn(monkeypatch):
    monkeypatch.setattr(report, "draw", lambda *_: [])


def test_ranking_and_conclusions_are_printed(folder, run, tmp_path):
    brains = ("--brain", folder / "monkey.nc", "--brain", folder / "ape.nc")
    status, out, err = run(
        "compare", folder / "gru.nc", *brains, "--model", folder / "slots.nc", "--out", tmp_path,
        *QUICK,
    )  # fmt: skip
    assert status == 0, err
    assert out.startswith("tensor: 1. gru 0.9")
    assert ", 2. slots 0." in out
    assert "tensor: the largest mean of a model is that of gru" in out
    assert f"Report: {tmp_path / 'report.html'}" in out
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [one["name"] for one in summary["models"]] == ["gru", "slots"]
    assert list(summary["brains"]) == ["monkey", "ape"]


def test_add_and_from(folder, run, tmp_path):
    first = ("compare", folder / "gru.nc", "--brain", folder / "monkey.nc", "--no-controls")
    assert run(*first, "--out", tmp_path / "out", *QUICK)[0] == 0
    status, out, err = run(
        "compare", folder / "slots.nc", "--out", tmp_path / "out", "--add", "--jobs", 1
    )
    assert status == 0, err
    assert "2. slots" in out
    provenance = tmp_path / "out" / "provenance.json"
    status, again, err = run(
        "compare", "--from", provenance, "--out", tmp_path / "again", "--jobs", 1
    )
    assert status == 0, err
    assert again.splitlines()[:-1] == out.splitlines()[:-1]
    status, _, err = run(
        "compare", folder / "ape.nc", "--out", tmp_path / "out", "--add", "--halvings", 3
    )
    assert status == 1
    assert "halvings was 1, is 3" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gru.nc",), "One file was given"),
        ((), "No file was given"),
        (("gru.nc", "slots.nc"), "No model is among the files"),
        (("gru.nc", "gru.nc", "--brain", "monkey.nc"), "given twice"),
        (("gru.nc", "none.nc"), "No recording"),
        (("gru.nc", "--brain", "monkey.nc", "--score", "rda"), "Did you mean 'rsa'?"),
        (("gru.nc", "--brain", "monkey.nc", "--pair", "image"), "names no pair of features"),
        (("gru.nc", "--brain", "monkey.nc", "--pair", "a=b", "--pair", "a=c"), "paired twice"),
        (("gru.nc", "--brain", "monkey.nc", "--feature", "imige"), "Did you mean 'image'?"),
        (("gru.nc", "--brain", "monkey.nc", "--task", "dms"), "Unknown task 'dms'"),
        (("gru.nc", "--brain", "monkey.nc", "--halvings", "0"), "halvings is 0"),
        (("gru.nc", "--brain", "monkey.nc", "--kind", "voxel"), "No label 'kind'"),
        (("gru.nc", "--brain", "monkey.nc", "--transform", "log"), "transform is 'log'"),
        (("gru.nc", "--add"), "no finished comparison"),
        (("gru.nc", "--from", "gru.nc"), "--from does a comparison again with its own files"),
        (("--from", "gru.nc"), "is no provenance.json"),
        (("--from", "none.json"), "No provenance.json"),
    ],
)
def test_wrong_requests_are_one_message(folder, run, tmp_path, words, message):
    named = [folder / word if str(word).endswith((".nc", ".json")) else word for word in words]
    status, _, err = run("compare", *named, "--out", tmp_path / "out", "--jobs", "1")
    assert status == 1
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_out_that_is_a_file_is_told(folder, run, tmp_path):
    (tmp_path / "out").write_text("")
    status, _, err = run(
        "compare", folder / "gru.nc", "--brain", folder / "monkey.nc", "--out", tmp_path / "out"
    )
    assert status == 1
    assert "is a file, a folder was expected" in err


def test_what_is_used_most_is_at_hand():
    import wmsim

    assert wmsim.compare_files is report.compare_files
    assert wmsim.CompareConfig().halvings == 4
