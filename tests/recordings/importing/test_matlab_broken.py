"""MATLAB files that are truncated, damaged, malicious or none: a message each."""

from __future__ import annotations

import struct
import zlib

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from tests.recordings.importing.matlab_files import (
    CONTENT,
    HEADER,
    NUMBER,
    UNITS,
    element,
    matrix,
    save_v73,
)
from wmsim.errors import WmsimError
from wmsim.recordings.importing import matlab_v5, matlab_v73
from wmsim.recordings.importing.matlab import read_matlab


def _good(tmp_path, **options):
    savemat(tmp_path / "good.mat", {"x": np.arange(500.0).reshape(50, 10), "c": "ab"}, **options)
    return (tmp_path / "good.mat").read_bytes()


def _packed(data):
    return struct.pack("<II", 15, len(data)) + data


def _cells(depth):
    inner = NUMBER
    for _ in range(depth):
        inner = matrix(1, (1, 1), b"c", element(14, inner))
    return inner


FIELD_NAMES = (element(5, struct.pack("<i", 8)), element(1, b"field\0\0\0"))
HEAD = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + b"\x00\x01IM"
BROKEN = {
    "nothing": (lambda p: b"", "is empty, a MATLAB file was expected"),
    "text": (lambda p: b"time,unit\n1,2\n" * 20, r"is no MATLAB file: it begins with b'time,unit"),
    "an image": (lambda p: b"\x89PNG\r\n\x1a\n" + bytes(300), "is no MATLAB file"),
    "version 4": (
        lambda p: struct.pack("<5i", 0, 2, 3, 0, 2) + b"x\0" + bytes(48) + bytes(200),
        r"is a MATLAB file of version 4.*save\(..., '-v7'\)",
    ),
    "header only": (lambda p: HEAD, "holds no variable"),
    "half a header": (lambda p: HEAD[:60], "header is cut off"),
    "truncated": (lambda p: _good(p)[:-300], "damaged or truncated"),
    "truncated, compressed": (
        lambda p: _good(p, do_compression=True)[:-40],
        "damaged or truncated",
    ),
    "flipped bytes": (
        lambda p: (lambda d: d[:170] + b"\xff\xff\xff" + d[173:])(_good(p, do_compression=True)),
        "damaged or truncated",
    ),
    "a cell array of 2^40 cells": (
        lambda p: HEAD + element(14, matrix(1, (2**20, 2**20), b"c")),
        r"'c' claims 1,099,511,627,776 cells, but has 0",
    ),
    "numbers that are not there": (
        lambda p: HEAD + element(14, matrix(6, (10**5, 10**5), b"x", element(9, bytes(16)))),
        r"'x' claims 80,000,000,000 bytes of data, but has 16",
    ),
    "structs that are not there": (
        lambda p: HEAD + element(14, matrix(2, (1, 10**9), b"s", *FIELD_NAMES)),
        r"'s' claims 1,000,000,000 fields",
    ),
    "a negative shape": (
        lambda p: HEAD + element(14, matrix(6, (-1, 3), b"x", element(9, bytes(16)))),
        "has the shape",
    ),
    "cells in cells in cells": (
        lambda p: HEAD + element(14, _cells(40)), "nests cells or structs more than 32 deep",
    ),
    "no matrix": (lambda p: HEAD + element(9, bytes(16)), "has type 9, not 14"),
    "HDF5 that is not MATLAB's": (
        lambda p: _hdf5(p, {"trials": np.arange(3)}),
        r"is HDF5, but not of MATLAB v7.3.*it holds trials",
    ),
    "truncated v7.3": (
        lambda p: save_v73(p / "s.mat", {"x": np.zeros((99, 99))}).read_bytes()[:3000],
        "damaged or truncated|is not HDF5",
    ),
    "v7.3 header alone": (lambda p: HEADER.ljust(116) + bytes(8) + b"\x00\x02IM", "is not HDF5"),
}  # fmt: skip


def _hdf5(folder, content):
    with h5py.File(folder / "plain.h5", "w") as out:
        for name, value in content.items():
            out[name] = value
    return (folder / "plain.h5").read_bytes()


