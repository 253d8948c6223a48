"""From raw data and a mapping to a recording: every way in gives the same, and tells about it."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import SchemaError, WmsimError
from wmsim.recordings import align, labels_of, open_recording, save
from wmsim.recordings.importing import activity as activity_module
from wmsim.recordings.importing import assemble as assemble_module
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.mapping import Mapping
from wmsim.recordings.importing.rawdata import RawData
from wmsim.recordings.importing.spikes import bin_spikes

ONSET = np.array([[10.0, 11.0], [20.0, 21.5], [31.0, 32.0], [40.0, 41.0]])
IMAGE = np.array([[1, 2], [3, 1], [2, 3], [1, 3]])
BINS = {"width": 0.25, "before": 0.5, "after": 3.0}


def trains(n_units=3, seed=0):
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(0, 60, 150 * (i + 1))) for i in range(n_units)]


def spike_data(**changes):
    """Spikes and trials as readers give them; changes replace or (None) remove variables."""
    variables = {
        "units.spike_times": trains(),
        "units.area": np.array(["V4", "V4", "IT"]),
        "units.quality": np.array(["good", "mua", "good"]),
        "units.id": np.array([7, 3, 9]),
        "trials.on": ONSET,
        "trials.off": ONSET + 0.5,
        "trials.image": IMAGE,
        "trials.delay": ONSET[:, 1] + 1,
        "trials.correct": np.array([1, 0, 1, 1]),
        "trials.block": np.array(["a", "a", "b", "b"]),
    } | changes
    return RawData(
        Path("session.nwb"), "NWB file", {k: v for k, v in variables.items() if v is not None}
    )


def mapped(**changes):
    settings_ = {
        "spikes": {"times": "spike_times"},
        "items": {"onset": "on", "labels": {"image": "image"}},
        "bins": BINS,
    } | changes
    return Mapping(**settings_)


def array_data(order=("trial", "unit", "time"), **changes):
    rates = np.random.default_rng(0).random((4, 3, 10))
    axes = [("trial", "unit", "time").index(dim) for dim in order]
    variables = {
        "rates": rates.transpose(axes), "time": np.arange(10) * 0.1 - 0.5, "image": IMAGE,
        "on": np.array([[0.0, 0.2]] * 4), "area": np.array(["V4", "V4", "IT"]),
    } | changes  # fmt: skip
    return RawData(Path("a.npz"), "npz file", variables)


def array_mapped(order=("trial", "unit", "time"), **changes):
    settings_ = {
        "activity": {"variable": "rates", "dims": order, "units": "spikes/s"},
        "time": {"variable": "time"},
        "items": {"onset": "on", "labels": {"image": "image"}},
    } | changes
    return Mapping(**settings_)


def test_spikes_become_rates_around_the_first_item():
    recording = assemble(spike_data(), mapped())
    edges = np.arange(-2, 13) * 0.25
    expected = bin_spikes(trains(), ONSET[:, 0], edges) / 0.25
    np.testing.assert_array_equal(recording["activity"], expected)
    np.testing.assert_allclose(recording["time"], (edges[1:] + edges[:-1]) / 2)
    np.testing.assert_allclose(recording["item_onset"], ONSET - ONSET[:, :1])
    assert recording["activity"].attrs["units"] == "spikes/s"
    codes, names = labels_of(recording, "image")
    np.testing.assert_array_equal(np.array(names, int)[codes], IMAGE)


def test_labels_offsets_events_and_names():
    mapping = mapped(
        items={
            "onset": "on", "offset": "off", "labels": {"image": "image"},
            "names": {"image": {1: "face", 2: "house", 3: "car"}},
        },
        events={"maintenance": "delay"},
        trials={"columns": {"correct": "correct", "block": "block"}, "values": {"task": "DMS"}},
        units={
            "name": "units.id", "columns": {"area": "area", "kind": "quality"},
            "rename": {"kind": {"good": "single unit", "mua": "multi unit"}},
        },
        session="S1", subject="M1", licence="CC0", reference="doi:1",
    )  # fmt: skip
    recording = assemble(spike_data(), mapping)
    np.testing.assert_allclose(recording["item_offset"] - recording["item_onset"], 0.5)
    np.testing.assert_allclose(recording["event_maintenance"], ONSET[:, 1] - ONSET[:, 0] + 1)
    assert labels_of(recording, "image")[1] == ["face", "house", "car"]
    assert recording["correct"].values.tolist() == [True, False, True, True]
    assert recording["unit"].values.tolist() == [7, 3, 9]
    assert recording["kind"].values.tolist() == ["single unit", "multi unit", "single unit"]
    assert set(recording["session"].values) == {"S1"}
    assert recording.attrs["licence"] == "CC0"
    assert recording["task"].values.tolist() == ["DMS"] * 4
    assert align(recording, window=(0, 0.5), maintenance_window=None).sizes["time"] == 2


def test_what_is_kept_and_dropped_is_told():
    mapping = mapped(
        trials={"keep": {"correct": 1}, "columns": {"block": "block"}},
        units={"keep": {"quality": "good"}, "columns": {"area": "area"}},
    )
    recording = assemble(spike_data(), mapping)
    whole = assemble(spike_data(), mapped())
    assert recording["trial"].values.tolist() == [0, 2, 3]
    assert recording["unit"].values.tolist() == ["u0", "u2"]
    np.testing.assert_array_equal(
        recording["activity"], whole["activity"].isel(unit=[0, 2], trial=[0, 2, 3])
    )
    told = recording.attrs["import_account"]
    assert "units kept: 2 of 3 (1 IT, 1 V4)" in told
    assert "units dropped: 1 quality mua" in told
    assert "trials kept: 3 of 4" in told
    assert "trials dropped: 1 correct 0" in told
    assert '"keep"' in recording.attrs["config"]


def test_units_below_a_rate_are_dropped():
    rates = assemble(spike_data(), mapped())["activity"].mean(("time", "trial")).values
    least = float(np.sort(rates)[:2].mean())
    recording = assemble(spike_data(), mapped(units={"min_rate": least, "name": "units.id"}))
    assert recording["unit"].values.tolist() == np.array([7, 3, 9])[rates >= least].tolist()
    assert f"rate below {least:g}" in recording.attrs["import_account"]
    with pytest.raises(WmsimError, match=r"No unit is left: min_rate is 1000 .*ms\?"):
        assemble(spike_data(), mapped(units={"min_rate": 1000}))
    changed = array_mapped(units={"min_rate": 1}).changed(
        activity={"variable": "rates", "dims": ("trial", "unit", "time")}
    )
    with pytest.raises(WmsimError, match=r"not in spikes/s. Leave min_rate out"):
        assemble(array_data(), changed)


@pytest.mark.parametrize(("unit", "factor"), [("ms", 1e3), ("us", 1e6), ("min", 1 / 60)])
def test_clocks(unit, factor):
    expected = assemble(spike_data(), mapped(events={"maintenance": "delay"}))
    times = {
        "trials.on": ONSET * factor, "trials.off": ONSET * factor,
        "trials.delay": (ONSET[:, 1] + 1) * factor,
    }  # fmt: skip
    data = spike_data(**times)
    found = assemble(data, mapped(events={"maintenance": "delay"}, clock={"trials": unit}))
    np.testing.assert_allclose(found["item_onset"], expected["item_onset"], atol=1e-9)
    np.testing.assert_allclose(found["event_maintenance"], expected["event_maintenance"])
    assert abs(found["activity"] - expected["activity"]).mean() < 0.05
    both = spike_data(**times | {"units.spike_times": [t * factor for t in trains()]})
    assert assemble(both, mapped(clock=unit)).sizes == expected.sizes


def test_another_zero():
    recording = assemble(spike_data(), mapped(zero="delay", bins=BINS | {"before": 2.5}))
    np.testing.assert_allclose(recording["item_onset"], ONSET - ONSET[:, 1:] - 1)
    edges = np.arange(-10, 13) * 0.25
    expected = bin_spikes(trains(), ONSET[:, 1] + 1, edges) / 0.25
    np.testing.assert_array_equal(recording["activity"], expected)


def test_bins_reach_beyond_the_last_event_and_the_first_item_by_default():
    settings_ = {"bins": {"width": 0.25}, "events": {"maintenance": "delay"}}
    recording = assemble(spike_data(), mapped(**settings_))
    last = (ONSET[:, 1] + 1 - ONSET[:, 0]).max()
    assert float(recording["time"][0]) - 0.125 == pytest.approx(-1)
    assert float(recording["time"][-1]) + 0.125 == pytest.approx(last + 1)
    other = assemble(spike_data(), mapped(**settings_, zero="delay"))
    assert float(other["time"][0]) - 0.125 == pytest.approx(-last - 1)
    assert float(other["time"][-1]) + 0.125 == pytest.approx(1)


def test_offsets_may_all_be_missing():
    data = spike_data(**{"trials.off": np.full((4, 2), np.nan)})
    items = {"onset": "on", "offset": "off", "labels": {"image": "image"}}
    recording = assemble(data, mapped(items=items, bins={"width": 0.5}))
    assert np.isnan(recording["item_offset"]).all()


def test_items_that_are_missing():
    image = np.array([[1, 2], [3, 0], [2, 3], [1, 0]])
    data = spike_data(**{"trials.image": image})
    recording = assemble(
        data, mapped(items={"onset": "on", "labels": {"i": "image"}, "no_item": [0]})
    )
    codes, _ = labels_of(recording, "i")
    assert (codes[:, 1] == -1).tolist() == [False, True, False, True]
    assert np.isnan(recording["item_onset"].values[:, 1]).tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    "columns",
    [
        {"image_1": IMAGE[:, 0], "image_2": IMAGE[:, 1]},
        {"image_1": IMAGE[:, 0].astype(float), "image_2": IMAGE[:, 1].astype("U3")},
    ],
)
def test_one_column_an_item_by_pattern_or_by_list(columns):
    data = spike_data(**{f"trials.{name}": values for name, values in columns.items()})
    mixed = columns["image_2"].dtype.kind == "U"
    for names in ("image_{item}", ("image_1", "image_2")):
        mapping = mapped(items={"onset": "on", "labels": {"image": names}})
        if mixed:
            with pytest.raises(WmsimError, match=r"labels mix text and numbers"):
                assemble(data, mapping)
        else:
            expected = assemble(spike_data(), mapped())["image"]
            np.testing.assert_array_equal(assemble(data, mapping)["image"], expected)


@pytest.mark.parametrize(
    "image",
    [
        IMAGE.astype(float),
        IMAGE.astype(object),
        IMAGE.astype("U1"),
        IMAGE.astype("S1"),
        IMAGE.astype(np.uint8),
    ],
)
def test_types_of_labels_do_not_matter(image):
    expected = labels_of(assemble(spike_data(), mapped()), "image")
    found = labels_of(assemble(spike_data(**{"trials.image": image}), mapped()), "image")
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1] == expected[1]


def test_flat_spikes_are_those_of_each_unit():
    spikes = trains()
    times = np.concatenate(spikes)
    units = np.repeat([7, 3, 9], [len(each) for each in spikes])
    order = np.random.default_rng(0).permutation(len(times))
    variables = {
        "units.spike_times": None, "spikes.times": times[order], "spikes.clusters": units[order]
    }  # fmt: skip
    mapping = mapped(
        spikes={"times": "spikes.times", "clusters": "spikes.clusters"},
        units={"name": "units.id", "columns": {"area": "area"}},
    )
    found = assemble(spike_data(**variables), mapping)
    expected = assemble(spike_data(), mapped())
    np.testing.assert_array_equal(found["activity"], expected["activity"])
    # Without a table units come in the order of their numbers.
    alone = assemble(spike_data(**variables), mapping.changed(units={}))
    assert alone["unit"].values.tolist() == ["3", "7", "9"]
    np.testing.assert_array_equal(alone["activity"], expected["activity"][:, [1, 0, 2]])


def test_units_without_a_spike_are_kept_when_a_table_names_them():
    variables = {
        "units.spike_times": None,
        "spikes.times": trains(1)[0],
        "spikes.clusters": np.full(150, 3),
    }
    mapping = mapped(
        spikes={"times": "spikes.times", "clusters": "spikes.clusters"}, units={"name": "units.id"}
    )
    recording = assemble(spike_data(**variables), mapping)
    assert recording["activity"].sum(("time", "trial")).values.astype(bool).tolist() == [0, 1, 0]


def test_spikes_padded_with_nan():
    spikes = trains()
    padded = np.full((3, max(map(len, spikes))), np.nan)
    for unit, times in enumerate(spikes):
        padded[unit, : len(times)] = times
    found = assemble(spike_data(**{"units.spike_times": padded}), mapped())
    np.testing.assert_array_equal(found["activity"], assemble(spike_data(), mapped())["activity"])


def test_activity_is_nan_where_a_unit_was_not_observed():
    everything = np.array([[0.0, 60.0]])
    observed = [everything, np.array([[0.0, 20.5], [30.0, 60.0]]), everything]
    data = spike_data(**{"units.obs": observed})
    recording = assemble(data, mapped(spikes={"times": "spike_times", "observed": "obs"}))
    whole = assemble(spike_data(), mapped())["activity"]
    values = recording["activity"].values
    seen = np.isfinite(values)
    assert seen[:, [0, 2]].all()
    assert seen[:, 1, [0, 2, 3]].all()
    # Trial 1 begins at 20 s: bins that end after 20.5 s were not observed.
    assert seen[:, 1, 1].tolist() == (whole["time"].values < 0.5).tolist()
    np.testing.assert_array_equal(values[seen], whole.values[seen])


@pytest.mark.parametrize("order", list(permutations(("trial", "unit", "time"))))
def test_all_orders_of_axes_give_the_same(order):
    expected = assemble(array_data(), array_mapped())
    found = assemble(array_data(order), array_mapped(order))
    np.testing.assert_array_equal(found["activity"], expected["activity"])
    assert found["activity"].dims == ("time", "unit", "trial")
    np.testing.assert_array_equal(expected["activity"].values[3, 2, 1],
                                  np.float32(array_data().variables["rates"][1, 2, 3]))  # fmt: skip


def test_lazy_arrays_stay_lazy_and_hold_the_same():
    import dask.array

    data = array_data()
    expected = assemble(data, array_mapped(zscore=True))
    data.variables["rates"] = dask.array.from_array(data.variables["rates"], chunks=2)
    found = assemble(data, array_mapped(zscore=True))
    assert found["activity"].chunks is not None
    np.testing.assert_allclose(found["activity"].values, expected["activity"].values, rtol=1e-6)


def test_spikes_that_are_many_are_binned_when_needed(monkeypatch, tmp_path):
    everything = [np.array([[0.0, 60.0]])] * 2 + [np.array([[0.0, 30.0]])]
    data = spike_data(**{"units.obs": everything})
    mapping = mapped(
        spikes={"times": "spike_times", "observed": "obs"},
        smooth={"kernel": "causal gaussian", "width": 0.3}, units={"min_rate": 0.1},
    )  # fmt: skip
    expected = assemble(data, mapping)
    monkeypatch.setattr(activity_module, "IN_MEMORY", 10)
    lazy = assemble(data, mapping)
    assert lazy["activity"].chunks is not None
    np.testing.assert_allclose(lazy["activity"].values, expected["activity"].values, rtol=1e-6)
    with open_recording(save(lazy, tmp_path / "a.nc")) as saved:
        np.testing.assert_allclose(saved["activity"], expected["activity"], rtol=1e-6)


def test_one_array_a_unit():
    rates = array_data().variables["rates"]
    data = array_data(rates=[rates[:, unit] for unit in range(3)])
    found = assemble(data, array_mapped(("unit", "trial", "time")))
    np.testing.assert_array_equal(
        found["activity"], assemble(array_data(), array_mapped())["activity"]
    )


def test_counts_become_rates():
    mapping = array_mapped().changed(
        activity={"variable": "rates", "dims": ("trial", "unit", "time"), "units": "counts"}
    )
    found = assemble(array_data(), mapping)
    expected = assemble(array_data(), array_mapped())["activity"] / 0.1
    np.testing.assert_allclose(found["activity"], expected, rtol=1e-6)
    assert found["activity"].attrs["units"] == "spikes/s"


def test_axes_of_length_one_and_time_by_start_and_step():
    rates = array_data().variables["rates"]
    order = ("one", "trial", "unit", "one", "time")
    data = array_data(rates=rates[None, :, :, None])
    mapping = array_mapped(order, time={"start": -500, "step": 100}, clock={"time": "ms"})
    found = assemble(data, mapping)
    np.testing.assert_allclose(found["time"], array_data().variables["time"])
    assert found["time"].attrs["bin_width"] == pytest.approx(0.1)


def test_aligned_steps():
    data = array_data(rates=array_data().variables["rates"][:, :, :3])
    mapping = array_mapped(
        ("trial", "unit", "step"), time={"steps": ("item 1", "item 2", "maintenance")}
    )
    recording = assemble(data, mapping)
    assert recording["shown_item"].values.tolist() == [0, 1, -1]
    assert recording["step_name"].values.tolist() == ["item 1", "item 2", "maintenance"]
    assert recording["item_onset"].values.tolist() == [[0.0, 1.0]] * 4
    assert align(recording).identical(recording)


def test_a_whole_session_is_cut_into_trials():
    timestamps = np.arange(0, 60, 0.05)
    samples = np.stack([timestamps, np.sin(timestamps)], axis=1)
    data = spike_data(**{"fluo": samples, "clock": timestamps, "units.area": None})
    mapping = Mapping(
        activity={"variable": "fluo", "dims": ("time", "unit"), "units": "dF/F"},
        time={"variable": "clock"}, items={"onset": "on", "labels": {"image": "image"}}, bins=BINS,
    )  # fmt: skip
    recording = assemble(data, mapping)
    # The first unit tells the time: the bin's centre, less half a sample.
    expected = recording["time"].values[:, None] + ONSET[:, 0] - 0.025
    np.testing.assert_allclose(recording["activity"].values[:, 0], expected, atol=1e-4)
    turned = data.variables | {"fluo": samples.T}
    other = mapping.changed(
        activity={"variable": "fluo", "dims": ("unit", "time"), "units": "dF/F"}
    )
    found = assemble(RawData(data.path, data.what, turned), other)
    np.testing.assert_array_equal(found["activity"], recording["activity"])


def test_smoothing_and_zscore_are_told():
    mapping = mapped(smooth={"kernel": "causal gaussian", "width": 0.5}, zscore=True)
    recording = assemble(spike_data(), mapping)
    assert recording["activity"].attrs["units"] == "z"
    np.testing.assert_allclose(recording["activity"].mean(("time", "trial")), 0, atol=1e-5)
    np.testing.assert_allclose(recording["activity"].std(("time", "trial")), 1, rtol=1e-5)
    assert "causal gaussian, 0.5 s (looks back only)" in recording.attrs["import_account"]
    assert "z-scored" in recording.attrs["import_account"]
    data = array_data(rates=array_data().variables["rates"][:, :, :1])
    with pytest.raises(WmsimError, match=r"smooth: needs time in seconds"):
        assemble(data, array_mapped(time=None, smooth={"width": 0.2}))


def test_notes_of_the_reader_reach_the_account():
    data = spike_data()
    data.notes.append("skipped x: a pickle")
    data.attrs["session"] = "S7"
    recording = assemble(data, mapped())
    assert recording.attrs["import_account"].endswith("skipped x: a pickle")
    assert set(recording["session"].values) == {"S7"}


def test_account_counts_blocks_of_units(monkeypatch):
    monkeypatch.setattr(assemble_module, "_blocks", lambda a: [slice(0, 1), slice(1, 3)])
    recording = assemble(spike_data(), mapped(units={"min_rate": 0.1}))
    assert recording.sizes["unit"] == 3


def test_problems_of_the_contract_come_out_as_such():
    data = array_data(on=np.array([[0.2, 0.0]] * 4))
    with pytest.raises(SchemaError, match=r"does not increase from item to item in 4 trials"):
        assemble(data, array_mapped())


@settings(max_examples=40)
@given(st.permutations(range(4)), st.integers(0, 2**32 - 1))
def test_order_of_trials_does_not_matter(order, seed):
    """Trials of a file in another order are the same trials in another order."""
    expected = assemble(spike_data(), mapped())
    order = np.array(order)
    data = spike_data(**{"trials.on": ONSET[order], "trials.image": IMAGE[order]})
    rng = np.random.default_rng(seed)
    data.variables["units.spike_times"] = [rng.permutation(train) for train in trains()]
    found = assemble(data, mapped())
    np.testing.assert_array_equal(found["activity"], expected["activity"].values[:, :, order])
    np.testing.assert_array_equal(found["image"], expected["image"].values[order])
