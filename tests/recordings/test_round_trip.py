"""Whatever recording is drawn, its netCDF file gives it back."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings

from tests.recordings.strategies import recordings
from wmsim.errors import SchemaError
from wmsim.recordings import align, open_recording, save, validate


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(recording=recordings())
def test_netcdf_gives_back_the_recording(recording, tmp_path_factory):
    file = save(recording, tmp_path_factory.mktemp("trip") / "recording.nc")
    with open_recording(file) as opened:
        same = opened.load()
    assert set(same.variables) == set(recording.variables)
    for name, variable in recording.variables.items():
        found = same[name].dtype
        assert found == variable.dtype.newbyteorder("=") or variable.dtype.kind in "OUT", name
        assert (name in same.coords) == (name in recording.coords)
    xr.testing.assert_identical(same, recording)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(recording=recordings())
def test_what_was_opened_can_be_saved_and_is_the_same(recording, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trip")
    with open_recording(save(recording, folder / "a.nc")) as opened:
        file = save(opened, folder / "b.nc")
    with open_recording(file) as again:
        xr.testing.assert_identical(again.load(), recording)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(recording=recordings())
def test_drawn_recordings_are_recordings(recording):
    validate(recording)
    assert align(recording) is recording if "shown_item" in recording else True


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("halves", np.zeros(6, np.float16)),
        ("long", np.zeros(6, np.longdouble)),
        ("wave", np.zeros(6, complex)),
        ("date", np.array(["2024-01-01"] * 6, "datetime64[ns]")),
        ("gap", np.array([1] * 6, "timedelta64[ns]")),
        ("letters", np.array([b"a"] * 6)),
    ],
)
def test_types_that_netcdf_cannot_hold_are_named(continuous, tmp_path, name, values):
    recording = continuous.assign_coords({name: ("trial", values)})
    with pytest.raises(SchemaError, match=f"{name}: (has type|has mixed types).*(astype|str)"):
        save(recording, tmp_path / "a.nc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "attrs",
    [
        {"_FillValue": 1.0},
        {"missing_value": 1.0},
        {"scale_factor": 10.0, "add_offset": 2.0},
        {"dtype": "bool"},
        {"coordinates": "area"},
        {"units": "days since 2000-01-01"},
        {"kept.units": "ms", "kept.kept.": 1},
        {"json": "json:1", "list": [1, [2.5, "a"]], "none": None},
    ],
)
def test_attrs_that_netcdf_would_act_on_change_nothing(continuous, tmp_path, attrs):
    values = np.array([1.0, 2.0, 3.0, 1.0, np.nan, 0.0])
    recording = continuous.assign_coords(depth=("trial", values, attrs))
    recording.attrs["missing_value"] = 7
    with open_recording(save(recording, tmp_path / "a.nc")) as same:
        xr.testing.assert_identical(same.load(), recording)


@pytest.mark.parametrize("name", ["reaction time", "a.b", "é", "1st", "x y z", "a\\b"])
def test_odd_names_of_labels_are_kept(continuous, tmp_path, name):
    recording = continuous.assign_coords({name: ("trial", np.arange(6))})
    recording[f"{name} too"] = ("trial", np.arange(6))
    with open_recording(save(recording, tmp_path / "a.nc")) as same:
        xr.testing.assert_identical(same.load(), recording)


@pytest.mark.parametrize("name", ["-x", "a/b", "a\nb", "a "])
def test_attrs_of_names_that_netcdf_cannot_hold_are_named(continuous, tmp_path, name):
    with pytest.raises(SchemaError, match="An attr of the recording is named"):
        save(continuous.assign_attrs({name: 1}), tmp_path / "a.nc")
    continuous["area"].attrs[name] = 1
    with pytest.raises(SchemaError, match="area: an attr is named"):
        save(continuous, tmp_path / "a.nc")


@pytest.mark.parametrize("name", ["a/b", "", 3, "a\0b", " a", "-a", "a\n"])
def test_names_that_netcdf_cannot_hold_are_named(continuous, tmp_path, name):
    recording = continuous.assign_coords({name: ("trial", np.zeros(6))})
    with pytest.raises(SchemaError, match=r"A variable is named .* Rename it"):
        save(recording, tmp_path / "a.nc")
    assert not list(tmp_path.iterdir())
