"""Lazy arrays of HDF5 files: like arrays, bounded blocks, and what is refused."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.recordings.importing.lazy import block_shape, lazy_hdf5


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=4).flatmap(
        lambda shape: st.tuples(
            st.just(tuple(shape)),
            st.none() | st.tuples(*(st.integers(1, max(1, size)) for size in shape)),
        )
    ),
    st.integers(1, 5000),
)
def test_blocks_are_bounded_and_made_of_whole_chunks(shape_and_chunks, most):
    shape, chunks = shape_and_chunks
    block = block_shape(shape, chunks, most)
    each = chunks or (1,) * len(shape)
    assert np.prod(block) <= max(most, np.prod(each))
    for size, part, chunk in zip(shape, block, each, strict=True):
        assert 1 <= part <= max(1, size)
        assert part % chunk == 0 or part == size or size == 0


def test_a_lazy_array_slices_like_an_array(tmp_path):
    values = np.random.default_rng(2).normal(size=(30, 7, 5))
    with h5py.File(tmp_path / "a.h5", "w") as out:
        out.create_dataset("g/x", data=values, chunks=(4, 7, 5), compression="gzip")
    array = lazy_hdf5(tmp_path / "a.h5", "g/x")
    picked = np.array([6, 0, 3])
    np.testing.assert_array_equal(array[::-2, picked, 1].compute(), values[::-2, picked, 1])
    np.testing.assert_allclose(array.mean(axis=0).compute(), values.mean(axis=0))
    again = lazy_hdf5(tmp_path / "a.h5", "/g/x")
    np.testing.assert_array_equal(again.compute(), values)


def test_lazy_arrays_refuse(tmp_path):
    file = tmp_path / "a.h5"
    with h5py.File(file, "w") as out:
        out["x"], out["g/y"] = np.arange(10.0), np.arange(3)
        out["text"] = np.array([b"a"], dtype=h5py.string_dtype())
        out["away"] = h5py.ExternalLink("b.h5", "/x")
        out.create_dataset("wide", (2**28,), "f8", chunks=(2**28,))
    array = lazy_hdf5(file, "x")
    with pytest.raises(WmsimError, match=r"/z is missing"):
        lazy_hdf5(file, "z")
    with pytest.raises(WmsimError, match="g is not an array"):
        lazy_hdf5(file, "g")
    with pytest.raises(WmsimError, match="/text has type object"):
        lazy_hdf5(file, "text")
    with pytest.raises(WmsimError, match="/away is a link to somewhere else"):
        lazy_hdf5(file, "away")
    with pytest.raises(WmsimError, match="chunks of 2,147,483,648 bytes"):
        lazy_hdf5(file, "wide")
    with h5py.File(file, "w") as out:
        out["x"] = np.arange(4.0)
    with pytest.raises(WmsimError, match=r"x has changed.*Import the file again"):
        array.compute()
    file.unlink()
    with pytest.raises(WmsimError, match="No HDF5 file"):
        array.compute()
