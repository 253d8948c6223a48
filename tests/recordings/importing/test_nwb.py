"""NWB files as pynwb writes them: what is read, what is refused, and recordings made of them."""

from __future__ import annotations

from datetime import UTC, datetime

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.recordings import account, labels_of, validate
from wmsim.recordings.importing import nwb_series, nwb_tables
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.guessing import guess
from wmsim.recordings.importing.mapping import Mapping
from wmsim.recordings.importing.nwb import read_nwb_file
from wmsim.recordings.importing.spikes import bin_spikes

pynwb = pytest.importorskip("pynwb")
pytestmark = pytest.mark.filterwarnings("ignore:The linked table for DynamicTableRegion")

N_TRIALS, N_UNITS, LENGTH = 8, 4, 100.0
SPIKES = [
    np.sort(np.random.default_rng(unit).uniform(0, LENGTH, 60 * (unit + 1)))
    for unit in range(N_UNITS)
]
START = 4 + 12.0 * np.arange(N_TRIALS)
QUALITY = ["good", "mua", "good", "good"]
ITEMS = {"units": {"columns": {"area": "units.location"}},
         "items": {"onset": "on_{item}", "labels": {"image": "image_{item}"}, "no_item": (0,)},
         "events": {"probe": "probe_time"},
         "bins": {"width": 0.5, "before": 1, "after": 6}}  # fmt: skip


def new_file(**changes):
    """An empty NWB file in memory."""
    return pynwb.NWBFile(
        session_description="test", identifier="abc-1", session_id="07",
        session_start_time=datetime(2020, 1, 1, tzinfo=UTC),
        related_publications=["https://doi.org/10.1/2", "another"],
        subject=pynwb.file.Subject(subject_id="m3"), **changes,
    )  # fmt: skip


def write(file, path):
    """Write it."""
    with pynwb.NWBHDF5IO(str(path), "w") as opened:
        opened.write(file)
    return path


def add_units(file):
    """Four units, one of them on two electrodes, one observed in the first half only."""
    device = file.create_device("probe")
    groups = {
        area: file.create_electrode_group(name, description="x", location=area, device=device)
        for name, area in (("shank1", "CA1"), ("shank2", "CA3"))
    }
    for area in ("CA1", "CA3", "CA3"):
        file.add_electrode(group=groups[area], location=area)
    file.add_unit_column("quality", "who sorted it")
    file.add_unit_column("bursts", "when it bursts", index=True)
    for unit in range(N_UNITS):
        file.add_unit(
            spike_times=SPIKES[unit], quality=QUALITY[unit], bursts=np.arange(float(unit)),
            electrodes=[0, 1] if unit == 2 else [unit % 3],
            electrode_group=groups["CA1" if unit == 0 else "CA3"],
            obs_intervals=[[0.0, LENGTH / 2]] if unit == 1 else [[0.0, 40.0], [40.0, LENGTH]],
        )  # fmt: skip


def add_trials(file):
    """Eight trials of two images; the last has one."""
    for name in ("on_1", "on_2", "image_1", "image_2", "probe_time", "side"):
        file.add_trial_column(name, "x")
    for trial, start in enumerate(START.tolist()):
        last = trial == N_TRIALS - 1
        file.add_trial(
            start_time=start, stop_time=start + 6, on_1=start + 1, tags=["a"] * (trial % 3),
            on_2=np.nan if last else start + 2, probe_time=start + 5, side="left",
            image_1=trial % 3 + 1, image_2=0 if last else (trial + 1) % 3 + 1,
        )  # fmt: skip


