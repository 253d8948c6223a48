"""What a perturbation did, as one labelled dataset."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.decoding import bootstrap_weights
from wmsim.perturbation.curves import (
    Interval,
    beyond_random,
    change,
    interval,
    pooled,
    resampled,
)
from wmsim.perturbation.plan import TRIAL_KINDS
from wmsim.perturbation.shifts import RANDOM, Shifts
from wmsim.tasks import ACTIONS

SCHEMA = "wmsim.perturbation"
CURVE = ("direction", "dose", "step", "action")
MEANINGS = {
    "probability": "probability of the action, mean over trials",
    "probability_sd": "standard deviation of it over trials",
    "chosen": "share of trials in which the action is the most probable one",
    "changed": "share of trials whose most probable action is not that of the unmoved state",
    "decoded": "share of trials that the own decoder puts where the own direction leads; at dose 0 "
    "its error on held-out trials",
    "beyond": "share of units outside the range that they have in all trials, unmoved",
    "length": "length of dose 1 in units of the state, mean over trials",
    "cosine": "cosine of the direction and the own one, mean over trials",
    "hyperplane": "dose that takes the mean of the class that is left onto the hyperplane, mean "
    "over trials",
    "n_trials": "trials that were moved",
    "control": "probability of the action, mean over random directions and trials",
    "contrast": "change of probability from dose 0, less the mean change by random directions",
    "contrast_p": "(1 + random directions that change it as much, up or down) / (1 + random "
    "directions)",
    "change": "change of probability from dose 0",
}


def perturbation_dataset(
    probability: np.ndarray, beyond: np.ndarray, shifts: Shifts, kind: np.ndarray,
    doses: np.ndarray, bootstrap: int, *, rng: np.random.Generator,
) -> xr.Dataset:  # fmt: skip
    """Reduce trials to means with intervals, for match and for non-match trials.

    Parameters
    ----------
    probability : ndarray, shape (trial, direction, dose, step, action)
        From :func:`wmsim.perturbation.onwards.move_and_go_on`.
    beyond : ndarray, shape (trial, direction, dose)
        From the same.
    shifts : Shifts
        What was done.
    kind : ndarray of int, shape (trial,)
        Index into :data:`wmsim.perturbation.plan.TRIAL_KINDS`.
    doses : ndarray, shape (dose,)
        Doses.
    bootstrap : int
        Resamples.
    rng : numpy.random.Generator
        Source of randomness.
    """
    zero = int(np.flatnonzero(doses == 0)[0])
    per_trial = {
        "decoded": (("direction", "dose"), shifts.decoded(doses)),
        "beyond": (("direction", "dose"), beyond),
        "length": (("direction",), shifts.length()),
        "cosine": (("direction",), shifts.cosine()),
        "hyperplane": ((), shifts.hyperplane),
    }
    parts = []
    for number in range(len(TRIAL_KINDS)):
        rows = kind == number
        weights = bootstrap_weights(int(rows.sum()), bootstrap, rng=rng)
        found: dict[str, Any] = {"n_trials": ((), int(rows.sum()))}
        found |= {name: (dims, one[rows].mean(axis=0)) for name, (dims, one) in per_trial.items()}
        found |= _curves(probability[rows], weights, zero)
        found |= _against_random(probability[rows], weights, shifts.kinds, zero, rng)
        parts.append(xr.Dataset(found))
    dataset = xr.concat(parts, dim="trial_kind").assign_coords(_coordinates(shifts, doses))
    steps = np.arange(1, probability.shape[3] + 1)
    dataset = dataset.assign_coords(trial_kind=list(TRIAL_KINDS), step=steps, action=list(ACTIONS))
    dataset["step"].attrs["long_name"] = "steps after the item whose memory was moved"
    dataset["dose"].attrs["long_name"] = "distance between class means along the normal"
    for name, meaning in MEANINGS.items():
        for one in (name, f"{name}_low", f"{name}_high"):
            if one in dataset:
                end = {"low": "lower end of the 95 % interval of: ",
                       "high": "upper end of the 95 % interval of: "}  # fmt: skip
                ending = one.removeprefix(name).lstrip("_")
                dataset[one].attrs["long_name"] = end.get(ending, "") + meaning
    return dataset


def about(config: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    """Attributes of a dataset: what it is, with which settings, when."""
    return {
        "schema": SCHEMA,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "creation_library": "wmsim",
        "creation_library_version": __version__,
        "config": json.dumps(config),
        **attrs,
    }


def _coordinates(shifts: Shifts, doses: np.ndarray) -> dict[str, Any]:
    tested = [name for name, kind in zip(shifts.names, shifts.kinds, strict=True)
              if kind not in RANDOM]  # fmt: skip
    return {
        "direction": list(shifts.names),
        "kind": ("direction", list(shifts.kinds)),
        "tested": tested,
        "against": [kind for kind in RANDOM if kind in shifts.kinds],
        "dose": doses,
    }


def _curves(probability: np.ndarray, weights: np.ndarray, zero: int) -> dict[str, Any]:
    """Curves of every direction, with intervals over trials."""
    response = probability.argmax(axis=-1)
    there = np.isfinite(probability).all(axis=-1)
    chosen = np.where(there[..., None], response[..., None] == np.arange(len(ACTIONS)), np.nan)
    changed = np.where(there, response != response[:, :, zero : zero + 1], np.nan)
    means = resampled(probability, weights)
    found = _with_ends("probability", CURVE, interval(means))
    found |= _with_ends("change", CURVE, interval(change(means, zero)))
    found |= _with_ends("chosen", CURVE, interval(resampled(chosen, weights)))
    found |= _with_ends("changed", CURVE[:3], interval(resampled(changed, weights)))
    found["probability_sd"] = (CURVE, probability.std(axis=0))
    return found


def _against_random(
    probability: np.ndarray, weights: np.ndarray, kinds: tuple[str, ...], zero: int,
    rng: np.random.Generator,
) -> dict[str, Any]:  # fmt: skip
    """Random directions as one curve, and what the others do beyond them."""
    of_kind = np.array(kinds)
    against = [kind for kind in RANDOM if kind in kinds]
    if not against:
        return {}
    means = resampled(probability, weights)
    changes = change(means, zero)
    tested = ~np.isin(of_kind, RANDOM)
    controls, contrasts, ps = [], [], []
    for kind in against:
        controls.append(interval(pooled(means[:, of_kind == kind], rng=rng)))
        contrast, p = beyond_random(changes[:, tested], changes[:, of_kind == kind], rng=rng)
        contrasts.append(contrast)
        ps.append(p)
    found = _with_ends("control", ("against", *CURVE[1:]), _stacked(controls))
    dims = ("against", "tested", *CURVE[1:])
    found |= _with_ends("contrast", dims, _stacked(contrasts))
    return found | {"contrast_p": (dims, np.stack(ps))}


def _stacked(intervals: list[Interval]) -> Interval:
    return Interval(*(np.stack(one) for one in zip(*intervals, strict=True)))


def _with_ends(name: str, dims: tuple[str, ...], found: Interval) -> dict[str, Any]:
    return {
        name: (dims, found.value),
        f"{name}_low": (dims, found.low),
        f"{name}_high": (dims, found.high),
    }
