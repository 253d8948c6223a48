"""Human concept cells in a Sternberg task: maintenance of 1 to 3 images, firing rates only.

``CC_raw.mat`` of github.com/noahxiaowork-coder/Time-Cells-in-the-Human-Brain-Support-Working-
Memory-Maintenance, derived from Kyzar et al., Scientific Data 11, 89 (2024),
https://doi.org/10.1038/s41597-024-02943-8. One MATLAB file with one struct a unit.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import ConfigError, WmsimError, did_you_mean
from wmsim.recordings.build import build_recording
from wmsim.recordings.importing.matlab import read_matlab
from wmsim.recordings.importing.rawdata import RawData, one_dimensional
from wmsim.recordings.importing.unsmoothing import spike_counts

REFERENCE = (
    "Kyzar, M., Kaminski, J., Brzezicka, A., Reed, C. M., Chung, J. M., Mamelak, A. N., & "
    "Rutishauser, U. (2024). Dataset of human-single neuron activity during a Sternberg working "
    "memory task. Scientific Data, 11, 89. https://doi.org/10.1038/s41597-024-02943-8"
)
LICENCE = "MIT"
STRUCT = "neural_data"
BIN = 0.1
SIDES = ("left", "right")
AREAS = {"pre supplementary motor area": "pre-supplementary motor area"}
TRAPS = (
    "images never repeat within a trial: a decoder that reads one item well can never be right "
    "about another, so information itself pulls transfer between items down to 1/k or below; read "
    "it with the item's own image left out of the choice (multiclass_left_out, chance 1/(k - 1))",
    "units were selected by their responses in the encoding period of these same trials: "
    "preferred_image is no independent prediction",
    "images are numbered for each patient: image 1 is another picture for another patient",
)


@dataclass(frozen=True)
class _Unit:
    """One element of the struct array."""

    patient: int
    number: int
    rates: np.ndarray  # (trial, bin)
    images: np.ndarray  # (trial, item), 0: no item
    correct: np.ndarray  # (trial,)
    region: str
    preferred: int


def import_concept_cells(
    path: str | os.PathLike[str],
    *,
    table: int = 1,
    patient: int | None = None,
    smoothed: bool = False,
) -> xr.Dataset:
    """Import the units that share one table of trials as a continuous recording of maintenance.

    Units of different patients are stacked by the number of the trial, which is sound where the
    patients saw the same sequence of images. The file has several such tables.

    Parameters
    ----------
    path : path-like
        ``CC_raw.mat``.
    table : int
        Which table of trials, counted from 1, the one with most units first.
    patient : int, optional
        Units of this patient alone, in whichever table; the recording then has ``correct``,
        which differs from patient to patient.
    smoothed : bool
        Whether to keep rates as the file has them: spike counts of 0.1 s smoothed by a Gaussian
        of 0.2 s (which looks both ways, and takes from the first and last bins what it spreads
        beyond the ends). By default the counts are recovered from them, which is exact.

    Returns
    -------
    xarray.Dataset
        ``activity`` (time, unit, trial) in spikes/s, 25 bins of 0.1 s from the start of
        maintenance (``event_maintenance`` is 0; items have no onsets, :func:`~wmsim.recordings
        .align` gives one step); feature ``image``; trial label ``n_items``; ``correct`` for one
        patient, else ``share_correct`` of the patients; units with ``area``, ``hemisphere``,
        ``preferred_image``, ``subject``, ``session``. Attr ``import_account`` says what was
        left out and why.

    Raises
    ------
    WmsimError
        If the file is missing, damaged or of another layout, or rates are not such counts.
    ConfigError
        If there is no such table or patient.
    """
    raw = read_matlab(path)
    units = _read_units(raw)
    tables = _tables(units)
    table, chosen = _chosen(tables, table, patient)
    _require_one_answer(raw, chosen)
    activity, is_counts = _activity(raw, chosen, smoothed)
    images = chosen[0].images - 1
    highest = int(max(unit.images.max() for unit in units))
    n_trials, n_bins = chosen[0].rates.shape
    return build_recording(
        activity.transpose(2, 0, 1),
        time=(np.arange(n_bins) + 0.5) * BIN,
        time_units="s",
        bin_width=BIN,
        activity_units="spikes/s" if is_counts else "a.u.",
        long_name="firing rate",
        features={"image": (images, [f"image {i + 1}" for i in range(highest)])},
        unit=_unit_labels(chosen),
        trial=_trial_labels(chosen),
        events={"maintenance": np.zeros(n_trials)},
        source="neural",
        reference=REFERENCE,
        licence=LICENCE,
        attrs={"import_account": _account(raw, tables, table, chosen, smoothed, is_counts)},
    )


def _read_units(raw: RawData) -> list[_Unit]:
    """All units of the file, checked."""
    columns = {
        field: one_dimensional(raw, f"{STRUCT}.{field}", "unit")
        for field in ("patient_id", "unit_id", "brain_region", "preferred_image")
    }
    n_units = len(columns["patient_id"])
    lists = {
        field: _per_unit(raw, f"{STRUCT}.{field}", n_units)
        for field in ("firing_rates", "trial_imageIDs", "trial_correctness")
    }
    units = [
        _Unit(
            patient=int(columns["patient_id"][i]),
            number=int(columns["unit_id"][i]),
            rates=_numbers(raw, lists["firing_rates"][i], "firing_rates", i),
            images=np.nan_to_num(_numbers(raw, lists["trial_imageIDs"][i], "trial_imageIDs", i)),
            correct=_numbers(raw, lists["trial_correctness"][i], "trial_correctness", i).ravel(),
            region=str(columns["brain_region"][i]),
            preferred=int(columns["preferred_image"][i]),
        )
        for i in range(n_units)
    ]
    return [_checked(raw, unit) for unit in units]


def _per_unit(raw: RawData, name: str, n_units: int) -> list[np.ndarray]:
    found = raw.find(name)
    values = found if isinstance(found, list) else [found]
    if len(values) != n_units:
        raise WmsimError(
            f"'{raw.path.name}': {name} has {len(values)} entries, expected one array for each of "
            f"{n_units} units. Is this CC_raw.mat?"
        )
    return values


def _numbers(raw: RawData, values: Any, field: str, unit: int) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or array.ndim != 2:
        raise WmsimError(
            f"'{raw.path.name}': {field} of unit {unit + 1} has shape {array.shape} and type "
            f"{array.dtype}, expected a matrix of numbers. Is this CC_raw.mat?"
        )
    return array.astype(np.float64)


def _checked(raw: RawData, unit: _Unit) -> _Unit:
    where = f"'{raw.path.name}': unit {unit.number} of patient {unit.patient}"
    lengths = (len(unit.rates), len(unit.images), len(unit.correct))
    if len(set(lengths)) > 1 or not lengths[0]:
        raise WmsimError(
            f"{where} has firing_rates of {lengths[0]}, trial_imageIDs of {lengths[1]} and "
            f"trial_correctness of {lengths[2]} trials, expected equally many. Is this CC_raw.mat?"
        )
    images = unit.images
    whole = (images >= 0) & (images == np.round(images)) & (images <= 1000)
    gaps = (np.diff((images > 0).astype(int), axis=1) > 0).any() or (images[:, 0] == 0).any()
    if not whole.all() or gaps:
        raise WmsimError(
            f"{where} has trial_imageIDs that are no numbers of images from 1, in order of the "
            "items, then 0 (no item). Is this CC_raw.mat?"
        )
    return _Unit(**{**unit.__dict__, "images": images.astype(np.int64)})


def _tables(units: list[_Unit]) -> list[list[_Unit]]:
    """Units by the table of trials that they share, the largest group first."""
    groups: dict[tuple[Any, ...], list[_Unit]] = {}
    for unit in units:
        key = (unit.images.shape, unit.images.tobytes(), unit.rates.shape)
        groups.setdefault(key, []).append(unit)
    return sorted(groups.values(), key=len, reverse=True)


def _chosen(tables: list[list[_Unit]], table: int, patient: int | None) -> tuple[int, list[_Unit]]:
    if patient is not None:
        for number, units in enumerate(tables, start=1):
            own = [unit for unit in units if unit.patient == patient]
            if own:
                return number, own
        known = sorted({unit.patient for units in tables for unit in units})
        raise ConfigError(f"No patient {patient}. {did_you_mean(str(patient), map(str, known))}")
    if not 1 <= table <= len(tables):
        told = ", ".join(f"{i} ({len(units)} units)" for i, units in enumerate(tables, start=1))
        raise ConfigError(f"table is {table}, expected one of: {told}.")
    return table, tables[table - 1]


def _require_one_answer(raw: RawData, units: list[_Unit]) -> None:
    """Units of one patient were recorded together, so they share the patient's answers."""
    answers: dict[int, np.ndarray] = {}
    for unit in units:
        first = answers.setdefault(unit.patient, unit.correct)
        if not np.array_equal(first, unit.correct):
            raise WmsimError(
                f"'{raw.path.name}': units of patient {unit.patient} differ in trial_correctness, "
                "expected the same answers. Is this CC_raw.mat?"
            )


