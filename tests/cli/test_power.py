"""wmsim power: numbers, figure and a paragraph, or one clear message."""

import json

import pytest
import xarray as xr

from wmsim.cli.power import spelt_out
from wmsim.hypotheses import plant
from wmsim.recordings import save

QUICK = (
    "--tests", 10, "--set", "verdict.each=20", "--set", "verdict.halvings=1", "--jobs", 1,
    "--set", "verdict.permutations=0", "--set", "verdict.bootstrap=5",
)  # fmt: skip


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    path = tmp_path_factory.mktemp("pilot") / "pilot.nc"
    save(plant(n_units=30, n_trials=100, n_items=3, n_values=2, signal=2.0, seed=1), path)
    return path


def test_a_design_in_numbers_leaves_everything_in_its_folder(run, tmp_path):
    out = tmp_path / "out"
    status, said, _ = run(
        "power", "--items", 3, "--values", 2, "--units", 20, 40, "--trials", 8, 120, "--signal", 2,
        "--truth", "H1", "H2", "--out", out, *QUICK,
    )  # fmt: skip
    assert status == 0
    assert said.startswith("signal 2: power 0.8 for H1, H2 needs")
    summary = json.loads((out / "summary.json").read_text())["power"]
    assert summary["units"] == [20, 40]
    assert summary["trials"] == [8, 120]
    assert "The design has 3 items a trial" in summary["statement"][0]
    assert len(summary["table"]) == 2 * 2 * 2
    too_few = [one for one in summary["table"] if one["trials"] == 8]
    assert all(one["right"] == 0 and "too few" in one["reason"] for one in too_few)
    page = (out / "report.html").read_text()
    assert summary["statement"][1].replace("'", "&#39;") in page
    assert "data:image/png;base64," in page
    for ending in ("png", "pdf"):
        assert (out / "figures" / f"power.{ending}").stat().st_size > 5000
    with xr.open_dataset(out / "results" / "power.nc") as results:
        kept = {one["right"] for one in summary["table"]}
        assert {round(float(value), 4) for value in results["right"].values.ravel()} == kept
    assert len(list((out / "work").glob("*.json"))) == 4


def test_a_pilot_recording_gives_the_design(run, tmp_path, pilot):
    out = tmp_path / "out"
    status, said, _ = run(
        "power", "--pilot", pilot, "--units", 40, "--trials", 120, "--truth", "H2", "--out", out,
        *QUICK,
    )  # fmt: skip
    assert status == 0
    summary = json.loads((out / "summary.json").read_text())["power"]
    assert summary["pilot"]["held_items_are_coded"] is True
    assert list(summary["assumptions"]) == ["as in the pilot", "low end", "high end"]
    assert "one session with 30 units and 100 trials" in summary["statement"][0]
    assert "as in the pilot: power 0.8" in said


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (("--units", 0), "units is [0]: expected 2 or more"),
        (("--items", 1), "n_items is 1"),
        (("--values", 1), "n_values is 1"),
        (("--signal", -1), "signal is [-1.0]: expected 0 or more"),
        (("--truth", "H5"), "Unknown truth 'H5'"),
        (("--no-repeats", "--values", 2), "values never repeat in a trial"),
        (("--set", "wnated=0.9"), "Did you mean 'wanted'?"),
        (("--pilot", "nowhere.nc"), "No recording 'nowhere.nc'"),
    ],
)
def test_what_cannot_be_planned_has_one_clear_message(run, tmp_path, words, match):
    status, _, complaint = run("power", *words, "--out", tmp_path / "out")
    assert status == 1
    assert match in complaint
    assert "Traceback" not in complaint


def test_a_design_beside_a_pilot_is_refused(run, tmp_path, pilot):
    status, _, complaint = run("power", "--pilot", pilot, "--items", 3, "--out", tmp_path / "out")
    assert status == 1
    assert "n_items given, but the pilot recording says that itself" in complaint


def test_the_same_session_twice_is_refused(run, tmp_path, pilot):
    status, _, complaint = run("power", "--pilot", pilot, pilot, "--out", tmp_path / "out")
    assert status == 1
    assert "named twice" in complaint


def test_wrong_usage_is_told_from_wrong_data(run, tmp_path):
    assert run("power")[0] == 2
    assert run("power", "--units", "many", "--out", tmp_path)[0] == 2


def test_settings_are_printed(run):
    status, said, _ = run("power", "--units", 10, 20, "--n-back", 1, "--seed", 3, "--print-config")
    assert status == 0
    printed = json.loads(said)
    assert (printed["units"], printed["n_back"], printed["verdict"]["seed"]) == ([10, 20], 1, 3)


def test_an_option_before_each_value_means_the_same():
    assert spelt_out(["--units", "1", "--units", "2", "3"], ("--units",)) == [
        "--units", "1", "--units", "2", "--units", "3"
    ]  # fmt: skip
