"""``wmsim verdict`` as a user meets it: one clear message for what cannot be judged."""

import json

import pytest

from wmsim.hypotheses import plant
from wmsim.recordings import save

QUICK = ("--each", "20", "--bootstrap", "4", "--permutations", "19", "--jobs", "1")


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Makes a recording once, by its settings."""
    folder = tmp_path_factory.mktemp("planted")

    def make(name, **settings):
        path = folder / f"{name}.nc"
        if not path.exists():
            save(plant(n_units=settings.pop("n_units", 20), seed=2, **settings), path)
        return path

    return make


def test_a_slot_recording_is_told_from_the_command_line(planted, run, tmp_path):
    file = planted("slots", hypothesis="H1", n_units=40, n_trials=150, n_items=3, signal=2.0)
    status, out, err = run("verdict", file, "--out", tmp_path, *QUICK)
    assert status == 0, err
    assert out.startswith("slots, order of 3 items, image: H1 (")
    assert "H1: each item's code stays in a slot of its own" in out
    assert json.loads((tmp_path / "summary.json").read_text())["verdict"] == "H1"
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_items": 1, "maintenance": 1, "n_trials": 60}, "at least 2"),
        ({"n_items": 3, "n_trials": 24}, "too few"),
    ],
)
def test_what_cannot_be_judged_is_an_error(planted, run, tmp_path, settings, message):
    name = "-".join(str(value) for value in settings.values())
    status, _, err = run("verdict", planted(name, **settings), "--out", tmp_path, *QUICK)
    assert status == 1
    assert err.startswith("wmsim: Nothing can be judged")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "summary.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--feature", "imige"), "Did you mean 'image'?"),
        (("--task", "dms"), "Unknown task 'dms'"),
        (("--threshold", "0.4"), "threshold is 0.4"),
        (("--each", "5"), "each is 5"),
        (("--kind", "voxel"), "No label 'kind'"),
    ],
)
def test_wrong_requests_are_one_message(planted, run, tmp_path, words, message):
    file = planted("plain", n_items=2, n_trials=60)
    status, _, err = run("verdict", file, "--out", tmp_path, *words)
    assert status == 1
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_wrong_files_are_one_message(planted, run, tmp_path):
    file = planted("plain", n_items=2, n_trials=60)
    text = tmp_path / "notes.nc"
    text.write_text("no recording")
    for given, message in (
        ((text,), "is not netCDF-4"),
        ((file, text), "is not netCDF-4"),
        ((tmp_path / "none.nc",), "No recording"),
        ((file, file), "given twice"),
        ((file, planted("longer", n_items=3, n_trials=60), "--pool"), "same axis"),
    ):
        status, _, err = run("verdict", *given, "--out", tmp_path / "out")
        assert status == 1
        assert message in err
        assert len(err.strip().splitlines()) == 1
