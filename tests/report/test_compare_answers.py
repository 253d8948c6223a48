"""Who answered, how well, and what that means."""

import re

import numpy as np
import pytest

from wmsim.compare.config import CompareConfig
from wmsim.compare.run import EVERY, Model
from wmsim.hypotheses import plant
from wmsim.recordings import save
from wmsim.report import compare as report
from wmsim.report.compare import compare_files
from wmsim.report.compare_answers import answers, not_learnt, share_answered


def recorded(n_right, stems=("probe_1", "probe_2"), n_trials=36):
    """A model that answers the first so many trials rightly at each probe."""
    recording = plant(
        hypothesis="H2", n_units=12, n_trials=n_trials, n_items=2, signal=9, maintenance=0, seed=1
    )
    said = np.where(np.arange(n_trials) < n_right, "match", "none")
    for stem in stems:
        recording = recording.assign_coords(
            {f"{stem}_response": ("trial", said), f"{stem}_target": ("trial", ["match"] * n_trials)}
        )
    return recording


@pytest.mark.parametrize("stems", [("probe",), ("probe_1", "probe_2"), ()])
def test_all_probes_are_counted(stems):
    assert answers(recorded(9, stems)) == (9 * len(stems), 36 * len(stems))


def test_an_answer_without_what_is_right_does_not_count():
    assert answers(recorded(9, ("probe",)).drop_vars("probe_target")) == (0, 0)


def test_recordings_count_by_their_probes():
    model = Model("gru-0", {"a": recorded(0, n_trials=12), "b": recorded(36)})
    assert share_answered(model) == pytest.approx(36 / 48)
    assert share_answered(Model("encoder", {EVERY: recorded(9, ())}, "encoder")) is None


def test_trained_networks_alone_are_said_not_to_have_learnt():
    good, bad = Model("gru-0", {}), Model("rnn-0", {})
    control = Model("gru-0 untrained", {}, "untrained")
    (told,) = not_learnt([(good, 0.75), (bad, 0.5), (control, 0.1), (Model("x", {}), None)])
    assert told.startswith("rnn-0 answers 0.50 of probes rightly: it has not learnt the task")


def test_the_report_says_who_has_not_learnt(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "draw", lambda *_: [])
    brain = plant(hypothesis="H2", n_units=12, n_trials=36, n_items=2, signal=3, maintenance=0)
    files = [save(brain.assign_attrs(source="neural"), tmp_path / "monkey.nc")]
    for name, right in (("good", 33), ("bad", 18)):
        files.append(save(recorded(right), tmp_path / f"{name}.nc"))
    config = CompareConfig(scores=("tensor",), halvings=1, shuffles=0, bootstrap=0)
    summary = compare_files(files, tmp_path / "out", config, controls=False, n_jobs=1)
    assert {one["name"]: one["answered"] for one in summary["models"]} == {
        "good": pytest.approx(33 / 36), "bad": 0.5,
    }  # fmt: skip
    (note,) = (note for note in summary["notes"] if "not learnt" in note)
    assert note.startswith("bad answers")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "bad answers 0.50 of probes" in page
    assert re.search(r"<td>good</td>.*<td>0\.917</td>", page)
