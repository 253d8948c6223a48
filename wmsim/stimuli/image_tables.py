"""The files of an image set as iWISDM has it: split folders, csv tables, one picture a row.

    <set>/train/<ref>/image.png      <set>/train_metadata.csv
    <set>/val/<ref>/image.png        <set>/val_metadata.csv

What a folder holds is told by its name: ``train`` anywhere in it makes it training;
``identity``, ``object`` or ``obj`` makes all its objects novel ones; ``val``, ``test``,
``angle`` or ``view`` makes it further pictures, of trained objects or of novel ones. Its table
is the csv file in it, else the one beside it that has the folder's name in its own, else the
one whose name is of the same kind, else the only one there is; a table that several folders
share has rows of each.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from wmsim.errors import WmsimError

COLUMNS = ("ctg_mod", "obj_mod", "ang_mod", "ref")
PICTURE = "image.png"
MAX_TABLE = 1 << 26
KINDS = {
    "train": ("train",),
    "novel_identity": ("identit", "object", "obj"),
    "novel": ("val", "test", "angle", "view"),
}


@dataclass(frozen=True)
class Row:
    """One picture of an image set.

    Attributes
    ----------
    folder, kind : str
        Name of the split's folder, and "train", "novel" or "novel_identity".
    category, item, angle : str
        ``ctg_mod``, ``obj_mod`` and ``ang_mod``.
    name : str
        What the category is called: column ``ctg`` where there is one.
    file : pathlib.Path
    """

    folder: str
    kind: str
    category: str
    item: str
    angle: str
    name: str
    file: Path


def kind_of(name: str) -> str | None:
    """What a name of a folder or a table says about its pictures.

    Examples
    --------
    >>> kind_of("train"), kind_of("validation"), kind_of("val_novel_objects"), kind_of("notes")
    ('train', 'novel', 'novel_identity', None)
    """
    for kind, words in KINDS.items():
        if any(word in name.lower() for word in words):
            return kind
    return None


def find_image_set(root: Path) -> Path | None:
    """The folder that holds an image set's splits: `root`, or the only folder in it; or None."""
    folders = _folders(root)
    for place in (root, *(folders if len(folders) == 1 else ())):
        has_pictures = any(
            kind_of(folder.name) and next(folder.glob(f"*/{PICTURE}"), None)
            for folder in _folders(place)
        )
        if has_pictures or any(_looks_like_table(file) for file in _tables(place)):
            return place
    return None


def read_rows(root: Path) -> list[Row]:
    """All pictures of an image set, every file there, in natural order.

    Parameters
    ----------
    root : pathlib.Path
        As :func:`find_image_set` gives it.

    Raises
    ------
    WmsimError
        If a table is missing, lacks a column, names a picture twice or one that is not there or
        lies elsewhere, or nothing is for training.
    """
    folders = [folder for folder in _folders(root) if kind_of(folder.name)]
    if not any(kind_of(folder.name) == "train" for folder in folders):
        raise WmsimError(
            f"The image set '{root}' has no folder for training; found "
            f"{', '.join(repr(folder.name) for folder in _folders(root)) or 'no folders'}. One "
            "with 'train' in its name was expected, and in it REF/image.png."
        )
    tables = {folder: _table_of(root, folder) for folder in folders}
    rows: list[Row] = []
    for table in dict.fromkeys(tables.values()):
        sharing = [folder for folder in folders if tables[folder] == table]
        rows += _rows_of(root, table, sharing)
    return sorted(rows, key=lambda row: natural(str(row.file)))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts numbers in names by their value.

    Examples
    --------
    >>> sorted(["10", "9", "a2", "a10"], key=natural)
    ['9', '10', 'a2', 'a10']
    """
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)


def _folders(root: Path) -> list[Path]:
    return sorted(
        entry for entry in root.iterdir()
        if entry.is_dir() and not entry.name.startswith(".") and entry.name != "__MACOSX"
    )  # fmt: skip


def _tables(folder: Path) -> list[Path]:
    return sorted(
        entry for entry in folder.iterdir()
        if entry.is_file() and entry.suffix.lower() == ".csv" and not entry.name.startswith(".")
    )  # fmt: skip


def _looks_like_table(file: Path) -> bool:
    """Whether most of the columns are there; one may have been forgotten."""
    with open(file, encoding="utf-8-sig", errors="replace") as stream:
        header = {name.strip(' "\n\r') for name in stream.readline(10_000).split(",")}
    return len(header & set(COLUMNS)) >= 2


def _table_of(root: Path, folder: Path) -> Path:
    """The table of a split's folder."""
    beside = _tables(root)
    steps = (
        _tables(folder),
        [file for file in beside if folder.name.lower() in file.stem.lower()],
        [file for file in beside if kind_of(file.stem) == kind_of(folder.name)],
        [file for file in beside if kind_of(file.stem) is None or len(beside) == 1],
    )
    found = next((files for files in steps if files), [])
    if len(found) == 1:
        return found[0]
    if found:
        raise WmsimError(
            f"Which table belongs to '{folder}' is not clear: "
            f"{', '.join(file.name for file in found)}. Put one of them into the folder."
        )
    pickles = sorted(file.name for file in root.glob("*.pkl"))
    hint = (
        f" '{pickles[0]}' is a pickle, which may run anything and is not read; where you trust "
        f"it, write it as csv with pandas.read_pickle('{pickles[0]}').to_csv('metadata.csv')."
        if pickles
        else ""
    )
    raise WmsimError(
        f"No csv file for the pictures in '{folder}'. One with the columns {', '.join(COLUMNS)} "
        f"was expected in it or beside it, such as '{root / (folder.name + '_metadata.csv')}'."
        f"{hint}"
    )


