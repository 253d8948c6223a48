"""All formats by name; files are whole or absent; nothing heavy is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest
import xarray as xr

from wmsim.errors import ConfigError, SchemaError, WmsimError
from wmsim.recordings import import_recording, subset
from wmsim.recordings.exporting import (
    EXPORTERS,
    export,
    from_brainscore,
    load_mne,
    load_rsatoolbox,
    read_nwb,
    read_table,
)

READERS = {
    "brainscore": (from_brainscore, "a.nc"),
    "csv": (read_table, "a.csv"),
    "mne": (load_mne, "a-epo.fif"),
    "nwb": (read_nwb, "a.nwb"),
    "parquet": (read_table, "a.parquet"),
    "rsatoolbox": (load_rsatoolbox, "a.hdf5"),
}


def test_every_format_is_read_back_somewhere():
    assert set(READERS) == set(EXPORTERS)


@pytest.mark.parametrize("name", sorted(READERS))
def test_export_by_name(name, continuous, tmp_path):
    read, file = READERS[name]
    made = export(name, continuous, tmp_path / "deep" / file)
    assert made == tmp_path / "deep" / file
    xr.testing.assert_identical(read(made), continuous)
    # Written again: the old file is replaced.
    xr.testing.assert_identical(
        read(export(name, continuous.isel(trial=[1]), made)), continuous.isel(trial=[1])
    )
    left = {entry.name for entry in made.parent.iterdir()}
    assert left == {file} | ({f"{file}.json"} if name == "csv" else set())


@pytest.mark.parametrize("name", sorted(READERS))
def test_what_is_no_recording_leaves_no_file(name, continuous, tmp_path):
    broken = continuous.transpose("trial", "unit", "time", "item")
    with pytest.raises(SchemaError, match="activity: has dims"):
        export(name, broken, tmp_path / READERS[name][1])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_failed_export_leaves_the_old_file(name, continuous, tmp_path, monkeypatch):
    file = export(name, continuous, tmp_path / READERS[name][1])
    before = file.read_bytes()

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(WmsimError, match=r"Cannot write .*No space left"):
        export(name, continuous.isel(trial=[0]), file)
    assert file.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == (2 if name == "csv" else 1)


def test_an_unknown_format(continuous, tmp_path):
    with pytest.raises(ConfigError, match=r"Unknown format 'brain-score'. Did you mean 'brainsc"):
        export("brain-score", continuous, tmp_path / "a")


@pytest.mark.recordings
@pytest.mark.parametrize("name", sorted(READERS))
def test_a_real_session_makes_the_trip(name, recordings_dir, tmp_path):
    file = sorted((recordings_dir / "kornblith2017").glob("*.h5"))[0]
    session = subset(import_recording("kornblith2017", file), trials=range(8), units=range(5))
    read, out = READERS[name]
    xr.testing.assert_identical(read(export(name, session, tmp_path / out)), session)


def test_nothing_heavy_is_loaded_before_it_is_needed():
    script = (
        "import sys, wmsim.recordings.exporting\n"
        "heavy = {'torch', 'pynwb', 'hdmf', 'mne', 'rsatoolbox', 'h5py', 'netCDF4', 'sklearn',"
        " 'matplotlib', 'dask'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
