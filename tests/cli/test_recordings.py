"""A laboratory's files to recordings and out again, by command."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from wmsim.hypotheses import plant
from wmsim.recordings import open_recording, save

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}

N_TRIALS = 30


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Spikes, trials and units of one session as CSV; every unit spikes once after each onset."""
    folder = tmp_path_factory.mktemp("lab")
    rng = np.random.default_rng(5)
    first = 10.0 + 5.0 * np.arange(N_TRIALS)
    spikes = [(1000 * (t + 0.31), unit) for t in first for unit in (3, 7)]
    pd.DataFrame(spikes, columns=["time", "cluster"]).to_csv(folder / "spikes.csv", index=False)
    pictures = np.array([rng.permutation(3)[:2] for _ in range(N_TRIALS)])
    pd.DataFrame({
        "on_1": 1000 * first, "on_2": 1000 * (first + 1), "picture_1": pictures[:, 0] + 1,
        "picture_2": pictures[:, 1] + 1, "delay": 1000 * (first + 2), "right": True,
    }).to_csv(folder / "trials.csv", index=False)  # fmt: skip
    pd.DataFrame({"cluster": [3, 7], "region": ["CA1", "CA3"]}).to_csv(
        folder / "units.csv", index=False
    )
    return folder


MAPPING = """
spikes: {times: spikes.time, clusters: spikes.cluster}
clock: ms
units: {name: units.cluster, columns: {area: region}}
trials: {columns: {correct: right}}
items: {onset: "on_{item}", labels: {picture: "picture_{item}"}}
events: {maintenance: delay}
session: day 1
"""


@pytest.fixture(scope="module")
def planted_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings") / "planted.nc"
    save(plant(**PICTURES, n_trials=60, n_units=20, n_items=2, n_values=3, seed=1), path)
    return path


def test_a_session_of_tables(run, lab, tmp_path):
    mapping = tmp_path / "m.yaml"
    mapping.write_text(MAPPING)
    out = tmp_path / "out.nc"
    status, said, _ = run(
        "import", "tables", lab, "--mapping", mapping, "--out", out, "--bin-width", 0.1,
        "--before", 0, "--after", 3,
    )  # fmt: skip
    assert status == 0
    assert "units kept: 2 of 2 (1 CA1, 1 CA3; 2 day 1)" in said
    assert f"dims: time 30, unit 2, trial {N_TRIALS}, item 2" in said
    with open_recording(out) as recording:
        rate = recording["activity"].values
        assert (rate.argmax(axis=0) == 3).all()
        assert (rate.sum(axis=0) * 0.1).round(4).tolist() == np.ones((2, N_TRIALS)).tolist()
        assert recording["item_onset"].values[:, 1].tolist() == pytest.approx([1.0] * N_TRIALS)
        assert recording["unit"].values.tolist() in ([3, 7], ["3", "7"])
        assert "spikes.time" in recording.attrs["config"]
    status, said, _ = run("validate", out)
    assert status == 0
    assert "timing of maintenance: 2.000 s" in said


def test_describe_writes_a_mapping_and_never_over_one(run, lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, said, _ = run("import", "--describe", lab)
    assert status == 0
    assert "spikes.time" in said
    assert "Mapping to fill in:" in said
    (written,) = tmp_path.glob("*.yaml")
    assert {"spikes", "items"} <= set(yaml.safe_load(written.read_text()))
    status, _, error = run("import", "--describe", lab)
    assert status == 1
    assert "is there already" in error
    assert run("import", "--describe", "tables", lab, "--out", tmp_path / "b.yaml")[0] == 0


def test_several_files_of_a_preset_go_into_a_folder(run, recordings_dir, tmp_path):
    files = sorted((recordings_dir / "kornblith2017").glob("4*.h5"))[:2]
    status, said, _ = run("import", "kornblith2017", *files, "--out", tmp_path / "all")
    assert status == 0
    assert said.count("units kept:") == 2
    assert sorted(p.stem for p in (tmp_path / "all").iterdir()) == [p.stem for p in files]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["import", "tables"], "expected a format and a file"),
        (["import", "matlb", "a.mat", "--out", "x.nc"], "Did you mean 'matlab'"),
        (["import", "matlab", "a.mat"], "--out is missing"),
        (["import", "matlab", "a.mat", "--out", "x.nc"], "needs a mapping"),
        (["import", "--describe", "a.xyz"], "suffix '.xyz' is not known"),
        (["import", "--describe", "no.npz"], "No"),
        (["import", "kornblith2017", "a.h5", "--out", "x.nc", "-o", "binwidth=1"], "bin_width"),
        (["import", "kornblith2017", "a.h5", "--out", "x.nc", "-o", "1"], "expected NAME=VALUE"),
        (["import", "kornblith2017", "a.h5", "--out", "x.nc", "--mapping", "m.yaml"], "is not use"),
        (["export", "rsatolbox", "PLANTED", "--out", "x"], "Did you mean 'rsatoolbox'"),
        (["noise", "PLANTED", "--like", "PLANTED", "--fano", "2", "--out", "x.nc"], "Leave out"),
        (["noise", "PLANTED", "--fano", "-1", "--out", "x.nc"], "fano"),
    ],
)
def test_wrong_requests(run, planted_file, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    status, _, error = run(*[planted_file if word == "PLANTED" else word for word in words])
    assert status == 1
    assert message in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["csv", "parquet", "nwb", "mne", "brainscore", "rsatoolbox"])
def test_export(run, planted_file, tmp_path, name):
    suffix = {"mne": "-epo.fif", "rsatoolbox": ".h5", "brainscore": ".nc"}.get(name, f".{name}")
    out = tmp_path / f"exported{suffix}"
    status, said, _ = run("export", name, planted_file, "--out", out)
    assert status == 0, said
    assert out.stat().st_size > 1000


def test_noise_like_a_recording(run, planted_file, tmp_path):
    model = plant(**PICTURES, n_trials=120, n_units=50, n_items=2, n_values=3, seed=2)
    model["activity"] = model["activity"] / 40 - 0.2
    model["activity"].attrs["units"] = "a.u."
    model.attrs["source"] = "model"
    save(model, tmp_path / "model.nc")
    out = tmp_path / "seen.nc"
    status, said, error = run(
        "noise", tmp_path / "model.nc", "--like", planted_file, "--out", out, "--seed", 3,
        "--window", 0.6,
    )  # fmt: skip
    assert status == 0, error
    assert "mean rates: drawn from 20" in said
    with xr.open_dataset(out) as seen:
        assert dict(seen.sizes) == {"time": 3, "unit": 20, "trial": 60, "item": 2}
        assert json.loads(seen.attrs["noise"].removeprefix("json:"))["seed"] == 3


def test_datasets_that_the_registry_does_not_list(run):
    status, said, _ = run("datasets", "dandi000469")
    assert status == 0
    assert "dandi download" in said
    status, _, error = run("datasets", "dandi000469", "--fetch")
    assert status == 1
    assert "dandi download" in error
