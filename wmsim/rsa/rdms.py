"""Representational dissimilarity matrices, one a state, cross-validated, by rsatoolbox."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import xarray as xr

from wmsim.decoding import standardise, trial_folds
from wmsim.errors import WmsimError
from wmsim.recordings import labels_of, states


def rdms(
    aligned: xr.Dataset,
    feature: str,
    *,
    at: Sequence[tuple[int, int]] | None = None,
    n_folds: int = 5,
    seed: int = 0,
) -> xr.Dataset:
    """Distances between the values of a feature, in every state of a recording.

    Parameters
    ----------
    aligned : xarray.Dataset
        An aligned recording.
    feature : str
        Labels that make the conditions.
    at : sequence of (item, step), optional
        States (S, T), by default all: conditions are the values of item S, activity is that of
        step T.
    n_folds : int, default 5
        Folds over which distances are cross-validated, so that noise does not add to them and
        their expectation is 0 where there is no difference.
    seed : int
        Fixes the folds.

    Returns
    -------
    xarray.Dataset
        ``dissimilarity`` (state, value, value_b): cross-validated squared Euclidean distances of
        z-scored activity, a unit; coordinates ``item`` (S), ``step`` (T), ``value`` names.

    Raises
    ------
    WmsimError
        If there is no such feature, or a value has fewer trials than two in some state.

    References
    ----------
    .. [1] Walther et al. (2016), NeuroImage 137, 188-200, :doi:`10.1016/j.neuroimage.2015.12.012`.
    .. [2] rsatoolbox, van den Bosch et al. (2025), :doi:`10.1101/2025.05.22.655542`.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> recording = plant(
    ...     n_trials=60, n_units=30, n_items=2, n_values=4, maintenance=1, signal=5.0, seed=1
    ... )
    >>> distances = rdms(recording, "image", at=[(0, 0)])["dissimilarity"]
    >>> distances.shape
    (1, 4, 4)
    """
    codes, names = labels_of(aligned, feature)
    used = np.unique(codes[codes >= 0])
    chosen = list(states(aligned) if at is None else at)
    activity = aligned["activity"].transpose("time", "trial", "unit").values
    scaled = standardise(activity, np.ones(activity.shape[1], dtype=bool))
    matrices = np.full((len(chosen), used.size, used.size), np.nan)
    for row, (item, step) in enumerate(chosen):
        trials = (codes[:, item] >= 0) & np.isfinite(activity[step]).all(axis=1)
        labels = codes[trials, item]
        _check(labels, used, names, feature, item)
        rng = np.random.default_rng([seed, item, step])
        position = np.searchsorted(used, labels)
        folds = trial_folds(position[None], min(n_folds, labels.size), rng=rng)
        matrices[row] = _crossnobis(scaled[step, trials], position, folds)
    items, steps = (np.array(part) for part in zip(*chosen, strict=True))
    value = [str(names[code]) for code in used]
    return xr.Dataset(
        {"dissimilarity": (("state", "value", "value_b"), matrices)},
        coords={
            "item": ("state", items),
            "step": ("state", steps),
            "value": value,
            "value_b": value,
        },
        attrs={"feature": feature, "method": "crossnobis, identity noise", "seed": seed},
    )


def rank_rdm(aligned: xr.Dataset, n_items: int, *, n_folds: int = 5, seed: int = 0) -> xr.Dataset:
    """Distances between the first items of a trial, whatever they are: the geometry of rank.

    Any two recordings of sequences share these conditions, even if they share no stimulus.

    Parameters
    ----------
    aligned : xarray.Dataset
        An aligned recording.
    n_items : int
        Ranks to compare.
    n_folds, seed
        As for :func:`rdms`.

    Returns
    -------
    xarray.Dataset
        As from :func:`rdms`, one state; values are "item 1", "item 2", ...
    """
    shown = aligned["shown_item"].values
    steps = [int(np.flatnonzero(shown == item)[0]) for item in range(n_items)]
    activity = aligned["activity"].transpose("time", "trial", "unit").values[steps]
    trials = np.isfinite(activity).all(axis=(0, 2))
    n_trials = int(trials.sum())
    rng = np.random.default_rng([seed, n_items])
    folds = trial_folds(np.zeros((1, n_trials), dtype=int), n_folds, rng=rng)
    # One scale for all steps: scaled step by step, the ranks' means would all be 0.
    patterns = activity[:, trials].reshape(1, n_items * n_trials, -1)
    patterns = standardise(patterns, np.ones(n_items * n_trials, dtype=bool))[0]
    ranks = np.repeat(np.arange(n_items), n_trials)
    value = [f"item {item + 1}" for item in range(n_items)]
    return xr.Dataset(
        {
            "dissimilarity": (
                ("state", "value", "value_b"),
                _crossnobis(patterns, ranks, np.tile(folds, n_items))[None],
            )
        },
        coords={"value": value, "value_b": value},
        attrs={"feature": "rank", "method": "crossnobis, identity noise", "seed": seed},
    )


def _crossnobis(patterns: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Cross-validated squared distances a unit between labels, (label, label)."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm_unbalanced

    data = Dataset(patterns, obs_descriptors={"value": labels, "fold": folds})
    with warnings.catch_warnings():
        # rsatoolbox fills whole-number arrays with NaN on its way; none of them is used here.
        warnings.filterwarnings("ignore", "invalid value encountered in cast", RuntimeWarning)
        found = calc_rdm_unbalanced(
            data, method="crossnobis", descriptor="value", cv_descriptor="fold"
        )
    # rsatoolbox puts conditions in the order in which they first occur.
    order = np.argsort(np.asarray(found.pattern_descriptors["value"]))
    return found.get_matrices()[0][np.ix_(order, order)]


def _check(labels: np.ndarray, used: np.ndarray, names: list[str], feature: str, item: int) -> None:
    counts = {names[code]: int((labels == code).sum()) for code in used}
    rare = [name for name, count in counts.items() if count < 2]
    if rare:
        raise WmsimError(
            f"'{feature}' of item {item + 1}: {', '.join(map(str, rare[:3]))} has fewer than 2 "
            f"trials; cross-validated distances need at least 2 of every value. Leave it out."
        )
