"""``compare_files``: the folder, resumed runs, models added later, done again from provenance."""

import csv
import json
import re
import shutil

import numpy as np
import pytest
import xarray as xr

from wmsim.compare import run
from wmsim.compare.config import CompareConfig
from wmsim.errors import WmsimError
from wmsim.hypotheses import plant
from wmsim.recordings import build_recording, save
from wmsim.report import compare as report
from wmsim.report import compare_rdms
from wmsim.report.compare import compare_again, compare_files, headlines

QUICK = CompareConfig(scores=("rsa", "tensor"), halvings=1, shuffles=2, bootstrap=60)
BARE = QUICK.changed(scores=("tensor",), bootstrap=0, shuffles=0)
SIZES = {"n_units": 30, "n_trials": 90, "n_items": 3, "maintenance": 1}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Two brains of H2; models of H2 and H1 with little noise."""
    folder = tmp_path_factory.mktemp("planted")
    for seed, name in enumerate(("monkey", "ape")):
        brain = plant(hypothesis="H2", signal=2, seed=seed, **SIZES)
        save(brain.assign_attrs(source="neural", reference="Fuster & Co (1971), doi:10.1126/x."),
             folder / f"{name}.nc")  # fmt: skip
    for name in ("H2", "H1", "H3"):
        save(plant(hypothesis=name, signal=9, seed=7, **SIZES), folder / f"{name}.nc")
    return folder


@pytest.fixture(scope="module")
def done(recorded, tmp_path_factory):
    """A finished comparison with everything in its folder."""
    out = tmp_path_factory.mktemp("done")
    files = [recorded / f"{name}.nc" for name in ("H2", "H1", "monkey", "ape")]
    return out, compare_files(files, out, QUICK, n_jobs=1)


@pytest.fixture
def counted(monkeypatch):
    """Names of pairs that are scored, in this process; nothing is drawn."""
    calls = []
    scored, made = run._scored, compare_rdms._make

    def counting(number, piece, *rest):
        calls.append((piece.model or "ceiling", piece.brain))
        return scored(number, piece, *rest)

    def counting_rdms(row, model, brain, *rest):
        calls.append(("RDM", model, brain))
        return made(row, model, brain, *rest)

    monkeypatch.setattr(run, "_scored", counting)
    monkeypatch.setattr(compare_rdms, "_make", counting_rdms)
    monkeypatch.setattr(report, "draw", lambda *_: [])
    return calls


def test_summary_has_scores_and_ranking(done, recorded):
    out, summary = done
    assert json.loads((out / "summary.json").read_text()) == json.loads(json.dumps(summary))
    keys = ["model", "brain", "score", "step", "value", "low", "high", "floor", "ceiling"]
    assert all(list(row) == keys for row in summary["scores"])
    assert {(row["model"], row["brain"]) for row in summary["scores"]} == {
        (model, brain) for model in ("H2", "H1") for brain in ("monkey", "ape")
    }
    first = next(row for row in summary["ranking"] if row["score"] == "tensor")
    assert (first["model"], first["rank"]) == ("H2", 1)
    assert summary["brains"]["ape"]["n_trials"] == SIZES["n_trials"]
    assert any("Controls left out" in note for note in summary["notes"])
    assert headlines(summary)[1].startswith("tensor: 1. H2 0.9")


def test_folder_holds_all_that_a_paper_needs(done):
    out, summary = done
    with xr.open_dataset(out / "results" / "comparison.nc") as found:
        assert found["value"].dims == ("model", "brain", "score", "step")
        assert found.sizes["resample"] == 60
    with xr.open_dataset(out / "results" / "ranking.nc") as found:
        assert found["difference"].dims == ("score", "model", "other")
    with (out / "tables" / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(summary["scores"])
    assert float(rows[0]["value"]) == pytest.approx(summary["scores"][0]["value"])
    assert r"\begin{tabular}" in (out / "tables" / "ranking.tex").read_text()
    assert "@misc{recording1," in (out / "references.bib").read_text()
    for stem in ("ranking", "steps-rsa", "differences-tensor", "rdms"):
        assert (out / "figures" / f"{stem}.png").stat().st_size > 5000
        assert (out / "figures" / f"{stem}.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "figures" / "rdms.gif").is_file()


def test_report_says_what_can_be_said(done):
    out, summary = done
    page = (out / "report.html").read_text()
    for line in (*summary["conclusions"], summary["methods"], *summary["notes"]):
        assert line.split("'")[0].split("<")[0].split("&")[0][:60] in page
    assert page.count("data:image/png;base64,") == 5
    assert not re.search(r"\{\{ |\{% ", page)


def test_rdms_are_read_by_rsatoolbox(done):
    from rsatoolbox.rdm import load_rdm

    out, _ = done
    found = load_rdm(str(out / "results" / "rdms" / "ape" / "H1.hdf5"))
    assert found.n_rdm == 8
    assert found.n_cond == 12
    assert list(found.rdm_descriptors["of"])[::4] == ["model", "brain"]


def test_a_finished_run_computes_nothing(done, recorded, counted):
    out, summary = done
    files = [recorded / f"{name}.nc" for name in ("H2", "H1", "monkey", "ape")]
    again = compare_files(files, out, QUICK, n_jobs=1)
    assert counted == []
    assert again["scores"] == summary["scores"]
    assert again["inference"] == summary["inference"]


def test_a_model_added_later_is_scored_alone(recorded, tmp_path, counted):
    files = [recorded / f"{name}.nc" for name in ("H2", "monkey", "ape")]
    config = QUICK.changed(bootstrap=0)
    first = compare_files(files, tmp_path / "out", config, n_jobs=1)
    counted.clear()
    both = compare_files([recorded / "H1.nc"], tmp_path / "out", add=True, n_jobs=1)
    assert sorted(counted) == sorted(
        [("H1", "monkey"), ("H1", "ape"), ("RDM", "H1", "monkey"), ("RDM", "H1", "ape")]
    )
    assert [row for row in both["scores"] if row["model"] == "H2"] == first["scores"]
    assert [one["name"] for one in both["models"]] == ["H2", "H1"]
    counted.clear()
    # Adding what is there already changes nothing.
    again = compare_files([recorded / "H1.nc"], tmp_path / "out", add=True, n_jobs=1)
    assert counted == []
    assert again["ranking"] == both["ranking"]
    assert not both["already_there"]
    (told,) = again["already_there"]
    assert told == "In the earlier comparison already, and not added again: H1.nc. Nothing is new."
    assert told in again["notes"]
    assert headlines(again)[0] == told
    with pytest.raises(WmsimError, match="has controls, and adding to it keeps them"):
        compare_files([recorded / "H3.nc"], tmp_path / "out", add=True, controls=False)
    with pytest.raises(WmsimError, match=r"Settings differ .* halvings was 1, is 2"):
        compare_files(
            [recorded / "H3.nc"], tmp_path / "out", config.changed(halvings=2), add=True
        )  # fmt: skip


def test_adding_needs_an_earlier_comparison_and_a_file(recorded, tmp_path, counted):
    with pytest.raises(WmsimError, match="no finished comparison"):
        compare_files([recorded / "H1.nc"], tmp_path / "none", add=True)
    files = [recorded / "H2.nc", recorded / "monkey.nc"]
    compare_files(files, tmp_path / "out", BARE, n_jobs=1)
    with pytest.raises(WmsimError, match="No file was given; name the recordings"):
        compare_files([], tmp_path / "out", add=True)


def test_a_stopped_run_goes_on_where_it_was(recorded, tmp_path, monkeypatch, counted):
    files = [recorded / f"{name}.nc" for name in ("H2", "H1", "monkey")]
    counting = run._scored

    def stopped(number, piece, *rest):
        if piece.model == "H1":
            raise KeyboardInterrupt
        return counting(number, piece, *rest)

    monkeypatch.setattr(run, "_scored", stopped)
    with pytest.raises(KeyboardInterrupt):
        compare_files(files, tmp_path / "out", BARE, n_jobs=1)
    assert not (tmp_path / "out" / "summary.json").exists()
    monkeypatch.setattr(run, "_scored", counting)
    done = [call for call in counted if call[0] != "RDM"]
    counted.clear()
    compare_files(files, tmp_path / "out", BARE, n_jobs=1)
    assert ("H1", "monkey") in counted
    assert not set(done) & set(counted)


@pytest.fixture
def moved(recorded, tmp_path, counted):
    """A comparison beside its files, and where it is after all have been moved together."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    for name in ("H2", "monkey"):
        shutil.copy(recorded / f"{name}.nc", here)
    files = [here / "H2.nc", here / "monkey.nc"]
    summary = compare_files(files, here / "out", BARE, controls=False, n_jobs=1)
    here.rename(there)
    return there, summary


