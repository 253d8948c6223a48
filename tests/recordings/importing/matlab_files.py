"""MATLAB files for tests: version 7.3 laid out as MATLAB does, version 5 by hand, and content."""

from __future__ import annotations

import itertools
import struct

import h5py
import numpy as np
from scipy.sparse import csc_matrix

HEADER = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan 01 00:00:00 2024 HDF5 schema"
NUMBER_OF_REFERENCE = itertools.count()


def save_v73(path, variables):
    """Write nested values (as `loadmat` gives them) the way MATLAB's -v7.3 does."""
    with h5py.File(path, "w", userblock_size=512) as out:
        references = out.create_group("#refs#")
        for name, value in variables.items():
            _write(out, name, value, references)
    with open(path, "r+b") as stream:
        stream.write(HEADER.ljust(116) + bytes(8) + b"\x00\x02IM")
    return path


def _class_of(value):
    if value.dtype.kind == "U":
        return "char"
    if value.dtype.kind == "b":
        return "logical"
    named = {"float64": "double", "float32": "single", "complex128": "double"}
    return named.get(value.dtype.name, value.dtype.name)


def _write(group, name, value, references):
    if isinstance(value, str):
        value = np.array([value]) if value else np.empty(0, "U1")
    if isinstance(value, dict):
        return _write_struct(group, name, value, references)
    if isinstance(value, list):
        value = cell_of(value)
    if hasattr(value, "tocsc"):
        return _write_sparse(group, name, value)
    value = np.asarray(value)
    if value.dtype.names is not None:
        return _write_struct_array(group, name, value, references)
    if value.dtype.kind == "O":
        kind, stored = "cell", _references(value, references)
    else:
        kind, stored = _class_of(value), _stored(value)
    if not value.size:
        shape = (0, 0) if value.dtype.kind == "U" else value.shape
        stored = np.array(shape, dtype=np.uint64)
    made = group.create_dataset(name, data=stored)
    made.attrs["MATLAB_class"] = np.bytes_(kind)
    if not value.size:
        made.attrs["MATLAB_empty"] = np.uint8(1)
    if kind in ("logical", "char"):
        made.attrs["MATLAB_int_decode"] = np.int32(1 if kind == "logical" else 2)
    return made


def _stored(value):
    if value.dtype.kind == "U":
        width = max(map(len, value.ravel()), default=0)
        codes = [np.frombuffer(text.ljust(width).encode("utf-16-le"), "<u2") for text in value]
        return np.array(codes, dtype=np.uint16).T
    if value.dtype.kind == "c":
        pairs = np.empty(value.T.shape, dtype=[("real", "f8"), ("imag", "f8")])
        pairs["real"], pairs["imag"] = value.T.real, value.T.imag
        return pairs
    return value.T.astype(np.uint8) if value.dtype.kind == "b" else value.T


def _references(value, references):
    out = np.empty(value.T.shape, dtype=h5py.ref_dtype)
    for index in np.ndindex(out.shape):
        name = f"r{next(NUMBER_OF_REFERENCE)}"
        _write(references, name, value.T[index], references)
        out[index] = references[name].ref
    return out


def _write_struct(group, name, value, references):
    made = group.create_group(name)
    made.attrs["MATLAB_class"] = np.bytes_("struct")
    for field, content in value.items():
        _write(made, field, content, references)
    _write_field_names(made, value)
    return made


def _write_field_names(made, names):
    told = np.empty(len(names), dtype=object)
    for i, field in enumerate(names):
        told[i] = np.array([letter.encode() for letter in field], dtype="S1")
    made.attrs.create("MATLAB_fields", told, dtype=h5py.vlen_dtype(np.dtype("S1")))


def _write_struct_array(group, name, value, references):
    if not value.size:
        made = group.create_dataset(name, data=np.array(value.shape, dtype=np.uint64))
        made.attrs["MATLAB_class"], made.attrs["MATLAB_empty"] = np.bytes_("struct"), np.uint8(1)
        return made
    made = group.create_group(name)
    made.attrs["MATLAB_class"] = np.bytes_("struct")
    for field in value.dtype.names:
        made.create_dataset(field, data=_references(value[field], references))
    _write_field_names(made, value.dtype.names)
    return made


