"""Labels as columns and back: nothing is lost, and what is wrong is named."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.recordings.strategies import recordings
from wmsim.errors import SchemaError, WmsimError
from wmsim.recordings.exporting.columns import LAYOUT, from_columns, read_layout, to_columns

QUIET = settings(max_examples=40, suppress_health_check=list(HealthCheck))


def tables_of(columns):
    return {"trial": columns.trial, "unit": columns.unit, "time": columns.time}


@QUIET
@given(recording=recordings())
def test_columns_give_back_the_recording(recording):
    columns = to_columns(recording)
    layout = read_layout(columns.text, "here")
    same = from_columns(recording["activity"].values, tables_of(columns), layout)
    for name, variable in recording.variables.items():
        found = same[name].dtype
        assert found == variable.dtype.newbyteorder("=") or variable.dtype.kind in "OUT", name
    assert list(same.data_vars) == list(recording.data_vars)
    xr.testing.assert_identical(same, recording)


@QUIET
@given(recording=recordings())
def test_columns_give_back_the_recording_from_text(recording):
    """As a CSV file has them: everything is text."""
    columns = to_columns(recording)
    tables = {
        axis: {
            name: np.array(["" if v != v else str(v) for v in values.tolist()], dtype=object)
            for name, values in table.items()
        }
        for axis, table in tables_of(columns).items()
    }
    same = from_columns(recording["activity"].values, tables, json.loads(columns.text))
    xr.testing.assert_identical(same, recording)


@QUIET
@given(recording=recordings(), data=st.data())
def test_trials_and_units_may_be_chosen_and_sorted_as_columns(recording, data):
    columns = to_columns(recording)
    tables = tables_of(columns)
    chosen = {}
    for axis in ("trial", "unit"):
        places = st.integers(0, recording.sizes[axis] - 1)
        chosen[axis] = data.draw(st.lists(places, min_size=1, unique=True))
        tables[axis] = {name: values[chosen[axis]] for name, values in tables[axis].items()}
    part = recording.isel(chosen)
    same = from_columns(part["activity"].values, tables, columns.layout)
    xr.testing.assert_identical(same, part)


@QUIET
@given(recording=recordings())
def test_no_column_has_the_name_of_another_or_of_a_reserved_one(recording):
    reserved = {"correct", "image_1", "area"}
    columns = to_columns(recording, reserved=reserved)
    names = [name for table in tables_of(columns).values() for name in table]
    assert len(set(names)) == len(names)
    assert not reserved & set(names)
    assert all(name.replace("_", "a").isalnum() for name in names)
    assert {"trial", "unit", "time"} <= set(names)


def test_labels_are_written_as_names(continuous):
    columns = to_columns(continuous)
    names = json.loads(continuous["image"].attrs["labels"])
    expected = [names[code] for code in continuous["image"].values[:, 1]]
    assert columns.trial["image_2"].tolist() == expected
    assert columns.columns_of("item_onset") == ["item_onset_1", "item_onset_2"]
    assert columns.columns_of("nothing") == []


def test_names_that_say_less_than_codes_are_not_used(aligned_with):
    twice = aligned_with(features={"image": (np.arange(15).reshape(5, 3) % 2, ["a", "a"])})
    assert to_columns(twice).trial["image_1"].tolist() == [0, 1, 0, 1, 0]


def test_no_recording():
    with pytest.raises(SchemaError, match="not a recording of wmsim"):
        to_columns(xr.Dataset({"rates": ("time", [1.0])}))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(6, complex), "wave: has type complex128, expected numbers"),
        (np.array(["2024-01-01"] * 6, "datetime64[ns]"), "wave: has type datetime64"),
    ],
)
def test_types_that_no_column_holds(continuous, values, message):
    with pytest.raises(SchemaError, match=message):
        to_columns(continuous.assign_coords(wave=("trial", values)))


def test_attrs_that_json_cannot_hold(continuous):
    with pytest.raises(SchemaError, match="An attr holds a object, expected text"):
        to_columns(continuous.assign_attrs(thing=object()))


def test_too_much_beside_the_columns(continuous):
    movie = xr.Variable(("x", "y"), np.zeros((1001, 1000), bool))
    with pytest.raises(SchemaError, match=r"movie: has 1,001,000 values .*drop_vars\('movie'\)"):
        to_columns(continuous.assign(movie=movie))


def test_a_missing_column_is_named(continuous):
    columns = to_columns(continuous)
    tables = tables_of(columns)
    del tables["trial"]["image_2"]
    with pytest.raises(SchemaError, match=r"image: the column 'image_2' is missing.*'image_1'"):
        from_columns(continuous["activity"].values, tables, columns.layout)


def test_a_label_that_was_changed_to_an_unknown_one(continuous):
    columns = to_columns(continuous)
    columns.trial["image_1"][0] = "cap"
    with pytest.raises(SchemaError, match=r"image: found the label 'cap'. Did you mean 'cup'"):
        from_columns(continuous["activity"].values, tables_of(columns), columns.layout)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("correct", "yes", "'yes' is neither True nor False"),
        ("n_back", "one", "expected int64"),
        ("n_back", str(2**70), "expected int64"),
        ("weight", "heavy", "expected float64"),
    ],
)
def test_a_value_of_another_type(aligned, column, value, message):
    recording = aligned.assign_coords(
        correct=("trial", [True] * 5), weight=("trial", np.arange(5.0))
    )
    columns = to_columns(recording)
    columns.trial[column] = np.array([value] * 5, dtype=object)
    with pytest.raises(SchemaError, match=f"{column}: found .*{message}"):
        from_columns(recording["activity"].values, tables_of(columns), columns.layout)


def break_dims(layout):
    layout["variables"][0]["dims"] = ["trial", "item"]


def break_axis(layout):
    layout["variables"][0]["axis"] = "animal"


def break_type(layout):
    layout["variables"][1]["dtype"] = "colour"


def break_shape(layout):
    layout["variables"][-1]["values"] = {"shape": [2, 2], "flat": [1]}


@pytest.mark.parametrize("change", [break_dims, break_axis, break_type, break_shape])
def test_a_layout_that_does_not_fit(continuous, change):
    recording = continuous.assign(version=3)
    columns = to_columns(recording)
    change(columns.layout)
    with pytest.raises(SchemaError, match=r"Export the recording again"):
        from_columns(recording["activity"].values, tables_of(columns), columns.layout)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{not json", "here: the layout .* is damaged .*'{not json'"),
        ("[]", "is damaged"),
        ('{"layout": "wmsim.columns 1"}', "is damaged"),
        (None, "is damaged"),
        ('{"layout": "wmsim.columns 9", "variables": []}', f"'wmsim.columns 9'.*'{LAYOUT}'"),
    ],
)
def test_a_damaged_layout(text, message):
    with pytest.raises(WmsimError, match=message):
        read_layout(text, "here")
