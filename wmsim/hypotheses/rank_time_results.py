"""Rank against time: sessions combined, an answer in words, and a labelled dataset."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.decoding import permutation_p
from wmsim.hypotheses.rank_time_codes import Cell
from wmsim.hypotheses.rank_time_effects import Pairs
from wmsim.pipeline.config import AnalysisConfig

EFFECTS = ("signal", "rank", "time", "difference")
LEVEL = 0.05
# A cosine lost that is smaller than this counts as little.
LITTLE = 0.25
# Subjects from which on intervals are over subjects.
ENOUGH_SUBJECTS = 3


@dataclass(frozen=True)
class Session:
    """What came out for one recording.

    Attributes
    ----------
    name, subject : str
        Which.
    n_trials, n_units : int
        Sizes.
    spacing : float
        Mean of the seconds from one item's onset to the next.
    cells : list of Cell
        Cells.
    pairs : Pairs
        Their pairs.
    kernel : ndarray, shape (cell, cell)
        Similarities.
    norms : ndarray, shape (cell,)
        Smoothed norms of codes.
    values : ndarray, shape (effect,)
        :data:`EFFECTS`.
    left_out : ndarray, shape (group, effect)
        The same without each group of trials.
    signal_null, time_null : ndarray, shape (permutation,)
        Signal under permuted labels; effect of time under permuted times.
    explained : (float, float)
        Shares of variance that rank alone and time alone explain.
    notes : tuple of str
        What a reader has to know.
    """

    name: str
    subject: str
    n_trials: int
    n_units: int
    spacing: float
    cells: list[Cell]
    pairs: Pairs
    kernel: np.ndarray
    norms: np.ndarray
    values: np.ndarray
    left_out: np.ndarray
    signal_null: np.ndarray
    time_null: np.ndarray
    explained: tuple[float, float]
    notes: tuple[str, ...]

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of the effects, from groups of trials left out."""
        return jackknife_error(self.left_out)


def jackknife_error(left_out: np.ndarray) -> np.ndarray:
    """Standard error of values from the same without each group, (group, ...)."""
    n = len(left_out)
    squares = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(np.sqrt((n - 1) / n * squares))


def combine(sessions: list[Session]) -> tuple[np.ndarray, np.ndarray, float]:
    """Effects over sessions, their standard errors, and degrees of freedom.

    Sessions count by their precision. Of three subjects or more the error is how much subjects
    differ; of fewer, what groups of trials left out say.
    """
    values, errors, weight = _weighted(sessions)
    mean = (weight * values).sum(axis=0)
    names = [one.subject for one in sessions]
    subjects = sorted(set(names))
    if len(subjects) < ENOUGH_SUBJECTS:
        error = np.sqrt((weight**2 * errors**2).sum(axis=0))
        return mean, error, float(sum(len(one.left_out) - 1 for one in sessions))
    of_subject = np.array([[name == subject for name in names] for subject in subjects], float)
    deviation = of_subject @ (weight * (values - mean))
    n = len(subjects)
    return mean, np.sqrt(n / (n - 1) * (deviation**2).sum(axis=0)), float(n - 1)


