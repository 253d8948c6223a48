"""What labels explain of activity, and what is left: variability within a condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError, did_you_mean
from wmsim.recordings.labels import feature_names, labels_of

FEWEST_TRIALS = 5
LARGEST_SHARE = 1 / 3


@dataclass(frozen=True)
class Split:
    """Activity split into what labels explain and what they do not.

    Attributes
    ----------
    mean : ndarray, shape (time, unit)
        Mean over trials.
    residual : ndarray, shape (time, trial, unit)
        What is left within conditions; NaN where nothing was recorded.
    freedom : ndarray, shape (time, unit)
        Degrees of freedom of the residuals; 0 where there are too few trials.
    trials : ndarray, shape (time, unit)
        Trials in which the unit was recorded.
    within : ndarray, shape (time, unit)
        Variance within conditions, unbiased; NaN without degrees of freedom.
    explained : ndarray, shape (time, unit)
        Variance between conditions, unbiased (and so below 0 at times): the variance of all
        trials less that within conditions.
    """

    mean: np.ndarray
    residual: np.ndarray
    freedom: np.ndarray
    trials: np.ndarray
    within: np.ndarray
    explained: np.ndarray


def condition_features(recording: xr.Dataset, features: Sequence[str] | None = None) -> list[str]:
    """Features whose labels make the conditions of a recording.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    features : sequence of str, optional
        Those to take. By default all that have two values or more and at least 5 trials a value
        at an item on average; of these, features with most values are left out until at most a
        third of the trials' degrees of freedom go into conditions.

    Returns
    -------
    list of str
        May be empty: then all trials are one condition.

    Raises
    ------
    WmsimError
        If there is no such feature.
    """
    known = feature_names(recording)
    if features is not None:
        lost = [name for name in features if name not in known]
        if lost:
            raise WmsimError(f"No feature '{lost[0]}'. {did_you_mean(lost[0], known)}")
        return list(features)
    sizes = {name: _n_values(recording, name) for name in known}
    trials = recording.sizes["trial"]
    chosen = [n for n in known if sizes[n] >= 2 and trials / sizes[n] >= FEWEST_TRIALS]
    items = recording.sizes.get("item", 0)
    while chosen and items * sum(sizes[n] - 1 for n in chosen) > LARGEST_SHARE * trials:
        chosen.remove(max(chosen, key=sizes.__getitem__))
    return chosen


def condition_levels(recording: xr.Dataset, features: Sequence[str]) -> np.ndarray:
    """Levels of each trial in each factor: one factor an item and feature, and the task.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    features : sequence of str
        Features.

    Returns
    -------
    ndarray of int, shape (trial, factor)
        The absence of an item is a level too.
    """
    columns = [labels_of(recording, name)[0] for name in features]
    if "task" in recording.variables:
        columns.append(np.unique(recording["task"].values, return_inverse=True)[1][:, None])
    columns.append(np.empty((recording.sizes["trial"], 0), dtype=int))
    return np.concatenate(columns, axis=1)


def split_by_condition(activity: np.ndarray, levels: np.ndarray) -> Split:
    """Split activity by an additive model of its labels, at each time and for each unit.

    Effects of items add up, so that trials whose whole sequence never repeats, as in most
    experiments, still tell noise from signal. What items do together (interactions) counts as
    noise.

    Parameters
    ----------
    activity : ndarray, shape (time, trial, unit)
        NaN where nothing was recorded.
    levels : ndarray of int, shape (trial, factor)
        Levels of each trial.

    Returns
    -------
    Split

    Examples
    --------
    >>> noise = np.array([1.0, -1.0, 1.0, -1.0])
    >>> signal = np.array([0.0, 0.0, 6.0, 6.0])
    >>> split = split_by_condition((noise + signal)[None, :, None], np.array([[0], [0], [1], [1]]))
    >>> split.residual[0, :, 0].round(6).tolist()
    [1.0, -1.0, 1.0, -1.0]
    >>> float(split.within[0, 0].round(6)), float(split.explained[0, 0].round(6))
    (2.0, 11.333333)
    """
    shape = (activity.shape[0], activity.shape[2])
    mean = np.full(shape, np.nan)
    within, explained = mean.copy(), mean.copy()
    freedom = np.zeros(shape, dtype=int)
    trials = np.isfinite(activity).sum(axis=1)
    residual = np.full(activity.shape, np.nan)
    for rows, times, units in _patterns(np.isfinite(activity)):
        values = activity[times[:, None], rows[None, :], units[:, None]].astype(np.float64)
        centre = values.mean(axis=1, keepdims=True)
        mean[times, units] = centre[:, 0]
        basis = condition_basis(levels[rows])
        left = rows.size - basis.shape[1]
        if left < 1:
            continue
        centred = values - centre
        rest = centred - (centred @ basis) @ basis.T
        residual[times[:, None], rows[None, :], units[:, None]] = rest
        freedom[times, units] = left
        within[times, units] = (rest**2).sum(axis=1) / left
        explained[times, units] = (centred**2).sum(axis=1) / (rows.size - 1) - within[times, units]
    return Split(mean, residual, freedom, trials, within, explained)


def explained_by_shown_item(
    recording: xr.Dataset, rates: np.ndarray, features: Sequence[str]
) -> np.ndarray:
    """Variance between values of the item on display, at each step that shows one.

    Parameters
    ----------
    recording : xarray.Dataset
        An aligned recording.
    rates : ndarray, shape (time, trial, unit)
        Its activity.
    features : sequence of str
        Features whose labels make the conditions.

    Returns
    -------
    ndarray, shape (time, unit)
        Unbiased; NaN at other steps. Where no step shows an item, all items count at all steps.
    """
    levels = condition_levels(recording, features)
    items = recording.sizes.get("item", 0)
    shown = recording["shown_item"].values
    if (shown < 0).all():
        return split_by_condition(rates, levels).explained
    explained = np.full((rates.shape[0], rates.shape[2]), np.nan)
    for step in np.flatnonzero(shown >= 0):
        own = levels[:, [index * items + shown[step] for index in range(len(features))]]
        explained[step] = split_by_condition(rates[step : step + 1], own).explained[0]
    return explained


def condition_basis(levels: np.ndarray) -> np.ndarray:
    """Orthonormal basis of what an additive model of the levels can be.

    Parameters
    ----------
    levels : ndarray of int, shape (trial, factor)
        Levels of each trial.

    Returns
    -------
    ndarray, shape (trial, rank)
        The constant is part of it.
    """
    columns = [np.ones((levels.shape[0], 1))]
    for factor in levels.T:
        columns.append(np.equal.outer(factor, np.unique(factor)[1:]).astype(float))
    design = np.concatenate(columns, axis=1)
    left, size, _ = np.linalg.svd(design, full_matrices=False)
    return left[:, size > 1e-9 * size.max()]


def _patterns(recorded: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Groups of (time, unit) that were recorded in the same trials: trials, times, units."""
    time, trial, unit = recorded.shape
    flat = recorded.transpose(0, 2, 1).reshape(time * unit, trial)
    if flat.all():
        kinds, member = flat[:1], np.zeros(time * unit, dtype=int)
    else:
        kinds, member = np.unique(flat, axis=0, return_inverse=True)
        member = member.ravel()
    for index, pattern in enumerate(kinds):
        rows = np.flatnonzero(pattern)
        if rows.size > 1:
            times, units = np.divmod(np.flatnonzero(member == index), unit)
            yield rows, times, units


def _n_values(recording: xr.Dataset, feature: str) -> int:
    codes, _ = labels_of(recording, feature)
    return int(np.unique(codes[codes >= 0]).size)