def _activity(raw: RawData, units: list[_Unit], smoothed: bool) -> tuple[np.ndarray, bool]:
    """Rates (unit, trial, bin) in spikes/s, and whether the file's are smoothed counts."""
    values = np.stack([unit.rates for unit in units])
    counts = spike_counts(values)
    if smoothed:
        return (values if counts is None else values / BIN), counts is not None
    if counts is None:
        raise WmsimError(
            f"'{raw.path.name}': firing_rates are not spike counts of 0.1 s smoothed by a Gaussian "
            "of 0.2 s, so the counts cannot be recovered. Give smoothed=True to keep "
            "them as they are."
        )
    return counts / BIN, True


def _unit_labels(units: list[_Unit]) -> dict[str, Any]:
    places = [area_and_side(unit.region) for unit in units]
    return {
        "unit": [f"P{unit.patient}/{unit.number}" for unit in units],
        "kind": "single unit",
        "area": [area for area, _ in places],
        "hemisphere": [side for _, side in places],
        "subject": [f"P{unit.patient}" for unit in units],
        "session": [f"P{unit.patient}" for unit in units],
        "preferred_image": [f"image {unit.preferred}" for unit in units],
    }


def area_and_side(region: str) -> tuple[str, str]:
    """Area and hemisphere of a region's name.

    Examples
    --------
    >>> area_and_side("amygdala_left"), area_and_side("pre_supplementary_motor_area_right")
    (('amygdala', 'left'), ('pre-supplementary motor area', 'right'))
    >>> area_and_side("amygdala")
    ('amygdala', 'unknown')
    """
    area, _, side = region.rpartition("_")
    if side not in SIDES:
        area, side = region, "unknown"
    plain = area.replace("_", " ")
    return AREAS.get(plain, plain), side


