"""MNE's epochs: activity, metadata and channels; lazily where they are large."""

import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from wmsim.errors import WmsimError
from wmsim.recordings.importing import mne_epochs
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.inspecting import draft_mapping
from wmsim.recordings.importing.mapping import Mapping
from wmsim.recordings.importing.mne_epochs import read_mne

mne = pytest.importorskip("mne")


@pytest.fixture(scope="module")
def epochs():
    info = mne.create_info(["Fz", "Cz", "M1"], 100.0, ["eeg", "eeg", "mag"])
    info["bads"] = ["Cz"]
    info["subject_info"] = {"his_id": "sub-7"}
    events = np.c_[np.arange(6) * 200, np.zeros(6, int), [1, 2, 1, 2, 1, 2]]
    metadata = pd.DataFrame(
        {
            "image": ["cup", "car", None, "car", "cup", "car"],
            "load": [1, 2, 1, 2, 1, 2],
            "rt": [0.5, np.nan, 0.4, 0.6, 0.7, 0.8],
            "correct": [True, False] * 3,
        }
    )
    data = np.random.default_rng(0).normal(size=(6, 3, 50)) * 1e-6
    return mne.EpochsArray(
        data, info, events, tmin=-0.1, event_id={"face": 1, "house": 2}, metadata=metadata,
        verbose="ERROR",
    )  # fmt: skip


@pytest.fixture(scope="module")
def file(epochs, tmp_path_factory):
    path = tmp_path_factory.mktemp("mne") / "sub-epo.fif"
    epochs.save(path, verbose="ERROR")
    return path


def test_epochs_in_memory(epochs):
    raw = read_mne(epochs)
    np.testing.assert_array_equal(raw.variables["data"], epochs.get_data(verbose="ERROR"))
    np.testing.assert_allclose(raw.variables["time"], epochs.times)
    assert raw.variables["channels.name"].tolist() == ["Fz", "Cz", "M1"]
    assert raw.variables["channels.type"].tolist() == ["eeg", "eeg", "mag"]
    assert raw.variables["channels.bad"].tolist() == [False, True, False]
    assert raw.variables["events.name"].tolist() == ["face", "house"] * 3
    assert raw.variables["metadata.image"].tolist() == ["cup", "car", "", "car", "cup", "car"]
    assert raw.variables["metadata.load"].dtype.kind == "i"
    assert raw.variables["metadata.correct"].dtype == bool
    assert np.isnan(raw.variables["metadata.rt"][1])
    assert raw.attrs == {"subject": "sub-7"}
    assert "2 eeg in V, 1 mag in T" in raw.notes[0]
    assert "Cz" in raw.notes[1]


def test_a_file_holds_the_same(epochs, file, monkeypatch):
    eager = read_mne(file)
    np.testing.assert_allclose(eager.variables["data"], epochs.get_data(verbose="ERROR"), rtol=1e-6)
    monkeypatch.setattr(mne_epochs, "IN_MEMORY", 10)
    lazy = read_mne(file)
    assert hasattr(lazy.variables["data"], "dask")
    np.testing.assert_array_equal(lazy.variables["data"].compute(), eager.variables["data"])
    for name in set(eager.variables) - {"data"}:
        np.testing.assert_array_equal(lazy.variables[name], eager.variables[name])


def test_the_draft_leads_to_a_recording(epochs):
    content = yaml.safe_load(draft_mapping(read_mne(epochs)))
    assert content["activity"]["dims"] == ["trial", "unit", "time"]
    content["items"] = {"labels": {"object": "events.name"}}
    content["units"] |= {"keep": {"channels.bad": False}, "values": {"kind": "sensor"}}
    content["units"].pop("rename", None)
    content["units"].pop("columns", None)
    recording = assemble(read_mne(epochs), Mapping(**content))
    assert recording["unit"].values.tolist() == ["Fz", "M1"]
    assert set(recording["kind"].values) == {"sensor"}
    expected = epochs.get_data(verbose="ERROR")[:, [0, 2]].transpose(2, 1, 0)
    np.testing.assert_allclose(recording["activity"], expected, rtol=1e-6)
    assert "1 channels.bad True" in recording.attrs["import_account"]


def test_lazy_epochs_become_a_lazy_recording(file, monkeypatch):
    monkeypatch.setattr(mne_epochs, "IN_MEMORY", 10)
    mapping = Mapping(
        activity={"variable": "data", "dims": ("trial", "unit", "time"), "units": "V"},
        time={"variable": "time"}, items={"labels": {"object": "events.name"}},
    )  # fmt: skip
    recording = assemble(read_mne(file), mapping)
    assert recording["activity"].chunks is not None
    assert np.isfinite(recording["activity"].values).all()


def test_truncated_foreign_and_missing_files(file, tmp_path):
    data = file.read_bytes()
    for length in (0, 100, len(data) // 2, len(data) - 2000):
        (tmp_path / "cut-epo.fif").write_bytes(data[:length])
        with pytest.raises(WmsimError, match=r"holds no epochs that can be read: it is truncated"):
            read_mne(tmp_path / "cut-epo.fif")
    (tmp_path / "b-epo.fif").write_bytes(b"hello" * 100)
    with pytest.raises(WmsimError, match=r"damaged, or holds something else"):
        read_mne(tmp_path / "b-epo.fif")
    with pytest.raises(WmsimError, match=r"Did you mean"):
        read_mne(tmp_path / "c-epo.fif")


@pytest.mark.parametrize("suffix", sorted(mne_epochs.OTHERS))
def test_other_formats_say_how_to_convert_them(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_bytes(b"")
    with pytest.raises(WmsimError, match=r"Convert it in Python: .*mne\.(io\.)?read_\w+.*save"):
        read_mne(tmp_path / f"a{suffix}")


def test_functions_that_convert_exist():
    import re

    for way in mne_epochs.OTHERS.values():
        for name in re.findall(r"mne\.([\w.]+)\(", way):
            part = mne
            for step in name.split("."):
                part = getattr(part, step)
            assert callable(part)


def test_what_is_no_epochs_is_told(tmp_path, epochs):
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(WmsimError, match=r"ends in '.csv', expected epochs of MNE"):
        read_mne(tmp_path / "a.csv")
    with pytest.raises(WmsimError, match=r"Found a Evoked.*, expected a file"):
        read_mne(epochs.average())
    with pytest.raises(WmsimError, match=r"has no epoch"):
        read_mne(epochs.copy().drop(range(6), verbose="ERROR"))


def test_without_mne_the_way_to_install_it_is_told(monkeypatch, file):
    monkeypatch.setitem(sys.modules, "mne", None)
    with pytest.raises(WmsimError, match=r"pip install wmsim\[mne\]"):
        read_mne(file)