def _rows_of(root: Path, table: Path, folders: list[Path]) -> list[Row]:
    """Rows of one table, each for every folder that has its picture."""
    rows, line_of = [], dict[str, int]()
    for line, values in _lines(table):
        ref = values["ref"]
        _check_ref(table, line, ref)
        if ref in line_of:
            raise WmsimError(
                f"'{table}' names ref '{ref}' twice, in lines {line_of[ref]} and {line}. A ref "
                "stands for one picture; remove one of the lines."
            )
        line_of[ref] = line
        owners = [folder for folder in folders if (folder / ref / PICTURE).is_file()]
        if not owners:
            names = " or ".join(f"'{folder / ref / PICTURE}'" for folder in folders)
            raise WmsimError(
                f"'{table}', line {line}: there is no picture {names}. Get the missing picture "
                "or remove the line."
            )
        for folder in owners:
            file = (folder / ref / PICTURE).resolve()
            if not file.is_relative_to(root.resolve()):
                raise WmsimError(
                    f"'{table}', line {line}: '{folder / ref / PICTURE}' is a link to a file "
                    "outside the image set, which is not followed. Copy the picture."
                )
            category = values["ctg_mod"]
            name = values.get("ctg") or f"category-{category}"
            rows.append(
                Row(folder.name, kind_of(folder.name) or "", category, values["obj_mod"],
                    values["ang_mod"], name, file)
            )  # fmt: skip
    return rows


def _lines(table: Path) -> list[tuple[int, dict[str, str]]]:
    """Numbers of lines and their values, with all columns there and none empty."""
    if table.stat().st_size > MAX_TABLE:
        raise WmsimError(
            f"'{table}' is larger than {MAX_TABLE >> 20} MiB; that is no table of refs."
        )
    try:
        with open(table, newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            header = [(name or "").strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                raise WmsimError(
                    f"'{table}' has no column {', '.join(map(repr, missing))}; found "
                    f"{', '.join(header) or 'nothing'}. Expected {', '.join(COLUMNS)}: category, "
                    "object within category, view angle and the folder of the picture."
                )
            lines = [(reader.line_num, _cleaned(row)) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise WmsimError(f"Cannot read '{table}' as a csv file ({error}).") from error
    for line, values in lines:
        empty = [name for name in COLUMNS if not values.get(name)]
        if empty:
            raise WmsimError(f"'{table}', line {line}: {', '.join(empty)} is empty. Fill it in.")
    return lines


def _cleaned(row: dict[str, str | None]) -> dict[str, str]:
    """Values without blanks; whole numbers that were written as 3.0 become 3."""
    cleaned = {key: value.strip() for key, value in row.items() if isinstance(value, str)}
    return {key: re.sub(r"^(\d+)\.0+$", r"\1", value) for key, value in cleaned.items()}


def _check_ref(table: Path, line: int, ref: str) -> None:
    if ref in (".", "..") or re.search(r"[\\/:\0]", ref):
        raise WmsimError(
            f"'{table}', line {line}: ref is '{ref}', which is no name of a folder within the "
            "split's own. Write the name of the folder that holds image.png."
        )
