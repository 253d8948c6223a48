"""Sessions of Kyzar et al. 2024, written here with pynwb in the layout of DANDI 000469.

The layout is that of the published files: columns, types, descriptions and electrodes as in
the authors' export (0 where a picture or a time does not exist), one electrode a unit without
an index, waveforms indexed twice.
"""

from __future__ import annotations

from datetime import UTC, datetime

import h5py
import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings import account, align, labels_of, open_recording, save, validate
from wmsim.recordings.importing.kyzar2024 import import_kyzar2024
from wmsim.recordings.importing.spikes import bin_spikes

pynwb = pytest.importorskip("pynwb")

LOADS = np.array([1, 3, 2, 1, 3, 2, 1, 3], dtype=np.uint8)
PICTURES = np.array(
    [[4, 0, 0], [1, 2, 3], [5, 1, 0], [2, 0, 0], [3, 5, 4], [2, 4, 0], [1, 0, 0], [5, 3, 1]],
    dtype=np.uint8,
)
PROBES = np.array([4, 5, 1, 3, 4, 1, 1, 3], dtype=np.uint8)
LOCATIONS = [
    "hippocampus_right", "amygdala_left", "dorsal_anterior_cingulate_cortex_right",
    "pre_supplementary_motor_area_left", "ventral_medial_prefrontal_cortex_left",
]  # fmt: skip
ELECTRODES = [0, 0, 1, 2, 3, 4]
IMAGES = [22, 44, 53, 61, 70, 999]
RATES = [3.0, 8.0, 5.0, 0.05, 12.0, 2.0]


def times():
    """Fixation, 1 to 3 pictures of 1 s, 2.5 s of maintenance, probe, response; 0: none."""
    fixation = 5 + np.cumsum(np.r_[0, 7.5 + 1.2 * LOADS[:-1]])
    onset = fixation[:, None] + 1.04 + 1.2 * np.arange(3)
    shown = np.arange(3) < LOADS[:, None]
    maintenance = fixation + 1.06 + 1.2 * LOADS
    return {
        "timestamps_FixationCross": fixation,
        **{f"timestamps_Encoding{i + 1}": np.where(shown, onset, 0)[:, i] for i in range(3)},
        **{
            f"timestamps_Encoding{i + 1}_end": np.where(shown, onset + 1, 0)[:, i] for i in range(3)
        },
        "timestamps_Maintenance": maintenance,
        "timestamps_Probe": maintenance + 2.6,
        "timestamps_Response": maintenance + 3.4,
    }


def spike_trains():
    """Six units of different rates."""
    rng = np.random.default_rng(4)
    return [np.sort(rng.uniform(0, 100, rng.poisson(rate * 100) + 1)) for rate in RATES]


def new_file(task, number):
    """A file of subject 1 as the authors wrote them."""
    return pynwb.NWBFile(
        session_description=f"{task}: 1", identifier=f"{task}_1_P42CS", session_id=str(number),
        session_start_time=datetime(2016, 1, 1, tzinfo=UTC), lab="Rutishauser",
        institution="Cedars-Sinai Medical Center", experimenter=["Kyzar, Michael"],
        keywords=["single neuron, human, intracranial, persistent activity, working memory"],
        related_publications=["doi: 10.1038/nn.4509, 10.1016/j.neuron.2020.01.032"],
        subject=pynwb.file.Subject(
            subject_id="1", species="Homo sapiens", sex="M", age="P31Y", description="x"
        ),
    )  # fmt: skip


def column(name, data, description="x"):
    """A column of a table."""
    return pynwb.core.VectorData(name=name, description=description, data=data)


def add_units(file):
    """Units, one electrode each."""
    for index, location in enumerate(LOCATIONS):
        name = f"NLX-microwires-{31 + index}"
        group = file.create_electrode_group(
            name, description="Microwire", location=location, device=file.create_device(name)
        )
        if index == 0:
            file.add_electrode_column("origChannel", "my description")
        file.add_electrode(
            x=20.0, y=-18.0, z=-14.0, location=location, filtering="300-3000Hz", group=group,
            group_name="micros", origChannel=float(31 + index),
        )  # fmt: skip
    spikes = spike_trains()
    file.units = pynwb.misc.Units(name="units", description="units table")
    for train in spikes:
        file.add_unit(
            spike_times=train, waveforms=np.ones((len(train), 1, 4)), waveform_mean=np.ones(4)
        )
    for name in ("mean_snr", "peak_snr", "isolation_distance", "mean_proj_dist"):
        file.add_unit_column(f"waveforms_{name}", "x", data=np.arange(6.0))
    file.add_unit_column("clusterID_orig", "x", data=np.arange(6.0) + 1100)
    return spikes


def add_events(file, codes, stamps):
    """Markers of the task."""
    file.add_acquisition(pynwb.TimeSeries(name="events", data=codes, unit="NA", timestamps=stamps))


