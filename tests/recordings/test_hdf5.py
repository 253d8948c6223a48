"""HDF5 of strangers: links, data elsewhere, other shapes, damage."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings.hdf5 import array, follow, open_hdf5, subgroup, texts


@pytest.fixture
def strange_file(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.arange(3)
    (tmp_path / "raw.bin").write_bytes(np.arange(3).tobytes())
    with h5py.File(tmp_path / "a.h5", "w") as out:
        out["numbers"] = np.arange(3.0)
        out["words"] = np.array([b"x"], dtype=h5py.string_dtype())
        out.create_group("folder")["inside"] = np.arange(2)
        out["external"] = h5py.ExternalLink("other.h5", "/secret")
        out["soft"] = h5py.SoftLink("/numbers")
        out.create_dataset("raw", (3,), "i8", external=[(str(tmp_path / "raw.bin"), 0, 24)])
        out.create_dataset("huge", (10**7, 10**7), "f8", chunks=(10, 10))
        layout = h5py.VirtualLayout((3,), "i8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", (3,))
        out.create_virtual_dataset("virtual", layout)
    return tmp_path / "a.h5"


def test_reading(strange_file):
    with open_hdf5(strange_file) as opened:
        assert array(opened, "numbers", 1).tolist() == [0, 1, 2]
        assert texts(array(opened, "words", 1, "O")) == ["x"]
        assert array(subgroup(opened, "folder"), "inside", 1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "ndim", "message"),
    [
        ("external", 1, r"/external is a link to somewhere else \(ExternalLink\)"),
        ("soft", 1, r"/soft is a link to somewhere else \(SoftLink\)"),
        ("raw", 1, "/raw keeps its data in another file"),
        ("virtual", 1, "/virtual keeps its data in another file"),
        ("huge", 2, "at most 10,000,000 are read"),
        ("numbers", 2, r"/numbers has shape \(3,\) and type float64, expected 2 axes"),
        ("words", 1, r"/words has shape \(1,\) and type object, expected 1 axes"),
        ("folder", 1, "/folder is a group, an array was expected"),
        ("numers", 1, r"/numers is missing. Did you mean 'numbers'\?"),
    ],
)
def test_refusals(strange_file, name, ndim, message):
    with pytest.raises(WmsimError, match=message), open_hdf5(strange_file) as opened:
        array(opened, name, ndim)


def test_group_expected(strange_file):
    with pytest.raises(WmsimError, match="is data, a group was"), open_hdf5(strange_file) as opened:
        subgroup(opened, "numbers")


def test_files_that_cannot_be_opened(tmp_path, strange_file):
    with pytest.raises(WmsimError, match=r"No session 'none.h5'"), open_hdf5("none.h5", "session"):
        pass
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(WmsimError, match="is not HDF5"), open_hdf5(tmp_path / "text.h5"):
        pass
    data = strange_file.read_bytes()
    (tmp_path / "half.h5").write_bytes(data[: len(data) // 2])
    with pytest.raises(WmsimError, match="is damaged or trunc"), open_hdf5(tmp_path / "half.h5"):
        pass


def test_soft_links_stay_in_the_file(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as out:
        out["a/x"] = np.arange(3)
        out["b"] = h5py.SoftLink("a")
        out["a/y"] = h5py.SoftLink("x")
        out["a/away"] = h5py.ExternalLink("other.h5", "/")
        out["c"] = h5py.SoftLink("/a/away/x")
        out["gone"] = h5py.SoftLink("/nothing")
        out["deep"] = h5py.SoftLink("/a/x/y")
    with open_hdf5(tmp_path / "a.h5") as opened:
        assert follow(opened, "b/y").name == "/a/x"
        assert follow(opened["a"], "/b/x").name == "/a/x"
        for name, message in {
            "c": "/a/away is a link to somewhere else",
            "gone": "/nothing is missing",
            "deep": "/a/x is data, a group was expected",
        }.items():
            with pytest.raises(WmsimError, match=message):
                follow(opened, name)
