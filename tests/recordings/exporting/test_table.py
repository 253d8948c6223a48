"""Long tables: pandas, CSV and Parquet, and back."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.recordings.strategies import recordings
from wmsim.errors import SchemaError, WmsimError
from wmsim.recordings.exporting import from_frame, read_table, save_table, to_frame

QUIET = settings(max_examples=25, suppress_health_check=list(HealthCheck))


@QUIET
@given(recording=recordings())
def test_frames_come_back(recording):
    frame = to_frame(recording)
    assert len(frame) == recording["activity"].size
    xr.testing.assert_identical(from_frame(frame), recording)


@QUIET
@given(recording=recordings(), rows=st.integers(1, 100))
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_files_come_back_whatever_the_blocks(name, recording, rows, tmp_path_factory):
    file = save_table(recording, tmp_path_factory.mktemp("table") / name, rows=rows)
    xr.testing.assert_identical(read_table(file), recording)


def test_a_row_is_a_value_with_its_labels(continuous):
    frame = to_frame(continuous)
    assert list(frame.columns[:4]) == ["trial", "unit", "time", "activity"]
    row = frame[(frame["trial"] == 3) & (frame["unit"] == "c") & (frame["time"] > 1)].iloc[0]
    chosen = continuous.isel(trial=3, unit=2).sel(time=row["time"])
    assert row["activity"] == chosen["activity"].item()
    assert row["area"] == chosen["area"].item()
    assert row["correct"] == chosen["correct"].item()
    assert row["item_onset_2"] == chosen["item_onset"][1].item()
    assert frame["image_1"].dtype == "category"


def test_rows_may_be_sorted_and_dropped(continuous):
    frame = to_frame(continuous)
    rng = np.random.default_rng(0)
    kept = frame.iloc[np.sort(rng.permutation(len(frame))[:-40])]
    same = from_frame(kept)
    assert int(same["activity"].isnull().sum()) == 40
    xr.testing.assert_identical(same.drop_vars("activity"), continuous.drop_vars("activity"))
    mixed = from_frame(frame.sample(frac=1, random_state=1))
    order = {axis: continuous[axis].values for axis in ("trial", "unit")}
    xr.testing.assert_identical(mixed.sel(order), continuous)
    part = from_frame(frame[frame["task"] == "y"])
    xr.testing.assert_identical(part, continuous.isel(trial=slice(2, 6)))


def test_pandas_and_pyarrow_open_the_files(continuous, tmp_path):
    save_table(continuous, tmp_path / "a.csv", rows=1)
    save_table(continuous, tmp_path / "a.parquet", rows=1)
    table = pd.read_csv(tmp_path / "a.csv")
    arrow = pyarrow.parquet.read_table(tmp_path / "a.parquet").to_pandas()
    frame = to_frame(continuous)
    for found in (table, arrow):
        assert list(found.columns) == list(frame.columns)
        np.testing.assert_allclose(found["activity"], frame["activity"], rtol=1e-6)
        assert found["image_1"].astype(str).tolist() == frame["image_1"].astype(str).tolist()
    assert pyarrow.parquet.ParquetFile(tmp_path / "a.parquet").num_row_groups == 6


def test_files_are_written_block_by_block(continuous, tmp_path):
    """Never more than a trial of activity is asked for at a time."""
    asked = []

    def block(values):
        asked.append(values.shape)
        return values

    lazy = continuous.chunk({"trial": 1})
    lazy["activity"] = lazy["activity"].copy(data=lazy["activity"].data.map_blocks(block))
    asked.clear()
    save_table(lazy, tmp_path / "a.parquet", rows=1)
    assert asked == [(50, 4, 1)] * 6
    xr.testing.assert_identical(read_table(tmp_path / "a.parquet"), continuous)


def test_a_table_that_would_not_fit(continuous):
    with pytest.raises(WmsimError, match=r"would have 1,200 rows .* save_table"):
        to_frame(continuous, largest=10_000)
    bound = 1200 * 200
    assert to_frame(continuous, largest=bound).memory_usage(deep=True).sum() < bound


def foreign(**changes):
    """A lab's table: 3 trials x 2 cells x 2 times."""
    rows = pd.MultiIndex.from_product([[11, 12, 13], ["n1", "n2"], [0.0, 0.1]])
    table = rows.to_frame(index=False, name=["presentation", "cell", "t"])
    table["rate"] = np.arange(12.0)
    trial = (table["presentation"] - 11).to_numpy()
    table["pic1"] = np.array(["cup", "car", "ape"])[trial]
    table["pic2"] = np.array(["car", None, "cup"], dtype=object)[trial]
    table["on1"], table["on2"] = 0.0, np.array([0.1, np.nan, 0.1])[trial]
    table["region"] = np.where(table["cell"] == "n1", "V4", "IT")
    table["rt"] = np.array([0.31, 0.42, 0.53])[trial]
    return table.assign(**changes)


