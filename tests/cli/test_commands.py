"""Commands as a user meets them: exit status, one clear message, files."""

import json
import shutil

import h5py
import numpy as np
import pytest
import xarray as xr

from wmsim.hypotheses import plant
from wmsim.recordings import save

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}


@pytest.fixture(scope="module")
def recording_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings") / "planted.nc"
    save(plant(**PICTURES, n_trials=60, n_units=20, n_items=2, n_values=3, seed=1), path)
    return path


@pytest.fixture(scope="module")
def mesh_folder(tmp_path_factory):
    import trimesh

    folder = tmp_path_factory.mktemp("meshes")
    for category, make in (("box", trimesh.creation.box), ("ball", trimesh.creation.icosphere)):
        (folder / category).mkdir()
        for number in range(3):
            mesh = make()
            mesh.apply_scale([1, 1 + number / 2, 1])
            mesh.export(folder / category / f"{number}.ply")
    return folder


QUICK = ("--folds", 3, "--permutations", 2, "--bootstrap", 10, "--jobs", 1)


def test_analyze_leaves_everything_in_its_folder(run, recording_file, tmp_path):
    out = tmp_path / "out"
    status, said, _ = run("analyze", recording_file, "--out", out, *QUICK)
    assert status == 0
    assert "image: decoded at" in said
    summary = json.loads((out / "summary.json").read_text())
    assert summary["recordings"]["planted"]["features"]["image"]["within"]["value"] > 0.5
    page = (out / "report.html").read_text()
    assert "data:image/png;base64," in page
    assert "http://" not in page
    within = summary["recordings"]["planted"]["features"]["image"]["within"]["value"]
    assert f"{within:.2f}".lstrip("0") in page
    for stem in ("statistics", "positions", "planted-tensor", "planted-rdms-image"):
        assert (out / "figures" / f"{stem}.png").stat().st_size > 5000
        assert (out / "figures" / f"{stem}.pdf").stat().st_size > 1000
    with xr.open_dataset(out / "results" / "planted.nc") as tensor:
        assert "accuracy" in tensor
    with xr.open_dataset(out / "results" / "planted.nc", group="rdms/image") as distances:
        assert "dissimilarity" in distances


def test_permutations_end_early_and_the_report_says_so(run, recording_file, tmp_path):
    out = tmp_path / "out"
    words = ("--permutations", 30, "--stop-after", 1, "--rotation-permutations", 1)
    status, _, _ = run("analyze", recording_file, "--out", out, *QUICK, *words)
    assert status == 0
    numbers = json.loads((out / "summary.json").read_text())["recordings"]["planted"]
    assert numbers["config"]["stop_after"] == 1
    image = numbers["features"]["image"]
    assert 0 < image["n_permutations"] <= 30
    page = (out / "report.html").read_text()
    assert f"Permutations: image {image['n_permutations']}, {image['permutations_ended']}" in (
        page.replace("&amp;", "&")
    )
    assert "Rotations: the first 1 of them" in page


def test_validate_prints_what_to_compare_with_a_notebook(run, recording_file):
    status, said, _ = run("validate", recording_file)
    assert status == 0
    assert "60" in said
    assert "image" in said


def test_datasets_are_listed_with_licence(run):
    status, said, _ = run("datasets")
    assert status == 0
    assert "kornblith2017" in said
    assert "ODbL" in said
    status, said, _ = run("datasets", "kornblith2017", "399e11sb")
    assert status == 0
    assert said.count(".h5") >= 1


@pytest.mark.recordings
def test_import_says_what_it_found(run, recordings_dir, tmp_path):
    file = next((recordings_dir / "kornblith2017").glob("399e11sb*.h5"))
    status, said, _ = run("import", "kornblith2017", file, "--out", tmp_path / "x.nc")
    assert status == 0
    assert "68" in said
    assert run("validate", tmp_path / "x.nc")[0] == 0


def test_stimuli_from_meshes_give_a_contact_sheet(run, mesh_folder, tmp_path):
    status, said, _ = run(
        "stimuli", "--meshes", mesh_folder, "--out", tmp_path, "--novel-identities", 1,
        "--train-views", 2, "--novel-views", 1,
    )  # fmt: skip
    assert status == 0
    assert "6 identities in 2 categories" in said
    assert (tmp_path / "stimuli.png").is_file()


@pytest.mark.slow
def test_train_and_record(run, mesh_folder, tmp_path):
    common = ("--meshes", mesh_folder, "--novel-identities", 1, "--train-views", 1,
              "--novel-views", 1)  # fmt: skip
    out = tmp_path / "subject"
    words = ("train", "--out", out, "--regime", "1-back-location", "--iterations", 3, "--units", 6,
             "--grid", 1, "--device", "cpu", *common)  # fmt: skip
    status, said, _ = run(*words)
    assert status == 0
    assert "novel angle: accuracy" in said
    assert (out / "figures" / "learning.png").is_file()
    assert "Stimuli" in (out / "report.html").read_text()
    summary = json.loads((out / "summary.json").read_text())
    assert set(summary["subjects"][0]["executive_accuracy_by_task"]["train"]) == {"1-back-location"}
    status, again, _ = run(*words)
    assert (status, again) == (0, said)
    status, said, _ = run("record", out, "--out", tmp_path / "x.nc", "--trials", 10)
    assert status == 0
    assert "10 trials, 6 units, 6 steps" in said


