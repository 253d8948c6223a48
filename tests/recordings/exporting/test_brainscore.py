"""Assemblies have the layout that Brain-Score's loader opens, and come back."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings

from tests.recordings.strategies import recordings
from wmsim.errors import ConfigError, SchemaError, WmsimError
from wmsim.recordings import align, save
from wmsim.recordings.exporting import from_brainscore, save_brainscore, to_brainscore

QUIET = settings(max_examples=30, suppress_health_check=list(HealthCheck))


def gathered(assembly):
    """What Brain-Score makes of an assembly: all coordinates of a dim as its MultiIndex."""
    indexes = {}
    for dim in assembly.dims:
        names = [
            name
            for name, coord in assembly.coords.variables.items()
            if coord.dims == (dim,) and not isinstance(coord, xr.IndexVariable)
        ]
        if names:
            indexes[dim] = names
    return assembly.set_index(append=True, **indexes)


def loaded(file, stimulus_set):
    """As Brain-Score's loader does: open, gather, merge the stimulus set, gather again."""
    with xr.open_dataarray(file) as opened:
        assembly = gathered(opened.load())
    assembly = assembly.reset_index(list(assembly.indexes))
    coords = {n: c for n, c in assembly.coords.variables.items() if c.dims == ("presentation",)}
    table = pd.DataFrame({name: np.asarray(coord) for name, coord in coords.items()})
    new = stimulus_set.columns.difference(table.columns.difference(["stimulus_id"]))
    merged = table.merge(stimulus_set[new], on="stimulus_id", how="left")
    for column in stimulus_set.columns:
        assembly[column] = ("presentation", merged[column])
    return gathered(assembly)


@QUIET
@given(recording=recordings())
def test_assemblies_come_back(recording):
    xr.testing.assert_identical(from_brainscore(to_brainscore(recording)), recording)


@settings(QUIET, max_examples=15)
@given(recording=recordings())
def test_files_come_back_as_written_and_as_brainscore_holds_them(recording, tmp_path_factory):
    file = save_brainscore(recording, tmp_path_factory.mktemp("bs") / "assy.nc")
    xr.testing.assert_identical(from_brainscore(file), recording)
    with xr.open_dataarray(file) as opened:
        assembly = gathered(opened.load())
    assert assembly.indexes["presentation"].nlevels >= 2
    xr.testing.assert_identical(from_brainscore(assembly), recording)


def test_the_layout(continuous, tmp_path):
    file = save_brainscore(continuous, tmp_path / "assy.nc", identifier="lab.Doe2024")
    with xr.open_dataset(file) as opened:
        assert list(opened.data_vars) == ["data"]
        assert opened.attrs["identifier"] == "lab.Doe2024"
        assert opened.attrs["stimulus_set_identifier"] == "lab.Doe2024"
        assert opened["data"].dims == ("presentation", "neuroid", "time_bin")
        # A coordinate of a dim's own name would be its index, and not be gathered.
        assert not set(opened.dims) & set(opened.variables)
        assert all(len(opened[name].dims) == 1 for name in opened.coords)
        assert opened["stimulus_id"].dims == ("presentation",)
        assert opened["stimulus_id"].dtype.kind == "U"
        assert opened["neuroid_id"].values.tolist() == ["a", "b", "c", "d"]
        start, end = opened["time_bin_start"].values, opened["time_bin_end"].values
    np.testing.assert_array_equal(start, np.arange(50) * 100.0 - 1000)
    np.testing.assert_array_equal(end - start, 100.0)


def test_brainscore_merges_its_stimulus_set(continuous, tmp_path):
    file = save_brainscore(continuous, tmp_path / "assy.nc")
    ids = np.unique(to_brainscore(continuous)["stimulus_id"].values)
    stimulus_set = pd.DataFrame({"stimulus_id": ids, "size": np.arange(ids.size)})
    assembly = loaded(file, stimulus_set)
    assert set(assembly.dims) == {"presentation", "neuroid", "time_bin"}
    chosen = assembly.sel(stimulus_id=ids[0])
    assert (chosen["size"] == 0).all()
    assert chosen.sizes["neuroid"] == 4
    again = from_brainscore(assembly)
    assert again.sizes == continuous.sizes


def test_steps_are_counted_as_time_bins(continuous):
    assembly = to_brainscore(align(continuous))
    assert assembly.attrs["time_bin_units"] == "step"
    assert assembly["time_bin_start"].values.tolist() == [0, 1, 2]
    assert assembly["time_bin_end"].values.tolist() == [1, 2, 3]


def test_the_stimulus_is_the_feature_that_was_asked_for(aligned_with):
    images = [[0, 1], [1, -1]]
    recording = aligned_with(
        activity=np.ones((2, 1, 2)), time=[0, 1], shown_item=[0, 1], target=None, trial={},
        features={"view": images, "image": (images, ["cup", "car"])},
    )  # fmt: skip
    assert to_brainscore(recording)["stimulus_id"].values.tolist() == ["cup|car", "car"]
    by_view = to_brainscore(recording, stimulus="view")
    assert by_view["stimulus_id"].values.tolist() == ["0|1", "1"]
    with pytest.raises(ConfigError, match=r"No feature 'imag'.*Did you mean 'image'"):
        to_brainscore(recording, stimulus="imag")


