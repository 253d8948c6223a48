"""Which model is most like the brains: means, intervals, corrected differences and ranks."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from wmsim.compare.config import ALL
from wmsim.compare.variances import (
    BRAINS,
    CROSSED,
    OVER,
    STIMULI,
    Estimate,
    estimate,
    holm,
    with_draws,
)
from wmsim.errors import WmsimError


def ranking(comparison: xr.Dataset, *, level: float = 0.95) -> xr.Dataset:
    """Rank models by each score, and test which differences are more than chance.

    The unit of inference is the brain: intervals are for other brains like these. Where all brains
    saw the same stimuli, these are a sample too, and intervals are for other brains and other
    stimuli. One brain alone has intervals over stimuli, which hold for this brain alone.

    Parameters
    ----------
    comparison : xarray.Dataset
        From :func:`wmsim.compare.run.compare`.
    level : float
        Of intervals; ``1 - level`` is the risk of any false difference within a score.

    Returns
    -------
    xarray.Dataset
        Dims score, model, other (the same models).

        - ``mean``, ``low``, ``high``, ``n`` (brains that have the score), ``over`` (what the
          interval is over) (score, model);
        - ``floor``, ``ceiling`` (score, model), over the same brains; ``ceiling_low``,
          ``ceiling_high`` (score), over all of them;
        - ``p_floor``: one-sided, above the model with its labels shuffled (with one brain, the
          number of shuffles counts, too); ``p_ceiling``: two-sided, different from the brain's
          other half; both Holm over models. A large ``p_ceiling`` does not prove that a model is
          as good as the ceiling;
        - ``difference`` (model - other), ``difference_low``, ``difference_high``, ``n_both``,
          ``p``, ``p_corrected`` (Holm over all pairs of models of a score), over the brains that
          have both (score, model, other);
        - ``can_rank`` (score): whether the ceiling is known to be above the floor. Where it is
          not, ranks are noise; :func:`cannot_rank` says why;
        - ``rank`` (1: the largest mean) and ``best_group`` (not significantly worse than the best)
          (score, model).

        NaN: not available. Attribute ``notes`` (JSON) says what a reader has to know.

    Raises
    ------
    WmsimError
        If the level is no share, or there is no step "all".
    """
    if not 0 < level < 1:
        raise WmsimError(f"level is {level}; expected a share between 0 and 1, such as 0.95.")
    if ALL not in comparison["step"].values:
        raise WmsimError(
            f"Steps are {comparison['step'].values.tolist()}; expected '{ALL}' among them. Give "
            "the result of wmsim.compare.run.compare."
        )
    whole = comparison.sel(step=ALL).transpose("score", "model", "brain", ...)
    names = whole["model"].values
    rows = [_ranked(whole.sel(score=score), level) for score in whole["score"].values]
    found = xr.Dataset(
        {
            name: (_dims(name, rows[0][name]), np.stack([row[name] for row in rows]))
            for name in rows[0]
        },
        coords={
            "score": whole["score"].values, "model": names, "other": ("other", names),
            **{name: whole[name] for name in ("control", "family") if name in whole.coords},
        },
    ).drop_vars("step", errors="ignore")  # fmt: skip
    able = [cannot_rank(found.sel(score=score)) is None for score in found["score"].values]
    found["can_rank"] = ("score", np.array(able, bool))
    found.attrs = {
        "level": level, "n_brains": comparison.sizes["brain"],
        "shared_stimuli": int(comparison.attrs.get("shared_stimuli", 0)),
        "correction": "Holm over all pairs of models within a score",
        "notes": json.dumps(_notes(found, comparison)),
    }  # fmt: skip
    return found


def cannot_rank(own: xr.Dataset) -> str | None:
    """Why models cannot be ranked by a score at all; None where they can be.

    They cannot where the ceiling is not known to be above the floor: what the brain's own other
    half does not show, no model can be asked to show.

    Parameters
    ----------
    own : xarray.Dataset
        One score of a ranking.

    Returns
    -------
    str or None
        The end of a sentence.
    """
    top, low, high = own["ceiling"].values, float(own["ceiling_low"]), float(own["ceiling_high"])
    floors = own["floor"].values[np.isfinite(own["floor"].values)]
    if not np.isfinite(top).any():
        return "there is no ceiling"
    if not floors.size:
        return None
    floor = float(floors.mean())
    brains = int(own["n"].max())
    data = f"{brains} brain{'s' * (brains > 1)}"
    if not np.isfinite(low):
        return f"with {data} and no resamples of stimuli, how sure the ceiling is is not known"
    if high < floor:
        return "the ceiling is below the floor"
    if low <= floor:
        return (
            f"the floor is within the ceiling's interval, so that {data} cannot tell even a "
            "brain's own other half from shuffled labels"
        )
    return None


def over_brains(comparison: xr.Dataset, name: str = "value") -> Estimate:
    """Mean over brains, and how sure it is, of one variable with its resamples.

    Parameters
    ----------
    comparison : xarray.Dataset
        With dim brain; any others are kept, in order.
    name : {"value", "ceiling"}
        Which.

    Returns
    -------
    Estimate
        Arrays over all dims but brain (and resample).
    """
    resampled = {"value": "resampled", "ceiling": "ceiling_resampled"}[name]
    values = comparison[name].transpose(..., "brain").values
    draws = comparison[resampled].transpose(..., "brain", "resample").values
    return estimate(values, draws, comparison["n_values"].values, shared=_shared(comparison))


def _shared(comparison: xr.Dataset) -> bool:
    return bool(comparison.attrs.get("shared_stimuli", 0))


def _dims(name: str, values: np.ndarray) -> tuple[str, ...]:
    return ("score", "model", "other")[: 1 + np.ndim(values)]


def _ranked(whole: xr.Dataset, level: float) -> dict[str, np.ndarray]:
    """Everything about one score; arrays (model, ...)."""
    values = whole["value"].values
    draws = whole["resampled"].transpose("model", "brain", "resample").values
    sizes, shared = whole["n_values"].values, _shared(whole)
    own = estimate(values, draws, sizes, shared=shared)
    low, high = own.interval(level)
    ceiling = over_brains(whole, "ceiling")
    ceiling_low, ceiling_high = ceiling.interval(level)
    floor, top = whole["floor"].values, whole["ceiling"].values
    above = estimate(values - floor, draws - floor[..., None], sizes, shared=shared)
    shuffles = whole["floor_draws"].transpose("model", "brain", "shuffle").values
    # The floor is a mean of some shuffles, and not exact.
    above = with_draws(above, shuffles, np.isfinite(values - floor))
    top_draws = whole["ceiling_resampled"].transpose("brain", "resample").values
    below = estimate(top - values, top_draws - draws, sizes, shared=shared)
    differences = _differences(values, draws, sizes, shared, level)
    return {
        "mean": own.mean, "low": low, "high": high, "n": own.n, "df": own.df,
        "over": np.array(OVER)[own.over],
        "floor": _mean_where(floor, values), "ceiling": _mean_where(top[None], values),
        "ceiling_low": ceiling_low, "ceiling_high": ceiling_high,
        "p_floor": holm(above.p_values(greater=True)), "p_ceiling": holm(below.p_values()),
        **differences, **_ranks(own.mean, differences, 1 - level),
    }  # fmt: skip


def _differences(
    values: np.ndarray, draws: np.ndarray, sizes: np.ndarray, shared: bool, level: float
) -> dict[str, np.ndarray]:
    """All pairs of models, within brains and resamples; (model, other)."""
    n_models = len(values)
    one, other = np.triu_indices(n_models, 1)
    shape = (n_models, n_models)
    found = {
        name: np.full(shape, np.nan)
        for name in ("difference", "difference_low", "difference_high", "p", "p_corrected")
    }
    counts = np.zeros(shape, int)
    np.fill_diagonal(counts, np.isfinite(values).sum(axis=-1))
    np.fill_diagonal(found["difference"], np.where(counts.diagonal() > 0, 0.0, np.nan))
    if one.size:
        # A model at a time, so that memory does not grow with the square of their number.
        pairs = [
            estimate(
                values[row] - values[row + 1 :], draws[row] - draws[row + 1 :], sizes, shared=shared
            )
            for row in range(n_models - 1)
        ]
        ends = [pair.interval(level) for pair in pairs]
        mean = np.concatenate([pair.mean for pair in pairs])
        low, high = (np.concatenate([end[side] for end in ends]) for side in (0, 1))
        p = np.concatenate([pair.p_values() for pair in pairs])
        both = {"p": p, "p_corrected": holm(p)}
        for name, values_of in both.items():
            found[name][one, other] = found[name][other, one] = values_of
        found["difference"][one, other], found["difference"][other, one] = mean, -mean
        found["difference_low"][one, other], found["difference_low"][other, one] = low, -high
        found["difference_high"][one, other], found["difference_high"][other, one] = high, -low
        counts[one, other] = counts[other, one] = np.concatenate([pair.n for pair in pairs])
    return {**found, "n_both": counts}


def _ranks(
    mean: np.ndarray, differences: dict[str, np.ndarray], risk: float
) -> dict[str, np.ndarray]:
    """Rank of each model, and whether it is not significantly worse than the best."""
    known = np.isfinite(mean)
    rank = np.full(mean.shape, np.nan)
    # Equal means share the better rank.
    rank[known] = 1 + (mean[known][None, :] > mean[known][:, None]).sum(axis=1)
    best_group = np.zeros(mean.shape, bool)
    if known.any():
        best = int(np.nanargmax(mean))
        # What could not be tested is not known to be worse. Means may be over other brains than
        # the difference, so that the largest one can lose where both were compared.
        ahead = differences["difference"][best] > 0
        worse = ahead & (differences["p_corrected"][best] < risk)
        best_group = known & ~worse
    return {"rank": rank, "best_group": best_group}


def _mean_where(values: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Mean over those brains that have a score."""
    there = np.isfinite(scores) & np.isfinite(values)
    total = np.where(there, values, 0.0).sum(axis=-1)
    count = there.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _notes(found: xr.Dataset, comparison: xr.Dataset) -> list[str]:
    """What a reader has to know about the inference."""
    n_brains = comparison.sizes["brain"]
    notes = []
    used = set(found["over"].values.ravel().tolist())
    if STIMULI in used:
        only = "The only brain: " if n_brains == 1 else "Scores that one brain alone has: "
        notes.append(
            f"{only}intervals and tests are over its stimuli, and hold for this brain alone."
        )
    if BRAINS in used and not _shared(comparison):
        notes.append(
            "Intervals and tests are over brains (Student's t); each has stimuli of its own, whose "
            "sampling is part of the differences between brains."
        )
    if CROSSED in used:
        notes.append(
            "Intervals and tests are over brains and stimuli at once (corrected dual bootstrap, "
            "doi:10.7554/eLife.82566), as all brains saw the same stimuli."
        )
    if _shared(comparison) and BRAINS in used:
        which = [
            str(score) for score in found["score"].values
            if (found["over"].sel(score=score).values == BRAINS).any()
        ]  # fmt: skip
        notes.append(
            f"{', '.join(which)}: too few resamples of stimuli give a score, so intervals are over "
            "brains alone and hold for these stimuli."
        )
    if 1 < n_brains < 5:
        notes.append(
            f"{n_brains} brains are few: a difference has to be large and consistent to be found."
        )
    short = [
        f"{score} of {model}: {int(n)}"
        for score, row in zip(found["score"].values, found["n"].values, strict=True)
        for model, n in zip(found["model"].values, row, strict=True)
        if 0 < n < n_brains
    ]
    if short:
        more = f", and {len(short) - 5} more" if len(short) > 5 else ""
        notes.append(
            f"Not all {n_brains} brains have all scores ({'; '.join(short[:5])}{more}); means are "
            "over those that do, and differences over those that have both models."
        )
    alone = (found["n_both"] == 1) & (found["n"] > 1)
    if (alone & alone.transpose("score", "other", "model").values).any():
        notes.append(
            "Some pairs of models share one brain alone; the test of their difference is over its "
            "stimuli, and holds for this brain alone."
        )
    return notes


__all__ = ["cannot_rank", "over_brains", "ranking"]