def add_fluorescence(file):
    """Three regions of interest at 10 Hz from 2 s on; raw voltage, a film, a wheel."""
    device = file.create_device("microscope")
    channel = pynwb.ophys.OpticalChannel(name="c", description="x", emission_lambda=500.0)
    plane = file.create_imaging_plane(
        name="plane", optical_channel=channel, description="x", device=device, indicator="GCaMP",
        excitation_lambda=600.0, imaging_rate=10.0, location="V1",
    )  # fmt: skip
    segmentation = pynwb.ophys.PlaneSegmentation(name="seg", description="x", imaging_plane=plane)
    segmentation.add_column("kind_of_cell", "x")
    for roi in range(4):
        segmentation.add_roi(pixel_mask=[(roi, 0, 1.0)], kind_of_cell=f"type {roi}")
    module = file.create_processing_module("ophys", "x")
    module.add(pynwb.ophys.ImageSegmentation(plane_segmentations=[segmentation]))
    region = segmentation.create_roi_table_region("x", region=[3, 1, 0])
    time = 2 + np.arange(980) / 10
    data = np.stack([time, -time, 0 * time + 5], axis=1)
    series = pynwb.ophys.RoiResponseSeries(
        name="RoiResponseSeries", data=data, rois=region, unit="a.u.", rate=10.0, starting_time=2.0
    )
    module.add(pynwb.ophys.Fluorescence(roi_response_series=series))
    wheel = pynwb.TimeSeries(
        name="wheel", data=np.arange(5.0), unit="m", timestamps=np.arange(5.0), conversion=0.01
    )
    file.add_acquisition(wheel)
    file.add_acquisition(
        pynwb.TimeSeries(name="lick", data=np.ones(5), unit="n", timestamps=wheel)  # a soft link
    )
    file.add_acquisition(
        pynwb.image.ImageSeries(
            name="film",
            external_file=["film.avi"],
            format="external",
            unit="n",
            timestamps=np.arange(3.0),
        )
    )
    return data


@pytest.fixture(scope="module")
def spike_file(tmp_path_factory):
    """Units and trials."""
    file = new_file()
    add_units(file)
    add_trials(file)
    file.add_epoch(0.0, 50.0, tags=["drug"])
    file.add_epoch(50.0, 100.0, tags=["saline", "wash"])
    return write(file, tmp_path_factory.mktemp("nwb") / "spikes.nwb")


@pytest.fixture(scope="module")
def optical_file(tmp_path_factory):
    """Fluorescence and trials."""
    file = new_file()
    add_fluorescence(file)
    add_trials(file)
    return write(file, tmp_path_factory.mktemp("nwb") / "optical.nwb")


@pytest.fixture
def damaged(spike_file, tmp_path):
    """Opens a copy to spoil; gives its path."""

    def spoil(change):
        path = tmp_path / "spoilt.nwb"
        path.write_bytes(spike_file.read_bytes())
        with h5py.File(path, "a") as opened:
            change(opened)
        return path

    return spoil


def test_units_are_what_pynwb_reads(spike_file):
    raw = read_nwb_file(spike_file)
    with pynwb.NWBHDF5IO(str(spike_file), "r") as opened:
        units = opened.read().units
        for unit in range(N_UNITS):
            np.testing.assert_array_equal(
                raw.find("units.spike_times")[unit], units["spike_times"][unit]
            )
            np.testing.assert_array_equal(
                raw.find("units.obs_intervals")[unit], units["obs_intervals"][unit]
            )
            np.testing.assert_array_equal(raw.find("bursts")[unit], units["bursts"][unit])
        assert raw.find("quality").tolist() == list(units["quality"][:])
    assert raw.find("location").tolist() == ["CA1", "CA3", "CA1 + CA3", "CA1"]
    assert raw.find("units.electrode_group").tolist() == ["shank1", *["shank2"] * 3]
    assert raw.find("units.group_name").tolist() == [
        "shank1",
        "shank2",
        "shank1 + shank2",
        "shank1",
    ]
    assert [rows.tolist() for rows in raw.find("electrodes")] == [[0], [1], [0, 1], [0]]
    assert raw.attrs == {
        "session": "sub-m3_ses-07", "subject": "m3", "identifier": "abc-1",
        "reference": "https://doi.org/10.1/2; another",
    }  # fmt: skip
    assert raw.notes == []


def test_tables_of_intervals(spike_file):
    raw = read_nwb_file(spike_file)
    with pynwb.NWBHDF5IO(str(spike_file), "r") as opened:
        file = opened.read()
        for table, name in ((file.trials, "trials"), (file.epochs, "epochs")):
            for column in ("start_time", "stop_time"):
                np.testing.assert_array_equal(raw.find(f"{name}.{column}"), table[column][:])
        assert [cell.tolist() for cell in raw.find("trials.tags")] == [
            list(file.trials["tags"][trial]) for trial in range(N_TRIALS)
        ]
    assert raw.find("side").tolist() == ["left"] * N_TRIALS
    assert [cell.tolist() for cell in raw.find("epochs.tags")] == [["drug"], ["saline", "wash"]]