@pytest.fixture(scope="module")
def broken(tmp_path_factory, recording_file):
    """Files that are wrong in one way each."""
    folder = tmp_path_factory.mktemp("broken")
    whole = recording_file.read_bytes()
    (folder / "truncated.nc").write_bytes(whole[: len(whole) // 2])
    (folder / "text.nc").write_text("not a netCDF file")
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(folder / "other.nc")
    with xr.open_dataset(recording_file) as good:
        good.drop_vars("activity").to_netcdf(folder / "no-activity.nc")
        nan = good.load().copy(deep=True)
        nan["activity"][:, 2, :9] = np.nan
        nan.to_netcdf(folder / "nan.nc")
        short = good.drop_vars("image").assign(image=(("row", "item"), good["image"].values[:-3]))
        short["image"].attrs = good["image"].attrs
        short.to_netcdf(folder / "short-labels.nc")
    with h5py.File(folder / "session.h5", "w") as file:
        file["x"] = np.arange(100_000)
    content = (folder / "session.h5").read_bytes()
    (folder / "truncated.h5").write_bytes(content[:2000])
    (folder / "empty").mkdir()
    lonely = folder / "lonely" / "chair"
    lonely.mkdir(parents=True)
    import trimesh

    trimesh.creation.box().export(lonely / "one.ply")
    bad = folder / "bad"
    for category in ("box", "ball"):
        (bad / category).mkdir(parents=True)
        for number in range(4):
            (bad / category / f"{number}.obj").write_text("this is not a mesh")
    (folder / "file").write_text("a file")
    return folder


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("analyze", "nowhere.nc", "--out", "OUT"), "No .*nowhere.nc"),
        (("analyze", "BROKEN/truncated.nc", "--out", "OUT"), "truncated.nc"),
        (("analyze", "BROKEN/text.nc", "--out", "OUT"), "text.nc"),
        (("analyze", "BROKEN/other.nc", "--out", "OUT"), "activity|recording"),
        (("analyze", "BROKEN/no-activity.nc", "--out", "OUT"), "activity"),
        (("analyze", "BROKEN/nan.nc", "--out", "OUT"), "NaN.*--nan-units drop"),
        (("analyze", "BROKEN/short-labels.nc", "--out", "OUT"), "image"),
        (("validate", "BROKEN/truncated.nc"), "truncated.nc"),
        (("import", "kornblith2017", "BROKEN/truncated.h5", "--out", "OUT/x.nc"), "truncated.h5"),
        (("import", "kornblith2017", "BROKEN/session.h5", "--out", "OUT/x.nc"), "trials"),
        (("import", "kornblith2017", "BROKEN/file", "--out", "OUT/x.nc"), "HDF5"),
        (("import", "kornblit2017", "BROKEN/session.h5", "--out", "OUT/x.nc"), "Did you mean"),
        (("stimuli", "--meshes", "BROKEN/lonely", "--out", "OUT"), "chair.* 1 "),
        (("stimuli", "--meshes", "BROKEN/empty", "--out", "OUT"), "empty"),
        (("stimuli", "--meshes", "BROKEN/bad", "--out", "OUT"), r"\.obj"),
        (("stimuli", "--category", "chare", "--out", "OUT"), "Did you mean 'chair'"),
        (("train", "--encoder", "resnet5", "--out", "OUT"), "Did you mean 'resnet50'"),
        (("train", "--regime", "1-back-locaton", "--out", "OUT"), "Did you mean '1-back-location'"),
        (("train", "--architecture", "grue", "--out", "OUT"), "Did you mean 'gru'"),
        (("train", "--device", "cuda:88", "--out", "OUT"), "cannot be used"),
        (("train", "--iterations", "0", "--out", "OUT"), "iterations is 0"),
        (("record", "BROKEN/empty", "--out", "OUT/x.nc"), "No subject in"),
        (("analyze", "GOOD", "--feature", "imag", "--out", "OUT"), "Did you mean 'image'"),
        (("analyze", "GOOD", "--task", "order", "--out", "OUT"), "Unknown task 'order'"),
        (("analyze", "GOOD", "--folds", "100", "--out", "OUT"), "fewer"),
        (("analyze", "GOOD", "--out", "BROKEN/file"), "is a file, a folder was expected"),
        (("datasets", "kornblith2016"), "Did you mean 'kornblith2017'"),
        (("datasets", "kornblith2017", "399e11s"), "399e11sb"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_clear_message(
    run, broken, recording_file, tmp_path, words, message
):
    import re

    words = [
        word.replace("BROKEN", str(broken)).replace("OUT", str(tmp_path))
        .replace("GOOD", str(recording_file))
        for word in words
    ]  # fmt: skip
    status, _, said = run(*words)
    assert status == 1
    assert "Traceback" not in said
    assert re.search(message, said, re.DOTALL), said
    assert said.startswith("wmsim: ")


def test_a_full_disk_is_said(run, recording_file, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wmsim.files.os.replace", full)
    status, _, said = run("analyze", recording_file, "--out", tmp_path / "x", *QUICK)
    assert status == 1
    assert "No space left on device" in said


@pytest.mark.parametrize(
    "words", [("analyse",), ("train",), ("analyze", "x.nc", "--out", "y", "--folds", "many")]
)
def test_wrong_usage_is_status_2(run, words):
    status, _, said = run(*words)
    assert status == 2
    assert "Traceback" not in said


def test_stopping_is_no_traceback(run, monkeypatch, recording_file, tmp_path):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("wmsim.report.analyze_file", stop)
    status, _, said = run("analyze", recording_file, "--out", tmp_path)
    assert status == 130
    assert "Traceback" not in said


def test_read_only_folder(run, recording_file, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    try:
        status, _, said = run("analyze", recording_file, "--out", locked / "x", *QUICK)
    finally:
        locked.chmod(0o700)
    if status == 0:
        shutil.rmtree(locked)
        pytest.skip("this user (root) may write anywhere")
    assert status == 1
    assert "Cannot write" in said