def _write_sparse(group, name, value):
    value = value.tocsc()
    made = group.create_group(name)
    made.attrs["MATLAB_class"] = np.bytes_("double")
    made.attrs["MATLAB_sparse"] = np.uint64(value.shape[0])
    made["data"], made["ir"] = value.data, value.indices.astype(np.uint64)
    made["jc"] = value.indptr.astype(np.uint64)


def cell_of(values, shape=None):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out.reshape(shape or (-1, 1), order="F")


def struct_array(*elements):
    """A 1 x n struct array of dicts."""
    names = list(elements[0])
    out = np.empty((1, len(elements)), dtype=[(name, object) for name in names])
    for i, element in enumerate(elements):
        for name in names:
            out[name][0, i] = element[name]
    return out


def element(kind, data):
    """A tagged element of a v5 file."""
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def v5_file(path, *matrices):
    """A v5 file of hand-made matrices."""
    head = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + b"\x00\x01IM"
    path.write_bytes(head + b"".join(element(14, matrix) for matrix in matrices))
    return path


def matrix(kind, shape, name, *content):
    """Flags, dims, name and content of a v5 matrix."""
    flags = element(6, struct.pack("<II", kind, 0))
    dims = element(5, struct.pack(f"<{len(shape)}i", *shape))
    return flags + dims + element(1, name) + b"".join(content)


def opaque(name, kind):
    """A table, string, ... of MATLAB's own class system."""
    flags = element(6, struct.pack("<II", 17, 0))
    data = element(14, matrix(13, (1, 1), b"", element(6, struct.pack("<I", 1))))
    return flags + element(1, name) + element(1, b"MCOS") + element(1, kind) + data


NUMBER = matrix(6, (1, 1), b"x", element(9, struct.pack("<d", 4.0)))


EMPTY = np.zeros((0, 0))
WAVE = np.arange(4.0)[None]
UNITS = struct_array(
    {"id": 1.0, "area": "amygdala", "spikes": np.array([[0.5, 1.5]]), "good": np.array([[True]]),
     "wave": {"peak": 3.0, "shape": WAVE}, "images": cell_of([5.0, EMPTY], (1, 2))},
    {"id": 7.0, "area": "", "spikes": EMPTY, "good": np.array([[False]]),
     "wave": {"peak": EMPTY, "shape": WAVE + 1}, "images": cell_of([2.0, 3.0], (1, 2))},
)  # fmt: skip
CONTENT = {
    "rates": np.arange(24.0).reshape(2, 3, 4),
    "count": np.arange(6, dtype=np.int16).reshape(3, 2),
    "single": np.float32([[1.5], [np.nan]]),
    "logical": np.array([[True, False]]),
    "complex": np.array([[1 + 2j, 3.0]]),
    "sparse": csc_matrix(np.diag([1.0, 0.0, 2.0])),
    "text": "patient α",
    "no_text": "",
    "rows": np.array(["abc", "de "]),
    "nothing": np.zeros((0, 3)),
    "cells": cell_of([np.arange(3.0)[None], np.arange(5.0)[None], EMPTY]),
    "names": cell_of(["cup", "a car", EMPTY]),
    "mixed": cell_of(["cup", 3.0]),
    "table": cell_of([1.0, EMPTY, 3.0, 4.0, 5.0, 6.0], (3, 2)),
    "a": {"b": {"c": np.eye(2), "name": "deep"}},
    "units": UNITS,
    "trials": cell_of([{"on": 1.0, "label": "x"}, {"on": 2.0, "label": "y"}, EMPTY]),
    "none": np.empty((0, 0), dtype=[("x", object)]),
    "deep": struct_array(
        {"t": struct_array({"s": np.zeros((1, 2))}, {"s": np.zeros((1, 3))})},
        {"t": struct_array({"s": np.zeros((1, 2))}, {"s": np.zeros((1, 3))})},
    ),
}