def test_locations_come_from_groups_without_electrodes(tmp_path):
    file = new_file()
    group = file.create_electrode_group(
        "tetrode", description="x", location="EC", device=file.create_device("d")
    )
    file.add_unit(spike_times=[1.0], electrode_group=group)
    raw = read_nwb_file(write(file, tmp_path / "a.nwb"))
    assert raw.find("units.location").tolist() == ["EC"]


def test_activity_is_missing_where_a_unit_was_not_observed(spike_file):
    spikes = {"times": "units.spike_times", "observed": "units.obs_intervals"}
    recording = assemble(read_nwb_file(spike_file), Mapping(spikes=spikes, **ITEMS))
    validate(recording)
    edges = np.arange(-2, 13) * 0.5
    expected = bin_spikes(SPIKES, START + 1, edges) / 0.5
    outside = (START + 1)[None, :] + edges[1:, None] > LENGTH / 2
    assert 0 < outside.mean() < 1
    found = recording["activity"].values
    np.testing.assert_array_equal(np.isnan(found[:, 1]), outside)
    np.testing.assert_allclose(found[:, 1][~outside], expected[:, 1][~outside], rtol=1e-6)
    others = [0, 2, 3]
    np.testing.assert_allclose(found[:, others], expected[:, others], rtol=1e-6)


def test_labels_and_times(spike_file):
    recording = assemble(
        read_nwb_file(spike_file), Mapping(spikes={"times": "spike_times"}, **ITEMS)
    )
    codes, names = labels_of(recording, "image")
    assert names == ["1", "2", "3"]
    assert codes[-1].tolist() == [1, -1]
    np.testing.assert_allclose(recording["item_onset"][:-1], [[0, 1]] * (N_TRIALS - 1))
    assert np.isnan(recording["item_onset"][-1, 1])
    np.testing.assert_allclose(recording["event_probe"], 4)
    assert set(recording["session"].values) == {"sub-m3_ses-07"}
    assert recording.attrs["reference"] == "https://doi.org/10.1/2; another"
    assert "NWB file spikes.nwb" in account(recording)


@pytest.mark.parametrize(
    ("units", "kept", "told"),
    [
        ({"keep": {"quality": "good"}}, [0, 2, 3], "1 quality mua"),
        ({"keep": {"location": ["CA1"]}}, [0, 3], "1 location CA1 \\+ CA3, 1 location CA3"),
        ({"min_rate": 1.5}, [2, 3], r"2 rate below 1.5 spikes/s"),
        ({"keep": {"quality": "good"}, "min_rate": 1.5}, [2, 3], "1 quality mua, 1 rate below"),
    ],
)
def test_units_are_selected(spike_file, units, kept, told):
    import re

    units = {"columns": {"area": "units.location"}} | units
    mapping = Mapping(spikes={"times": "spike_times"}, **(ITEMS | {"units": units}))
    recording = assemble(read_nwb_file(spike_file), mapping)
    assert recording["unit"].values.tolist() == [f"u{unit}" for unit in kept]
    assert re.search(f"units dropped: {told}", account(recording))


def test_fluorescence_is_cut_into_trials(optical_file):
    raw = read_nwb_file(optical_file)
    name = "ophys.Fluorescence.RoiResponseSeries"
    mapping = Mapping(
        activity={"variable": f"{name}.data", "dims": ["time", "unit"], "units": "a.u."},
        time={"variable": f"{name}.timestamps"},
        **(ITEMS | {"units": {"columns": {"cell": "rois.kind_of_cell"}}}),
    )
    recording = assemble(raw, mapping)
    validate(recording)
    assert recording["cell"].values.tolist() == ["type 3", "type 1", "type 0"]
    # The first region's fluorescence is the time itself, so bins must hold their own centres;
    # samples lie at the start of their 0.1 s.
    wanted = recording["time"].values[:, None] + (START + 1)[None, :] - 0.05
    np.testing.assert_allclose(recording["activity"][:, 0], wanted, atol=1e-4)
    np.testing.assert_allclose(recording["activity"][:, 1], -wanted, atol=1e-4)
    assert (recording["activity"][:, 2] == 5).all()


def test_time_series(optical_file):
    raw = read_nwb_file(optical_file)
    times = raw.find("ophys.Fluorescence.RoiResponseSeries.timestamps")
    np.testing.assert_allclose(times, 2 + np.arange(980) / 10)
    np.testing.assert_array_equal(raw.find("acquisition.wheel.data"), np.arange(5.0))
    np.testing.assert_array_equal(raw.find("acquisition.lick.timestamps"), np.arange(5.0))
    assert "acquisition.film.data" not in raw.variables
    notes = "\n".join(raw.notes)
    assert "skipped acquisition.film: frames in other files, which are not followed" in notes
    assert "before conversion: acquisition.wheel.data (x 0.01 m)" in notes
    assert not [name for name in raw.variables if "segmentation" in name.lower()]


