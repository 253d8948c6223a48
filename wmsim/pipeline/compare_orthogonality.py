"""Perceptual against encoding space: the same trials, labels and decoders in both."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.orthogonality import PERMUTED, orthogonality, wanted_features
from wmsim.pipeline.orthogonality_task import DEFAULT
from wmsim.recordings import labels_of

SPACES = ("perceptual", "encoding")
DIMENSIONS = (10, 30)
MEAN = "mean of features"
TEST_NOTE = (
    "The paper's two-sample t-test takes resamples of the same trials as independent samples, "
    "which they are not: its p falls with their number, and says nothing about other networks. "
    "Claims rest on the interval over subjects."
)


def compare_orthogonality(
    perceptual: xr.Dataset,
    encoding: xr.Dataset,
    features: str | Sequence[str] | None = None,
    *,
    tasks: Sequence[str] | None = None,
    state: tuple[int, int] = (0, 0),
    dimensions: int | Sequence[int] | None = DIMENSIONS,
    bootstraps: int = 10,
    equal_length: bool = True,
    config: AnalysisConfig | None = None,
) -> xr.Dataset:
    """Orthogonalisation in two spaces, as they are and at equal dimension.

    Parameters
    ----------
    perceptual, encoding : xarray.Dataset
        Two recordings of the same trials, such as
        :func:`wmsim.recordings.perceptual.record_perceptual` and the subject's own.
    features, tasks, state, dimensions, bootstraps
        As for :func:`wmsim.pipeline.orthogonality`. Resamples and permutations are the same in
        both spaces.
    equal_length : bool, default True
        Bring trials of both spaces to the same mean squared length (the number of encoding
        units), so that C, which is the same, means the same. Without, a space of many units has a
        harder margin.
    config : AnalysisConfig, optional
        Decoders, folds, permutations, seed.

    Returns
    -------
    xarray.Dataset
        What :func:`wmsim.pipeline.orthogonality` gives, along ``space``, and, perceptual less
        encoding, by (feature, task, reduction): ``difference`` of the index of all trials,
        ``bootstrap_difference`` (..., draw), paired, ``null_difference`` of the means under
        permuted labels, ``excess_difference`` of what is left; ``t`` and ``t_p``, the paper's test
        over resamples; ``null_separates``: whether meaningless labels tell the spaces apart in the
        same direction, their 95 % ranges apart. Pooled over tasks: ``t_pooled``, ``t_pooled_p``
        (feature, reduction).

    Raises
    ------
    WmsimError
        If the recordings are not of the same trials, or one cannot be measured.
    """
    named = wanted_features(encoding, features)
    perceptual = _same_trials(perceptual, encoding, named, state)
    config = config or DEFAULT
    own = orthogonality(
        encoding, named, tasks=tasks, state=state, dimensions=dimensions, bootstraps=bootstraps,
        config=config, label="encoding space",
    )  # fmt: skip
    length = float(own["n_units"].max()) if equal_length else None
    other = orthogonality(
        perceptual, own["feature"].values.tolist(), tasks=own["task"].values.tolist(), state=state,
        dimensions=dimensions, bootstraps=bootstraps, length=length, config=config,
        label="perceptual space",
    )  # fmt: skip
    both = xr.concat(
        [other, own], dim=xr.Variable("space", list(SPACES)), data_vars="all", coords="minimal",
        join="outer", combine_attrs="drop",
    )  # fmt: skip
    _add_differences(both)
    told = {
        name: json.loads(one.attrs["notes"]) for name, one in zip(SPACES, (other, own), strict=True)
    }
    notes = [f"{name}: {note}" for name in SPACES for note in told[name]]
    both.attrs = {
        **own.attrs,
        "length": "units of each space" if length is None else length,
        "notes": json.dumps([*notes, TEST_NOTE, *_separated(both)]),
    }
    return both


def two_sample_t(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Student's two-sample t-test, two-sided; NaN with fewer than two values in a sample.

    Examples
    --------
    >>> t, p = two_sample_t(np.array([2.0, 2.1, 1.9]), np.array([1.0, 1.1, 0.9]))
    >>> round(t, 3), p < 0.001
    (12.247, True)
    """
    from scipy.stats import ttest_ind

    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if min(a.size, b.size) < 2 or np.ptp(np.concatenate([a - a.mean(), b - b.mean()])) == 0:
        return float("nan"), float("nan")
    found = ttest_ind(a, b)
    return float(found.statistic), float(found.pvalue)


def over_subjects(comparisons: Sequence[xr.Dataset], *, level: float = 0.95) -> xr.Dataset:
    """Paired differences between the spaces over subjects, with t intervals.

    Parameters
    ----------
    comparisons : sequence of xarray.Dataset
        From :func:`compare_orthogonality`, one a subject.
    level : float, default 0.95
        Of the interval.

    Returns
    -------
    xarray.Dataset
        ``index`` (subject, space, feature, reduction), mean over a subject's tasks;
        ``difference`` and ``excess_difference`` (feature, reduction), perceptual less encoding,
        each with ``_low``, ``_high`` and ``_p`` of a one-sample t-test, and ``_by_subject``. The
        last feature is the mean of all. NaN intervals with one subject.

    Raises
    ------
    WmsimError
        If none is given, or subjects differ in features or reductions.
    """
    if not comparisons:
        raise WmsimError("No comparison was given, expected one a subject.")
    first = comparisons[0]
    for number, one in enumerate(comparisons):
        for dim in ("feature", "reduction"):
            if one[dim].values.tolist() != first[dim].values.tolist():
                raise WmsimError(
                    f"Subject {number + 1} has {dim}s {one[dim].values.tolist()}, the first "
                    f"{first[dim].values.tolist()}. Measure all subjects in the same way."
                )
    names = ("index", "difference", "excess_difference")
    of_each = [one[list(names)].mean("task") for one in comparisons]
    stacked = xr.concat(of_each, dim="subject", join="exact", combine_attrs="drop")
    overall = stacked.mean("feature").expand_dims(feature=[MEAN])
    stacked = xr.concat([stacked, overall], dim="feature", combine_attrs="drop")
    result = xr.Dataset({"index": stacked["index"]})
    for name in names[1:]:
        values = stacked[name].transpose("subject", "feature", "reduction")
        mean, low, high, p = _t_interval(values.values, level)
        for ending, found in (("", mean), ("_low", low), ("_high", high), ("_p", p)):
            result[name + ending] = (("feature", "reduction"), found)
        result[f"{name}_by_subject"] = values
    result.attrs = {"n_subjects": len(comparisons), "level": level}
    return result


