"""What is in a file is told, and the drafted mapping leads to a recording."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wmsim.errors import ConfigError
from wmsim.recordings import validate
from wmsim.recordings.importing.arrays import read_arrays
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.inspecting import describe_raw, draft_mapping
from wmsim.recordings.importing.mapping import Mapping, read_mapping
from wmsim.recordings.importing.rawdata import RawData
from wmsim.recordings.importing.tables import read_tables

N_TRIALS, N_UNITS = 12, 4


def images(rng, n_items=2):
    return rng.integers(1, 4, (N_TRIALS, n_items))


def onsets(n_items=2, gap=10.0):
    return 5 + gap * np.arange(N_TRIALS)[:, None] + np.arange(n_items)


def spike_vectors(rng):
    times = np.sort(rng.uniform(0, 130, 2000))
    return times, rng.integers(0, N_UNITS, 2000)


def write_csv(file, columns):
    rows = [",".join(columns)]
    rows += [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def csv_files(tmp_path, rng):
    """Spikes, units and trials, a CSV each."""
    times, unit = spike_vectors(rng)
    image, on = images(rng), onsets()
    names = np.array(["face", "house", "car"])[image - 1]
    write_csv(tmp_path / "spikes.csv", {"time": times, "unit": unit})
    units = {
        "unit_id": range(N_UNITS),
        "region": ["V4", "V4", "IT", "IT"],
        "quality": ["good", "mua"] * 2,
    }
    write_csv(tmp_path / "units.csv", units)
    trials = {"image_1": names[:, 0], "image_2": names[:, 1], "on_1": on[:, 0], "on_2": on[:, 1]}
    trials |= {"delay_start": on[:, 1] + 1, "accuracy": rng.integers(0, 2, N_TRIALS)}
    write_csv(tmp_path / "trials.csv", trials)
    return read_tables(tmp_path)


def alf_folder(tmp_path, rng):
    """ALF: one array a file, a table of trials, a name space."""
    times, unit = spike_vectors(rng)
    np.save(tmp_path / "spikes.times.npy", times)
    np.save(tmp_path / "spikes.clusters.npy", unit)
    np.save(tmp_path / "clusters.acronym.npy", np.array(["CA1", "CA1", "VISp", "VISp", "root"]))
    np.save(tmp_path / "_ibl_trials.stimOn_times.npy", onsets(1)[:, 0])
    np.save(tmp_path / "_ibl_trials.intervals.npy", onsets(1) + np.array([-1.0, 3.0]))
    np.save(tmp_path / "_ibl_trials.stimPosition.npy", rng.integers(0, 2, N_TRIALS))
    return read_tables(tmp_path)


def rates_npz(tmp_path, rng):
    """Rates (trial, unit, time) with labels in one .npz."""
    np.savez(
        tmp_path / "session.npz", rates=rng.random((N_TRIALS, N_UNITS, 50)),
        time=np.arange(50) * 0.1 - 0.95, stimulus_id=images(rng), stim_onset=onsets(2, 0.0) - 5,
        area=np.array(["V4"] * N_UNITS), session=np.array("S1"),
    )  # fmt: skip
    return read_arrays(tmp_path / "session.npz")


def ms_npz(tmp_path, rng):
    """The same in ms, axes (unit, time, trial), one item."""
    np.savez(
        tmp_path / "ms.npz", psth=rng.random((N_UNITS, 50, N_TRIALS)),
        time_ms=np.arange(50) * 100 - 950, cue_location=images(rng, 1)[:, 0],
        cue_on=np.full(N_TRIALS, 200),
    )  # fmt: skip
    return read_arrays(tmp_path / "ms.npz")


def array_and_table(tmp_path, rng):
    """A .npy and a table beside it."""
    np.save(tmp_path / "rates.npy", rng.random((50, N_TRIALS, N_UNITS)))
    image = images(rng)
    write_csv(tmp_path / "labels.csv", {"image1": image[:, 0], "image2": image[:, 1]})
    return read_arrays([tmp_path / "rates.npy", tmp_path / "labels.csv"])


def voxels(tmp_path, rng):
    """fMRI: a trial x voxel table with behaviour in it."""
    columns = {"run": np.arange(N_TRIALS) // 4, "orientation": images(rng, 1)[:, 0] * 45}
    columns |= {f"voxel_{i}": rng.normal(size=N_TRIALS) for i in range(6)}
    write_csv(tmp_path / "betas.csv", columns)
    return read_tables(tmp_path / "betas.csv")


def ragged_units(tmp_path, rng):
    """Spike times one array a unit, as NWB and MATLAB files give them; times in ms."""
    image, on = images(rng), onsets() * 1000
    trains = [np.sort(rng.uniform(0, 130_000, 300)) for _ in range(N_UNITS)]
    variables = {
        "units.spike_times": trains,
        "units.brain_region": np.array(["amygdala"] * N_UNITS),
        "trials.start_time": on[:, 0] - 500,
        "trials.timestamps_Encoding1": on[:, 0], "trials.timestamps_Encoding2": on[:, 1],
        "trials.timestamps_Maintenance": on[:, 1] + 1000,
        "trials.loadsEnc1_PicIDs": image[:, 0], "trials.loadsEnc2_PicIDs": image[:, 1],
        "trials.response_accuracy": rng.integers(0, 2, N_TRIALS),
    }  # fmt: skip
    return RawData(tmp_path / "sub-1.nwb", "NWB file", variables)


# Each file, what a person adds to its draft, and what the recording must be.
FILES = {
    "csv": (csv_files, {}, (N_UNITS, N_TRIALS, 2)),
    "alf": (alf_folder, {}, (N_UNITS + 1, N_TRIALS, 1)),
    "npz": (rates_npz, {"activity": {"units": "spikes/s"}}, (N_UNITS, N_TRIALS, 2)),
    "ms": (ms_npz, {"activity": {"units": "spikes/s"}}, (N_UNITS, N_TRIALS, 1)),
    "npy": (
        array_and_table,
        {"activity": {"dims": ["time", "trial", "unit"]}, "time": {"start": 0, "step": 0.1}},
        (N_UNITS, N_TRIALS, 2),
    ),
    "voxels": (
        voxels,
        {"time": {"steps": ["maintenance"]}, "units": {"values": {"kind": "voxel"}}},
        (6, N_TRIALS, 1),
    ),
    "ragged": (ragged_units, {}, (N_UNITS, N_TRIALS, 2)),
}


def merged(content, edits):
    for key, value in edits.items():
        old = content.get(key)
        content[key] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    return content


@pytest.mark.parametrize("name", FILES)
def test_draft_leads_to_a_recording(name, tmp_path):
    make, edits, sizes = FILES[name]
    raw = make(tmp_path, np.random.default_rng(0))
    content = yaml.safe_load(draft_mapping(raw))
    recording = assemble(raw, Mapping(**merged(content, edits)))
    validate(recording)
    assert tuple(recording.sizes[dim] for dim in ("unit", "trial", "item")) == sizes


def test_draft_of_spikes_knows_areas_events_and_kinds(tmp_path):
    raw = csv_files(tmp_path, np.random.default_rng(0))
    recording = assemble(raw, Mapping(**yaml.safe_load(draft_mapping(raw))))
    assert recording["area"].values.tolist() == ["V4", "V4", "IT", "IT"]
    assert recording["kind"].values.tolist() == ["single unit", "multi unit"] * 2
    np.testing.assert_allclose(recording["event_maintenance"], 2.0)
    np.testing.assert_allclose(recording["item_onset"], [[0.0, 1.0]] * N_TRIALS)
    assert recording["correct"].dtype == bool


def test_axes_are_found_by_their_sizes(tmp_path):
    rng = np.random.default_rng(0)
    sizes = {"trial": N_TRIALS, "unit": N_UNITS, "time": 50}
    rates = rng.random(tuple(sizes.values()))
    for order in [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)]:
        variables = {
            "data": rates.transpose(order),
            "image": images(rng, 1)[:, 0],
            "time": np.arange(50) * 0.1,
            "area": np.array(["V4"] * N_UNITS),
        }
        content = yaml.safe_load(draft_mapping(RawData(tmp_path / "a.npz", "npz", variables)))
        assert content["activity"]["dims"] == [list(sizes)[axis] for axis in order]
        assert content["time"] == {"variable": "time"}


def test_one_array_a_unit_is_activity_whose_axes_a_person_names(tmp_path):
    rng = np.random.default_rng(0)
    variables = {"rates": [rng.random((12, 5)) for _ in range(3)], "image": np.arange(12) % 3}
    raw = RawData(tmp_path / "a.mat", "MATLAB file", variables)
    draft = draft_mapping(raw)
    assert "# dims: [unit, trial, time]  # its shape is 3 arrays, each (12, 5)" in draft
    filled = draft.replace("  # dims:", "  dims:").replace("# time: {start", "time: {start")
    assert assemble(raw, Mapping(**yaml.safe_load(filled))).sizes["unit"] == 3


def test_onsets_of_other_names_come_in_order_of_time(tmp_path):
    on = onsets(3)
    variables = {
        "spike_times": [np.arange(150.0)], "test_image": np.arange(12) % 2,
        "choice_on": on[:, 2], "sample_on": on[:, 1], "cue_on": on[:, 0],
        "never_on": np.full(12, np.nan),
    }  # fmt: skip
    draft = draft_mapping(RawData(tmp_path / "a.npz", "npz", variables))
    assert "[cue_on, sample_on, choice_on, never_on]" in draft


def test_equal_axes_are_marked_as_doubtful(tmp_path):
    variables = {"data": np.zeros((12, 12, 5)), "image": np.arange(12) % 3}
    draft = draft_mapping(RawData(tmp_path / "a.npz", "npz", variables))
    assert "# guessed: other orders fit too, check" in draft


def test_milliseconds_are_noticed(tmp_path):
    raw = ragged_units(tmp_path, np.random.default_rng(0))
    content = yaml.safe_load(draft_mapping(raw))
    assert content["clock"] == {"spikes": "ms", "trials": "ms"}
    seconds = csv_files(tmp_path, np.random.default_rng(0))
    assert "clock" not in yaml.safe_load(draft_mapping(seconds))


def test_what_is_unknown_stands_commented_with_choices(tmp_path):
    raw = RawData(tmp_path / "a.npz", "npz", {"x": np.arange(5.0), "on": np.array(["p"] * 5)})
    draft = draft_mapping(raw)
    content = yaml.safe_load(draft)
    assert content == {"items": None}
    assert "# spikes: {times: VARIABLE, clusters: VARIABLE}" in draft
    assert "# VARIABLE: x" in draft
    with pytest.raises(ConfigError):
        Mapping(**content)


def test_every_guess_is_marked(tmp_path):
    draft = draft_mapping(csv_files(tmp_path, np.random.default_rng(0)))
    for line in draft.splitlines():
        bare = line.split("#")[0].rstrip()
        assert not bare or bare.endswith(":") or "# guessed" in line


def test_commented_lines_are_settings_that_exist(tmp_path):
    for name in FILES:
        folder = tmp_path / name
        folder.mkdir()
        draft = draft_mapping(FILES[name][0](folder, np.random.default_rng(0)))
        for line in draft.splitlines():
            if line.startswith(("# smooth", "# bins")):
                key, value = next(iter(yaml.safe_load(line[2:]).items()))
                filled = Mapping(**merged(yaml.safe_load(draft), FILES[name][1] | {key: value}))
                assert getattr(filled, key) is not None


def test_a_draft_is_read_from_its_file(tmp_path):
    raw = csv_files(tmp_path, np.random.default_rng(0))
    file = tmp_path / "mapping.yaml"
    file.write_text(draft_mapping(raw), encoding="utf-8")
    assert read_mapping(file).spikes.times == "spikes.time"


def test_names_that_yaml_would_change_are_quoted(tmp_path):
    odd = {"on": np.arange(6.0) * 9, "weird: name #1 image": np.arange(6) % 2}
    raw = RawData(tmp_path / "a.npz", "npz", {"spike_times": [np.arange(60.0)] * 2, **odd})
    content = yaml.safe_load(draft_mapping(raw))
    assert content["items"]["onset"] == "on"
    assert "weird: name #1 image" in content["items"]["labels"].values()


def test_describe_tells_names_shapes_values_and_roles(tmp_path):
    raw = csv_files(tmp_path, np.random.default_rng(0))
    raw.variables["trials.gaps"] = np.array([1.0, np.nan] * 6)
    text = describe_raw(raw)
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith(("tr", "sp"))}
    assert "spike times" in lines["spikes.time"]
    assert "onset of item 2" in lines["trials.on_2"]
    assert "car, face, house" in lines["trials.image_1"]
    assert "1 to 1" in lines["trials.gaps"]
    assert " 6" in lines["trials.gaps"]


def test_describe_tells_ragged_lazy_and_empty(tmp_path):
    import dask.array

    variables = {
        "cells": [np.arange(3.0), np.arange(5.0)],
        "lazy": dask.array.zeros((10**5, 10**5)),
        "empty": np.empty((0, 3)),
        "nothing": [],
        "trials": [np.zeros((108, 25)), np.zeros((135, 25))],
        "truth": np.array([True, False]),
        "one": np.array("S1"),
    }
    text = describe_raw(RawData(tmp_path / "a.npz", "npz", variables, notes=["skipped x"]))
    assert "2 arrays" in text
    assert "3 to 5 values each" in text
    assert "each (108 to 135, 25)" in text
    assert "not read yet" in text
    assert text.endswith("skipped x")


NAMES = st.sampled_from(
    [
        "time", "spikes.times", "spikes.unit", "on", "trials.on_1", "trials.on_2", "image",
        "units.x", "stim_off", "units.id", "data", "obs_intervals", "delay", "voxel_1", "voxel_2",
        "voxel_3", "ü: #",
    ]
)  # fmt: skip
ARRAYS = hnp.arrays(
    dtype=st.sampled_from([np.float64, np.int16, np.bool_, "<U3", object]),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    fill=st.nothing(),
).map(lambda a: a if a.dtype != object else np.full(a.shape, "x", dtype=object))  # fmt: skip
VALUES = st.one_of(ARRAYS, st.lists(hnp.arrays(np.float64, st.integers(0, 3)), max_size=3))


@settings(max_examples=40)
@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_any_variables_can_be_described_and_drafted(variables):
    raw = RawData(Path("any.npz"), "npz file", variables)
    assert all(name in describe_raw(raw) for name in variables)
    content = yaml.safe_load(draft_mapping(raw))
    assert "items" in content