def _trial_labels(units: list[_Unit]) -> dict[str, Any]:
    n_items = (units[0].images > 0).sum(axis=1)
    labels: dict[str, Any] = {"task": "Sternberg", "n_items": n_items}
    answers = {unit.patient: unit.correct > 0 for unit in units}
    if len(answers) == 1:
        labels["correct"] = next(iter(answers.values()))
    else:
        labels["share_correct"] = np.mean(list(answers.values()), axis=0)
    return labels


def _account(
    raw: RawData, tables: list[list[_Unit]], table: int, chosen: list[_Unit], smoothed: bool,
    is_counts: bool,
) -> str:  # fmt: skip
    n_trials, n_bins = chosen[0].rates.shape
    n_items = Counter((chosen[0].images > 0).sum(axis=1).tolist())
    loads = ", ".join(f"{count} of {load}" for load, count in sorted(n_items.items()))
    total = sum(len(units) for units in tables)
    areas = Counter(area_and_side(unit.region)[0] for unit in chosen)
    lines = [
        f"Concept cells in a Sternberg task, {Path(raw.path).name}",
        f"dims: time {n_bins}, unit {len(chosen)}, trial {n_trials}, "
        f"item {chosen[0].images.shape[1]}",
        f"time: 0 to {n_bins * BIN:g} s of maintenance, bins of {BIN:g} s; items have no onsets",
        f"trials: {n_trials} (items: {loads}), table {table} of {len(tables)}",
        f"units kept: {len(chosen)} of {total}, of patients {_patients(chosen)} "
        f"({', '.join(f'{count} {area}' for area, count in sorted(areas.items()))})",
        *_left_out(tables, table, chosen),
        "answers: "
        + (
            "correct"
            if len({unit.patient for unit in chosen}) == 1
            else "differ between patients: share_correct; patient=N gives one patient's correct"
        ),
    ]
    if not is_counts:
        lines.append("rates: as in the file, in unknown units")
    elif smoothed:
        lines.append(
            "rates: as in the file (times 10: spikes/s), smoothed by a Gaussian of 0.2 s that "
            "looks both ways; the first and last bins are too low, zeros were taken beyond the ends"
        )
    else:
        lines.append(
            "rates: spike counts of 0.1 s, recovered exactly from the file's, which are smoothed "
            "by a Gaussian of 0.2 s (smoothed=True keeps them)"
        )
    return "\n".join([*lines, *(f"note: {trap}" for trap in TRAPS), *raw.notes])


def _left_out(tables: list[list[_Unit]], table: int, chosen: list[_Unit]) -> list[str]:
    """One line for each group of units that is not in the recording, and how to get it."""
    lines = []
    for number, units in enumerate(tables, start=1):
        names = {(unit.patient, unit.number) for unit in chosen}
        rest = [unit for unit in units if (unit.patient, unit.number) not in names]
        if not rest:
            continue
        why = "other patients" if number == table else "saw another sequence of images"
        lines.append(
            f"units left out: {len(rest)} of patients {_patients(rest)}, {why} "
            f"({len(rest[0].images)} trials); import them with table={number}, or pool them by "
            "condition with pseudo_population"
        )
    return lines


def _patients(units: list[_Unit]) -> str:
    return ", ".join(str(patient) for patient in sorted({unit.patient for unit in units}))