def add_pictures(file, numbers, order, stamps):
    """The pictures, and when they were shown."""
    images = [
        pynwb.image.RGBImage(name=f"image_{n}", data=np.zeros((4, 3, 3), np.uint8)) for n in numbers
    ]
    templates = pynwb.base.Images(
        name="StimulusTemplates", images=images, description="x",
        order_of_images=pynwb.base.ImageReferences(name="order_of_images", data=images),
    )  # fmt: skip
    file.add_stimulus_template(templates)
    file.add_stimulus(
        pynwb.image.IndexSeries(
            name="StimulusPresentation", data=order, timestamps=stamps, unit="N/A",
            indexed_images=templates,
        )
    )  # fmt: skip


def write(file, path):
    """Write it; units' electrodes go without an index, as the authors have them."""
    with pynwb.NWBHDF5IO(str(path), "w") as opened:
        opened.write(file)
    with h5py.File(path, "a") as opened:
        region = opened["units"].create_dataset("electrodes", data=np.array(ELECTRODES, np.int32))
        region.attrs["table"] = opened["general/extracellular_ephys/electrodes"].ref
        region.attrs["neurodata_type"] = "DynamicTableRegion"
    return path


@pytest.fixture(scope="module")
def sternberg(tmp_path_factory):
    """A Sternberg session."""
    file, stamps = new_file("SBID", 2), times()
    pictures = {f"loadsEnc{i + 1}_PicIDs": PICTURES[:, i] for i in range(3)}
    labels = {
        "loads": LOADS, **pictures, "loadsProbe_PicIDs": PROBES,
        "response_accuracy": np.array([1, 1, 0, 1, 1, 1, 1, 1], dtype=np.uint8),
        "probe_in_out": (PROBES[:, None] == PICTURES).any(axis=1).astype(np.uint8),
    }  # fmt: skip
    start = {
        "start_time": stamps["timestamps_FixationCross"],
        "stop_time": stamps["timestamps_Response"],
    }
    file.trials = pynwb.epoch.TimeIntervals(
        name="trials", description="Intervals for the Sternberg Task",
        columns=[column(name, data) for name, data in (start | stamps | labels).items()],
    )  # fmt: skip
    add_units(file)
    add_events(file, np.array([61, 11, 60], np.int8), np.array([0.0, 5, 99]))
    add_pictures(file, IMAGES, np.array([3, 5, 5, 3], np.uint32), np.array([6.0, 6.1, 6.2, 9]))
    return write(file, tmp_path_factory.mktemp("kyzar") / "sub-1_ses-2_ecephys+image.nwb")


@pytest.fixture(scope="module")
def screening(tmp_path_factory):
    """A screening session: trials have a start and a stop, pictures are in the stimulus."""
    file = new_file("SCID", 1)
    for trial in range(10):
        file.add_trial(start_time=10.0 + trial * 2, stop_time=11.0 + trial * 2)
    add_units(file)
    add_pictures(file, [1, 11, 12], np.array([0, 2, 1], np.uint32), np.array([10.0, 12, 14]))
    return write(file, tmp_path_factory.mktemp("kyzar") / "sub-1_ses-1_ecephys+image.nwb")


@pytest.fixture
def changed(sternberg, tmp_path):
    """Opens a copy to change; gives its path."""

    def change(how):
        path = tmp_path / "sub-1_ses-2_ecephys+image.nwb"
        path.write_bytes(sternberg.read_bytes())
        with h5py.File(path, "a") as opened:
            how(opened["intervals/trials"], opened)
        return path

    return change


def test_trials(sternberg, tmp_path):
    recording = import_kyzar2024(sternberg, bin_width=0.1)
    validate(recording)
    assert (recording.sizes["trial"], recording.sizes["item"]) == (8, 3)
    codes, names = labels_of(recording, "image")
    assert names == [f"image {n}" for n in range(1, 6)]
    np.testing.assert_array_equal(codes, PICTURES.astype(int) - 1)
    np.testing.assert_array_equal(recording["n_items"], LOADS)
    assert recording["correct"].values.tolist() == [True, True, False, *[True] * 5]
    assert recording["probe_image"].values.tolist() == [f"image {n}" for n in PROBES]
    assert recording["probe_in"].values.tolist() == [
        probe in shown for probe, shown in zip(PROBES, PICTURES, strict=True)
    ]
    stamps, shown = times(), PICTURES > 0
    first = stamps["timestamps_Encoding1"]
    for item in range(3):
        for name, column_name in (("item_onset", ""), ("item_offset", "_end")):
            wanted = stamps[f"timestamps_Encoding{item + 1}{column_name}"] - first
            found = recording[name].values[:, item]
            np.testing.assert_allclose(found[shown[:, item]], wanted[shown[:, item]])
            assert np.isnan(found[~shown[:, item]]).all()
    for name, stamp in {"fixation": "FixationCross", "maintenance": "Maintenance",
                        "probe": "Probe", "response": "Response"}.items():  # fmt: skip
        np.testing.assert_allclose(
            recording[f"event_{name}"], stamps[f"timestamps_{stamp}"] - first
        )
    assert recording["time"].values[-1] > float(recording["event_probe"].max())
    with open_recording(save(recording, tmp_path / "a.nc")) as same:
        assert account(same) == account(recording)


