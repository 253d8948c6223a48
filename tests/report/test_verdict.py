"""``verdict_files``: the folder, resumed runs, subjects, pooled sessions."""

import dataclasses
import json

import numpy as np
import pytest
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.hypotheses import plant, plant_sessions
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.verdict import VerdictConfig
from wmsim.hypotheses.verdict import verdict as judge
from wmsim.recordings import save
from wmsim.report import verdict as report
from wmsim.report import verdict_further
from wmsim.report.verdict import headlines, verdict_files
from wmsim.report.verdict_group import group_verdicts
from wmsim.report.verdict_store import plain, read_verdict, write_verdict

QUICK = VerdictConfig(each=20, halvings=2, bootstrap=5, permutations=19)
SIZES = {"n_units": 40, "n_trials": 150, "n_items": 3}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Two recordings, of H2 and of H1."""
    folder = tmp_path_factory.mktemp("planted")
    for name in ("H2", "H1"):
        save(plant(hypothesis=name, signal=2.0, seed=3, **SIZES), folder / f"{name}.nc")
    return folder


@pytest.fixture(scope="module")
def one(recorded, tmp_path_factory):
    """A finished run on one recording."""
    out = tmp_path_factory.mktemp("one")
    summary = verdict_files(recorded / "H2.nc", out, QUICK, n_jobs=1)
    return out, summary


def test_one_recording_has_its_verdict_at_the_top(one):
    out, summary = one
    read = json.loads((out / "summary.json").read_text())
    assert read["verdict"] == "H2"
    assert set(read["probability"]) == set(HYPOTHESES)
    assert abs(sum(read["probability"].values()) - 1) < 1e-9
    effect = read["effects"]["same_age_memory"]
    assert effect["low"] < effect["value"] < effect["high"]
    assert read["reasons"][0].startswith("H2: ")
    assert read["verdicts"][0]["p"]["memory"] == 0.05
    assert read["group"] == []
    assert summary["verdicts"][0]["sensitivity"].keys() == set(HYPOTHESES)


def test_folder_holds_report_figures_and_labelled_results(one):
    out, summary = one
    page = (out / "report.html").read_text()
    for reason in summary["reasons"]:
        assert reason.split(".")[0].split("(")[0].split("<")[0].split("'")[0] in page
    assert page.count("data:image/png;base64,") == 2
    assert len(list((out / "figures").glob("*.pdf"))) == 2
    with xr.open_dataset(out / "results" / "verdict.nc") as found:
        assert found.attrs["schema"] == "wmsim.verdict"
        assert found["answer"].values.tolist() == ["H2"]
        H2 = found["predicted_similarity"].sel(hypothesis="H2").isel(verdict=0)
        at = {
            (int(i), int(s)): n
            for n, (i, s) in enumerate(zip(found.item, found.step, strict=False))
        }
        # Of one age, and of different ages.
        assert float(H2[at[0, 0], at[1, 1]]) > 0.5 > float(H2[at[0, 0], at[1, 2]])
        probability = found["probability"].isel(verdict=0).to_series().to_dict()
        assert probability == pytest.approx(summary["probability"])


def test_stopped_run_goes_on(recorded, one, tmp_path, monkeypatch):
    first, _ = one
    (tmp_path / "work").mkdir()
    for file in (first / "work").glob("*.json"):
        (tmp_path / "work" / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(report, "judge_job", None)  # would fail if it were called
    monkeypatch.setattr(report, "_figures", lambda *_: [])
    again = verdict_files(recorded / "H2.nc", tmp_path, QUICK, n_jobs=1)
    assert again["verdicts"] == one[1]["verdicts"]


def test_kept_verdict_reads_as_it_was_written(recorded, tmp_path):
    verdict = judge(plant(hypothesis="none", seed=5, **SIZES),
                    QUICK.changed(bootstrap=0, permutations=0)).verdicts[0]  # fmt: skip
    write_verdict(verdict, tmp_path / "one.json")
    read = read_verdict(tmp_path / "one.json")
    # NaN, which is equal to nothing, is null here.
    assert plain(dataclasses.asdict(read)) == plain(dataclasses.asdict(verdict))
    assert np.isnan(read.p["memory"])
    assert (type(read.states), type(read.states[0])) == (tuple, tuple)
    assert read.similarity.dtype == float
    assert read.choice.best == verdict.choice.best


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"choice": 3}'])
def test_what_is_cut_off_counts_as_unfinished(text, tmp_path):
    (tmp_path / "one.json").write_text(text)
    assert read_verdict(tmp_path / "one.json") is None


def test_subjects_are_judged_one_by_one_and_combined(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "_figures", lambda *_: [])
    files = [recorded / "H2.nc", recorded / "H1.nc"]
    summary = verdict_files(files, tmp_path, QUICK, further=False, n_jobs=1)
    assert [row["verdict"] for row in summary["verdicts"]] == ["H2", "H1"]
    assert "verdict" not in summary
    group = summary["group"][0]
    assert group["verdict"] == "undecided"
    assert group["subjects"] == ["H2", "H1"]
    assert group["frequency"]["H1"] == pytest.approx(group["frequency"]["H2"], abs=0.1)
    effect = group["effects"]["same_age_memory"]
    values = [row["effects"]["same_age_memory"]["value"] for row in summary["verdicts"]]
    assert effect["value"] == pytest.approx(np.mean(values))
    assert headlines(summary)[0].startswith("2 subjects, order of 3 items, image: Undecided. ")
    json.dumps(summary, allow_nan=False)


def test_subject_unlike_all_hypotheses_is_left_out_of_the_group(recorded):
    found = judge(plant(hypothesis="H2", signal=2.0, seed=3, **SIZES),
                  QUICK.changed(bootstrap=0, permutations=0)).verdicts[0]  # fmt: skip
    odd = dataclasses.replace(found, choice=dataclasses.replace(found.choice, distance=9.0))
    group = group_verdicts([("a", found), ("b", found), ("odd", odd)], 0.9)[0]
    assert group.subjects == ("a", "b")
    assert group.left_out == {"odd": "unlike all"}
    silent = dataclasses.replace(found, p={"encoding": 0.005, "memory": 0.4})
    alone = group_verdicts([("a", found), ("odd", odd), ("silent", silent)], 0.9)[0]
    assert (alone.verdict, alone.choice) == ("undecided", None)
    told = report.told_group(alone, 0.9)
    assert "odd (unlike all), silent (nothing held)" in told["reasons"][0]
    assert group_verdicts([("a", found)], 0.9) == []
    many = group_verdicts([(str(n), found) for n in range(8)], 0.9)[0]
    assert many.verdict == "H2"
    assert any("0.90" in reason for reason in report.told_group(many, 0.9)["reasons"])


def test_recording_that_cannot_be_judged_is_left_out_and_told(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "_figures", lambda *_: [])
    save(plant(n_units=10, n_trials=40, n_items=1, maintenance=1, seed=1), tmp_path / "one.nc")
    files = [recorded / "H2.nc", tmp_path / "one.nc"]
    summary = verdict_files(files, tmp_path / "out", QUICK, further=False, n_jobs=1)
    assert [row["subject"] for row in summary["verdicts"]] == ["H2"]
    notes = summary["subjects_judged"]["one"]["notes"]
    assert any("at least 2" in note for note in notes)


def test_sessions_are_pooled(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "_figures", lambda *_: [])
    files = []
    for number, session in enumerate(plant_sessions(2, hypothesis="H1", signal=2.0, **SIZES)):
        files.append(tmp_path / f"{number}.nc")
        save(session, files[-1])
    summary = verdict_files(files, tmp_path / "out", QUICK, pool=True, further=False, n_jobs=1)
    assert summary["verdict"] == "H1"
    assert summary["verdicts"][0]["n_units"] == 2 * SIZES["n_units"]
    assert summary["group"] == []


def test_further_predictions_never_fail_the_verdict(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "_figures", lambda *_: [])

    def broken(*_, **__):
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(verdict_further, "rank_or_time", broken)
    summary = verdict_files(recorded / "H2.nc", tmp_path, QUICK, n_jobs=1)
    assert summary["verdict"] == "H2"
    assert summary["further"] == []
    assert summary["further_left_out"][0]["why"] == "broken"


def test_further_predictions_are_told(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "_figures", lambda *_: [])
    answer = {"words": "The code changes with rank.", "answer": "rank", "p": float("nan")}
    monkeypatch.setattr(verdict_further, "rank_or_time", lambda *_, **__: (None, answer))
    summary = verdict_files(recorded / "H2.nc", tmp_path, QUICK, n_jobs=1)
    assert summary["further"][0]["answer"] == "rank"
    assert summary["further"][0]["numbers"]["p"] is None
    assert "The code changes with rank." in (tmp_path / "report.html").read_text()


def test_no_file_is_an_error(tmp_path):
    with pytest.raises(WmsimError, match="No file was given"):
        verdict_files([], tmp_path)
