"""``provenance.json``: what a comparison was made of, and how to make it again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wmsim._version import __version__
from wmsim.compare.config import CompareConfig
from wmsim.config import differences
from wmsim.errors import ConfigError, WmsimError
from wmsim.files import existing_file, file_sha256, write_json
from wmsim.report.compare_roles import BRAIN, MODEL, Cast

NAME, SCHEMA = "provenance.json", "wmsim.provenance"


@dataclass(frozen=True)
class Provenance:
    """What a comparison was made of.

    Attributes
    ----------
    models, brains : tuple of Path
        Files, which hold what they held then.
    config : CompareConfig
        How it was done.
    controls : bool
        Whether controls were made.
    version : str
        Of wmsim.
    """

    models: tuple[Path, ...]
    brains: tuple[Path, ...]
    config: CompareConfig
    controls: bool
    version: str


def write_provenance(
    folder: Path, cast: Cast, config: CompareConfig, *, controls: bool,
    libraries: Mapping[str, str],
) -> None:  # fmt: skip
    """Write down files with their SHA-256, all settings, and versions.

    Parameters
    ----------
    folder : Path
        Of the comparison.
    cast : Cast
        Who takes part.
    config : CompareConfig
        How.
    controls : bool
        Whether controls were made.
    libraries : mapping
        Versions by name.
    """
    files = [
        {
            "role": one.role, "path": str(one.path),
            "relative": os.path.relpath(one.path, folder.resolve()),
            "sha256": file_sha256(one.path), "source": one.source,
        }
        for one in cast.files
    ]  # fmt: skip
    content = {
        "schema": SCHEMA, "wmsim_version": __version__, "libraries": dict(libraries),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "again": f"wmsim compare --from {folder / NAME} --out FOLDER",
        "controls": controls, "config": config.told(), "files": files,
    }  # fmt: skip
    write_json(folder / NAME, content)


def read_provenance(path: str | os.PathLike[str]) -> Provenance:
    """Read how a comparison was made, and make sure that its files are what they were.

    Parameters
    ----------
    path : path-like
        ``provenance.json`` in the folder of a comparison.

    Returns
    -------
    Provenance

    Raises
    ------
    WmsimError
        If it is no such file, or a recording is missing or has changed.
    """
    file = existing_file(path, NAME)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["schema"] != SCHEMA:
            raise ValueError(f"schema {found['schema']!r}")
        config = CompareConfig(**found["config"])
        files = [(str(one["role"]), _same(one, file)) for one in found["files"]]
        controls, version = bool(found["controls"]), str(found["wmsim_version"])
    except ConfigError as error:
        raise WmsimError(
            f"'{file}' has settings that this version does not know: {error}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise WmsimError(
            f"'{file}' is no {NAME} of wmsim compare ({type(error).__name__}: {error}). Name the "
            "one in the folder of a comparison."
        ) from None
    by_role = {
        role: tuple(one for own, one in files if own == role) for role in (MODEL, BRAIN)
    }  # fmt: skip
    return Provenance(by_role[MODEL], by_role[BRAIN], config, controls, version)


def _same(one: Mapping[str, Any], file: Path) -> Path:
    """The file that has the content it had; looked for beside the provenance as well."""
    wanted = str(one["sha256"])
    places = [Path(one["path"]), (file.resolve().parent / one["relative"]).resolve()]
    there = [place for place in dict.fromkeys(places) if place.is_file()]
    for place in there:
        if file_sha256(place) == wanted:
            return place
    if there:
        raise WmsimError(
            f"'{there[0]}' has changed since the comparison in '{file.parent}' was made (SHA-256 "
            f"{file_sha256(there[0])[:12]}..., was {wanted[:12]}...). Restore it, or compare anew "
            "by naming the files."
        )
    raise WmsimError(
        f"'{places[0]}', of which the comparison in '{file.parent}' was made, is missing (nor is "
        f"it at '{places[1]}'). Put it back, or compare anew by naming the files."
    )


def require_same(config: CompareConfig, earlier: CompareConfig) -> None:
    """Refuse other settings than those that earlier results were made with.

    Raises
    ------
    WmsimError
        Naming what differs.
    """
    differ = differences(earlier.told(), config.told())
    if differ:
        told = "; ".join(f"{name} was {was}, is {asked}" for name, (was, asked) in differ.items())
        raise WmsimError(
            f"Settings differ from those of the earlier comparison: {told}. Leave them out to take "
            "the earlier ones, or compare anew into another folder."
        )


def new_files(
    given: Sequence[str | os.PathLike[str]], earlier: Provenance
) -> list[str | os.PathLike[str]]:
    """Of some files, those that an earlier comparison does not have."""
    known = {path.resolve() for path in (*earlier.models, *earlier.brains)}
    return [path for path in given if Path(path).expanduser().resolve() not in known]