NAMES = {
    "features": {"image": ["pic1", "pic2"]},
    "onsets": ["on1", "on2"],
    "trial": "presentation",
    "unit": "cell",
    "time": "t",
    "activity": "rate",
}


@pytest.mark.parametrize("suffix", [None, ".csv", ".parquet"])
def test_a_foreign_table(suffix, tmp_path):
    table = foreign()
    if suffix is None:
        recording = from_frame(table, **NAMES)
    else:
        write = table.to_csv if suffix == ".csv" else table.to_parquet
        write(tmp_path / f"a{suffix}", index=False)
        recording = read_table(tmp_path / f"a{suffix}", **NAMES)
    assert recording["image"].values.tolist() == [["cup", "car"], ["car", ""], ["ape", "cup"]]
    assert recording["area"].values.tolist() == ["V4", "IT"]
    assert recording["rt"].values.tolist() == [0.31, 0.42, 0.53]
    assert recording["trial"].values.tolist() == [11, 12, 13]
    assert recording["unit"].values.tolist() == ["n1", "n2"]
    np.testing.assert_array_equal(
        recording["activity"].transpose("trial", "unit", "time").values.ravel(), np.arange(12)
    )


def test_a_foreign_table_without_time():
    table = foreign()
    once = table[table["t"] == 0].drop(columns="t")
    given = {name: value for name, value in NAMES.items() if name not in ("onsets", "time")}
    recording = from_frame(once, time=None, shown_item=-1, **given)
    assert recording["shown_item"].values.tolist() == [-1]
    assert recording["activity"].values[0].tolist() == [[0, 4, 8], [2, 6, 10]]


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        (foreign(), {"features": None}, "not written by wmsim.*pic1, pic2"),
        (foreign(), {"unit": "sell"}, "no column 'sell'. Did you mean 'cell'"),
        (foreign(), {"activity": "pic1"}, "'pic1' has type .*expected numbers"),
        (foreign(), {"features": {"image": "pic3"}}, "No column 'pic3'. Did you mean 'pic2'"),
        (foreign(noise=np.arange(12)), {}, "'noise' varies within trials, units and times"),
        (foreign(cell=["n1", None] * 6), {}, "'cell' has no value in 6 rows"),
        (foreign(t=0.0), {}, "6 rows repeat a trial, unit and time"),
        (foreign().iloc[:0], {}, "has no rows"),
        (foreign(on1=5.0), {}, "item_onset"),
    ],
)
def test_tables_that_cannot_be_recordings(table, changes, message):
    with pytest.raises(WmsimError, match=message):
        from_frame(table, **(NAMES | changes))


def test_our_tables_that_were_damaged(continuous):
    frame = to_frame(continuous)
    changed = frame.assign(task=np.where(np.arange(len(frame)) == 5, "y", frame["task"]))
    changed.attrs = frame.attrs
    with pytest.raises(SchemaError, match="'task' varies within a trial"):
        from_frame(changed)
    with pytest.raises(SchemaError, match="area: the column 'area' is missing"):
        from_frame(frame.drop(columns="area"))
    with pytest.raises(WmsimError, match="no column 'unit'"):
        from_frame(frame.drop(columns="unit"))


def test_other_files(tmp_path, continuous):
    (tmp_path / "a.csv").write_bytes(pickle.dumps(1))
    with pytest.raises(WmsimError, match="is a pickle"):
        read_table(tmp_path / "a.csv")
    (tmp_path / "a.parquet").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(WmsimError, match=r"is no table \(CSV or Parquet\): it begins with b'a,b"):
        read_table(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1" + bytes(20))
    with pytest.raises(WmsimError, match="cannot be read as parquet"):
        read_table(tmp_path / "b.parquet")
    (tmp_path / "b.csv").write_bytes(b"trial,\xff\xfe\n1,2\n")
    with pytest.raises(WmsimError, match="cannot be read as csv"):
        read_table(tmp_path / "b.csv")
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(WmsimError, match=r"ends in '.xlsx', expected one of .csv, .parquet"):
        read_table(tmp_path / "a.xlsx")
    with pytest.raises(WmsimError, match=r"ends in '.tsv'"):
        save_table(continuous, tmp_path / "a.tsv")
    with pytest.raises(SchemaError, match="not a recording"):
        save_table(xr.Dataset(), tmp_path / "c.csv")
    save_table(continuous, tmp_path / "d.csv")
    (tmp_path / "d.csv.json").unlink()
    with pytest.raises(WmsimError, match=r"not written by wmsim.*image_1"):
        read_table(tmp_path / "d.csv")
