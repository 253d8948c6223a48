"""Columns of CSV and Parquet files as arrays, without surprises in their types."""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import Path
from typing import Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.importing.rawdata import Values

LARGEST_TEXT = 2 * 10**9
MOST_VALUES = 10**9
LARGEST_PARQUET = 2**34
_ABSENT = ("nan", "na", "n/a", "<na>", "null", "none")
MISSING = ("", "NaN", *_ABSENT, *(word.upper() for word in _ABSENT), "Null", "None")
SEPARATORS = (",", "\t", ";", "|")


def read_text(file: Path, notes: list[str]) -> dict[str, np.ndarray]:
    """Columns of a CSV or TSV file.

    Parameters
    ----------
    file : pathlib.Path
        UTF-8; its first line names the columns.
    notes : list of str
        Is added to.

    Returns
    -------
    dict of str to numpy.ndarray, shape (row,)
        Integers, floats (NaN where a cell is empty), booleans, or text as objects.

    Raises
    ------
    WmsimError
        If it is empty, too large, no text in UTF-8, or its rows are unequal.
    """
    import pyarrow
    from pyarrow import csv as arrow

    size = file.stat().st_size
    if size > LARGEST_TEXT:
        raise WmsimError(
            f"'{file}' has {size:,} bytes, at most {LARGEST_TEXT:,} are read as text. Write it as "
            "Parquet (DataFrame.to_parquet)."
        )
    _require_utf8(file)
    header, separator = _header(file)
    names = _column_names(file, header, notes)
    try:
        table = arrow.read_csv(
            file,
            read_options=arrow.ReadOptions(use_threads=False, block_size=max(size + 1, 2**16)),
            parse_options=arrow.ParseOptions(
                delimiter=separator, newlines_in_values=True, ignore_empty_lines=len(names) > 1
            ),
            convert_options=arrow.ConvertOptions(
                strings_can_be_null=False, column_types=dict.fromkeys(header, pyarrow.string())
            ),
        )
    except pyarrow.ArrowException as error:
        raise _unequal(file, error) from None
    comma = separator != ","
    return {
        name: _typed(table.column(i).combine_chunks(), comma=comma) for i, name in enumerate(names)
    }


def _require_utf8(file: Path) -> None:
    """Say in which line the text stops being UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with file.open("rb") as stream:
        while True:
            piece = stream.read(2**20)
            if b"\0" in piece or piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise WmsimError(
                    f"'{file}' is not text in UTF-8 (UTF-16, or no text at all). Save it as CSV "
                    "UTF-8; from Python: DataFrame.to_csv(..., encoding='utf-8')."
                )
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                line += piece[: error.start].count(b"\n")
                byte = error.object[error.start]
                raise WmsimError(
                    f"'{file}' is not UTF-8: found the byte 0x{byte:02x} near line {line}. It may "
                    "be Latin-1 or Windows-1252: convert it (iconv -f WINDOWS-1252 -t UTF-8), or "
                    "save it as 'CSV UTF-8'."
                ) from None
            if not piece:
                return
            line += piece.count(b"\n")


def _header(file: Path) -> tuple[list[str], str]:
    """Names in the first line, and what separates them."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        line = next((line for line in stream if line.strip()), "")
    if not line:
        raise WmsimError(f"'{file}' is empty, expected a line with the names of its columns.")
    outside = re.sub(r'"[^"]*"', "", line)
    by_suffix = "\t" if file.suffix.lower() in (".tsv", ".tab") else ""
    separator = by_suffix or max(SEPARATORS, key=outside.count)
    return next(csv.reader([line], delimiter=separator)), separator


