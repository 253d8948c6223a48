"""``wmsim orthogonality``: numbers, figures and a page; finished work is read back."""

import json

import pytest
from typer.testing import CliRunner

from wmsim.cli import geometry
from wmsim.errors import WmsimError
from wmsim.hypotheses import plant
from wmsim.pipeline import AnalysisConfig
from wmsim.recordings import save
from wmsim.report.orthogonality import orthogonality_of

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}

QUICK = AnalysisConfig(folds=2, permutations=3, bootstrap=5)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings") / "animal.nc"
    save(plant(**PICTURES, n_trials=60, n_units=20, n_items=2, n_values=3, seed=1), path)
    return path


def test_a_subject(tiny_subject, tmp_path, monkeypatch):
    folder = tmp_path / "subject"
    folder.mkdir()
    (folder / "checkpoint.pt").write_bytes(b"any")
    loaded = []
    monkeypatch.setattr(
        "wmsim.training.load_subject", lambda path, device: loaded.append(path) or tiny_subject
    )
    out = tmp_path / "out"
    settings = {"dimensions": (3,), "bootstraps": 2, "trials": 60, "split": "train",
                "tasks": ("1-back-location",), "features": ("location", "category"),
                "config": QUICK}  # fmt: skip
    summary = orthogonality_of([folder], out, **settings)
    part = summary["orthogonality"]
    rows = part["subjects"]["subject"]["rows"]
    assert [(row["feature"], row["reduction"]) for row in rows[:2]] == [
        ("location", "as is"), ("location", "PCA 3"),
    ]  # fmt: skip
    assert set(rows[0]["spaces"]) == {"perceptual", "encoding"}
    assert part["over_subjects"]["n_subjects"] == 1
    assert part["over_subjects"]["rows"][0]["difference"]["low"] is None
    table = part["decodability"]["efficientnet-lite0"]["rows"]
    assert {row["feature"] for row in table} == {"category", "identity", "location"}
    written = (
        "summary.json", "report.html", "figures/orthogonality.png", "figures/orthogonality.pdf",
        "results/subject-orthogonality.nc", "results/efficientnet-lite0-decodability.nc",
        "results/over-subjects.nc",
    )  # fmt: skip
    for name in written:
        assert (out / name).is_file(), name
    assert json.loads((out / "summary.json").read_text())["orthogonality"] == part
    loads = len(loaded)
    again = orthogonality_of([folder], out, **settings)["orthogonality"]
    assert again == json.loads(json.dumps(part))
    assert len(loaded) == loads + 1  # for the table's key alone, not to record again


def test_a_recording(file, tmp_path):
    runner = CliRunner()
    import typer

    app = typer.Typer()
    app.command()(geometry.orthogonality)
    arguments = [str(file), "--out", str(tmp_path), "--dimensions", "4", "--bootstrap", "2",
                 "--permutations", "3", "--folds", "3"]  # fmt: skip
    done = runner.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "animal, image, PCA 4: O this recording" in done.output
    part = json.loads((tmp_path / "summary.json").read_text())["orthogonality"]
    assert part["over_subjects"] is None
    assert (tmp_path / "figures" / "animal-orthogonality.png").is_file()


def test_refusals(file, tmp_path):
    with pytest.raises(WmsimError, match="Nothing was given"):
        orthogonality_of([], tmp_path)
    with pytest.raises(WmsimError, match="holds no trained subject"):
        orthogonality_of([file.parent], tmp_path)
    with pytest.raises(WmsimError, match="runs of their own"):
        orthogonality_of([file.parent, file], tmp_path)
    with pytest.raises(WmsimError, match="given twice"):
        orthogonality_of([file, file], tmp_path)
    with pytest.raises(WmsimError, match="No recording"):
        orthogonality_of([file.with_name("none.nc")], tmp_path)
