"""MNE opens what is exported, and what it holds comes back."""

from __future__ import annotations

import pickle
import sys

import mne
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings

from tests.recordings.strategies import recordings
from wmsim.errors import SchemaError, WmsimError
from wmsim.recordings import align
from wmsim.recordings.exporting import from_mne, load_mne, save_mne, to_mne

QUIET = settings(max_examples=25, suppress_health_check=list(HealthCheck))


@QUIET
@given(recording=recordings(even=True))
def test_epochs_come_back(recording):
    epochs = to_mne(recording)
    assert epochs.get_data(copy=False).dtype == np.float64
    np.testing.assert_array_equal(
        epochs.get_data(copy=False), recording["activity"].transpose("trial", "unit", "time")
    )
    xr.testing.assert_identical(from_mne(epochs), recording)


@settings(QUIET, max_examples=15)
@given(recording=recordings(even=True))
def test_files_come_back(recording, tmp_path_factory):
    file = save_mne(recording, tmp_path_factory.mktemp("mne") / "a-epo.fif")
    opened = mne.read_epochs(file, verbose="error")
    assert len(opened) == recording.sizes["trial"]
    xr.testing.assert_identical(load_mne(file), recording)
    assert [entry.name for entry in file.parent.iterdir()] == ["a-epo.fif"]


def test_units_are_channels_and_labels_are_metadata(continuous):
    epochs = to_mne(continuous)
    assert epochs.ch_names == ["a", "b", "c", "d"]
    assert set(epochs.get_channel_types()) == {"misc"}
    assert epochs.info["sfreq"] == pytest.approx(10)
    assert epochs.metadata["task"].tolist() == ["x", "x", "y", "y", "y", "y"]
    assert set(epochs.metadata["image_1"]) <= {"cup", "a car", "ape"}
    np.testing.assert_array_equal(epochs.metadata["item_onset_2"], continuous["item_onset"][:, 1])


@pytest.mark.parametrize(
    ("first", "expected"), [(-1.0, -1.0), (-0.95, -1.0), (0.05, 0.0), (0.3, 0.3), (1e-9, 0.0)]
)
def test_a_sample_has_its_bins_time_or_that_of_its_beginning(continuous_with, first, expected):
    time = first + np.arange(50) * 0.1
    recording = continuous_with(time=time, item_onset=None, item_offset=None, events={})
    epochs = to_mne(recording)
    np.testing.assert_allclose(epochs.times, expected + np.arange(50) * 0.1, atol=1e-12)
    np.testing.assert_array_equal(from_mne(epochs)["time"], time)


def test_steps_are_samples_one_second_apart(continuous):
    epochs = to_mne(align(continuous))
    assert epochs.info["sfreq"] == 1
    assert epochs.times.tolist() == [0, 1, 2]


def test_what_mne_chose_comes_back(continuous):
    epochs = to_mne(continuous)["task == 'y'"].pick(["d", "b"]).crop(-0.2, 2.5)
    times = np.flatnonzero((continuous["time"] > -0.16) & (continuous["time"] < 2.56))
    part = continuous.isel(trial=slice(2, 6), unit=[3, 1], time=times)
    xr.testing.assert_identical(from_mne(epochs), part)


def test_epochs_that_were_decimated_or_shifted(continuous):
    every = from_mne(to_mne(continuous).decimate(2, verbose="error"))
    xr.testing.assert_identical(every, continuous.isel(time=slice(0, None, 2)))
    for change in (
        lambda epochs: epochs.shift_time(0.1),
        lambda epochs: epochs.shift_time(-10.0),
        lambda epochs: epochs.shift_time(0.03),
    ):
        with pytest.raises(WmsimError, match=r"not time bins that wmsim wrote. Were they shifted"):
            from_mne(change(to_mne(continuous)))


def test_numbers_are_exact_and_changes_of_metadata_are_kept(continuous, tmp_path):
    largest = np.finfo(float).max
    weight = np.array([1 / 3, 2 / 3, 1e-13, largest, -largest, np.nan])
    exact = continuous.assign_coords(weight=("trial", weight))
    epochs = mne.read_epochs(save_mne(exact, tmp_path / "a-epo.fif"), verbose="error")
    epochs.metadata["task"] = ["z"] * 6
    epochs.metadata.loc[1, "weight"] = 5.0
    same = from_mne(epochs)
    assert same["task"].values.tolist() == ["z"] * 6
    expected = exact["weight"].values.copy()
    expected[1] = 5.0
    np.testing.assert_array_equal(same["weight"], expected)


def test_odd_names_of_units_are_numbered_in_mne(continuous_with):
    names = ["a:b", "unit0", "a name of more than 15 letters", ""]
    recording = continuous_with(unit={"unit": names})
    epochs = to_mne(recording)
    assert epochs.ch_names == ["unit0_", "unit0", "unit2", "unit3"]
    assert from_mne(epochs)["unit"].values.tolist() == names


def test_uneven_time(continuous_with):
    time = np.cumsum(np.linspace(0.05, 0.15, 50)) - 0.9
    recording = continuous_with(time=time, item_onset=None, item_offset=None, events={})
    with pytest.raises(WmsimError, match=r"0.0520408 to 0.15 s apart, MNE's samples are even"):
        to_mne(recording)


def test_other_epochs_are_refused(continuous):
    epochs = to_mne(continuous)
    epochs.info["description"] = "visual task"
    with pytest.raises(WmsimError, match=r"not made by wmsim.*wmsim import mne"):
        from_mne(epochs)
    with pytest.raises(WmsimError, match="Found a EvokedArray, expected MNE Epochs"):
        from_mne(to_mne(continuous).average(picks="all"))
    renamed = to_mne(continuous).rename_channels({"a": "z"})
    with pytest.raises(WmsimError, match="The channel 'z' is not one that wmsim wrote"):
        from_mne(renamed)


def test_other_files(tmp_path, continuous):
    (tmp_path / "a-epo.fif").write_bytes(pickle.dumps(1))
    with pytest.raises(WmsimError, match="is a pickle"):
        load_mne(tmp_path / "a-epo.fif")
    (tmp_path / "a-epo.fif").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(WmsimError, match="is no FIF file of MNE: it begins with"):
        load_mne(tmp_path / "a-epo.fif")
    file = save_mne(continuous, tmp_path / "b-epo.fif")
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(WmsimError, match="cannot be read as epochs of MNE"):
        load_mne(file)
    with pytest.raises(WmsimError, match=r"'a.nc' does not end in .fif.*'a-epo.fif'"):
        save_mne(continuous, tmp_path / "a.nc")
    with pytest.raises(SchemaError, match="not a recording"):
        save_mne(xr.Dataset(), tmp_path / "c-epo.fif")


def test_too_large_for_one_file(tmp_path, continuous, monkeypatch):
    monkeypatch.setattr("wmsim.recordings.exporting.mne.LARGEST", 1000)
    with pytest.raises(WmsimError, match=r"FIF holds at most 2 GB a file.*nwb"):
        save_mne(continuous, tmp_path / "a-epo.fif")


def test_without_mne(continuous, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mne", None)
    for call in (
        lambda: to_mne(continuous),
        lambda: from_mne(continuous),
        lambda: save_mne(continuous, tmp_path / "a-epo.fif"),
        lambda: load_mne(tmp_path / "a-epo.fif"),
    ):
        with pytest.raises(WmsimError, match=r"pip install wmsim\[mne\]"):
            call()