def _column_names(file: Path, header: list[str], notes: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise WmsimError(
            f"'{file}' has {names.count(twice[0])} columns named '{twice[0]}', expected a "
            "different name for each. Rename them in its first line."
        )
    given = [name for name in names if name]
    numbers = [name for name in given if re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", name, re.I)]
    counted = numbers == [str(i + (numbers[:1] == ["1"])) for i in range(len(numbers))]
    if numbers and numbers == given and not counted:
        raise WmsimError(
            f"'{file}' begins with numbers ({', '.join(names[:5])}), expected the names of its "
            "columns in the first line. Add that line."
        )
    for index, name in enumerate(names):
        if not name:
            names[index] = f"column_{index + 1}"
            notes.append(f"{file.name}: a column without name is called column_{index + 1}")
    return names


def _unequal(file: Path, error: Exception) -> WmsimError:
    reason = " ".join(str(error).split())
    found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", reason)
    if found:
        return WmsimError(
            f"'{file}': line {found[1]} has {found[3]} cells, expected {found[2]} as in the first "
            "line. Is a cell missing, or a text with a separator not in quotes? Correct the line."
        )
    return WmsimError(f"'{file}' is no table ({reason[:200]}). Save it as CSV again.")


def _typed(column: Any, *, comma: bool) -> np.ndarray:
    """Text as the type that all its cells have."""
    import pyarrow
    from pyarrow import compute

    text = compute.utf8_trim_whitespace(column)
    missing = compute.is_in(text, value_set=pyarrow.array(MISSING))
    gaps = missing.to_numpy(zero_copy_only=False)
    given = text.filter(compute.invert(missing)) if gaps.any() else text
    if len(given) == 0:
        return np.full(len(gaps), np.nan)
    values = _numbers(given, comma=comma)
    if values is None:
        cells = ["" if cell.lower() == "nan" else cell for cell in text.to_pylist()]
        return np.array(cells, dtype=object)
    if not gaps.any():
        return values
    full = np.full(len(gaps), np.nan)
    full[~gaps] = values
    return full


def _numbers(given: Any, *, comma: bool) -> np.ndarray | None:
    """Cells as integers, floats or booleans; None if they are text."""
    import pyarrow
    from pyarrow import compute

    # 007 is a name, and 0x1f no way to write a number in a table.
    if compute.any(compute.match_substring_regex(given, r"^[+-]?0([0-9]+|[xX].*)$")).as_py():
        return None
    if comma and compute.all(compute.match_substring_regex(given, r"^[+-]?\d+(,\d+)?$")).as_py():
        given = compute.replace_substring(given, ",", ".")
    for kind in (pyarrow.int64(), pyarrow.float64()):
        try:
            compute.cast(given[:100], kind)  # a cast that fails in every cell is slow
            compute.cast(given[-100:], kind)
            return compute.cast(given, kind).to_numpy(zero_copy_only=False)
        except pyarrow.ArrowInvalid:
            continue
    low = compute.utf8_lower(given)
    if compute.all(compute.is_in(low, pyarrow.array(["true", "false"]))).as_py():
        return compute.equal(low, "true").to_numpy(zero_copy_only=False)
    return None


def read_parquet(file: Path, notes: list[str]) -> dict[str, Values]:
    """Columns of a Parquet file; a column of lists is ragged, one array a row.

    Parameters
    ----------
    file : pathlib.Path
        The file.
    notes : list of str
        Is added to.

    Returns
    -------
    dict of str to numpy.ndarray or list of numpy.ndarray

    Raises
    ------
    WmsimError
        If it is damaged, too large, or names a column twice.
    """
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as opened:
            _require_size(file, opened.metadata)
            names = opened.schema_arrow.names
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise WmsimError(
                    f"'{file}' has {names.count(twice[0])} columns named '{twice[0]}', expected a "
                    "different name for each. Rename them."
                )
            table = opened.read(use_threads=False)
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise WmsimError(
            f"'{file}' is no Parquet file, or is truncated or damaged ({reason[:200]}). Write or "
            "copy it again."
        ) from None
    variables: dict[str, Values] = {}
    for name in names:
        values = _column(table.column(name).combine_chunks())
        if values is None:
            notes.append(f"skipped {name} of {file.name}: type {table.schema.field(name).type}")
        else:
            variables["index" if name.startswith("__index_level_0") else name] = values
    return variables


def _require_size(file: Path, metadata: Any) -> None:
    groups = range(metadata.num_row_groups)
    size = sum(metadata.row_group(group).total_byte_size for group in groups)
    count = metadata.num_rows * metadata.num_columns
    if count > MOST_VALUES or size > LARGEST_PARQUET:
        raise WmsimError(
            f"'{file}' promises {count:,} values in {size:,} bytes, at most {MOST_VALUES:,} and "
            f"{LARGEST_PARQUET:,} are read. Write fewer columns, or one session a file."
        )


def _column(column: Any) -> Values:
    """One column as an array or a list of arrays; None if its type has no place here."""
    import pyarrow
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        return _column(column.dictionary_decode())
    if types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind):
        if not (types.is_integer(kind.value_type) or types.is_floating(kind.value_type)):
            return None
        return [
            np.empty(0) if cell is None else np.asarray(cell.to_numpy(zero_copy_only=False))
            for cell in (scalar.values for scalar in column)
        ]
    if types.is_string(kind) or types.is_large_string(kind):
        return np.array([cell or "" for cell in column.to_pylist()], dtype=object)
    if types.is_timestamp(kind) or types.is_duration(kind):
        unit = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[kind.unit]
        return _column(column.cast(pyarrow.int64())) * unit
    if types.is_decimal(kind) or types.is_float16(kind) or types.is_null(kind):
        column = column.cast(pyarrow.float64())
    elif types.is_boolean(kind) and column.null_count:
        column = column.cast(pyarrow.int8())
    elif not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
        return None
    return column.to_numpy(zero_copy_only=False)
