"""MATLAB files: both versions give the same contents, under flat names."""

from __future__ import annotations

import struct

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat
from scipy.sparse import csc_matrix

from tests.recordings.importing.matlab_files import (
    CONTENT,
    EMPTY,
    NUMBER,
    cell_of,
    element,
    matrix,
    opaque,
    save_v73,
    struct_array,
    v5_file,
)
from wmsim.errors import WmsimError
from wmsim.recordings.importing import matlab_v73
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.mapping import Mapping
from wmsim.recordings.importing.matlab import read_matlab


def both(folder, variables, **options):
    """The same content read from either version."""
    savemat(folder / "five.mat", variables, **options)
    save_v73(folder / "seven.mat", variables)
    return read_matlab(folder / "five.mat"), read_matlab(folder / "seven.mat")


def assert_same(one, other):
    """Two contents are equal: names, types, shapes, values, notes."""
    assert set(one.variables) == set(other.variables)
    assert sorted(one.notes) == sorted(other.notes)
    for name, value in one.variables.items():
        _assert_equal(name, value, other.variables[name])


def _assert_equal(name, value, same):
    assert isinstance(value, list) == isinstance(same, list), name
    if isinstance(value, list):
        assert len(value) == len(same), name
        for a, b in zip(value, same, strict=True):
            _assert_equal(name, a, b)
        return
    assert value.shape == same.shape, name
    assert value.dtype == same.dtype, name
    if value.dtype.kind == "O":  # NaN among text is not equal to itself
        assert list(map(str, value.flat)) == list(map(str, same.flat)), name
        return
    np.testing.assert_array_equal(value, np.asarray(same), err_msg=name)


def test_both_versions_give_the_same(tmp_path):
    five, seven = both(tmp_path, CONTENT)
    assert_same(five, seven)


@pytest.mark.parametrize("version", ["five", "seven"])
def test_names_and_values(tmp_path, version):
    both(tmp_path, CONTENT)
    raw = read_matlab(tmp_path / f"{version}.mat")
    found = raw.variables
    np.testing.assert_array_equal(found["rates"], CONTENT["rates"])
    assert found["count"].dtype == np.int16
    assert found["logical"].tolist() == [[True, False]]
    assert found["logical"].dtype == bool
    assert found["sparse"].tolist() == np.diag([1.0, 0.0, 2.0]).tolist()
    assert found["text"].tolist() == ["patient α"]
    assert found["rows"].tolist() == ["abc", "de"]
    assert found["nothing"].shape == (0, 3)
    assert [cell.shape for cell in found["cells"]] == [(1, 3), (1, 5), (0, 0)]
    assert found["names"].ravel().tolist() == ["cup", "a car", ""]
    assert found["mixed"].ravel().tolist() == ["cup", 3.0]
    np.testing.assert_array_equal(found["table"], [[1, 4], [np.nan, 5], [3, 6]])
    assert found["a.b.c"].tolist() == [[1, 0], [0, 1]]
    assert found["a.b.name"].tolist() == ["deep"]
    assert found["units.id"].tolist() == [1.0, 7.0]
    assert found["units.area"].tolist() == ["amygdala", ""]
    assert found["units.good"].dtype == bool
    np.testing.assert_array_equal(found["units.wave.peak"], [3.0, np.nan])
    assert [s.tolist() for s in found["units.spikes"]] == [[[0.5, 1.5]], []]
    np.testing.assert_array_equal(found["units.images"][0], [[5.0, np.nan]])
    np.testing.assert_array_equal(found["trials.on"].ravel(), [1.0, 2.0, np.nan])
    assert found["trials.label"].ravel().tolist() == ["x", "y", ""]
    assert "trials" not in found
    assert any(note.startswith("skipped none: it is a struct array without") for note in raw.notes)
    assert any(note.startswith("skipped deep.t.s: each of 2 elements") for note in raw.notes)


