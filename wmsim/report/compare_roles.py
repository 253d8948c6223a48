"""Which file is a model's and which a brain's, and which model ran whose trials."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.compare.run import EVERY, Model
from wmsim.errors import WmsimError
from wmsim.files import existing_file
from wmsim.recordings import open_recording

PathLike = str | os.PathLike[str]
BRAIN, MODEL = "brain", "model"
# Controls that models' recordings may be, as attr "control" has it.
UNTRAINED, ENCODER = "untrained", "encoder"


@dataclass(frozen=True)
class Given:
    """A file that takes part.

    Attributes
    ----------
    path : Path
        Where it is.
    source : str
        Where its activity comes from: "neural", "model" or "planted".
    role : str
        What it is taken for: "brain" or "model".
    attrs : dict
        Attributes of the recording.
    area : str
        Of all units, where they share one.
    aligned : bool
        Whether it has one value a step, so that no windows are needed.
    units : str
        Of its activity.
    """

    path: Path
    source: str
    role: str = field(default="", compare=False)
    attrs: Mapping[str, Any] = field(default_factory=dict, compare=False)
    area: str = field(default="", compare=False)
    aligned: bool = field(default=False, compare=False)
    units: str = field(default="", compare=False)

    @cached_property
    def twin(self) -> dict[str, Any] | None:
        """What attr ``twin`` says: whose trials it ran; None where it is no twin."""
        text = self.attrs.get("twin")
        if text is None:
            return None
        try:
            told = json.loads(text)
        except (TypeError, ValueError):
            told = None
        if not _is_account(told):
            raise WmsimError(
                f"'{self.path}': its attribute 'twin' does not say whose trials it ran (JSON with "
                "'brain', and with seconds as numbers, was expected). Make it again with wmsim "
                "twin, or delete the attribute."
            )
        return told

    @property
    def control(self) -> str:
        """Which control it is, "" for a trained network."""
        return str(self.attrs.get("control", ""))


def _is_account(told: object) -> bool:
    """Whether this is what twins say of themselves; anybody may have written it."""
    if not isinstance(told, dict) or "brain" not in told:
        return False
    seconds = [told.get(name, 0) for name in ("step", "latency", "largest_rounding_error")]
    return isinstance(told.get("stand_ins", {}), dict) and all(
        isinstance(one, int | float) for one in seconds
    )


@dataclass(frozen=True)
class Cast:
    """Who takes part.

    Attributes
    ----------
    brains : dict of str to Path
        Recordings by name.
    models : tuple of Model
        Models, each with the recordings that it made.
    files : tuple of Given
        All files, models' first in the order in which they were given.
    notes : tuple of str
        What a reader has to know.
    """

    brains: dict[str, Path]
    models: tuple[Model, ...]
    files: tuple[Given, ...]
    notes: tuple[str, ...] = ()

    def file(self, path: object) -> Given:
        """What is known of a file that takes part."""
        return next(one for one in self.files if one.path == path)


def cast_files(
    paths: Sequence[PathLike], *, models: Sequence[PathLike] = (), brains: Sequence[PathLike] = ()
) -> Cast:
    """Tell models from brains, and find out whose trials each model ran.

    Parameters
    ----------
    paths : sequence of path-like
        Recordings. One of a nervous system is a brain, one of a network is a model. Planted ones
        are models where there is a brain, else brains.
    models, brains : sequence of path-like
        Recordings whose role is given, whatever their source is.

    Returns
    -------
    Cast

    Raises
    ------
    WmsimError
        If a file is no recording or is given twice, there is no model or no brain, or a model
        ran the trials of a brain that is not among them.
    """
    given = _with_roles(_read(paths), _read(models), _read(brains))
    kinds = {role: [one for one in given if one.role == role] for role in (MODEL, BRAIN)}
    _require_both(given, kinds[MODEL], kinds[BRAIN])
    names = distinct_names([one.path for one in kinds[BRAIN]])
    own = dict(zip(names, kinds[BRAIN], strict=True))
    notes: list[str] = []
    found = _models(kinds[MODEL], own, notes)
    return Cast(
        {name: one.path for name, one in own.items()}, tuple(found),
        (*kinds[MODEL], *kinds[BRAIN]), tuple(notes),
    )  # fmt: skip


def distinct_names(files: Sequence[Path]) -> list[str]:
    """A name for each file: its stem, with its folder or a number before it where stems repeat.

    Examples
    --------
    >>> distinct_names([Path("/one/a.nc"), Path("/two/b.nc")])
    ['a', 'b']
    >>> distinct_names([Path("/one/a.nc"), Path("/two/a.nc")])
    ['one-a', 'two-a']
    """
    names = [file.stem for file in files]
    if len(set(names)) < len(names):
        names = [f"{file.resolve().parent.name}-{file.stem}" for file in files]
    if len(set(names)) < len(names):
        names = [f"{number + 1}-{name}" for number, name in enumerate(names)]
    return names


def _read(paths: Sequence[PathLike]) -> list[Given]:
    found = []
    for path in paths:
        file = existing_file(path, "recording").resolve()
        with open_recording(file) as recording:
            areas = _different(recording, "area")
            found.append(
                Given(
                    file, str(recording.attrs.get("source", "")), attrs=dict(recording.attrs),
                    area=areas[0] if len(areas) == 1 else "",
                    aligned="shown_item" in recording.variables,
                    units=str(recording["activity"].attrs.get("units", "")),
                )
            )  # fmt: skip
    twice = [one for row, one in enumerate(found) if one in found[:row]]
    if twice:
        raise WmsimError(f"'{twice[0].path}' was given twice; name each recording once.")
    return found


def _different(recording: xr.Dataset, label: str) -> list[str]:
    if label not in recording.variables:
        return []
    return [str(one) for one in np.unique(recording[label].values.astype(str))]


def _with_roles(given: list[Given], models: list[Given], brains: list[Given]) -> list[Given]:
    """All files with what they are taken for, in the order in which they were given."""
    both = [one for one in models if one in brains]
    if both:
        raise WmsimError(
            f"'{both[0].path}' is given as --model and as --brain; it can be one of them."
        )
    every = list(dict.fromkeys([*given, *models, *brains]))
    other = [one for one in every if one not in models and one not in brains]
    is_brain = bool(brains) or any(one.source == "neural" for one in other)
    usual = {"neural": BRAIN, "model": MODEL, "planted": MODEL if is_brain else BRAIN}
    return [
        replace(one, role=MODEL if one in models else BRAIN if one in brains else usual[one.source])
        for one in every
    ]


def _require_both(given: list[Given], models: list[Given], brains: list[Given]) -> None:
    if not given:
        raise WmsimError(
            "No file was given; a comparison needs a model's recording and a brain's, or more."
        )
    if len(given) == 1:
        raise WmsimError(
            f"One file was given ('{given[0].path.name}', taken for a {given[0].role}); a "
            "comparison needs a model's recording and a brain's, or more."
        )
    for role, there, other in ((BRAIN, brains, models), (MODEL, models, brains)):
        if not there:
            named = ", ".join(f"'{one.path.name}'" for one in other[:3])
            more = f" and {len(other) - 3} more" if len(other) > 3 else ""
            raise WmsimError(
                f"No {role} is among the files: all are taken for {other[0].role}s ({named}{more}; "
                f"by attribute 'source': {', '.join(sorted({one.source for one in other}))}). Add "
                f"a {role}'s recording, or say which file is one (--{role} FILE)."
            )


def _models(files: list[Given], brains: dict[str, Given], notes: list[str]) -> list[Model]:
    """One model for the files of one name; others alone, named by their file."""
    keys = _Keys(brains)
    groups: dict[str, dict[str, Given]] = {}
    alone: list[Given] = []
    for one in files:
        if one.twin is None and "model" not in one.attrs:
            alone.append(one)
            continue
        name = _model_name(one)
        brain = EVERY if one.twin is None else keys.brain_of(one, notes)
        group = groups.setdefault(name, {})
        if brain in group:
            whose = "" if brain == EVERY else f" of the trials of {brain}"
            raise WmsimError(
                f"Model '{name}' has two recordings{whose}: '{group[brain].path}' and "
                f"'{one.path}'. Leave one of them out."
            )
        group[brain] = one
    names = distinct_names([one.path for one in alone])
    if set(names) & set(groups):
        names = [f"{name} (file)" if name in groups else name for name in names]
    order = {one.path: number for number, one in enumerate(files)}
    sets = [
        *groups.items(),
        *((name, {EVERY: one}) for name, one in zip(names, alone, strict=True)),
    ]
    found = sorted(sets, key=lambda one: min(order[file.path] for file in one[1].values()))
    for name, group in found:
        left = [brain for brain in brains if brain not in group]
        if left and EVERY not in group:
            notes.append(f"{name} has not run the trials of {', '.join(left)}.")
    return [_model(name, group) for name, group in found]


def _model_name(one: Given) -> str:
    """Name of a model; that of a control says which."""
    name = str(one.attrs.get("model", one.path.stem))
    return f"{name} {one.control}" if one.control and one.control not in name else name


def _model(name: str, group: dict[str, Given]) -> Model:
    first = next(iter(group.values()))
    architecture = first.area if first.source == "model" else name
    family = "" if first.control else str(first.attrs.get("family", architecture))
    return Model(name, {brain: one.path for brain, one in group.items()}, first.control, family)


class _Keys:
    """Finds the brain whose trials a model ran: by what it holds, else by its name."""

    def __init__(self, brains: dict[str, Given]) -> None:
        self.brains = brains

    @cached_property
    def by_key(self) -> dict[str, str]:
        """Names of brains by the hash of what their recordings hold."""
        from wmsim.twin import recording_key

        found = {}
        for name, one in self.brains.items():
            with open_recording(one.path) as recording:
                found[recording_key(recording)] = name
        return found

    def brain_of(self, one: Given, notes: list[str]) -> str:
        """Name of the brain whose trials a model ran."""
        told = one.twin or {}
        named = str(told["brain"])
        key = told.get("brain_key")
        if key is not None and key in self.by_key:
            return self.by_key[key]
        same = [name for name, brain in self.brains.items() if brain.path.stem == named]
        if len(same) == 1:
            if key is not None:
                notes.append(
                    f"'{one.path.name}' ran the trials of {named} when that file held something "
                    "else than it does now; make it again with wmsim twin."
                )
            return same[0]
        raise WmsimError(
            f"'{one.path}' ran the trials of '{named}' (attribute 'twin'), which is not among the "
            f"brains ({', '.join(self.brains)}). Give the recording of {named} as well, or leave "
            "this file out."
        )
