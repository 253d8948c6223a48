"""Scores of all pairs as one labelled result."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.compare.config import CompareConfig
from wmsim.compare.scoring import ALL, Scored
from wmsim.compare.verdicts import chance_agreement, verdict_agreement

if TYPE_CHECKING:
    from wmsim.compare.run import Model, Piece

SIZES = ("n_values", "n_items", "n_units", "n_trials")


def assembled(
    models: list[Model], brains: list[str], found: dict[Piece, Scored],
    failed: dict[Piece, str], config: CompareConfig, shared: bool,
) -> xr.Dataset:  # fmt: skip
    """One labelled result."""
    steps = _ordered({step for scored in found.values() for step in scored.steps})
    names = [model.name for model in models]
    shape = (len(names), len(brains), len(config.scores), len(steps))
    draws = np.full((*shape, 1 + config.bootstrap), np.nan, np.float32)
    ceilings = np.full((*shape[1:], 1 + config.bootstrap), np.nan, np.float32)
    floor = np.full((*shape, config.shuffles), np.nan, np.float32)
    about: dict[str, Any] = {"matched": np.zeros(shape[:2], bool)}
    sizes = {name: np.full(len(brains), -1) for name in SIZES}
    notes: dict[str, None] = {}
    for piece, scored in found.items():
        column = brains.index(piece.brain)
        rows = [steps.index(step) for step in scored.steps]
        for number, score in enumerate(config.scores):
            target = ceilings[column] if piece.model is None else draws[
                names.index(piece.model), column
            ]  # fmt: skip
            if score in scored.draws:
                target[number, rows] = scored.draws[score]
            if piece.model is not None and score in scored.floor:
                floor[names.index(piece.model), column, number, rows] = scored.floor[score]
        if piece.model is not None:
            about["matched"][names.index(piece.model), column] = scored.about["matched"]
            for size, values in sizes.items():
                values[column] = max(values[column], scored.about[size])
            notes |= dict.fromkeys(scored.notes)
    notes |= {
        f"{'Left out' if piece.model else f'{piece.brain} has no ceiling'}: {message}": None
        for piece, message in failed.items()
    }
    verdicts = {}
    if "verdict" in config.scores:
        verdicts = _agreement(found, config, names, brains, draws, ceilings, floor)
    notes |= _incomparable(found, draws, floor, names, brains)
    four, three = ("model", "brain", "score", "step"), ("brain", "score", "step")
    return xr.Dataset(
        {
            "value": (four, draws[..., 0].astype(float)),
            "resampled": ((*four, "resample"), draws[..., 1:]),
            "floor": (four, _mean_of(floor)),
            "floor_draws": ((*four, "shuffle"), floor),
            "ceiling": (three, ceilings[..., 0].astype(float)),
            "ceiling_resampled": ((*three, "resample"), ceilings[..., 1:]),
            "matched": (("model", "brain"), about["matched"]),
        },
        coords={
            "model": names,
            "brain": brains,
            "score": list(config.scores),
            "step": steps,
            "control": ("model", [model.control for model in models]),
            "family": ("model", [model.family for model in models]),
            **{name: ("brain", values) for name, values in sizes.items()},
        },
        attrs={
            "config": json.dumps(config.told()),
            "notes": json.dumps(list(notes)),
            "verdicts": json.dumps(verdicts),
            "shared_stimuli": int(shared),
            "creation_library": "wmsim",
            "creation_library_version": __version__,
        },
    )


def _incomparable(
    found: dict[Piece, Scored], draws: np.ndarray, floor: np.ndarray, names: list[str],
    brains: list[str],
) -> dict[str, None]:  # fmt: skip
    """Take means over steps off models that lack some, and say so."""
    ends = {piece.brain: scored for piece, scored in found.items() if piece.model is None}
    notes: dict[str, None] = {}
    for piece, scored in found.items():
        end = ends.get(piece.brain)
        if piece.model is None or end is None or scored.about["jobs"] == end.about["jobs"]:
            continue
        at = names.index(piece.model), brains.index(piece.brain)
        draws[at][:, 0] = np.nan
        floor[at][:, 0] = np.nan
        notes[
            f"{piece.model} and {piece.brain} share fewer steps, values or tasks than other models "
            "share with it: compared at single steps, and left out of the ranking there."
        ] = None
    return notes


def _agreement(
    found: dict[Piece, Scored], config: CompareConfig, names: list[str], brains: list[str],
    draws: np.ndarray, ceilings: np.ndarray, floor: np.ndarray,
) -> dict[str, Any]:  # fmt: skip
    """Fill in agreement of verdicts, and list the verdicts: of brains, and of models on each.

    It is no matter of resampled stimuli, and its floor is that of a model to which all hypotheses
    are equally probable.
    """
    row = config.scores.index("verdict")
    listed: dict[str, Any] = {"brains": {}, "models": {name: {} for name in names}}
    own: dict[str, dict[str, dict[str, Any]]] = {}
    for piece, scored in found.items():
        if piece.model is None:
            own[piece.brain] = _by_job(scored)
            listed["brains"][piece.brain] = scored.about["verdicts"]
            halves = [_agreed({"": one}, {"": other}) for one, other in scored.about["halves"]]
            ceilings[brains.index(piece.brain), row, 0, 0] = _mean_of(np.array(halves))
    for piece, scored in found.items():
        if piece.model is None:
            continue
        listed["models"][piece.model][piece.brain] = scored.about["verdicts"]
        theirs = own.get(piece.brain, {})
        at = names.index(piece.model), brains.index(piece.brain), row, 0
        draws[at][0] = _agreed(_by_job(scored), theirs)
        chance = [chance_agreement(one["probability"]) for one in theirs.values()
                  if "probability" in one]  # fmt: skip
        floor[at] = np.mean(chance) if chance else np.nan
    return listed


def _by_job(scored: Scored) -> dict[str, dict[str, Any]]:
    """Verdicts by task and feature."""
    jobs = [json.dumps(job[:2]) for job in scored.about["jobs"]]
    return dict(zip(jobs, scored.about["verdicts"], strict=True))


def _agreed(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> float:
    """Mean agreement over what both could be judged on; NaN if there is none."""
    both = [
        verdict_agreement(verdict["probability"], other[job]["probability"])
        for job, verdict in one.items()
        if "probability" in verdict and "probability" in other.get(job, {})
    ]
    return float(np.mean(both)) if both else float("nan")


def _mean_of(draws: np.ndarray) -> np.ndarray:
    there = np.isfinite(draws)
    total = np.where(there, draws, 0.0).sum(axis=-1, dtype=float)
    count = there.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _ordered(steps: set[str]) -> list[str]:
    """ "all", items by number, then the rest."""

    def place(step: str) -> tuple[int, int, str]:
        number = re.fullmatch(r"item (\d+)", step)
        if step == ALL:
            return 0, 0, ""
        return (1, int(number[1]), "") if number else (2, 0, step)

    return sorted(steps, key=place)
