"""MATLAB files of version 7.3, which are HDF5: the same nested values as of version 5.

Axes are reversed in HDF5 and brought back; cells and elements of struct arrays are references to
objects of a hidden group; an array without values is stored as its own shape.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.hdf5 import LARGEST, member, open_hdf5, require_own_data
from wmsim.recordings.importing.lazy import lazy_hdf5
from wmsim.recordings.importing.matlab_values import Unreadable, text_rows

if TYPE_CHECKING:
    import h5py

CLASS = "MATLAB_class"
NUMBERS = (
    "double", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
)  # fmt: skip
MOST_OBJECTS = 10**6
# Arrays beyond this many values in all are left in the file until they are used.
IN_MEMORY = 10**8
ALWAYS_READ = 1000
DEEPEST = 32


def read_v73(file: Path) -> dict[str, Any]:
    """Variables of a file in the form that those of version 5 have.

    Parameters
    ----------
    file : pathlib.Path
        An HDF5 file.

    Returns
    -------
    dict of str to value
        Arrays, lazy ones (dask) where they have more than 10^7 values; cells as object arrays,
        structs as structured arrays; what cannot be read as
        :class:`~wmsim.recordings.importing.matlab_values.Unreadable`.

    Raises
    ------
    WmsimError
        If the file is damaged, was not written by MATLAB, or refers to what it must not.
    """
    with open_hdf5(file, "MATLAB v7.3 file") as opened:
        try:
            return _variables(opened, file)
        except (WmsimError, OSError, RuntimeError, KeyError):
            raise  # the last three are those that open_hdf5 explains
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise WmsimError(
                f"'{file}' is damaged ({reason}). Copy or download it again, or save it again in "
                "MATLAB."
            ) from error


def _variables(opened: h5py.File, file: Path) -> dict[str, Any]:
    reader = _Reader(file)
    names = [name for name in opened if not name.startswith("#")]
    found = {name: member(opened, name) for name in names}
    if not any(CLASS in value.attrs for value in found.values()):
        held = ", ".join(names[:8]) or "nothing"
        raise WmsimError(
            f"'{file}' is HDF5, but not of MATLAB v7.3: no variable has the attribute {CLASS}; "
            f"it holds {held}. If it is NWB or netCDF, name it .nwb or .nc."
        )
    return {name: reader.value(value, depth=0) for name, value in found.items()}


class _Reader:
    """Reads nested values, and counts them."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.objects = self.values = 0

    def value(self, found: Any, depth: int) -> Any:
        """An array, cell array, struct array or what stands for one that cannot be read."""
        import h5py

        self.count(1)
        if depth > DEEPEST:
            raise WmsimError(
                f"'{self.file.name}' nests cells or structs more than {DEEPEST} deep, or refers in "
                "a circle; no recording does."
            )
        kind = _text_attr(found, CLASS)
        # What is stored of an object refers to a subsystem of the file that only MATLAB knows.
        if _flag(found, "MATLAB_object_decode"):
            return Unreadable(kind or "object")
        if isinstance(found, h5py.Group):
            return self.group(found, kind, depth)
        if kind and kind not in (*NUMBERS, "logical", "char", "cell", "struct", "canonical empty"):
            return Unreadable(kind)
        if _flag(found, "MATLAB_empty"):
            return _empty(self.numbers(found, eager=True), kind)
        if h5py.check_ref_dtype(found.dtype) is h5py.Reference:
            return self.cells(found, depth)
        return self.array(found, kind)

    def count(self, objects: int) -> None:
        """Refuse more objects than a recording has."""
        self.objects += objects
        if self.objects > MOST_OBJECTS:
            raise WmsimError(
                f"'{self.file.name}' has more than {MOST_OBJECTS:,} cells and fields, too many to "
                "be a recording. Put numbers into arrays instead of cells."
            )

    def group(self, group: h5py.Group, kind: str, depth: int) -> Any:
        """A sparse matrix, a struct, or a struct array, whose fields are references throughout."""
        if "MATLAB_sparse" in group.attrs:
            return self.sparse(group)
        if kind not in ("", "struct"):
            return Unreadable(kind)
        fields = {name: member(group, name) for name in _field_names(group)}
        if fields and all(_is_element(value) for value in fields.values()):
            return self.struct_array(group, fields, depth)
        out = np.empty((1, 1), dtype=[(name, object) for name in fields])
        for name, value in fields.items():
            out[name][0, 0] = self.value(value, depth + 1)
        return out

    def struct_array(self, group: h5py.Group, fields: dict[str, Any], depth: int) -> np.ndarray:
        columns = {name: self.cells(value, depth) for name, value in fields.items()}
        shapes = {column.shape for column in columns.values()}
        if len(shapes) > 1:
            raise WmsimError(
                f"'{self.file.name}': fields of {group.name} have different shapes "
                f"({', '.join(map(str, sorted(shapes)))}), expected one value an element. "
                "Save the file again in MATLAB."
            )
        out = np.empty(shapes.pop(), dtype=[(name, object) for name in fields])
        for name, column in columns.items():
            out[name] = column
        return out

    def cells(self, found: h5py.Dataset, depth: int) -> np.ndarray:
        """Values that a dataset refers to, as an object array in MATLAB's order."""
        self.count(found.size)
        references = found[()]
        out = np.empty(references.shape, dtype=object)
        for index in np.ndindex(references.shape):
            out[index] = self.referred(found, references[index], depth)
        return out.T

    def referred(self, found: h5py.Dataset, reference: Any, depth: int) -> Any:
        if not reference:
            return np.empty((0, 0))
        try:
            target = found.file[reference]
        except (ValueError, TypeError, AttributeError) as error:
            raise self.lost(found, str(error)) from None
        if target.name is None:
            raise self.lost(found, "it has no path")
        require_own_data(target, target.name)
        return self.value(target, depth + 1)

    def lost(self, found: h5py.Dataset, reason: str) -> WmsimError:
        return WmsimError(
            f"'{self.file.name}': {found.name} refers to what is not in the file ({reason}). Save "
            "it again in MATLAB."
        )

    def array(self, found: h5py.Dataset, kind: str) -> Any:
        """Numbers, logicals or text."""
        if found.dtype.names is not None and set(found.dtype.names) == {"real", "imag"}:
            parts = self.numbers(found, eager=True, kinds="V")
            return (parts["real"] + 1j * parts["imag"]).T
        if kind == "char":
            return text_rows(self.numbers(found, eager=True, kinds="iu").T)
        if found.dtype.kind not in "fiub" or found.shape is None:
            return Unreadable(f"array of {found.dtype}")
        values = self.numbers(found).T
        return values.astype(bool) if kind == "logical" else values

    def numbers(self, found: h5py.Dataset, *, eager: bool = False, kinds: str = "fiub") -> Any:
        """A dataset as it is stored; lazy where it is large and may be."""
        size = found.size or 0
        if found.dtype.kind not in kinds or (eager and size > LARGEST):
            raise WmsimError(
                f"'{self.file.name}': {found.name} has type {found.dtype} and {size:,} values, "
                f"expected one of the types '{kinds}' and at most {LARGEST:,} values. "
                "Save the file again in MATLAB."
            )
        many = size > LARGEST or self.values + size > IN_MEMORY
        if many and size > ALWAYS_READ and not eager:
            return lazy_hdf5(self.file, found.name)
        self.values += size
        return found[()]

    def sparse(self, group: h5py.Group) -> Any:
        """A sparse matrix, as SciPy has it."""
        from scipy.sparse import csc_matrix

        columns = self.numbers(member(group, "jc"), eager=True, kinds="iu").astype(np.int64)
        rows = int(np.asarray(group.attrs["MATLAB_sparse"]).reshape(-1)[0])
        shape = (rows, max(0, len(columns) - 1))
        if "data" not in group:
            return csc_matrix(shape)
        values = self.numbers(member(group, "data"), eager=True)
        index = self.numbers(member(group, "ir"), eager=True, kinds="iu").astype(np.int64)
        try:
            matrix = csc_matrix((values, index, columns), shape=shape)
            matrix.check_format(full_check=True)
        except ValueError as error:
            raise WmsimError(
                f"'{self.file.name}': {group.name} is a sparse matrix that does not add up "
                f"({error}). Save it again in MATLAB."
            ) from None
        return matrix.astype(bool) if _text_attr(group, CLASS) == "logical" else matrix