def test_provenance_does_it_again_wherever_files_are(moved, tmp_path):
    there, summary = moved
    again = compare_again(there / "out" / "provenance.json", tmp_path / "again", n_jobs=1)
    assert again["scores"] == summary["scores"]
    assert again["methods"] == summary["methods"]
    kept = json.loads((tmp_path / "again" / "provenance.json").read_text())
    assert kept["controls"] is False
    assert [one["role"] for one in kept["files"]] == ["model", "brain"]


def test_changed_and_missing_files_are_told(moved, tmp_path):
    there, _ = moved
    provenance = there / "out" / "provenance.json"
    with (there / "H2.nc").open("ab") as file:
        file.write(b"more")
    with pytest.raises(WmsimError, match=r"H2.nc' has changed since .*SHA-256"):
        compare_again(provenance, tmp_path / "again")
    (there / "H2.nc").unlink()
    with pytest.raises(WmsimError, match=r"H2.nc'.* is missing"):
        compare_again(provenance, tmp_path / "again")


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"schema": "wmsim.summary"}'])
def test_what_is_no_provenance_is_told(tmp_path, text):
    (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(WmsimError, match=r"is no provenance\.json"):
        compare_again(tmp_path / "provenance.json", tmp_path / "out")


def test_provenance_with_unknown_settings_is_told(moved, tmp_path):
    there, _ = moved
    provenance = there / "out" / "provenance.json"
    provenance.write_text(provenance.read_text().replace('"halvings"', '"halves"'))
    with pytest.raises(WmsimError, match="unknown setting 'halves'"):
        compare_again(provenance, tmp_path / "out")


def small(source, *, features=("image",), n_items=2, seed=0, values=4, **more):
    """An aligned recording of two or three steps."""
    rng = np.random.default_rng(seed)
    labels = {name: rng.integers(0, values, (60, n_items)) for name in features}
    given = {
        "activity": rng.standard_normal((n_items, 8, 60)), "time": np.arange(n_items),
        "time_units": "step", "activity_units": "a.u.", "features": labels, "source": source,
        "shown_item": np.arange(n_items),
    } | more  # fmt: skip
    return build_recording(given.pop("activity"), **given)


def dead(source):
    """All activity is missing at the second step."""
    activity = np.random.default_rng(0).standard_normal((2, 8, 60))
    activity[1] = np.nan
    return small(source, activity=activity)


def continuous(source):
    """A continuous recording whose time is in steps."""
    onset = np.tile([0.0, 10.0], (60, 1))
    return small(
        source, activity=np.random.default_rng(0).standard_normal((30, 8, 60)), time=np.arange(30),
        time_units="step", shown_item=None, item_onset=onset, item_offset=onset + 5,
    )  # fmt: skip


BROKEN = {
    "no common feature": (small("model", features=("category",)), small("neural"),
                          "no feature in common: category against image.*--pair category=image"),
    "other number of items": (small("model", n_items=3), small("neural"),
                              "3 items a trial, monkey 2; .*--items 2"),
    "all NaN": (dead("model"), small("neural"), "all activity is NaN at 1 of 2 aligned steps"),
    "all NaN in the brain": (small("model"), dead("neural"), "monkey: .*NaN at 1 of 2"),
    "time in steps": (continuous("model"), small("neural"),
                      "its time is in 'step'.*wmsim.recordings.align"),
    "too few values": (small("model", values=2), small("neural", values=2), "share 2 values"),
    "too few trials": (small("model"), small("neural").isel(trial=slice(9)),
                       "monkey: 9 trials cannot be divided"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_pairs_are_one_message(tmp_path, name, run):
    model, brain, message = BROKEN[name]
    save(model, tmp_path / "network.nc")
    save(brain, tmp_path / "monkey.nc")
    status, _, err = run(
        "compare", tmp_path / "network.nc", tmp_path / "monkey.nc", "--out", tmp_path / "out",
        "--halvings", 1, "--shuffles", 0, "--bootstrap", 0, "--score", "tensor", "--jobs", 1,
    )  # fmt: skip
    assert status == 1
    assert len(err.strip().splitlines()) == 1, err
    assert re.search(message, err), err


def test_other_units_of_time_are_told(tmp_path, run):
    import netCDF4

    for name, source in (("network", "model"), ("monkey", "neural")):
        save(small(source), tmp_path / f"{name}.nc")
    with netCDF4.Dataset(tmp_path / "network.nc", "a") as file:
        file["time"].units = "ms"
    files = (tmp_path / "network.nc", tmp_path / "monkey.nc")
    status, _, err = run("compare", *files, "--out", tmp_path / "out")
    assert status == 1
    assert "attr units is 'ms', expected 's' or 'step'. Convert to seconds" in err
    assert "Traceback" not in err


def test_a_pair_that_fails_is_left_out_and_told(recorded, tmp_path, counted):
    save(small("model", features=("category",)), tmp_path / "odd.nc")
    files = [recorded / "H2.nc", recorded / "monkey.nc", tmp_path / "odd.nc"]
    summary = compare_files(files, tmp_path / "out", BARE, n_jobs=1)
    assert any(note.startswith("Left out: odd and monkey have no") for note in summary["notes"])
    assert {row["model"] for row in summary["scores"] if row["value"] is not None} == {"H2"}