def test_large_series_stay_on_disk(optical_file, monkeypatch):
    eager = read_nwb_file(optical_file)
    monkeypatch.setattr(nwb_tables, "IN_MEMORY", 500)
    monkeypatch.setattr(nwb_series, "LARGEST", 500)
    lazy = read_nwb_file(optical_file)
    for part in ("data", "timestamps"):
        name = f"ophys.Fluorescence.RoiResponseSeries.{part}"
        assert hasattr(lazy.find(name), "dask")
        np.testing.assert_allclose(np.asarray(lazy.find(name)), eager.find(name))
    assert isinstance(lazy.find("acquisition.wheel.data"), np.ndarray)


def test_waveforms_are_not_read(tmp_path):
    file = new_file()
    file.add_unit(spike_times=[1.0, 2.0], waveforms=[[[0.0, 1, 2]], [[3.0, 4, 5]]])
    raw = read_nwb_file(write(file, tmp_path / "a.nwb"))
    assert "units.waveforms" not in raw.variables
    assert raw.notes == ["skipped units.waveforms: several arrays a row"]
    with pytest.raises(WmsimError, match=r"has no variable 'units.waveforms'. skipped units.wave"):
        raw.find("units.waveforms")


def test_two_planes_keep_their_regions_apart(tmp_path, optical_file):
    path = tmp_path / "two.nwb"
    path.write_bytes(optical_file.read_bytes())
    with h5py.File(path, "a") as opened:
        group = opened["processing/ophys/Fluorescence"]
        group.copy("RoiResponseSeries", "second")
        del group["second/rois"]
        region = group["second"].create_dataset("rois", data=[2, 0, 1])
        region.attrs["table"] = opened["processing/ophys/ImageSegmentation/seg"].ref
    raw = read_nwb_file(path)
    found = raw.find("ophys.Fluorescence.second.rois.kind_of_cell")
    assert found.tolist() == ["type 2", "type 0", "type 1"]
    assert raw.find("RoiResponseSeries.rois.kind_of_cell").tolist() == [
        "type 3",
        "type 1",
        "type 0",
    ]


def test_a_draft_can_be_guessed(spike_file, optical_file):
    found = guess(read_nwb_file(spike_file))
    assert found.spikes == {"times": "units.spike_times", "observed": "units.obs_intervals"}
    assert found.onset == "trials.on_{item}"
    assert found.labels == {"image": "trials.image_{item}"}
    assert found.events == {"probe": "trials.probe_time"}
    found = guess(read_nwb_file(optical_file))
    name = "ophys.Fluorescence.RoiResponseSeries"
    assert found.activity == {"variable": f"{name}.data", "dims": ["time", "unit"]}
    assert found.time == f"{name}.timestamps"


def test_extensions_are_read_without_their_schema(damaged):
    def change(opened):
        opened.create_group("specifications/ndx-odd/0.1.0")
        series = opened["acquisition"].create_group("odd")
        series.attrs.update(neurodata_type="OddSeries", namespace="ndx-odd")
        series["data"] = np.arange(3)

    raw = read_nwb_file(damaged(change))
    assert raw.find("acquisition.odd.data").tolist() == [0, 1, 2]
    assert raw.notes == ["extensions, read without their schema: ndx-odd"]


def test_enumerations_and_booleans(damaged):
    def change(opened):
        trials = opened["intervals/trials"]
        trials["sides"] = np.array([b"left", b"right"])
        trials["which"] = np.array([1, 0, 1, 1, 0, 0, 1, 0], dtype=np.uint8)
        trials["which"].attrs["elements"] = trials["sides"].ref
        trials["good"] = np.array([True, False] * 4)

    raw = read_nwb_file(damaged(change))
    assert raw.find("which").tolist()[:3] == ["right", "left", "right"]
    assert raw.find("good").tolist() == [True, False] * 4


def link_out(opened, name):
    """Replace a member by a link to another file."""
    del opened[name]
    opened[name] = h5py.ExternalLink("other.nwb", "/units")