@pytest.mark.parametrize("packed", [False, True])
def test_numbers_are_those_that_scipy_reads(tmp_path, packed):
    kinds = ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")
    content = {kind: np.arange(6).reshape(2, 3).astype(kind) for kind in kinds}
    content["wide"] = np.arange(2000.0).reshape(4, 5, 100) / 7
    content["nan"] = np.array([[np.nan, np.inf]])
    savemat(tmp_path / "a.mat", content, do_compression=packed)
    found, wanted = read_matlab(tmp_path / "a.mat").variables, loadmat(tmp_path / "a.mat")
    for name in content:
        np.testing.assert_array_equal(found[name], wanted[name])
        assert found[name].dtype == content[name].dtype


numbers = st.builds(
    lambda shape, kind, seed: np.random.default_rng(seed).integers(0, 9, shape).astype(kind),
    st.tuples(st.integers(0, 3), st.integers(1, 4)),
    st.sampled_from([np.float64, np.float32, np.int8, np.uint16, bool]),
    st.integers(0, 2**16),
)
words = st.text(st.sampled_from("abcé α1"), max_size=5).map(str.strip)
leaf = st.one_of(numbers, words)
names = st.sampled_from(["a", "bb", "c3"])
nested = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.dictionaries(names, inner, min_size=1, max_size=3),
        st.lists(inner, min_size=1, max_size=4).map(cell_of),
        st.lists(st.tuples(inner, inner), min_size=2, max_size=3).map(
            lambda pairs: struct_array(*({"x": x, "y": y} for x, y in pairs))
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.dictionaries(names, nested, min_size=1, max_size=3), st.booleans())
def test_any_content_is_the_same_in_both_versions(tmp_path_factory, variables, packed):
    folder = tmp_path_factory.mktemp("mat")
    assert_same(*both(folder, variables, do_compression=packed))


def test_padded_trials_stay_nan_and_become_a_recording(tmp_path):
    rates = np.random.default_rng(0).uniform(size=(5, 3, 8))
    rates[3:, :, 2] = np.nan
    content = {"rates": rates, "t": np.arange(5) * 0.1 + 0.05, "image": np.arange(8) % 2 + 1.0}
    mapping = Mapping(
        activity={"variable": "rates", "dims": ("time", "unit", "trial"), "units": "spikes/s"},
        time={"variable": "t"}, items={"labels": {"image": "image"}},
    )  # fmt: skip
    for raw in both(tmp_path, content):
        recording = assemble(raw, mapping)
        np.testing.assert_allclose(recording["activity"], rates, rtol=1e-6)
        assert recording["image"].values.ravel().tolist() == [0, 1] * 4


def test_one_element_a_unit_becomes_a_recording(tmp_path):
    rng = np.random.default_rng(1)
    units = struct_array(*({"r": rng.uniform(size=(6, 4)), "area": a} for a in ("x", "y", "x")))
    content = {"units": units, "image": cell_of([1.0, 2.0, 1.0, 2.0, 1.0, EMPTY, 1.0, 2.0, 1.0,
                                                  2.0, 2.0, 2.0], (6, 2))}  # fmt: skip
    mapping = Mapping(
        activity={"variable": "units.r", "dims": ("unit", "trial", "time")},
        time={"start": 0.05, "step": 0.1}, items={"labels": {"image": "image"}},
        units={"columns": {"area": "units.area"}},
    )  # fmt: skip
    for raw in both(tmp_path, content):
        recording = assemble(raw, mapping)
        assert recording["area"].values.tolist() == ["x", "y", "x"]
        assert recording["image"].values[5].tolist() == [-1, 1]
        np.testing.assert_allclose(
            recording["activity"][:, 2, :], units["r"][0, 2].T, rtol=1e-6
        )  # fmt: skip