def _weighted(sessions: list[Session]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effects, their errors, and the weight of each session, (session, effect).

    Signals weigh the same, other effects by their precision; an effect that a session's design
    cannot tell weighs nothing. NaN where no session can.
    """
    values = np.array([one.values for one in sessions])
    errors = np.array([one.errors for one in sessions])
    there = np.isfinite(values) & np.isfinite(errors)
    precision = 1 / np.maximum(np.where(there, errors, 1.0), 1e-12) ** 2
    precision[:, 0] = 1.0
    weight = np.where(there, precision, 0.0)
    with np.errstate(invalid="ignore"):
        weight = weight / weight.sum(axis=0)
    return np.where(there, values, 0.0), np.where(there, errors, 0.0), weight


def summarise(sessions: list[Session]) -> dict[str, Any]:
    """Numbers, JSON-like, and an answer in words; see :func:`.rank_time.rank_or_time`."""
    from scipy.stats import t as student

    mean, error, freedom = combine(sessions)
    reach = student.ppf(0.975, freedom) * error
    _, _, weight = _weighted(sessions)
    nulls = {
        name: np.array([getattr(one, f"{name}_null") for one in sessions]).T @ weight[:, row]
        for row, name in ((0, "signal"), (2, "time"))
    }
    numbers: dict[str, Any] = {}
    for row, name in enumerate(EFFECTS):
        p = float(student.sf(mean[row] / max(error[row], 1e-12), freedom))
        if name in nulls:
            p = permutation_p(float(mean[row]), nulls[name])
        numbers[name] = {
            "value": _plain(mean[row]), "low": _plain(mean[row] - reach[row]),
            "high": _plain(mean[row] + reach[row]), "p": _plain(p), "n": len(sessions),
        }  # fmt: skip
    subjects = sorted({one.subject for one in sessions})
    over = "subjects" if len(subjects) >= ENOUGH_SUBJECTS else "trials"
    shares = np.array([one.explained for one in sessions])
    answer, words = decide(numbers)
    return {
        "answer": answer, "words": words, **numbers,
        "seconds_between_items": float(np.mean([one.spacing for one in sessions])),
        "explained": {
            name: _plain(_mean(shares[:, column])) for column, name in enumerate(("rank", "time"))
        },
        "interval_over": over, "n_subjects": len(subjects), "n_recordings": len(sessions),
        "recordings": {one.name: _of_session(one) for one in sessions},
        "notes": list(dict.fromkeys(note for one in sessions for note in one.notes)),
    }  # fmt: skip


def decide(numbers: dict[str, Any]) -> tuple[str, str]:
    """Answer and why, in words.

    Parameters
    ----------
    numbers : dict
        ``signal``, ``rank``, ``time`` and ``difference``, each with value, low, high and p.

    Returns
    -------
    answer : {"rank", "time", "both", "neither", "undecided"}
    words : str
    """
    signal, rank, time, difference = (numbers[name] for name in EFFECTS)
    if not _below(signal["p"]):
        return "undecided", (
            f"Undecided: nothing decodable while held (squared distance of values "
            f"{signal['value']:.3g} noise variances, p = {signal['p']:.3g} under permuted labels), "
            "so there is no code whose change could be followed."
        )
    if difference["value"] is None:
        return "undecided", "Undecided: the design does not tell rank and elapsed time apart."
    by_rank = rank["low"] > 0
    by_time = time["low"] > 0 and _below(time["p"])
    told = (
        f"Cosine lost for each item more at equal elapsed time {_range(rank)}; for as many seconds "
        f"as items are apart, at equal rank {_range(time)}, p = {time['p']:.3g}."
    )
    if by_rank and by_time:
        return "both", f"The code changes with items and with seconds. {told}"
    if by_rank and difference["low"] > 0:
        return "rank", f"The code changes with the items that came since, not the seconds. {told}"
    if by_time and difference["high"] < 0:
        return "time", f"The code changes with the seconds that passed, not the items. {told}"
    if max(rank["high"], time["high"]) < LITTLE:
        return "neither", f"The code changes little with items or seconds. {told}"
    return "undecided", f"Undecided: items are decodable, but intervals are too wide. {told}"


def _below(p: float | None) -> bool:
    return p is not None and p <= LEVEL


def _range(number: dict[str, Any]) -> str:
    return f"{number['value']:.2f} [{number['low']:.2f}, {number['high']:.2f}]"


def _of_session(one: Session) -> dict[str, Any]:
    return {
        **{name: _plain(value) for name, value in zip(EFFECTS, one.values, strict=True)},
        "errors": dict(zip(EFFECTS, map(_plain, one.errors), strict=True)),
        "signal_p": _plain(permutation_p(float(one.values[0]), one.signal_null)),
        "time_p": _plain(permutation_p(float(one.values[2]), one.time_null)),
        "subject": one.subject, "n_trials": one.n_trials, "n_units": one.n_units,
        "n_cells": len(one.cells),
        "bins": int(max(np.bincount(one.pairs.states[one.pairs.first == one.pairs.second]))),
    }  # fmt: skip


def _mean(values: np.ndarray) -> float:
    there = values[np.isfinite(values)]
    return float(there.mean()) if there.size else float("nan")


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def as_dataset(sessions: list[Session], config: AnalysisConfig) -> xr.Dataset:
    """Effects of each session, its cells, and the similarity of each pair of them."""
    values = np.array([one.values for one in sessions])
    errors = np.array([one.errors for one in sessions])
    shift = np.cumsum([0, *(len(one.cells) for one in sessions)])
    cells = [(number, cell) for number, one in enumerate(sessions) for cell in one.cells]
    found: dict[str, Any] = {
        "effect": (("recording", "effect_name"), values),
        "effect_error": (("recording", "effect_name"), errors),
        "strength": ("cell", np.concatenate([one.norms for one in sessions])),
    }
    coords: dict[str, Any] = {
        "recording": [one.name for one in sessions],
        "effect_name": list(EFFECTS),
        "cell_recording": ("cell", [number for number, _ in cells]),
        "cell_n_trials": ("cell", [cell.trials.size for _, cell in cells]),
    }
    for name in ("item", "step", "rank", "time", "maintenance"):
        coords[f"cell_{name}"] = ("cell", [getattr(cell, name) for _, cell in cells])
    columns: dict[str, list[np.ndarray]] = {}
    for number, one in enumerate(sessions):
        pairs = one.pairs
        weight = one.norms[pairs.first] * one.norms[pairs.second]
        own = {
            "first": pairs.first + shift[number], "second": pairs.second + shift[number],
            "rank_difference": pairs.rank, "time_difference": pairs.time,
            "same_item": pairs.same_item, "weight": weight,
            "similarity": one.kernel[pairs.first, pairs.second] / weight,
        }  # fmt: skip
        for name, column in own.items():
            columns.setdefault(name, []).append(column)
    found |= {name: ("pair", np.concatenate(parts)) for name, parts in columns.items()}
    dataset = xr.Dataset(found, coords=coords, attrs={
        "schema": "wmsim.rank_time", "config": json.dumps(config.told()),
        "creation_library": "wmsim", "creation_library_version": __version__,
    })  # fmt: skip
    dataset["similarity"].attrs["long_name"] = "cosine between codes, cross-validated; noisy"
    dataset["weight"].attrs["long_name"] = "product of the codes' smoothed norms"
    dataset["time_difference"].attrs["units"] = "s"
    return dataset