def reference_to_nothing(opened):
    """A unit's electrode group that was deleted."""
    del opened["general/extracellular_ephys/shank1"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: link_out(f, "units"), r"/units is a link to somewhere else \(ExternalLink\)"),
        (lambda f: link_out(f, "intervals/trials"), "/intervals/trials is a link to somewhere els"),
        (lambda f: link_out(f, "units/spike_times"), "/units/spike_times is a link to somewhere"),
        (
            lambda f: f["units/spike_times_index"].__setitem__(3, 60_000),
            r"/units/spike_times_index counts to 60000, but /units/spike_times has 600 entries",
        ),
        (
            lambda f: f["units/spike_times_index"].__setitem__(0, 500),
            "/units/spike_times_index counts to 600, but",
        ),
        (
            lambda f: f["units/electrodes"].__setitem__(0, 77),
            r"/units/electrodes names rows 0 to 77 of /general/extracellular_ephys/electrodes, "
            "which has 3",
        ),
        (reference_to_nothing, "/units/electrode_group refers to an object that is not in the f"),
        (lambda f: f.attrs.pop("nwb_version"), r"is HDF5, but not NWB \(it has no attribute nwb_"),
        (lambda f: f.attrs.__setitem__("nwb_version", "1.0.6"), "is NWB 1.0.6, version 2 was exp"),
        (
            lambda f: (
                f.attrs.pop("nwb_version"),
                f.create_dataset("nwb_version", data="NWB-1.0.5"),
            ),
            "is NWB NWB-1.0.5, version 2 was expected",
        ),
    ],
)
def test_refused_files(damaged, spoil, message):
    with pytest.raises(WmsimError, match=message):
        read_nwb_file(damaged(spoil))


def test_files_that_are_none(spike_file, tmp_path):
    (tmp_path / "half.nwb").write_bytes(spike_file.read_bytes()[:20_000])
    with pytest.raises(WmsimError, match="damaged or truncated"):
        read_nwb_file(tmp_path / "half.nwb")
    (tmp_path / "text.nwb").write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(WmsimError, match="is not HDF5, a NWB file was expected"):
        read_nwb_file(tmp_path / "text.nwb")
    with pytest.raises(WmsimError, match="No NWB file"):
        read_nwb_file(tmp_path / "none.nwb")
    (tmp_path / "a.nwb.zarr").mkdir()
    (tmp_path / "a.nwb.zarr" / ".zgroup").write_text("{}")
    with pytest.raises(WmsimError, match=r"is a Zarr store, an NWB file .* was expected. Convert"):
        read_nwb_file(tmp_path / "a.nwb.zarr")


def test_links_out_of_acquisition_are_noted(damaged, tmp_path):
    (tmp_path / "raw.bin").write_bytes(bytes(24))

    def change(opened):
        group = opened["acquisition"]
        group["far"] = h5py.ExternalLink("other.nwb", "/x")
        group.create_group("split").create_dataset(
            "data", (3,), "i8", external=[(str(tmp_path / "raw.bin"), 0, 24)]
        )
        group["itself"] = group
        group["round"] = h5py.SoftLink("/acquisition/round")

    raw = read_nwb_file(damaged(change))
    note = "\n".join(raw.notes)
    assert "/acquisition/far is a link to somewhere else (ExternalLink)" in note
    assert "/acquisition/split/data keeps its data in another file" in note
    assert "leads through more than 32 links" in note
    assert not [name for name in raw.variables if "acquisition" in name]


def test_a_bomb_of_spikes_is_not_read(damaged, monkeypatch):
    monkeypatch.setattr(nwb_tables, "LARGEST", 1000)

    def change(opened):
        units = opened["units"]
        del units["spike_times"]
        units.create_dataset("spike_times", (10**6,), "f8", compression="gzip", chunks=(10**5,))

    raw = read_nwb_file(damaged(change))
    assert "units.spike_times" not in raw.variables
    assert raw.notes == ["skipped units.spike_times: 1,000,000 values, too many"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.lists(st.floats(allow_nan=False, width=32), max_size=5), min_size=1, max_size=6
    )
)
def test_ragged_columns_come_back(tmp_path, rows):
    with h5py.File(tmp_path / "table.h5", "w") as out:
        out["x"] = np.array([value for row in rows for value in row])
        out["x_index"] = np.cumsum([len(row) for row in rows]).astype(np.uint8)
    with h5py.File(tmp_path / "table.h5") as opened:
        found = nwb_tables.read_table(opened["/"], "table", [])
    assert [row.tolist() for row in found["x"]] == rows