def _t_interval(
    values: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean over subjects (the first axis), its interval, and p that it is 0."""
    from scipy.stats import t as student

    n, mean = len(values), values.mean(axis=0)
    if n < 2:
        none = np.full(mean.shape, np.nan)
        return mean, none, none, none
    error = values.std(axis=0, ddof=1) / np.sqrt(n)
    half = student.ppf((1 + level) / 2, n - 1) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * student.sf(np.abs(mean / error), n - 1)
    return mean, mean - half, mean + half, p


def _same_trials(
    perceptual: xr.Dataset,
    encoding: xr.Dataset,
    features: Sequence[str] | None,
    state: tuple[int, int],
) -> xr.Dataset:
    """The perceptual recording, its trials in the order of the other; or what does not fit."""
    names = encoding["trial"].values.astype(str).tolist()
    place = {name: n for n, name in enumerate(perceptual["trial"].values.astype(str).tolist())}
    lacking = [name for name in names if name not in place]
    if lacking:
        raise WmsimError(
            f"The perceptual recording has no trial '{lacking[0]}' ({len(lacking)} of "
            f"{len(names)} are missing). Both have to be of the same trials: make it with "
            "wmsim.recordings.perceptual.record_perceptual."
        )
    found = perceptual.isel(trial=[place[name] for name in names])
    item = state[0]
    for feature in features or ():
        both = [_named(one, feature, item) for one in (found, encoding)]
        if both[0] != both[1]:
            raise WmsimError(
                f"The recordings differ in '{feature}' of item {item + 1}; both have to be of the "
                "same trials, which showed the same."
            )
    return found


def _named(recording: xr.Dataset, feature: str, item: int) -> list[str | None]:
    codes, names = labels_of(recording, feature)
    if item >= codes.shape[1]:
        raise WmsimError(
            f"The perceptual recording has {codes.shape[1]} item(s), item {item + 1} was asked "
            "for. Record more (record_perceptual(..., items=None))."
        )
    return [None if code < 0 else names[code] for code in codes[:, item]]


def _add_differences(both: xr.Dataset) -> None:
    def less(values: xr.DataArray) -> xr.DataArray:
        perceptual, encoding = (values.sel(space=name, drop=True) for name in SPACES)
        return perceptual - encoding

    null = {
        part: both[f"null_{part}"].sel(null=PERMUTED, drop=True) for part in ("mean", "low", "high")
    }
    both["difference"] = less(both["index"])
    both["bootstrap_difference"] = less(both["bootstrap"])
    both["null_difference"] = less(null["mean"])
    both["excess_difference"] = less(both["excess"])
    low, high = ({name: null[part].sel(space=name) for name in SPACES} for part in ("low", "high"))
    above = low[SPACES[0]].values > high[SPACES[1]].values
    below = high[SPACES[0]].values < low[SPACES[1]].values
    sign = np.sign(both["difference"].values)
    apart = (above & (sign > 0)) | (below & (sign < 0))
    both["null_separates"] = (both["difference"].dims, apart)
    draws = both["bootstrap"].transpose("space", "feature", "task", "reduction", "draw").values
    shape = draws.shape[1:4]
    found = np.array([two_sample_t(draws[0][cell], draws[1][cell]) for cell in np.ndindex(shape)])
    both["t"] = (both["difference"].dims, found[:, 0].reshape(shape))
    both["t_p"] = (both["difference"].dims, found[:, 1].reshape(shape))
    pooled = draws.transpose(0, 1, 3, 2, 4).reshape(2, shape[0], shape[2], -1)
    tested = np.array([two_sample_t(*pooled[:, f, r]) for f, r in np.ndindex(shape[0], shape[2])])
    dims = ("feature", "reduction")
    both["t_pooled"] = (dims, tested[:, 0].reshape(shape[0], shape[2]))
    both["t_pooled_p"] = (dims, tested[:, 1].reshape(shape[0], shape[2]))


def _separated(both: xr.Dataset) -> list[str]:
    """Where dimension and trials alone tell the spaces apart."""
    notes = []
    for feature in both["feature"].values:
        for reduction in both["reduction"].values:
            here = both.sel(feature=feature, reduction=reduction)
            known = np.isfinite(here["difference"].values)
            count = int((here["null_separates"].values & known).sum())
            if count:
                notes.append(
                    f"{feature}, {reduction}: in {count} of {int(known.sum())} task(s) decoders of "
                    f"permuted labels, too, tell the spaces apart in this direction (mean "
                    f"{float(here['null_difference'].mean()):+.3f}, real labels "
                    f"{float(here['difference'].mean()):+.3f}): so far, dimension and number of "
                    f"trials do it, not geometry."
                )
    return notes