def test_what_was_chosen_comes_back(continuous):
    assembly = to_brainscore(continuous).isel(
        presentation=[4, 1], neuroid=[3], time_bin=range(9, 40)
    )
    part = continuous.isel(trial=[4, 1], unit=[3], time=range(9, 40))
    xr.testing.assert_identical(from_brainscore(assembly.transpose()), part)


def foreign(time_bins=2):
    """As public assemblies are: 3 presentations, 2 neuroids, times in ms."""
    coords = {
        "stimulus_id": ("presentation", ["i1", "i2", "i1"]),
        "repetition": ("presentation", [0, 0, 1]),
        "neuroid_id": ("neuroid", ["n1", "n2"]),
        "region": ("neuroid", ["V4", "IT"]),
        "animal": ("neuroid", ["M1", "M2"]),
        "time_bin_start": ("time_bin", [170, 70][-time_bins:]),
        "time_bin_end": ("time_bin", [270, 170][-time_bins:]),
    }
    values = np.arange(6.0 * time_bins).reshape(3, 2, time_bins)
    return xr.DataArray(values, coords, ("presentation", "neuroid", "time_bin"))


@pytest.mark.parametrize("multi", [False, True])
def test_a_foreign_assembly(multi, tmp_path):
    assembly = gathered(foreign()) if multi else foreign()
    if not multi:
        foreign().to_netcdf(tmp_path / "assy.nc")
        xr.testing.assert_identical(
            from_brainscore(tmp_path / "assy.nc").drop_attrs(),
            from_brainscore(assembly).drop_attrs(),
        )
    recording = from_brainscore(assembly)
    assert recording["image"].values.tolist() == [["i1"], ["i2"], ["i1"]]
    assert recording["time"].values.tolist() == [0.12, 0.22]  # sorted, in s
    assert recording["time"].attrs["bin_width"] == 0.1
    assert recording["area"].values.tolist() == ["V4", "IT"]
    assert recording["subject"].values.tolist() == ["M1", "M2"]
    assert recording["unit"].values.tolist() == ["n1", "n2"]
    assert recording["repetition"].values.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(
        recording["activity"].transpose("trial", "unit", "time"), foreign().values[:, :, ::-1]
    )


def test_a_foreign_assembly_without_time():
    assembly = foreign().mean("time_bin").assign_coords(second=("presentation", ["i3", "", "i3"]))
    recording = from_brainscore(assembly, features={"picture": "stimulus_id"})
    assert recording["shown_item"].values.tolist() == [0]
    assert recording["picture"].values.ravel().tolist() == ["i1", "i2", "i1"]
    assert recording["second"].values.tolist() == ["i3", "", "i3"]
    both = {"image": ["stimulus_id", "second"]}
    assert from_brainscore(assembly, features=both, shown_item=1).sizes["item"] == 2
    with pytest.raises(WmsimError, match="no time axis and trials of several items"):
        from_brainscore(assembly, features=both)


def test_times_of_items_are_in_ms():
    assembly = foreign().assign_coords(
        on=("presentation", [100, 100, 120]), cue=("presentation", [200, 200, 200])
    )
    recording = from_brainscore(assembly, onsets="on", events={"probe": "cue"})
    np.testing.assert_allclose(recording["item_onset"].values.ravel(), [0.1, 0.1, 0.12])
    np.testing.assert_allclose(recording["event_probe"].values, 0.2)


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (
            lambda a: a.rename(neuroid="unit"),
            {},
            r"dims \(presentation, unit, time_bin\), expected",
        ),
        (lambda a: a.expand_dims(run=2), {}, "dims .*run.*Rename or select"),
        (lambda a: a.drop_vars("time_bin_end"), {}, "time_bin_end: is missing.*'time_bin_start'"),
        (lambda a: a.drop_vars("stimulus_id"), {}, "not written by wmsim.*repetition"),
        (lambda a: a, {"features": {"image": "stimulus"}}, "Did you mean 'stimulus_id'"),
        (lambda a: a, {"time_units": "min"}, "time_units is 'min', expected 'ms' or 's'"),
        (lambda a: a, {"onsets": "repetition", "time_units": "s"}, "item_onset: found"),
        (lambda a: a.to_dataset(name="x"), {}, "Found a Dataset, expected an assembly"),
        (lambda a: a * np.nan, {}, "2 units are NaN throughout"),
    ],
)
def test_assemblies_that_cannot_be_recordings(change, arguments, message):
    with pytest.raises(WmsimError, match=message):
        from_brainscore(change(foreign()), **arguments)


def test_what_cannot_be_exported(continuous):
    with pytest.raises(SchemaError, match="not a recording"):
        to_brainscore(xr.Dataset())
    with pytest.raises(SchemaError, match="activity: has dims"):
        to_brainscore(continuous.transpose("unit", "time", "trial", "item"))


def test_other_files(tmp_path, continuous):
    (tmp_path / "a.nc").write_bytes(pickle.dumps(1))
    with pytest.raises(WmsimError, match="is a pickle"):
        from_brainscore(tmp_path / "a.nc")
    save(continuous, tmp_path / "b.nc")
    with pytest.raises(WmsimError, match=r"is no assembly of Brain-Score.*open_recording"):
        from_brainscore(tmp_path / "b.nc")
    with h5py.File(tmp_path / "c.nc", "w") as out:
        out["data"] = h5py.ExternalLink("b.nc", "/activity")
    with pytest.raises(WmsimError, match="/data is a link"):
        from_brainscore(str(tmp_path / "c.nc"))
