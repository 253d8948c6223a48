"""The demo, small: everything that the big one leaves, in minutes' seconds."""

import json

import pytest

from wmsim.models import NetworkConfig
from wmsim.pipeline import AnalysisConfig
from wmsim.report.demo import DemoConfig, run_demo
from wmsim.report.page import format_number
from wmsim.stimuli import StimulusConfig
from wmsim.training import SubjectConfig, TrainingConfig

KEYS = {"value", "low", "high", "chance", "multiclass"}


@pytest.fixture(scope="module")
def small():
    analysis = AnalysisConfig(folds=3, permutations=2, permutations_unasked=1, bootstrap=20)
    return DemoConfig(
        subject=SubjectConfig(
            stimuli=StimulusConfig(
                categories=("car", "chair", "mug"), identities=2, novel_identities=1,
                train_views=2, novel_views=1, supersampling=1,
            ),
            network=NetworkConfig(architecture="gru", units=16),
            training=TrainingConfig(iterations=20, batch=32, evaluate_every=10),
            regime="STMF-2",
        ),
        trials_per_task=60,
        model_analysis=analysis,
        brain_analysis=analysis,
    )  # fmt: skip


@pytest.fixture(scope="module")
def offline():
    """No recordings at hand and no network."""
    patch = pytest.MonkeyPatch()
    patch.delenv("WMSIM_DATA_DIR", raising=False)

    def refuse(*args, **kwargs):
        raise OSError("no network")

    patch.setattr("pooch.retrieve", refuse, raising=True)
    patch.setattr("wmsim.recordings.registry._here", lambda *a: None)
    patch.setattr("wmsim.recordings.registry._download", _no_network)
    yield
    patch.undo()


def _no_network(*args, **kwargs):
    from wmsim.errors import WmsimError

    raise WmsimError("kornblith2017 cannot be downloaded: no network.")


@pytest.fixture(scope="module")
def done(small, offline, tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    return out, run_demo(out, small, n_jobs=1)


def test_summary_has_every_number_in_its_place(done):
    out, summary = done
    assert json.loads((out / "summary.json").read_text()) == summary
    subject = summary["subjects"][0]
    assert set(subject["accuracy"]) == {"train", "novel_angle", "novel_identity"}
    assert set(subject["executive_accuracy"]) == set(subject["accuracy"])
    model = summary["recordings"]["gru-STMF-2"]
    assert set(model["features"]) == {"location", "identity", "category"}
    for numbers in (model["features"]["location"], model["tasks"]["2-back-location"]["location"]):
        for name in ("within", "encoding_to_encoding", "encoding_to_memory", "same_age_transfer",
                     "same_item_transfer"):  # fmt: skip
            assert set(numbers[name]) >= KEYS
            assert set(numbers[name]["multiclass"]) >= KEYS - {"multiclass"}
        assert set(numbers["procrustes"]) >= {
            "fitted", "reconstructed", "swap_stimulus", "swap_time", "random_rotation",
        }  # fmt: skip
        assert len(numbers["within_by_item"]) == 6
    assert {"stimuli", "features", "training", "total"} <= set(summary["seconds"])


def test_a_planted_recording_is_said_plainly(done):
    out, summary = done
    planted = summary["recordings"]["planted"]
    assert planted["source"] == "planted"
    assert planted["description"].startswith("NOT A BRAIN")
    page = (out / "report.html").read_text()
    assert "NOT A BRAIN" in page
    assert page.count("data:image/png;base64,") >= 6


def test_run_again_nothing_is_trained_or_analysed_anew(done, small, monkeypatch):
    out, summary = done

    def forbidden(*args, **kwargs):
        raise AssertionError("done again")

    monkeypatch.setattr("wmsim.training.loop._step", forbidden)
    monkeypatch.setattr("wmsim.pipeline.run._work", forbidden)
    again = run_demo(out, small, n_jobs=1)
    assert again["recordings"] == summary["recordings"]
    assert again["subjects"][0]["features_cached"]


def test_numbers_are_printed_as_papers_do():
    full = {"value": 1.0, "low": 0.99, "high": 1.0, "chance": 0.5, "p": 0.01}
    assert format_number(full) == "1.00 [.99, 1.00] (.50), p .010"
    assert format_number({**full, "value": -0.25, "low": None, "chance": None}) == "-.25"
    assert format_number(None) == "-"
