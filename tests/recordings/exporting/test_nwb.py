"""pynwb opens and validates what is exported, and what it holds comes back."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import h5py
import numpy as np
import pynwb
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings

from tests.recordings.strategies import recordings
from wmsim.errors import SchemaError, WmsimError
from wmsim.recordings import save
from wmsim.recordings.exporting import read_nwb, save_nwb


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(recording=recordings())
def test_files_are_valid_and_come_back(recording, tmp_path_factory):
    file = save_nwb(recording, tmp_path_factory.mktemp("nwb") / "a.nwb")
    assert pynwb.validate(path=str(file)) == []
    xr.testing.assert_identical(read_nwb(file), recording)


@pytest.fixture
def opened(continuous_with, tmp_path):
    """A session in NWB, its trials lacking an item here and there, and NaN activity."""
    onset = np.array([[0.0, 0.5]] * 5 + [[0.0, np.nan]])
    images = np.array([[0, 1]] * 5 + [[2, -1]])
    activity = np.random.default_rng(0).normal(size=(50, 4, 6))
    activity[10:20, 2, 3] = np.nan
    recording = continuous_with(
        activity=activity, item_onset=onset, item_offset=onset + 0.2,
        features={"image": (images, ["cup", "a car", "ape"])},
    )  # fmt: skip
    file = save_nwb(recording, tmp_path / "a.nwb")
    with pynwb.NWBHDF5IO(str(file), "r") as io:
        yield io.read(), recording


def test_units_are_a_table_without_spikes(opened):
    table = opened[0].units.to_dataframe()
    assert table["area"].tolist() == ["amygdala", "hippocampus", "amygdala", "hippocampus"]
    assert table["unit"].tolist() == ["a", "b", "c", "d"]
    assert "spike_times" not in table


def test_trials_do_not_overlap_and_tell_absolute_times(opened):
    nwb, recording = opened
    table = nwb.trials.to_dataframe()
    assert (table["start_time"].values[1:] > table["stop_time"].values[:-1]).all()
    np.testing.assert_allclose(table["stop_time"] - table["start_time"], 5.0)
    np.testing.assert_allclose(table["item_2_onset"] - table["item_1_onset"], [0.5] * 5 + [np.nan])
    np.testing.assert_allclose(table["item_1_onset"], table["time_zero"])
    np.testing.assert_allclose(table["item_2_offset"] - table["item_2_onset"], [0.2] * 5 + [np.nan])
    np.testing.assert_allclose(table["probe_time"] - table["time_zero"], 3.2)
    assert table["image_1"].tolist() == ["cup"] * 5 + ["ape"]
    assert table["image_2"].tolist() == ["a car"] * 5 + [""]
    assert table["correct"].tolist() == recording["correct"].values.tolist()


def test_activity_lies_within_its_trial(opened):
    nwb, recording = opened
    series = nwb.processing["wmsim"]["activity"]
    times, table = series.timestamps[:], nwb.trials.to_dataframe()
    assert (np.diff(times) > 0).all()
    assert (series.unit, series.timestamps_unit) == ("spikes/s", "seconds")
    for trial in range(6):
        row = table.iloc[trial]
        inside = (times >= row["start_time"]) & (times <= row["stop_time"])
        expected = recording["activity"].isel(trial=trial).values
        np.testing.assert_array_equal(series.data[inside], expected)
        np.testing.assert_allclose(times[inside] - row["time_zero"], recording["time"])
    assert np.isnan(series.data[:]).sum() == 10


def test_the_session_and_what_is_not_known_of_it(continuous, tmp_path):
    continuous = continuous.assign_coords(subject=("unit", ["P1"] * 4))
    file = save_nwb(continuous, tmp_path / "a.nwb")
    with pynwb.NWBHDF5IO(str(file), "r") as io:
        nwb = io.read()
        assert nwb.subject.subject_id == "P1"
        assert "date is not known" in nwb.notes
        assert nwb.session_start_time.isoformat() == continuous.attrs["created_at"]
    began = datetime(2020, 5, 4, 9, 30, tzinfo=UTC)
    save_nwb(continuous, file, session_start_time=began, session_description="Sternberg task")
    with pynwb.NWBHDF5IO(str(file), "r") as io:
        nwb = io.read()
        assert nwb.session_start_time == began
        assert nwb.session_description == "Sternberg task"
        assert "not known" not in nwb.notes


def test_the_same_recording_has_the_same_identifier(continuous, aligned, tmp_path):
    found = []
    for recording in (continuous, continuous, aligned):
        with pynwb.NWBHDF5IO(str(save_nwb(recording, tmp_path / "a.nwb")), "r") as io:
            found.append(io.read().identifier)
    assert found[0] == found[1] != found[2]


def test_labels_named_like_columns_of_nwb(continuous, tmp_path):
    recording = continuous.assign_coords(
        start_time=("trial", np.arange(6)), electrodes=("unit", np.arange(4)),
        id=("unit", list("wxyz")), item_1_onset=("trial", np.arange(6.0)),
        probe_time=("trial", list("uvwxyz")),
    )  # fmt: skip
    file = save_nwb(recording, tmp_path / "a.nwb")
    assert pynwb.validate(path=str(file)) == []
    xr.testing.assert_identical(read_nwb(file), recording)


def test_activity_is_read_in_blocks_of_trials(continuous, tmp_path, monkeypatch):
    monkeypatch.setattr("wmsim.recordings.exporting.nwb._BLOCK", 401)  # 2 trials of 200 values
    with xr.set_options(keep_attrs=True):
        lazy = continuous.chunk({"trial": 1})
    xr.testing.assert_identical(read_nwb(save_nwb(lazy, tmp_path / "a.nwb")), continuous)


def test_nwb_of_somebody_else(tmp_path):
    nwb = pynwb.NWBFile("a session", "id", datetime(2020, 1, 1, tzinfo=UTC))
    with pynwb.NWBHDF5IO(str(tmp_path / "a.nwb"), "w") as io:
        io.write(nwb)
    with pytest.raises(WmsimError, match=r"is NWB, but not of wmsim.*wmsim import nwb"):
        read_nwb(tmp_path / "a.nwb")


def test_other_files(tmp_path, continuous):
    (tmp_path / "a.nwb").write_bytes(pickle.dumps(1))
    with pytest.raises(WmsimError, match="is a pickle"):
        read_nwb(tmp_path / "a.nwb")
    (tmp_path / "a.nwb").write_text("no")
    with pytest.raises(WmsimError, match="is no file of NWB: it begins with b'no'"):
        read_nwb(tmp_path / "a.nwb")
    with pytest.raises(WmsimError, match="cannot be read as NWB"):
        read_nwb(save(continuous, tmp_path / "b.nc"))
    file = save_nwb(continuous, tmp_path / "c.nwb")
    with h5py.File(file, "a") as out:
        del out["units/area"]
        out["units/area"] = h5py.ExternalLink("b.nc", "/area")
    with pytest.raises(WmsimError, match="/units/area is a link to somewhere else"):
        read_nwb(file)
    with pytest.raises(SchemaError, match="not a recording"):
        save_nwb(xr.Dataset(), tmp_path / "d.nwb")
    assert not (tmp_path / "d.nwb").exists()


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_files(continuous, tmp_path, share):
    file = save_nwb(continuous, tmp_path / "a.nwb")
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WmsimError, match="damaged") as caught:
        read_nwb(file)
    assert "\n" not in str(caught.value)
