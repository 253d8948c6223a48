"""rsatoolbox opens what is exported, and what it holds comes back."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rsatoolbox.data import Dataset, TemporalDataset, load_dataset
from rsatoolbox.rdm import calc_rdm

from tests.recordings.strategies import recordings
from wmsim.errors import SchemaError, WmsimError
from wmsim.recordings import labels_of, memory_space
from wmsim.recordings.exporting import (
    from_rsatoolbox,
    load_rsatoolbox,
    save_rsatoolbox,
    to_rsatoolbox,
    to_temporal,
)

QUIET = settings(max_examples=30, suppress_health_check=list(HealthCheck))


@QUIET
@given(recording=recordings())
def test_temporal_datasets_come_back(recording):
    xr.testing.assert_identical(from_rsatoolbox(to_temporal(recording)), recording)


@QUIET
@given(recording=recordings(aligned=True), data=st.data())
def test_datasets_come_back_whole_or_one_step_of_them(recording, data):
    xr.testing.assert_identical(from_rsatoolbox(to_rsatoolbox(recording)), recording)
    step = data.draw(st.integers(0, recording.sizes["time"] - 1))
    part = recording.isel(time=[step]).drop_vars("item_onset", errors="ignore")
    one = to_rsatoolbox(recording, step=step)
    xr.testing.assert_identical(from_rsatoolbox(one), part)


@settings(QUIET, max_examples=15)
@given(recording=recordings())
def test_files_come_back(recording, tmp_path_factory):
    file = save_rsatoolbox(recording, tmp_path_factory.mktemp("rsa") / "a.hdf5")
    opened = load_dataset(str(file), file_type="hdf5")
    assert isinstance(opened, TemporalDataset)
    np.testing.assert_array_equal(
        opened.measurements, recording["activity"].transpose("trial", "unit", "time")
    )
    xr.testing.assert_identical(load_rsatoolbox(file), recording)


def test_a_dataset_that_rsatoolbox_saved_itself(continuous, tmp_path):
    to_temporal(continuous).save(str(tmp_path / "a.h5"))
    xr.testing.assert_identical(load_rsatoolbox(tmp_path / "a.h5"), continuous)


def test_a_state_is_the_memory_space_of_trials_that_have_the_item(aligned):
    dataset = to_rsatoolbox(aligned, item=2, step=4)
    assert dataset.measurements.shape == (4, 4)  # the last of 5 trials has no third item
    expected = memory_space(aligned, item=2, step=4).values[:4]
    np.testing.assert_array_equal(dataset.measurements, expected)
    codes, names = labels_of(aligned, "image")
    assert dataset.obs_descriptors["image"].tolist() == [names[code] for code in codes[:4, 2]]
    assert (dataset.descriptors["item"], dataset.descriptors["step"]) == (2, 4)
    assert dataset.obs_descriptors["step_name"].tolist() == ["maintenance 2"] * 4
    part = aligned.isel(trial=slice(0, 4), time=[4])
    xr.testing.assert_identical(from_rsatoolbox(dataset), part)


def test_rdms_are_computed_from_it(aligned_with):
    images = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2]]
    aligned = aligned_with(features={"image": (images, ["cup", "car", "ape"])})
    rdm = calc_rdm(to_rsatoolbox(aligned, item=1, step=2), descriptor="image")
    space = memory_space(aligned, item=1, step=2).values.astype(float)
    names = list(rdm.pattern_descriptors["image"])
    assert set(names) == {"cup", "car", "ape"}
    shown = np.array(["cup", "car", "ape"])[np.array(images)[:, 1]]
    cup, car = (space[shown == name].mean(axis=0) for name in ("cup", "car"))
    found = rdm.get_matrices()[0][names.index("cup"), names.index("car")]
    np.testing.assert_allclose(found, np.mean((cup - car) ** 2), rtol=1e-5)


def test_what_rsatoolbox_chose_comes_back(continuous, aligned):
    chosen = to_temporal(continuous).subset_obs("task", "y").subset_channel("area", "amygdala")
    part = continuous.isel(trial=slice(2, 6), unit=[0, 2])
    xr.testing.assert_identical(from_rsatoolbox(chosen), part)
    later = to_temporal(continuous).subset_time("time", 0.0, 9.9)
    part = continuous.isel(time=continuous["time"].values >= 0)
    xr.testing.assert_identical(from_rsatoolbox(later), part)
    step = to_rsatoolbox(aligned).subset_obs("step_name", "item 2")
    xr.testing.assert_identical(from_rsatoolbox(step), aligned.isel(time=[1]))


def foreign(**changes):
    """Two-item trials as somebody else has them: 4 trials, 3 channels, 5 times."""
    given = {
        "measurements": np.arange(60.0).reshape(4, 3, 5),
        "obs_descriptors": {
            "first": ["cup", "car", "cup", "ape"],
            "second": ["car", "cup", None, "cup"],
            "t1": [0.1] * 4,
            "t2": [0.3, 0.3, np.nan, 0.3],
            "cue": [0.4] * 4,
            "block": [1, 1, 2, 2],
        },
        "channel_descriptors": {"name": ["A1", "A2", "B1"], "region": ["V4", "V4", "IT"]},
        "time_descriptors": {"time": [0.0, 0.1, 0.2, 0.3, 0.4]},
    } | changes
    return TemporalDataset(**given)


def test_a_foreign_temporal_dataset():
    recording = from_rsatoolbox(
        foreign(),
        features={"image": ["first", "second"]},
        onsets=["t1", "t2"],
        events={"probe": "cue"},
        activity_units="spikes/s",
    )
    assert recording["image"].values.tolist()[2] == ["cup", ""]
    assert np.isnan(recording["item_onset"].values[2, 1])
    assert recording["area"].values.tolist() == ["V4", "V4", "IT"]
    assert recording["unit"].values.tolist() == ["A1", "A2", "B1"]
    assert recording["block"].values.tolist() == [1, 1, 2, 2]
    assert recording["event_probe"].values.tolist() == [0.4] * 4
    assert not {"first", "second", "t1", "t2", "cue"} & set(recording.variables)
    np.testing.assert_array_equal(
        recording["activity"][3, 1], np.arange(60).reshape(4, 3, 5)[:, 1, 3]
    )


def test_a_foreign_dataset_has_one_step():
    theirs = Dataset(np.eye(3), obs_descriptors={"picture": [4.0, 5.0, np.nan], "other": [1, 2, 3]})
    recording = from_rsatoolbox(theirs.subset_obs("other", [1, 2]), features={"image": "picture"})
    assert recording["image"].values.tolist() == [[4], [5]]
    assert recording["step_name"].values.tolist() == ["item 1"]
    features = {"image": ["picture", "other"]}
    later = from_rsatoolbox(theirs, features=features, shown_item=-1)
    assert later["shown_item"].values.tolist() == [-1]
    with pytest.raises(WmsimError, match=r"no time axis and trials of several items.*shown_item=0"):
        from_rsatoolbox(theirs, features=features)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"not written by wmsim.*obs_descriptor.*features=.*first, second, t1"),
        ({"features": {"image": ["fist"]}}, "No obs_descriptor 'fist'. Did you mean 'first'"),
        (
            {"features": {"image": "first"}, "onsets": "second"},
            "Times were expected, found .*'car'",
        ),
        ({"features": {"image": "first"}, "events": {"probe": "que"}}, "Did you mean 'cue'"),
        ({"features": {"image": "first"}, "onsets": "block"}, "item_onset: found 2"),
        ({"features": {"image": "first"}, "source": "monkey"}, "attr source: is 'monkey'"),
    ],
)
def test_foreign_datasets_that_cannot_be_recordings(arguments, message):
    with pytest.raises(WmsimError, match=message):
        from_rsatoolbox(foreign(), **arguments)


def test_what_cannot_be_exported(continuous, aligned):
    with pytest.raises(WmsimError, match=r"continuous \(50 time bins.*align first, or to_temporal"):
        to_rsatoolbox(continuous)
    with pytest.raises(WmsimError, match="No step shows item 3"):
        to_rsatoolbox(aligned, item=3)
    with pytest.raises(WmsimError, match="No step 7: this recording has 5"):
        to_rsatoolbox(aligned, step=7)
    with pytest.raises(WmsimError, match="comes before item 2 is shown"):
        to_rsatoolbox(aligned, item=2, step=0)
    with pytest.raises(SchemaError, match=r"activity: has dims .*transpose\('time', 'unit'"):
        to_temporal(continuous.transpose("trial", "unit", "time", "item"))
    with pytest.raises(WmsimError, match="Found a ndarray, expected an rsatoolbox Dataset"):
        from_rsatoolbox(np.zeros((2, 2)))


@pytest.mark.parametrize("name", ["a.pkl", "a.hdf5"])
def test_pickles_are_never_loaded(tmp_path, name):
    (tmp_path / name).write_bytes(pickle.dumps({"measurements": 1}))
    with pytest.raises(WmsimError, match=r"is a pickle.*never does.*file_type='hdf5'"):
        load_rsatoolbox(tmp_path / name)


def test_other_files(tmp_path):
    (tmp_path / "a.hdf5").write_bytes(b"trial,image\n1,cup\n")
    with pytest.raises(WmsimError, match="is no file of rsatoolbox: it begins with b'trial,im'"):
        load_rsatoolbox(tmp_path / "a.hdf5")
    with h5py.File(tmp_path / "b.hdf5", "w") as out:
        out["rates"] = np.zeros(3)
    with pytest.raises(WmsimError, match="is HDF5, but no dataset of rsatoolbox"):
        load_rsatoolbox(tmp_path / "b.hdf5")
    with h5py.File(tmp_path / "c.hdf5", "w") as out:
        out.create_group("obs_descriptors")["image"] = h5py.ExternalLink("b.hdf5", "/rates")
    with pytest.raises(WmsimError, match="/obs_descriptors/image is a link to somewhere else"):
        load_rsatoolbox(tmp_path / "c.hdf5")
    with pytest.raises(WmsimError, match="No file of rsatoolbox"):
        load_rsatoolbox(tmp_path / "d.hdf5")
