"""Tables: no type changes by surprise, names by file, ALF folders, Parquet with ragged columns."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.recordings.importing import columnar, npy
from wmsim.recordings.importing.tables import read_tables


def table(tmp_path, text, name="t.csv"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return read_tables(file)


def column(tmp_path, cells, **names):
    return table(tmp_path, "x,y\n" + "".join(f"{cell},1\n" for cell in cells), **names).find("x")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2"], np.array([1, 2])),
        (["1", "", "3"], np.array([1, np.nan, 3])),
        (["1.5", "NaN"], np.array([1.5, np.nan])),
        (["1", "NA", "2"], np.array([1, np.nan, 2])),
        (["", ""], np.array([np.nan, np.nan])),
        (["True", "false"], np.array([True, False])),
        (["True", "", "false"], np.array([1, np.nan, 0])),
        (["1e3", "+2", "-.5"], np.array([1000.0, 2.0, -0.5])),
        (["inf", "1"], np.array([np.inf, 1.0])),
        (["007", "010"], np.array(["007", "010"], dtype=object)),
        (["0x1F", "2"], np.array(["0x1F", "2"], dtype=object)),
        (["1_000", "2"], np.array(["1_000", "2"], dtype=object)),
        (["cup", "", "None"], np.array(["cup", "", "None"], dtype=object)),
        (["2020-01-01", "x"], np.array(["2020-01-01", "x"], dtype=object)),
        ([" cup ", "1"], np.array(["cup", "1"], dtype=object)),
        (["0", "0.5"], np.array([0.0, 0.5])),
        (["9007199254740993"], np.array([9007199254740993])),
    ],
)
def test_types_of_columns(tmp_path, cells, expected):
    found = column(tmp_path, cells)
    assert found.dtype.kind == expected.dtype.kind
    np.testing.assert_array_equal(found, expected)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(), st.integers(-(2**62), 2**62), st.text("ab ,;\"'\nü", max_size=5)),
        min_size=1,
        max_size=6,
    )
)
def test_what_pandas_writes_comes_back(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    numbers, whole, text = zip(*rows, strict=True)
    text = [f"t{each}t" for each in text]
    pd.DataFrame({"a": numbers, "b": whole, "c": text}).to_csv(file, index=False)
    raw = read_tables(file)
    np.testing.assert_array_equal(raw.find("a").astype(float), numbers)
    np.testing.assert_array_equal(raw.find("b"), whole)
    assert raw.find("c").tolist() == text


@pytest.mark.parametrize(
    ("text", "name"),
    [("a;b\n1;x\n", "t.csv"), ("a\tb\n1\tx\n", "t.tsv"), ("a|b\n1|x\n", "t.txt")],
)
def test_separators(tmp_path, text, name):
    raw = table(tmp_path, text, name)
    assert raw.find("a").tolist() == [1]
    assert raw.find("b").tolist() == ["x"]


def test_decimal_commas_where_they_separate_nothing(tmp_path):
    raw = table(tmp_path, 'a;b;c\n"1,5";2;1,2,3\n')
    assert raw.find("a").tolist() == [1.5]
    assert raw.find("c").tolist() == ["1,2,3"]
    assert table(tmp_path, 'a,b\n"1,5",2\n').find("a").tolist() == ["1,5"]


def test_text_may_hold_separators_and_lines(tmp_path):
    raw = table(tmp_path, 'a,b\n"x, y",1\n"two\nlines",2\n')
    assert raw.find("a").tolist() == ["x, y", "two\nlines"]


def test_byte_order_mark_and_windows_lines(tmp_path):
    file = tmp_path / "t.csv"
    file.write_bytes("a,b\r\n1,ü\r\n".encode("utf-8-sig"))
    raw = read_tables(file)
    assert raw.variables["t.a"].tolist() == [1]
    assert raw.variables["t.b"].tolist() == ["ü"]


def test_empty_cells_of_a_single_column_keep_their_row(tmp_path):
    found = table(tmp_path, "a\n1\n\n3\n").find("a")
    np.testing.assert_array_equal(found, [1, np.nan, 3])


def test_columns_without_name_are_named_and_told(tmp_path):
    raw = table(tmp_path, ",a\n0,5\n1,6\n")
    assert raw.variables["t.column_1"].tolist() == [0, 1]
    assert "column_1" in raw.notes[0]
    assert list(table(tmp_path, "0,1,2\n5,6,7\n").variables) == ["t.0", "t.1", "t.2"]


def test_no_rows_give_empty_columns(tmp_path):
    assert table(tmp_path, "a,b\n").find("a").shape == (0,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,a\n1,2\n", "has 2 columns named 'a', expected a different name"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, expected 2"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells, expected 2"),
        ("", "is empty, expected a line with the names"),
        ("\n\n", "is empty"),
        ("1.5,2.5\n1,2\n", "begins with numbers .1.5, 2.5., expected the names"),
        ('a,b\n"1,2\n3,4\n', "cells, expected 2"),
    ],
)
def test_tables_that_are_none(tmp_path, text, message):
    with pytest.raises(WmsimError, match=message):
        table(tmp_path, text)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings_are_told_with_the_line(tmp_path, encoding):
    file = tmp_path / "t.csv"
    file.write_bytes("a,b\n1,x\n2,Tür\n".encode(encoding))
    with pytest.raises(WmsimError, match=r"not UTF-8: found .* near line 3|UTF-16") as error:
        read_tables(file)
    assert "UTF-8" in str(error.value)


def test_text_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "LARGEST_TEXT", 3)
    with pytest.raises(WmsimError, match=r"Write it as Parquet"):
        table(tmp_path, "a,b\n1,2\n")


def test_other_formats_name_a_way(tmp_path):
    for suffix, way in [(".xlsx", "save the sheet as CSV"), (".pkl", "run code"), (".foo", "Save")]:
        (tmp_path / f"t{suffix}").write_bytes(b"x")
        with pytest.raises(WmsimError, match=way):
            read_tables(tmp_path / f"t{suffix}")


def test_parquet_types(tmp_path):
    columns = {
        "whole": pa.array([1, None, 3]),
        "wide": pa.array([2**60, 1, 2]),
        "small": pa.array([1.5, None, 2.5], pa.float32()),
        "truth": pa.array([True, False, None]),
        "sure": pa.array([True, False, True]),
        "text": pa.array(["cup", None, ""]),
        "kinds": pa.array(["a", "b", "a"]).dictionary_encode(),
        "spikes": pa.array([[1.0, 2.0], [], None]),
        "pairs": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.int64(), 2)),
        "when": pa.array([1, 2, 3], pa.timestamp("ms")),
        "struct": pa.array([{"a": 1}] * 3),
        "words": pa.array([["a"], ["b"], []]),
        "none": pa.nulls(3),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    raw = read_tables(tmp_path / "t.parquet")
    np.testing.assert_array_equal(raw.find("whole"), [1, np.nan, 3])
    assert raw.find("wide").tolist() == [2**60, 1, 2]
    assert raw.find("small").dtype == np.float32
    np.testing.assert_array_equal(raw.find("truth"), [1, 0, np.nan])
    assert raw.find("sure").dtype == bool
    assert raw.find("text").tolist() == ["cup", "", ""]
    assert raw.find("kinds").tolist() == ["a", "b", "a"]
    assert [cell.tolist() for cell in raw.find("spikes")] == [[1, 2], [], []]
    assert [cell.tolist() for cell in raw.find("pairs")] == [[1, 2], [3, 4], [5, 6]]
    np.testing.assert_allclose(raw.find("when"), [1e-3, 2e-3, 3e-3])
    assert np.isnan(raw.find("none")).all()
    assert not raw.has("struct")
    assert [note.split()[1] for note in raw.notes] == ["struct", "words"]


def test_parquet_that_pandas_wrote(tmp_path):
    frame = pd.DataFrame({"a": pd.Categorical(["x", "y"])}, index=["u1", "u2"])
    frame.to_parquet(tmp_path / "t.pqt")
    raw = read_tables(tmp_path / "t.pqt")
    assert raw.find("a").tolist() == ["x", "y"]
    assert raw.find("index").tolist() == ["u1", "u2"]


def test_parquet_names_twice_and_promises_are_refused(tmp_path, monkeypatch):
    file = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), file)
    with pytest.raises(WmsimError, match=r"2 columns named 'a'"):
        read_tables(file)
    monkeypatch.setattr(columnar, "MOST_VALUES", 1)
    with pytest.raises(WmsimError, match=r"promises 2 values"):
        read_tables(file)


def alf(tmp_path):
    np.save(tmp_path / "spikes.times.npy", np.arange(3.0))
    np.save(tmp_path / "spikes.clusters.npy", np.array([0, 1, 0]))
    np.save(tmp_path / "clusters.acronym.npy", np.array(["CA1", "VISp", "root"]))
    uuid = "01234567-89ab-cdef-0123-456789abcdef"
    np.save(tmp_path / f"_ibl_trials.stimOn_times.{uuid}.npy", np.arange(4.0))
    np.save(tmp_path / "_ibl_trials.intervals.npy", np.arange(8.0).reshape(4, 2))
    pq.write_table(pa.table({"choice": [1, -1, 1, 1]}), tmp_path / "_ibl_trials.table.pqt")
    pq.write_table(pa.table({"firing_rate": [1.0, 2, 3]}), tmp_path / "clusters.metrics.pqt")
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / "probe00").mkdir()
    return tmp_path


def test_alf_folder(tmp_path):
    raw = read_tables(alf(tmp_path))
    assert set(raw.variables) == {
        "spikes.times", "spikes.clusters", "clusters.acronym", "clusters.row",
        "clusters.metrics.firing_rate", "trials.stimOn_times", "trials.intervals",
        "trials.intervals_0", "trials.intervals_1", "trials.choice",
    }  # fmt: skip
    assert raw.variables["trials.intervals_1"].tolist() == [1, 3, 5, 7]
    assert raw.variables["clusters.row"].tolist() == [0, 1, 2]
    assert raw.what == "folder of tables"
    assert raw.notes[0] == "skipped probe00/, readme.md: no tables"


def test_a_pickle_in_a_folder_is_left_out_and_told_when_asked_for(tmp_path):
    folder = alf(tmp_path)
    names = np.array(["CA1", None], dtype=object)
    np.save(folder / "clusters.names.npy", names, allow_pickle=True)
    raw = read_tables(folder)
    with pytest.raises(WmsimError, match=r"holds Python objects .a pickle., expected plain"):
        raw.find("clusters.names")
    with pytest.raises(WmsimError, match=r"a pickle"):
        read_tables(folder / "clusters.names.npy")


def test_the_same_name_in_two_files_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    files = [tmp_path / "a" / "t.csv", tmp_path / "b" / "t.csv"]
    for file in files:
        file.write_text("x\n1\n")
    with pytest.raises(WmsimError, match=r"rename one of the two"):
        read_tables(files)


def test_folders_and_files_that_are_missing(tmp_path):
    with pytest.raises(WmsimError, match=r"has no table, expected files ending in .*nothing"):
        read_tables(tmp_path)
    (tmp_path / "trials.csv").write_text("a\n1\n")
    with pytest.raises(WmsimError, match=r"Did you mean .*trials.csv"):
        read_tables(tmp_path / "trial.csv")
    with pytest.raises(WmsimError, match=r"There is no folder"):
        read_tables(tmp_path / "x" / "y.csv")
    with pytest.raises(WmsimError, match=r"is a folder, a file was expected"):
        read_tables([tmp_path, tmp_path / "trials.csv"])
    with pytest.raises(WmsimError, match=r"No file was given"):
        read_tables([])


def test_big_arrays_are_mapped_and_very_big_ones_lazy(tmp_path, monkeypatch):
    values = np.arange(600.0).reshape(20, 30)
    np.save(tmp_path / "x.npy", values)
    monkeypatch.setattr(npy, "MAPPED", 100)
    mapped = npy.load_npy(tmp_path / "x.npy")
    assert isinstance(mapped, np.memmap)
    monkeypatch.setattr(npy, "LAZY", 100)
    lazy = npy.load_npy(tmp_path / "x.npy")
    np.testing.assert_array_equal(lazy.compute(), values)
    np.testing.assert_array_equal(mapped, values)


def test_structured_arrays_are_tables(tmp_path):
    trials = np.array([(1, 0.5), (2, 1.5)], dtype=[("image", "i4"), ("on", "f8")])
    np.save(tmp_path / "trials.npy", trials)
    raw = read_tables(tmp_path / "trials.npy")
    assert raw.variables["trials.on"].tolist() == [0.5, 1.5]