def test_units(sternberg):
    recording = import_kyzar2024(sternberg)
    assert recording["area"].values.tolist() == [
        "hippocampus", "hippocampus", "amygdala", "dorsal anterior cingulate cortex",
        "pre-supplementary motor area", "ventromedial prefrontal cortex",
    ]  # fmt: skip
    sides = ["right", "right", "left", "right", "left", "left"]
    assert recording["hemisphere"].values.tolist() == sides
    assert recording["unit"].values.tolist() == [f"sub-1_ses-2/u{unit}" for unit in range(6)]
    assert set(recording["session"].values) == {"sub-1_ses-2"}
    assert set(recording["subject"].values) == {"1"}
    assert recording["channel"].values.tolist() == [31, 31, 32, 33, 34, 35]
    assert recording["cluster"].values.tolist() == list(range(1100, 1106))
    assert recording.attrs["licence"] == "CC-BY-4.0"
    assert "10.1038/s41597-024-02943-8" in recording.attrs["reference"]


def test_rates_count_the_spikes(sternberg):
    recording = import_kyzar2024(sternberg, bin_width=0.5, before=1, after=3)
    first = times()["timestamps_Encoding1"]
    wanted = bin_spikes(spike_trains(), first, np.arange(-2, 7) * 0.5) / 0.5
    np.testing.assert_allclose(recording["activity"], wanted, rtol=1e-6)


def test_the_next_trial_is_masked(sternberg):
    recording = import_kyzar2024(sternberg, bin_width=0.5, after=20.0)
    first = times()["timestamps_Encoding1"]
    gap = np.r_[np.diff(first), np.inf]
    late = recording["time"].values[:, None] + 0.25 > gap + 1e-9
    missing = np.isnan(recording["activity"].values)
    np.testing.assert_array_equal(missing, np.broadcast_to(late[:, None], missing.shape))
    assert recording["activity"].dtype == np.float32
    assert f"bins masked because they lie in the next trial: {late.mean():.1%}" in account(
        recording
    )


def test_silent_units_are_dropped_on_request(sternberg):
    recording = import_kyzar2024(sternberg, min_rate=0.5)
    assert [name[-1] for name in recording["unit"].values] == ["0", "1", "2", "4", "5"]
    assert "units dropped: 1 rate below 0.5 spikes/s" in account(recording)


def test_it_aligns(sternberg):
    recording = import_kyzar2024(sternberg)
    three = align(recording.isel(trial=np.flatnonzero(LOADS == 3), item=[0, 1, 2]))
    assert three["step_name"].values.tolist() == ["item 1", "item 2", "item 3", "maintenance"]
    assert np.isfinite(three["activity"]).all()


def test_odd_trials_are_dropped_and_counted(changed):
    def change(trials, _):
        trials["loads"][1] = 2  # three pictures
        trials["timestamps_Probe"][3] = 1e6
        trials["timestamps_Maintenance"][4] = 0

    recording = import_kyzar2024(changed(change))
    assert recording["trial"].values.tolist() == [0, 2, 5, 6, 7]
    told = "trials dropped: 1 times_and_load disagree, 2 times_and_load impossible times"
    assert told in account(recording)
    assert recording["time"].values[-1] < 12


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda trials, _: trials.move("loadsEnc1_PicIDs", "PicIDs_Encoding1"),
            r"\(SBID_1_P42CS\) has no spike times or no column loadsEnc1_PicIDs \(columns of ",
        ),
        (lambda _, f: f.pop("units"), "has no spike times or no column loadsEnc1_PicIDs"),
        (
            lambda trials, _: trials.pop("timestamps_Probe"),
            "has no variable 'trials.timestamps_Probe'. Did you mean",
        ),
        (
            lambda trials, _: trials["loads"].__setitem__(slice(None), 0),
            "No trial is left: keep asks for times_and_load agree, found disagree",
        ),
        (
            lambda trials, _: (
                trials.pop("loads"),
                trials.create_dataset("loads", data=["one"] * 8),
            ),
            "trials.loads holds object, expected numbers",
        ),
    ],
)
def test_other_layouts(changed, spoil, message):
    with pytest.raises(WmsimError, match=message):
        import_kyzar2024(changed(spoil))


def test_screening_sessions_are_refused(screening):
    with pytest.raises(
        WmsimError, match=r"\(SCID_1_P42CS\) is a screening session .*whose name has ses-2"
    ):
        import_kyzar2024(screening)


def test_requests_that_are_wrong(sternberg, tmp_path):
    with pytest.raises(WmsimError, match=r"bin_width=0, .*expected positive numbers of seconds"):
        import_kyzar2024(sternberg, bin_width=0)
    with pytest.raises(WmsimError, match="No unit is left: min_rate is 1000"):
        import_kyzar2024(sternberg, min_rate=1000)
    with pytest.raises(WmsimError, match="No NWB file"):
        import_kyzar2024(tmp_path / "none.nwb")