def _is_element(found: Any) -> bool:
    """Whether a field holds references to elements: those of cells say that they are cells."""
    import h5py

    return (
        isinstance(found, h5py.Dataset)
        and CLASS not in found.attrs
        and h5py.check_ref_dtype(found.dtype) is h5py.Reference
    )


def _field_names(group: h5py.Group) -> list[str]:
    """Names of fields in their order, where the file tells it."""
    told = np.asarray(group.attrs.get("MATLAB_fields", ())).reshape(-1)
    names = [b"".join(np.asarray(each, "S1").tolist()).decode("latin1") for each in told]
    return names if set(names) == set(group) else list(group)


def _flag(found: Any, name: str) -> bool:
    return bool(np.any(np.asarray(found.attrs.get(name, 0)) != 0))


def _text_attr(found: Any, name: str) -> str:
    value = found.attrs.get(name, b"")
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _empty(stored: np.ndarray, kind: str) -> np.ndarray:
    """An array without values, stored as its shape, which is not reversed."""
    shape = tuple(int(size) for size in stored.reshape(-1))
    if math.prod(shape) or len(shape) > 32:
        shape = (0, 0)
    if kind == "struct":
        return np.empty(shape, dtype=[("empty", object)])
    types: dict[str, Any] = {"char": "U1", "cell": object, "logical": bool, "single": np.float32}
    return np.empty(shape, dtype=types.get(kind, kind if kind in NUMBERS[2:] else np.float64))