def test_large_arrays_stay_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(matlab_v73, "LARGEST", 1000)
    monkeypatch.setattr("wmsim.recordings.importing.lazy.BLOCK_VALUES", 500)
    values = np.arange(4000.0).reshape(20, 10, 20)
    file = save_v73(tmp_path / "big.mat", {"rates": values, "yes": values > 5, "small": np.eye(2)})
    raw = read_matlab(file)
    for name, wanted in (("rates", values), ("yes", values > 5)):
        assert hasattr(raw.variables[name], "dask")
        assert raw.variables[name].dtype == wanted.dtype
        np.testing.assert_array_equal(raw.variables[name].compute(), wanted)
    assert isinstance(raw.variables["small"], np.ndarray)


def test_many_arrays_of_units_stay_in_the_file_too(tmp_path, monkeypatch):
    monkeypatch.setattr(matlab_v73, "IN_MEMORY", 5000)
    each = [np.full((40, 50), float(i)) for i in range(4)]
    file = save_v73(tmp_path / "units.mat", {"u": struct_array(*({"r": r} for r in each))})
    found = read_matlab(file).variables["u.r"]
    assert [hasattr(values, "dask") for values in found] == [False, False, True, True]
    for values, wanted in zip(found, each, strict=True):
        np.testing.assert_array_equal(np.asarray(values), wanted)


def test_tables_and_objects_are_noted_with_the_remedy(tmp_path):
    five = read_matlab(
        v5_file(
            tmp_path / "t.mat",
            opaque(b"trials", b"table"),
            NUMBER,
            opaque(b"n", b"string"),
            matrix(3, (1, 1), b"old", element(1, b"inline"), element(5, bytes(4)), element(1, b"")),
        )
    )
    save_v73(tmp_path / "t73.mat", {"x": np.array([[4.0]]), "s": {"y": np.eye(2)}})
    with h5py.File(tmp_path / "t73.mat", "r+") as out:
        for name, kind in (("trials", "table"), ("n", "string")):
            out[name] = np.arange(6, dtype=np.uint32)[None]
            out[name].attrs["MATLAB_class"] = np.bytes_(kind)
            out[name].attrs["MATLAB_object_decode"] = np.int32(3)
        out["s/fun"] = np.uint8([[0]])
        out["s/fun"].attrs["MATLAB_class"] = np.bytes_("function_handle")
    seven = read_matlab(tmp_path / "t73.mat")
    for raw in (five, seven):
        assert raw.variables["x"].tolist() == [[4.0]]
        assert not {"trials", "n"} & set(raw.variables)
        told = "\n".join(raw.notes)
        assert "skipped trials: it is a MATLAB table" in told
        with pytest.raises(
            WmsimError, match=r"no variable 'trials'\. skipped trials.*table2struct"
        ):
            raw.find("trials")
        assert "table2struct(t, 'ToScalar', true)" in told
        assert "skipped n: it is a MATLAB string" in told
    assert "skipped old: it is a MATLAB inline" in "\n".join(five.notes)
    assert "skipped s.fun: it is a function" in "\n".join(seven.notes)
    assert seven.variables["s.y"].shape == (2, 2)


def test_a_sparse_matrix_that_would_not_fit_is_noted(tmp_path):
    wide = csc_matrix((np.ones(1), ([0], [0])), shape=(10**6, 10**5))
    for raw in both(tmp_path, {"wide": wide, "x": np.eye(2)}):
        assert list(raw.variables) == ["x"]
        assert "100,000,000,000 values when full" in raw.notes[0]


def test_big_endian_files(tmp_path):
    """A file of a big-endian machine, made by hand."""
    flags = struct.pack(">IIII", 6, 8, 6, 0)
    dims = struct.pack(">IIii", 5, 8, 1, 2)
    body = flags + dims + struct.pack(">HH4s", 1, 1, b"x") + struct.pack(">IIdd", 9, 16, 1.5, 2.5)
    head = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + b"\x01\x00MI"
    (tmp_path / "be.mat").write_bytes(head + struct.pack(">II", 14, len(body)) + body)
    assert read_matlab(tmp_path / "be.mat").variables["x"].tolist() == [[1.5, 2.5]]
