"""The command: subjects trained once, figures measured once, claims judged and written."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from wmsim.errors import ConfigError, WmsimError
from wmsim.reproduce import Claim, Figure, Kind, ReproduceConfig, Study, reproduce_figures
from wmsim.reproduce import run as running
from wmsim.reproduce.registry import BEYOND, PAPER, figures


@pytest.fixture
def small(tiny_stimuli, tiny_features, monkeypatch):
    """Settings of subjects that train in a second, and their perception without an encoder."""
    for where in ("wmsim.reproduce.study", "wmsim.training.subject", "wmsim.training.several"):
        for name, value in (("build_stimuli", tiny_stimuli), ("encode", tiny_features)):
            monkeypatch.setattr(f"{where}.{name}", lambda *a, v=value, **k: v, raising=False)
    return ReproduceConfig(
        stimuli=tiny_stimuli.config,
        training={"iterations": 20, "batch": 16, "evaluate_every": 10, "items": 5},
        trials_per_task=20,
        test_trials=60,
    )


KIND = Kind(architecture="gru", units=8, regime="1-back-location")


def toy(calls, name="toy"):
    """A figure that asks for behaviour and recordings."""

    def measure(study):
        def compute(seed):
            calls.append(seed)
            with study.recording(KIND, seed) as recording:
                return xr.Dataset({"n": 100 * recording.sizes["trial"] + seed})

        found = study.measured("trials", KIND, compute)
        return found.assign(accuracy=study.behaviour(KIND)["accuracy"])

    def draw(found, stem):
        stem.parent.mkdir(exist_ok=True)
        for ending in (".png", ".pdf"):
            stem.with_suffix(ending).write_bytes(b"picture")

    return Figure(
        name, "A toy", "Nothing to see.", lambda config: [KIND], measure,
        lambda found: [
            Claim("trials are there", "number", found["n"].values, at_least=19),
            Claim("networks are perfect", "accuracy",
                  found["accuracy"].sel(split="train").values, at_least=1.5),
        ],
        draw,
    )  # fmt: skip


@pytest.fixture
def calls(monkeypatch):
    made = []
    monkeypatch.setattr(running, "figures", lambda names: [toy(made, name) for name in names])
    return made


def reproduce(names, out, small, **more):
    return reproduce_figures(names, out, small, device="cpu", n_jobs=1, **more)


def test_everything_is_written_and_nothing_is_measured_twice(small, calls, tmp_path):
    summary = reproduce(["toy"], tmp_path, small, subjects=2)
    assert calls == [0, 1]
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    assert [one["verdict"] for one in summary["claims"]] == ["holds", "does not hold"]
    assert {"figure", "claim", "statistic", "value", "low", "high"} <= set(summary["claims"][0])
    rows = list(csv.DictReader((tmp_path / "claims.csv").read_text().splitlines()))
    assert [row["verdict"] for row in rows] == ["holds", "does not hold"]
    page = (tmp_path / "report.html").read_text()
    assert "trials are there" in page
    assert "1 holds" in page
    with xr.open_dataset(tmp_path / "results" / "toy.nc") as kept:
        np.testing.assert_array_equal(kept["n"], [2000, 2001])
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("checkpoint.pt")}
    reproduce(["toy", "second"], tmp_path, small, subjects=3)
    assert calls == [0, 1, 2]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())


def test_other_settings_are_refused_in_the_same_folder(small, calls, tmp_path):
    reproduce(["toy"], tmp_path, small, subjects=1)
    with pytest.raises(WmsimError, match=r"study with other settings \(trials_per_task\)"):
        reproduce(["toy"], tmp_path, small.changed(trials_per_task=40), subjects=1)


def test_one_network_decides_nothing(small, calls, tmp_path):
    summary = reproduce(["toy"], tmp_path, small, subjects=1)
    assert {one["verdict"] for one in summary["claims"]} == {"undecided"}


def test_the_subjects_of_a_study_are_those_of_train_subject(small, tmp_path):
    from wmsim.training import train_subject

    study = Study(tmp_path / "study", small, seeds=[5], device="cpu", n_jobs=1)
    study.train([KIND, KIND])
    alone = train_subject(small.subject(KIND, seed=5), tmp_path / "alone", device="cpu")
    ours = study.subject(KIND, 5).network.state_dict()
    for name, value in alone.network.state_dict().items():
        np.testing.assert_allclose(ours[name], value, atol=1e-4)


def test_a_size_that_is_named_and_one_by_default_are_one_subject(small, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(
        "wmsim.reproduce.study.finish_subjects",
        lambda configs, folders, **k: trained.extend(folders),
    )
    study = Study(tmp_path, small, seeds=[5], device="cpu", n_jobs=1)
    study.train([Kind(architecture="gru"), Kind(architecture="gru", units=256)])
    assert len(trained) == 1


def test_all_names_every_figure_of_the_paper_once():
    assert [one.name for one in figures(["all", "fig4b"])] == list(PAPER)
    assert [one.name for one in figures(["beyond"])] == list(BEYOND)
    with pytest.raises(ConfigError, match="Did you mean 'fig4b'"):
        figures(["fig4bb"])


@pytest.mark.parametrize("name", [*PAPER, *BEYOND])
def test_every_figure_names_kinds_that_can_be_made(name):
    figure = figures([name])[0]
    for preset in ("demo", "paper"):
        config = ReproduceConfig.preset(preset)
        for kind in figure.kinds(config):
            subject = config.subject(kind, seed=1)
            assert subject.tasks
            assert subject.network.units == kind.size
    assert figure.title
    assert figure.caption.endswith(".")


def test_the_command_lists_prints_and_refuses(run, tmp_path):
    status, out, _ = run("reproduce", "--list")
    assert status == 0
    assert "fig4g" in out
    status, out, _ = run(
        "reproduce", "--preset", "paper", "--set", "training.iterations=7", "--print-config"
    )
    assert status == 0
    assert json.loads(out)["training"]["iterations"] == 7
    status, _, error = run("reproduce", "fig4b")
    assert status == 1
    assert "--out" in error
    status, _, error = run("reproduce", "fig4x", "--out", tmp_path)
    assert status == 1
    assert "Did you mean" in error
    status, _, error = run("reproduce", "fig4b", "--preset", "dmo", "--out", tmp_path)
    assert status == 1
    assert "Did you mean 'demo'" in error


def test_the_folder_cannot_be_a_file(small, calls, tmp_path):
    file = Path(tmp_path / "file")
    file.write_text("x")
    with pytest.raises(WmsimError, match="is a file"):
        reproduce(["toy"], file, small)