@pytest.mark.parametrize("what", BROKEN)
def test_broken_files_say_so(tmp_path, what):
    make, message = BROKEN[what]
    (tmp_path / "a.mat").write_bytes(make(tmp_path))
    with pytest.raises(WmsimError, match=message) as caught:
        read_matlab(tmp_path / "a.mat")
    assert "a.mat" in str(caught.value)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(matlab_v5, "MOST_BYTES", 2**20)
    packer = zlib.compressobj(9)
    bomb = b"".join([*(packer.compress(bytes(2**20)) for _ in range(8)), packer.flush()])
    (tmp_path / "a.mat").write_bytes(HEAD + _packed(bomb))
    with pytest.raises(WmsimError, match=r"holds more than 1,048,576 bytes.*-v7.3"):
        read_matlab(tmp_path / "a.mat")


@pytest.mark.parametrize("packed", [False, True])
def test_damage_anywhere_is_an_error_or_other_values(tmp_path, packed):
    """No damage ends in anything but a message; other programs crash on some of it."""
    savemat(tmp_path / "good.mat", CONTENT, do_compression=packed)
    good = (tmp_path / "good.mat").read_bytes()
    rng = np.random.default_rng(11)
    refused = 0
    for _ in range(60):
        bad = bytearray(good)
        for at in rng.integers(128, len(good), 3):
            bad[at] = rng.integers(256)
        (tmp_path / "bad.mat").write_bytes(bad[: rng.integers(len(good) // 2, len(good))])
        try:
            read_matlab(tmp_path / "bad.mat")
        except WmsimError:
            refused += 1
    assert refused >= 55


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(WmsimError, match="No MATLAB file"):
        read_matlab(tmp_path / "b.mat")
    with pytest.raises(WmsimError, match="is a folder"):
        read_matlab(tmp_path)


def _strange(out, references):
    """Ways of an HDF5 file to lead elsewhere or nowhere."""
    loop = references.create_dataset("loop", (1, 1), h5py.ref_dtype)
    loop.attrs["MATLAB_class"] = np.bytes_("cell")
    loop[0, 0] = loop.ref
    out["circle"] = np.array([[loop.ref]], dtype=h5py.ref_dtype)
    out["circle"].attrs["MATLAB_class"] = np.bytes_("cell")


def test_references_in_a_circle(tmp_path):
    file = save_v73(tmp_path / "a.mat", {"x": np.eye(2)})
    with h5py.File(file, "r+") as out:
        _strange(out, out["#refs#"])
    with pytest.raises(WmsimError, match="refers in a circle"):
        read_matlab(file)


def test_references_that_multiply(tmp_path, monkeypatch):
    monkeypatch.setattr(matlab_v73, "MOST_OBJECTS", 800)
    file = save_v73(tmp_path / "a.mat", {"x": np.eye(2)})
    with h5py.File(file, "r+") as out:
        target = out["x"]
        for level in range(20):
            cell = out["#refs#"].create_dataset(f"n{level}", (10, 1), h5py.ref_dtype)
            cell.attrs["MATLAB_class"] = np.bytes_("cell")
            cell[:, 0] = [target.ref] * 10
            target = cell
        out["laughs"] = np.array([[target.ref]], dtype=h5py.ref_dtype)
        out["laughs"].attrs["MATLAB_class"] = np.bytes_("cell")
    with pytest.raises(WmsimError, match="more than 800 cells and fields"):
        read_matlab(file)


@pytest.mark.parametrize("how", ["link", "external", "referred"])
def test_data_elsewhere_is_not_followed(tmp_path, how):
    (tmp_path / "raw.bin").write_bytes(bytes(80))
    file = save_v73(tmp_path / "a.mat", {"x": np.eye(2)})
    with h5py.File(file, "r+") as out:
        if how == "link":
            out["away"] = h5py.ExternalLink("other.h5", "/x")
        elif how == "external":
            out.create_dataset("away", (10,), "f8", external=[(str(tmp_path / "raw.bin"), 0, 80)])
        else:
            stored = out["#refs#"].create_dataset(
                "away", (10,), "f8", external=[(str(tmp_path / "raw.bin"), 0, 80)]
            )
            out["cell"] = np.array([[stored.ref]], dtype=h5py.ref_dtype)
            out["cell"].attrs["MATLAB_class"] = np.bytes_("cell")
    with pytest.raises(WmsimError, match=r"away is a link to|away keeps its data in another file"):
        read_matlab(file)


def test_fields_of_different_shapes(tmp_path):
    file = save_v73(tmp_path / "a.mat", {"u": UNITS})
    with h5py.File(file, "r+") as out:
        short = out["u/id"][:1]
        del out["u/id"]
        out["u/id"] = short
        del out["u"].attrs["MATLAB_fields"]
    with pytest.raises(WmsimError, match="fields of /u have different shapes"):
        read_matlab(file)
