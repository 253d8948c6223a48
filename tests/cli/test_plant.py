"""wmsim plant: a file that every tool reads, or one clear message."""

import json

import numpy as np
import pytest

from wmsim.hypotheses import plant
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.recordings import open_recording

SIZES = ("--units", 12, "--trials", 40, "--items", 3)


@pytest.mark.parametrize("hypothesis", HYPOTHESES)
def test_every_hypothesis_makes_a_valid_file(run, tmp_path, hypothesis):
    out = tmp_path / "planted.nc"
    status, said, _ = run("plant", "--hypothesis", hypothesis, *SIZES, "--seed", 7, "--out", out)
    assert status == 0
    assert said.startswith(f"Planted {hypothesis} (")
    assert "40 trials, 12 units, 3 steps, 3 items; image (4 values); signal 1, seed 7." in said
    status, said, _ = run("validate", out)
    assert status == 0
    assert "trials by task: order of 3 items (40)" in said
    with open_recording(out) as recording:
        expected = plant(hypothesis=hypothesis, n_units=12, n_trials=40, n_items=3, seed=7)
        np.testing.assert_array_equal(recording["activity"], expected["activity"])
        assert recording.attrs["hypothesis"] == hypothesis


def test_options_a_file_and_set_are_laid_over_each_other(run, tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"n_units": 9, "decay": 0.5, "n_trials": 30, "signal": 3.0}))
    status, said, _ = run(
        "plant", "--config", file, "--signal", 2, "--n-back", 1, "--feature", "location",
        "--feature", "identity", "--values", 4, "--values", 8, "--share", "slot=1", "--share",
        "age=3", "--spiking", "rectified", "--set", "realignment=0.2", "--set", "n_trials=20",
        "--print-config",
    )  # fmt: skip
    assert status == 0
    found = json.loads(said)
    assert found["n_units"] == 9
    assert (found["signal"], found["decay"], found["n_trials"]) == (2.0, 0.5, 20)
    assert found["features"] == ["location", "identity"]
    assert found["n_values"] == [4, 8]
    assert found["shares"] == {"slot": 1.0, "age": 3.0}
    assert (found["n_back"], found["realignment"]) == (1, 0.2)
    assert list(tmp_path.iterdir()) == [file]


def test_no_repeats_maintenance_and_spikes(run, tmp_path):
    out = tmp_path / "spikes.nc"
    status, _, _ = run(
        "plant", *SIZES, "--no-repeats", "--values", 3, "--maintenance", 1, "--spiking",
        "log-linear", "--missing", 0.25, "--shared-noise", 0.1, "--out", out,
    )  # fmt: skip
    assert status == 0
    status, said, _ = run("validate", out)
    assert status == 0
    assert "item 3, maintenance" in said
    assert "spikes/s" in said


def test_sessions_go_into_a_folder(run, tmp_path):
    out = tmp_path / "brain"
    status, said, _ = run("plant", *SIZES, "--sessions", 2, "--out", out)
    assert status == 0
    assert sorted(path.name for path in out.iterdir()) == ["session-1.nc", "session-2.nc"]
    assert f"Recording: {out / 'session-2.nc'}" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--hypothesis", "drif"), "Unknown hypothesis 'drif'. Did you mean 'drift'?"),
        (("--no-repeats", "--values", 3), "'image' has 3 for 4 items"),
        (("--dimension", 4), "dimension is 4"),
        (("--realignment", 0.2), "Set n_back, or leave realignment out"),
        (("--share", "slot"), "--share slot: expected COMPONENT=SHARE"),
        (("--share", "slt=1"), "Did you mean 'slot'?"),
        (("--set", "signl=2"), "unknown setting 'signl'. Did you mean 'signal'?"),
        (("--spiking", "poisson"), "'log-linear' or 'rectified'"),
        (("--n-back", 9), "never calls for an answer"),
    ],
)
def test_wrong_requests_get_one_message(run, tmp_path, words, message):
    out = tmp_path / "planted.nc"
    status, _, error = run("plant", *words, "--out", out)
    assert status == 1
    assert message in error
    assert "Traceback" not in error
    assert not out.exists()


def test_an_output_that_cannot_be(run, tmp_path):
    status, _, error = run("plant", *SIZES, "--out", tmp_path)
    assert status == 1
    assert "is a folder, a file was expected" in error
    file = tmp_path / "file"
    file.write_text("")
    status, _, error = run("plant", *SIZES, "--sessions", 2, "--out", file)
    assert status == 1
    assert "is a file, a folder was expected" in error
    status, _, error = run("plant", *SIZES)
    assert status == 2
    assert "Missing option '--out'" in error
