"""Verdicts as numbers: entries of ``summary.json``, and a labelled dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.reasons import parts_of, why_undecided
from wmsim.hypotheses.verdict import Verdict, VerdictConfig
from wmsim.report.verdict_store import plain

ENDS = ("mean", "low", "high")


def told(subject: str, verdict: Verdict, threshold: float) -> dict[str, Any]:
    """Entry of the summary for one verdict."""
    measured = {name: one.value for name, one in verdict.effects.items()}
    found: dict[str, Any] = plain({
        "subject": subject,
        "task": verdict.task,
        "feature": verdict.feature,
        "verdict": verdict.verdict,
        "undecided_because": why_undecided(
            verdict.verdict, verdict.choice, verdict.p, threshold
        ),
        "most_probable": verdict.choice.best,
        "probability": verdict.choice.probability,
        "log_evidence": verdict.choice.log_evidence,
        "distance": verdict.choice.distance,
        "unlike": verdict.choice.unlike,
        "effects": {name: asdict(one) for name, one in verdict.effects.items()},
        "predicted_effects": {
            hypothesis: {
                name: dict(zip(ENDS, values, strict=True)) for name, values in one.items()
            }
            for hypothesis, one in verdict.predicted_effects.items()
        },
        "parts": parts_of(measured),
        "p": verdict.p,
        "sensitivity": verdict.sensitivity,
        "more_data": verdict.more_data,
        "reasons": list(verdict.reasons),
        "n_trials": verdict.n_trials,
        "n_units": verdict.n_units,
        "n_values": verdict.n_values,
        "n_states": len(verdict.used),
    })  # fmt: skip
    return found


def as_dataset(verdicts: Sequence[tuple[str, Verdict]], config: VerdictConfig) -> xr.Dataset:
    """Verdicts as a labelled dataset.

    Parameters
    ----------
    verdicts : sequence of (str, Verdict)
        With the name of the subject.
    config : VerdictConfig
        How they were reached.

    Returns
    -------
    xarray.Dataset
        ``similarity`` (verdict, state, other_state), ``predicted_similarity`` (verdict,
        hypothesis, state, other_state), ``probability`` and ``log_evidence`` (verdict,
        hypothesis), ``effect`` with ``_low`` and ``_high`` (verdict, effect_name),
        ``predicted_effect`` with the same (verdict, hypothesis, effect_name), ``p`` (verdict,
        code), ``sensitivity`` (verdict, hypothesis, outcome). States of any verdict; NaN where a
        verdict lacks them.
    """
    every = [one for _, one in verdicts]
    states = sorted({state for one in every for state in one.states})
    names = list(dict.fromkeys(name for one in every for name in one.effects))
    outcomes = ["right", "wrong", "undecided"]
    row = {state: number for number, state in enumerate(states)}
    kernel = ("verdict", "state", "other_state")
    of_effect = ("verdict", "effect_name")
    data: dict[str, Any] = {
        "similarity": (kernel, _stacked([(one.states, one.similarity) for one in every], row)),
        "predicted_similarity": (
            ("hypothesis", *kernel),
            np.stack(
                [
                    _stacked([(one.states, one.predicted[name]) for one in every], row)
                    for name in HYPOTHESES
                ]
            ),
        ),
        "used": (
            ("verdict", "state"),
            np.array([[s in {one.states[u] for u in one.used} for s in states] for one in every]),
        ),
        "sensitivity": (
            ("verdict", "hypothesis", "outcome"),
            np.array(
                [[[one.sensitivity[h][o] for o in outcomes] for h in HYPOTHESES] for one in every]
            ),
        ),
        "p": (("verdict", "code"), np.array([list(one.p.values()) for one in every])),
        "distance": ("verdict", [one.choice.distance for one in every]),
    }
    for name in ("probability", "log_evidence"):
        table = [[getattr(one.choice, name)[h] for h in HYPOTHESES] for one in every]
        data[name] = (("verdict", "hypothesis"), np.array(table))
    for place, (mean, end) in enumerate((("value", ""), ("low", "_low"), ("high", "_high"))):
        own = [[_of(one.effects.get(name), mean) for name in names] for one in every]
        data[f"effect{end}"] = (of_effect, np.array(own, float))
        expected = [
            [[one.predicted_effects[h].get(name, [np.nan] * 3)[place] for name in names]
             for h in HYPOTHESES] for one in every
        ]  # fmt: skip
        data[f"predicted_effect{end}"] = (("verdict", "hypothesis", "effect_name"),
                                          np.array(expected, float))  # fmt: skip
    return xr.Dataset(
        data,
        coords={
            "answer": ("verdict", [one.verdict for one in every]),
            "subject": ("verdict", [subject for subject, _ in verdicts]),
            "task": ("verdict", [one.task for one in every]),
            "feature": ("verdict", [one.feature for one in every]),
            "hypothesis": list(HYPOTHESES),
            "effect_name": names,
            "outcome": outcomes,
            "code": list(every[0].p),
            "item": ("state", [item for item, _ in states]),
            "step": ("state", [step for _, step in states]),
            "other_item": ("other_state", [item for item, _ in states]),
            "other_step": ("other_state", [step for _, step in states]),
        },
        attrs={
            "schema": "wmsim.verdict", "config": json.dumps(config.model_dump(mode="json")),
            "creation_library": "wmsim", "creation_library_version": __version__,
        },
    )  # fmt: skip


def _stacked(
    kernels: list[tuple[tuple[tuple[int, int], ...], np.ndarray]], row: dict[tuple[int, int], int]
) -> np.ndarray:
    """Kernels of different states in one array (verdict, state, state)."""
    found = np.full((len(kernels), len(row), len(row)), np.nan)
    for one, (states, kernel) in zip(found, kernels, strict=True):
        at = [row[state] for state in states]
        one[np.ix_(at, at)] = kernel
    return found


def _of(effect: Any, end: str) -> float:
    return float("nan") if effect is None else float(getattr(effect, end))
