"""The round trip keeps everything; every kind of bad file has one clear message."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import xarray as xr

from wmsim.errors import SchemaError, WmsimError
from wmsim.recordings import align, open_recording, save


def test_aligned_recordings_make_the_trip_too(continuous, tmp_path):
    steps = align(continuous, probe_window=(0.0, 0.5))
    with open_recording(save(steps, tmp_path / "steps.nc")) as same:
        xr.testing.assert_identical(same.load(), steps)


def test_saving_twice_gives_the_same(continuous, tmp_path):
    with open_recording(save(continuous, tmp_path / "a.nc")) as first:
        file = save(first, tmp_path / "b.nc")
    with open_recording(file) as second:
        xr.testing.assert_identical(second.load(), continuous)


def test_opening_leaves_activity_on_disk(continuous, tmp_path):
    with open_recording(save(continuous, tmp_path / "a.nc")) as opened:
        assert not opened["activity"].variable._in_memory
        part = opened["activity"].isel(unit=0, trial=0).values
        np.testing.assert_array_equal(part, continuous["activity"][:, 0, 0])


def test_files_are_compressed_in_chunks(continuous_with, tmp_path):
    recording = continuous_with(
        activity=np.zeros((50, 100, 6)), unit={"area": "x"}, events={}, trial={}
    )
    with h5py.File(save(recording, tmp_path / "a.nc")) as opened:
        assert opened["activity"].compression == "gzip"
        assert opened["activity"].shuffle
        assert opened["activity"].chunks == (50, 16, 6)


def test_lazy_activity_is_saved_piece_by_piece_and_checked(continuous, tmp_path):
    lazy = continuous.assign(activity=continuous["activity"].chunk({"unit": 2}))
    with open_recording(save(lazy, tmp_path / "a.nc")) as opened:
        assert opened.identical(continuous)
    spoilt = lazy.assign(activity=lazy["activity"].where(lazy["unit"] != "b"))
    with pytest.raises(SchemaError, match=r"activity: 1 units are NaN throughout \(b\)"):
        save(spoilt, tmp_path / "b.nc")
    assert not list(tmp_path.glob("*b*"))


def test_opening_in_pieces(continuous, tmp_path):
    file = save(continuous, tmp_path / "a.nc")
    with open_recording(file, chunks={"unit": 3}) as opened:
        assert opened["activity"].chunksizes["unit"] == (3, 1)
        assert align(opened).equals(align(continuous))


def test_saving_is_atomic_and_validated(continuous, tmp_path):
    file = save(continuous, tmp_path / "a.nc")
    before = file.read_bytes()
    with pytest.raises(SchemaError, match="attr source"):
        save(continuous.assign_attrs(source="?"), file)
    with pytest.raises(SchemaError, match="An attr holds a object, expected text"):
        save(continuous.assign_attrs(thing=object()), file)
    assert file.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.nc"]


def test_saving_onto_a_folder(continuous, tmp_path):
    with pytest.raises(WmsimError, match="is a folder, a file was expected"):
        save(continuous, tmp_path)


def test_missing_file(tmp_path, continuous):
    save(continuous, tmp_path / "session.nc")
    with pytest.raises(WmsimError, match=r"No recording '.*sesion.nc'. Did you mean .*session.nc"):
        open_recording(tmp_path / "sesion.nc")


@pytest.mark.parametrize("share", [0.2, 0.6, 0.98])
def test_truncated_file(continuous, tmp_path, share):
    file = save(continuous, tmp_path / "a.nc")
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WmsimError, match=r"damaged") as caught:
        open_recording(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("start", "remedy"),
    [(b"PK\x03\x04abcdefgh", "wmsim import"), (b"CDF\x01rest", "nccopy"), (b"", "It is empty")],
)
def test_not_netcdf4(tmp_path, start, remedy):
    file = tmp_path / "a.nc"
    file.write_bytes(start)
    with pytest.raises(WmsimError, match=f"is not netCDF-4: .*not with the HDF5.*{remedy}"):
        open_recording(file)


def test_other_hdf5(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as out:
        out["rates"] = np.zeros((2, 3))
    with pytest.raises(WmsimError, match=r"a.h5': This dataset is not a recording of wmsim"):
        open_recording(tmp_path / "a.h5")


def test_links_out_of_the_file_are_refused(tmp_path, continuous):
    file = save(continuous, tmp_path / "a.nc")
    with h5py.File(file, "a") as out:
        del out["area"]
        out["area"] = h5py.ExternalLink("other.h5", "/secret")
    with pytest.raises(WmsimError, match="/area is a link to somewhere else"):
        open_recording(file)


def test_netcdf_without_activity(tmp_path, continuous):
    continuous.rename(activity="rates").to_netcdf(tmp_path / "a.nc")
    with pytest.raises(SchemaError, match=r"activity: is missing, .*rates"):
        open_recording(tmp_path / "a.nc")


def test_the_check_can_be_left_out(tmp_path, continuous):
    continuous.assign_attrs(source="?").to_netcdf(tmp_path / "a.nc")
    with pytest.raises(SchemaError, match="attr source"):
        open_recording(tmp_path / "a.nc")
    with open_recording(tmp_path / "a.nc", check=False) as opened:
        assert opened.attrs["source"] == "?"
