"""MATLAB files of version 5 to 7, read element by element.

Not by SciPy: its reader allocates what headers claim, recurses as deep as a file nests, crashes the
process on some damaged files, takes imaginary parts away when it restores MATLAB's types, and keeps
one of several tables. The format: MATLAB MAT-File Format, The MathWorks, chapter "Level 5 MAT-File
Format".
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.importing.matlab_values import Unreadable, text_rows

HEADER = 128
MOST_BYTES = 2**32
MOST_ELEMENTS = 10**7
DEEPEST = 32
COMPRESSED, MATRIX, UTF8, UTF16, UTF32 = 15, 14, 16, 17, 18
CELL, STRUCT, OBJECT, CHAR, SPARSE, FUNCTION, OPAQUE = 1, 2, 3, 4, 5, 16, 17
LOGICAL, COMPLEX = 0x0200, 0x0800
# Type of an array in MATLAB, by its class; type of what is stored, which is often smaller.
MEANT = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
STORED = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip


class Element(NamedTuple):
    """A tagged piece of a file: its type and its bytes."""

    kind: int
    data: memoryview


def read_v5(file: Path) -> dict[str, Any]:
    """Variables of a file, axes in MATLAB's order.

    Parameters
    ----------
    file : pathlib.Path
        A file whose header says version 5.

    Returns
    -------
    dict of str to value
        Arrays of MATLAB's types; text as arrays of rows, cells as object arrays, structs as
        structured arrays of objects, sparse matrices as SciPy's; what cannot be read as
        :class:`~wmsim.recordings.importing.matlab_values.Unreadable`.

    Raises
    ------
    WmsimError
        If the file is truncated or damaged, or its variables would need more than 4 GiB.
    """
    return _Reader(file).variables()


class _Reader:
    """Reads elements, and refuses what does not add up before it makes room for it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        if file.stat().st_size > MOST_BYTES:
            raise self.too_large()
        self.content = memoryview(file.read_bytes())
        self.order = "<" if bytes(self.content[126:128]) == b"IM" else ">"
        self.bytes = self.elements = 0

    def variables(self) -> dict[str, Any]:
        """Values by name."""
        values: dict[str, Any] = {}
        for element in self.split(self.content[HEADER:]):
            if element.kind == COMPRESSED:
                element = next(self.split(self.inflated(element.data)), element)
            if element.kind != MATRIX:
                raise self.damaged(f"an element has type {element.kind}, not {MATRIX}")
            name, value = self.matrix(element.data, depth=0)
            if name:  # what has none belongs to MATLAB's objects
                values[name] = value
        if not values:
            raise WmsimError(f"'{self.file}' holds no variable. Save it again in MATLAB.")
        return values

    def inflated(self, packed: memoryview) -> memoryview:
        """Unpack an element, as far as there is room."""
        stream = zlib.decompressobj()
        room = MOST_BYTES - self.bytes
        try:
            data = stream.decompress(packed, room)
        except zlib.error as error:
            raise self.damaged(str(error)) from None
        if not stream.eof and len(data) < room:
            raise self.damaged("a compressed variable is cut off")
        self.bytes += len(data)
        if self.bytes >= MOST_BYTES:
            raise self.too_large()
        return memoryview(data)

    def split(self, data: memoryview) -> Iterator[Element]:
        """The elements that follow each other in `data`."""
        at = 0
        # Fewer than 8 bytes are padding.
        while at + 8 <= len(data):
            self.elements += 1
            if self.elements > MOST_ELEMENTS:
                raise WmsimError(
                    f"'{self.file}' has more than {MOST_ELEMENTS:,} cells and fields, too many to "
                    "be a recording. Put numbers into arrays instead of cells."
                )
            kind, size = struct.unpack_from(f"{self.order}II", data, at)
            if kind >> 16:  # small: type and size share a word, 4 bytes of data follow
                kind, size, start, step = kind & 0xFFFF, kind >> 16, at + 4, 8
                if size > 4:
                    raise self.damaged(f"a small element has {size} bytes")
            else:
                start, step = at + 8, 8 + size + (-size % 8 if kind != COMPRESSED else 0)
            if start + size > len(data):
                raise self.damaged(
                    f"an element of {size:,} bytes begins {len(data) - start:,} bytes before the "
                    "end"
                )
            yield Element(kind, data[start : start + size])
            at += step

    def matrix(self, data: memoryview, depth: int) -> tuple[str, Any]:
        """Name and value of a variable, cell or field."""
        if depth > DEEPEST:
            raise WmsimError(
                f"'{self.file}' nests cells or structs more than {DEEPEST} deep; no recording does."
            )
        parts = list(self.split(data))
        if not parts:
            return "", np.empty((0, 0))
        flags = int(self.integers(parts[0], 1)[0])
        kind = flags & 0xFF
        if kind == OPAQUE:  # no shape; its name, the system it belongs to, its class
            told = [_text(part) for part in parts[1:4]]
            return (told[0], Unreadable(told[2])) if len(told) == 3 else ("", Unreadable("object"))
        if len(parts) < 3:
            raise self.damaged("a variable has no shape or no name")
        shape, name, content = self.shape(parts[1]), _text(parts[2]), parts[3:]
        if kind == FUNCTION:
            return name, Unreadable("function_handle")
        if kind == OBJECT:
            return name, Unreadable(_text(content[0]) if content else "object")
        if kind == CELL:
            return name, self.cells(name, shape, content, depth)
        if kind == STRUCT:
            return name, self.structs(name, shape, content, depth)
        if kind == CHAR:
            return name, self.chars(name, shape, content)
        if kind == SPARSE:
            return name, self.sparse(name, shape, content, flags)
        if kind in MEANT:
            return name, self.numbers(name, shape, content, MEANT[kind], flags)
        raise self.damaged(f"'{name}' is of class {kind}, which there is not")

    def shape(self, part: Element) -> tuple[int, ...]:
        shape = tuple(self.integers(part).tolist())
        if not 1 <= len(shape) <= 32 or any(size < 0 for size in shape):
            raise self.damaged(f"a variable has the shape {shape}")
        return shape

    def integers(self, part: Element, least: int = 0) -> np.ndarray:
        """A short vector of 4-byte integers."""
        if len(part.data) % 4 or len(part.data) < 4 * least:
            raise self.damaged(f"a header of {len(part.data)} bytes is cut off")
        return np.frombuffer(part.data, f"{self.order}i4")

    def cells(
        self, name: str, shape: tuple[int, ...], content: list[Element], depth: int
    ) -> np.ndarray:
        """A cell array."""
        self.require(name, math.prod(shape), len(content), "cells")
        out = np.empty(math.prod(shape), dtype=object)
        for i, part in enumerate(content[: out.size]):
            out[i] = self.nested(part, depth)
        return out.reshape(shape, order="F")

    def structs(
        self, name: str, shape: tuple[int, ...], content: list[Element], depth: int
    ) -> np.ndarray:
        """A struct array: the length of a field's name, the names, then element by element."""
        if len(content) < 2:
            raise self.damaged(f"'{name}' has no names of fields")
        length = max(1, int(self.integers(content[0], 1)[0]))
        padded = bytes(content[1].data)
        fields = [
            padded[at : at + length].split(b"\0")[0].decode("latin1")
            for at in range(0, len(padded) - length + 1, length)
        ]
        if len(set(fields)) < len(fields) or "" in fields:
            raise self.damaged(f"'{name}' has fields without a name of their own")
        values = content[2:]
        size = math.prod(shape)
        # Without fields there is nothing to count by; only single structs are made so.
        if not fields and size > 1:
            raise self.damaged(f"'{name}' has {size:,} structs without fields")
        self.require(name, size * len(fields), len(values), "fields")
        out = np.empty(size, dtype=[(field, object) for field in fields])
        for j, field in enumerate(fields):
            for i in range(size):
                out[field][i] = self.nested(values[i * len(fields) + j], depth)
        return out.reshape(shape, order="F")

    def nested(self, part: Element, depth: int) -> Any:
        if part.kind != MATRIX:
            raise self.damaged(f"a cell or field has type {part.kind}, not {MATRIX}")
        return self.matrix(part.data, depth + 1)[1]

    def vector(self, name: str, part: Element | None, size: int) -> np.ndarray:
        """So many numbers of the type that is stored."""
        kind = part.kind if part is not None else 2
        if kind not in STORED:
            raise self.damaged(f"'{name}' holds data of type {kind}, expected numbers")
        stored = np.dtype(self.order + STORED[kind])
        data = part.data if part is not None else memoryview(b"")
        self.require(name, size * stored.itemsize, len(data), "bytes of data")
        return np.frombuffer(data, stored, size)

    def numbers(
        self, name: str, shape: tuple[int, ...], content: list[Element], meant: str, flags: int
    ) -> np.ndarray:
        """An array of numbers or logicals, of MATLAB's type."""
        size = math.prod(shape)
        values = self.vector(name, content[0] if content else None, size)
        with np.errstate(invalid="ignore", over="ignore"):
            out = values.astype(bool if flags & LOGICAL else meant)
            if flags & COMPLEX:
                imaginary = self.vector(name, content[1] if len(content) > 1 else None, size)
                out = values.astype(np.float64) + 1j * imaginary
        return out.reshape(shape, order="F")

    def chars(self, name: str, shape: tuple[int, ...], content: list[Element]) -> np.ndarray:
        """Text, as rows."""
        size = math.prod(shape)
        if not size:
            return np.empty(0, dtype="U1")
        part = content[0] if content else Element(2, memoryview(b""))
        wide = {UTF8: "utf-8", UTF32: f"utf-32-{'le' if self.order == '<' else 'be'}"}
        if part.kind in wide:
            text = bytes(part.data).decode(wide[part.kind], "replace").encode("utf-16-le")
            codes = np.frombuffer(text, "<u2")
        elif part.kind == UTF16:
            codes = self.vector(name, Element(4, part.data), len(part.data) // 2)
        else:
            codes = self.vector(name, part, size)
        if len(codes) != size:
            if size in shape:  # one row, whose length was counted in other units
                return text_rows(codes[None])
            raise self.damaged(f"'{name}' claims {size:,} letters, but has {len(codes):,}")
        return text_rows(codes.reshape(shape, order="F"))

    def sparse(self, name: str, shape: tuple[int, ...], content: list[Element], flags: int) -> Any:
        """A sparse matrix: row of each value, where each column begins, the values."""
        from scipy.sparse import csc_matrix

        if len(shape) != 2 or len(content) < 3:
            raise self.damaged(f"'{name}' is a sparse matrix without values or of shape {shape}")
        columns = self.integers(content[1], shape[1] + 1)[: shape[1] + 1]
        size = int(columns[-1])
        rows = self.integers(content[0], max(0, size))[: max(0, size)]
        meant = np.complex128 if flags & COMPLEX else np.float64
        values = self.vector(name, content[2], max(0, size)).astype(meant)
        if flags & COMPLEX:
            part = content[3] if len(content) > 3 else None
            values = values + 1j * self.vector(name, part, len(values))
        try:
            matrix = csc_matrix((values, rows.astype(np.int64), columns.astype(np.int64)), shape)
            matrix.check_format(full_check=True)
        except ValueError as error:
            raise self.damaged(
                f"'{name}' is a sparse matrix that does not add up: {error}"
            ) from None
        return matrix.astype(bool) if flags & LOGICAL else matrix

    def require(self, name: str, claimed: int, held: int, what: str) -> None:
        """Refuse a shape that claims more than the file holds."""
        if claimed > held:
            raise self.damaged(f"'{name}' claims {claimed:,} {what}, but has {held:,}")

    def too_large(self) -> WmsimError:
        return WmsimError(
            f"'{self.file}' holds more than {MOST_BYTES:,} bytes, too many to be read in one go. "
            "Save it in MATLAB with save(..., '-v7.3'), which is read piece by piece."
        )

    def damaged(self, reason: str) -> WmsimError:
        return WmsimError(
            f"'{self.file}' is damaged or truncated ({reason}). Copy or download it again, or save "
            "it again in MATLAB."
        )


def _text(part: Element) -> str:
    return bytes(part.data).split(b"\0")[0].decode("latin1")
