"""Each way to break the contract has a message with the variable, what was found and a remedy."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from wmsim.errors import SchemaError
from wmsim.recordings import validate


def with_values(dataset, name, values, **attrs):
    old = dataset[name].variable
    return dataset.assign({name: (old.dims, np.asarray(values), {**old.attrs, **attrs})})


def changed(dataset, name, index, value):
    values = dataset[name].values.copy()
    values[index] = value
    return with_values(dataset, name, values)


def renamed_unit_axis(dataset):
    return dataset.assign(activity=dataset["activity"].rename(unit="cell"))


def with_attr(dataset, name, value):
    return dataset.assign_attrs({name: value})


CONTINUOUS = [
    (lambda d: d.drop_vars("activity"), r"activity: is missing, expected a variable over"),
    (
        lambda d: d.transpose("trial", "unit", "time", ...),
        r"activity: has dims \(trial: 6, unit: 4, time: 50\), expected \(time: 50, unit: 4, "
        r"trial: 6\).*transpose\('time', 'unit', 'trial'\)",
    ),
    (renamed_unit_axis, r"activity: has dims \(time: 50, cell: 4.*Rename its dims"),
    (
        lambda d: with_values(d, "activity", np.zeros((50, 4, 6), int)),
        r"activity: has type int64, expected floats.*astype\('float32'\)",
    ),
    (
        lambda d: d.drop_vars("area").assign_coords(area=("site", ["x", "y"])),
        r"area: has dims \(site: 2\), expected \(unit: 4\)",
    ),
    (
        lambda d: d.drop_vars("trial"),
        r"trial: is missing, expected a different name for each trial",
    ),
    (
        lambda d: changed(d, "activity", (slice(None), 2), np.nan),
        r"activity: 1 units are NaN throughout \(c\).*isel",
    ),
    (lambda d: changed(d, "activity", (0, 0, 0), np.inf), "activity: 1 values are infinite"),
    (
        lambda d: d.assign_coords(unit=["a", "a", "b", "c"]),
        r"unit: the name 'a' occurs 2 times, expected a different name for each unit",
    ),
    (
        lambda d: d.assign_coords(time=("time", d.time.values[::-1], d.time.attrs)),
        r"time: goes from 3.95 to 3.85 at position 1, expected values that increase",
    ),
    (
        lambda d: with_values(d, "time", d.time.values, units="ms"),
        r"time: attr units is 'ms', expected 's' or 'step'. Convert to seconds",
    ),
    (
        lambda d: with_values(d, "time", d.time.values * 1000),
        "time: goes from -950 to 3950 s, expected trials of at most 600 s. This looks like millis",
    ),
    (lambda d: changed(d, "time", 3, np.nan), "time: holds NaN or infinity"),
    (
        lambda d: with_values(d, "item_onset", d.item_onset * 1000).drop_vars("item_offset"),
        r"item_onset: found .*, but time goes from -0.95 to 3.95 s. This looks like milliseconds: "
        "divide by 1000",
    ),
    (
        lambda d: with_values(d, "event_probe", d.event_probe * 1000),
        r"event_probe: found 3200, but time goes .*divide by 1000",
    ),
    (
        lambda d: with_values(d, "item_onset", d.item_onset + 4.5).drop_vars("item_offset"),
        r"item_onset: found .* s. Count it from where time is 0, or record longer",
    ),
    (
        lambda d: with_values(d, "item_onset", d.item_onset.values[:, ::-1]).drop_vars(
            "item_offset"
        ),
        r"item_onset: does not increase from item to item in 6 trials",
    ),
    (
        lambda d: with_values(d, "item_offset", d.item_offset + 0.9),
        r"item_offset: items overlap in 6 trials.*leave item_offset out",
    ),
    (
        lambda d: with_values(d, "item_offset", d.item_onset - 0.1),
        r"item_offset: comes before item_onset in trial 0",
    ),
    (
        lambda d: changed(d, "item_onset", (0, 1), np.nan),
        r"item_onset: is NaN for 1 items that have a label in image",
    ),
    (
        lambda d: d.drop_vars("image"),
        r"features: no sound variable has attr role='feature' .*item_onset.*expected at least one",
    ),
    (
        lambda d: d.assign(image=d["image"].isel(item=0)),
        r"image: has dims \(trial: 6\), expected \(trial: 6, item: 2\)",
    ),
    (
        lambda d: with_values(d, "image", d["image"].astype(float)),
        r"image: has type float64, expected integers or text. Where there is no value write -1",
    ),
    (
        lambda d: with_values(d, "image", np.array([["a", 1]] * 6, dtype=object)),
        r"image: has mixed types \(int, str\), expected text only. Write ''",
    ),
    (
        lambda d: with_values(d, "area", ["a", "b", "c", "d\0e"]),
        r"area: holds 'd\\x00e', which netCDF cannot store",
    ),
    (
        lambda d: changed(d, "image", (0, 0), 3),
        r"image: found the code 3, but attr labels has 3 names, for 0 to 2",
    ),
    (
        lambda d: with_values(d, "image", d["image"], labels="cup car"),
        r"image: attr labels is 'cup car', expected a list of names as JSON text",
    ),
    (
        lambda d: changed(d, "image", 4, -1),
        r"image: 1 trials have no item \(the first at position 4\)",
    ),
    (
        lambda d: with_attr(d, "source", "monkey"),
        r"attr source: is 'monkey', expected one of 'model', 'neural', 'planted'",
    ),
    (
        lambda d: with_attr(d, "schema_version", "9.1"),
        r"attr schema_version: is '9.1', this wmsim reads 1.0. Update wmsim",
    ),
    (lambda d: d.isel(trial=[]), r"activity: is empty \(.*trial: 0"),
]

ALIGNED = [
    (lambda d: changed(d, "shown_item", 3, 7), r"shown_item: found 7, expected -1 \(none\) to 2"),
    (lambda d: changed(d, "shown_item", 2, 0), r"shown_item: item 0 is shown at 2 steps"),
    (lambda d: changed(d, "target", (0, 0), 5), r"target: found 5, expected one of -1, 0, 1, 2"),
    (
        lambda d: with_values(d, "target", np.full((5, 3), "yes")),
        r"target: found 'yes', expected one of '', 'no action', 'non-match', 'match'",
    ),
]


@pytest.mark.parametrize(("spoil", "message"), CONTINUOUS)
def test_broken_continuous_recording(continuous, spoil, message):
    with pytest.raises(SchemaError, match=message):
        validate(spoil(continuous))


@pytest.mark.parametrize(("spoil", "message"), ALIGNED)
def test_broken_aligned_recording(aligned, spoil, message):
    with pytest.raises(SchemaError, match=message):
        validate(spoil(aligned))


def test_whole_recordings_pass(continuous, aligned):
    validate(continuous)
    validate(aligned)
    validate(aligned.assign(image=aligned["image"].astype(str).where(aligned["image"] >= 0, "")))
    validate(changed(continuous, "activity", (slice(None), 2, 0), np.nan))
    validate(with_values(continuous, "event_probe", continuous.event_probe + 3))


def test_all_problems_come_in_one_message(continuous):
    broken = with_attr(changed(continuous, "image", 4, -1), "source", "?").drop_vars("trial")
    with pytest.raises(SchemaError, match="This recording has 3 problems:\n- ") as caught:
        validate(broken)
    assert str(caught.value).count("\n- ") == 3


def test_no_recording_at_all(continuous):
    with pytest.raises(SchemaError, match=r"Found a DataArray, expected a recording"):
        validate(continuous["activity"])
    with pytest.raises(
        SchemaError, match=r"not a recording of wmsim: it has no attr schema.*rates"
    ):
        validate(xr.Dataset({"rates": ("time", [1.0])}))
    with pytest.raises(SchemaError, match=r"its attr schema is 'other'"):
        validate(with_attr(continuous, "schema", "other"))


def test_values_are_left_alone_when_asked(continuous):
    validate(changed(continuous, "activity", (slice(None), 2), np.nan), values=False)
