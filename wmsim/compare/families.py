"""Families of networks: seeds of one architecture as members, and differences between families.

A seed is a draw: another start, other trials, and another network comes out. Whether GRUs are more
like brains than vanilla networks is a question about networks that were not trained as well, so
members are sampled as brains are. With n members a family and N brains, the variance of the
difference between two families' means is

    V_brains + V_members(one) + V_members(other) - V_interaction,

where the first is that of the difference over brains (and stimuli, as
:mod:`wmsim.compare.variances` has it), the next two those of the means of members, and the
interaction of members and brains, which is in both, is taken off once. Degrees of freedom are
Satterthwaite's [1]_.

References
----------
.. [1] Satterthwaite (1946), An approximate distribution of estimates of variance components,
   Biometrics Bulletin 2, 110-114, :doi:`10.2307/3002019`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import xarray as xr

from wmsim.compare.inference import ALL
from wmsim.compare.variances import OVER, Estimate, estimate, holm
from wmsim.errors import WmsimError, did_you_mean

NETWORKS = "networks"
# What is averaged over members.
AVERAGED = ("value", "resampled", "floor", "floor_draws")


def by_family(
    comparison: xr.Dataset,
    groups: Mapping[str, str] | None = None,
    *,
    leave_out: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Average the members of each family, brain by brain.

    Parameters
    ----------
    comparison : xarray.Dataset
        From :func:`wmsim.compare.run.compare`, of models with families.
    groups : mapping of str to str, optional
        Family to the name of a larger one, such as ``{"gru": "gated", "lstm": "gated"}``; others
        keep their name.
    leave_out : mapping of str to str, optional
        Brain to the model that does not count for it, such as the one that it was made from.

    Returns
    -------
    xarray.Dataset
        As `comparison`, with families in the place of models, and coordinate ``networks`` (model),
        how many members there are. Controls of one kind are averaged likewise. An interval that
        :func:`wmsim.compare.inference.ranking` finds is over brains, for these very members; for
        others, see :func:`family_differences`.

    Raises
    ------
    WmsimError
        If no model has a family, or a name is not known.
    """
    members, controls = _members(comparison, groups)
    there = np.isfinite(comparison["value"].transpose("model", "brain", ...).values)
    there &= ~_left_out(comparison, leave_out)[(...,) + (None,) * (there.ndim - 2)]
    rows = [*members.items(), *controls.items()]
    found = comparison.isel(model=[own[0] for _, own in rows])
    for name in AVERAGED:
        if name not in comparison:
            continue
        own = comparison[name].transpose("model", "brain", ...)
        averaged = [_mean(own.values[rows_of], there[rows_of]) for _, rows_of in rows]
        found[name] = own.dims, np.stack(averaged).astype(own.dtype)
    if "matched" in comparison:
        matched = comparison["matched"].transpose("model", "brain").values
        found["matched"] = ("model", "brain"), np.stack([matched[own].all(0) for _, own in rows])
    return found.assign_coords(
        model=[name for name, _ in rows],
        family=("model", [*members, *[""] * len(controls)]),
        control=("model", [*[""] * len(members), *controls]),
        networks=("model", [len(own) for _, own in rows]),
    )


def family_differences(
    comparison: xr.Dataset,
    groups: Mapping[str, str] | None = None,
    *,
    leave_out: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> xr.Dataset:
    """Differences between families, for other brains and other networks like these.

    Parameters
    ----------
    comparison, groups, leave_out
        As for :func:`by_family`.
    level : float
        Of intervals.

    Returns
    -------
    xarray.Dataset
        Over dims score and pair (with coordinates ``family`` and ``other``): ``difference``
        (family - other), ``low``, ``high``, ``df``, ``p``, ``p_corrected`` (Holm over the pairs of
        a score), ``n`` (brains that have both), ``sd_brains`` and ``sd_networks`` (standard errors
        by brains and by networks), ``over`` (what the interval is over). A family of one network
        has no variance over networks: then intervals are for these networks alone.

    Raises
    ------
    WmsimError
        If there are fewer than two families, or a name is not known.
    """
    members, _ = _members(comparison, groups)
    if len(members) < 2:
        raise WmsimError(
            f"All networks are of one family ({', '.join(members)}); a difference takes two or "
            "more. Add networks of another architecture."
        )
    whole = comparison.sel(step=ALL).transpose("score", "model", "brain", ...)
    gone = _left_out(comparison, leave_out)
    pairs = list(combinations(members, 2))
    found = [
        [_difference(whole.sel(score=score), gone, members[a], members[b], level) for a, b in pairs]
        for score in whole["score"].values
    ]
    table = {
        name: (("score", "pair"), np.array([[one[name] for one in row] for row in found]))
        for name in found[0][0]
    }
    table["p_corrected"] = ("score", "pair"), np.stack([holm(row) for row in table["p"][1]])
    return xr.Dataset(
        table,
        coords={
            "score": whole["score"].values,
            "family": ("pair", [one for one, _ in pairs]),
            "other": ("pair", [other for _, other in pairs]),
        },
        attrs={"level": level, "correction": "Holm over all pairs of families within a score"},
    )


def _members(
    comparison: xr.Dataset, groups: Mapping[str, str] | None
) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Rows of each family's members, and of each kind of control."""
    names = [""] * comparison.sizes["model"]
    families = comparison["family"].values.astype(str) if "family" in comparison.coords else names
    kinds = comparison["control"].values.astype(str) if "control" in comparison.coords else names
    for family in groups or {}:
        if family not in families:
            known = sorted({one for one in families if one})
            raise WmsimError(f"No model is of family '{family}'. {did_you_mean(family, known)}")
    members: dict[str, list[int]] = {}
    controls: dict[str, list[int]] = {}
    for row, (family, kind) in enumerate(zip(families, kinds, strict=True)):
        if kind:
            controls.setdefault(str(kind), []).append(row)
        elif family:
            members.setdefault((groups or {}).get(str(family), str(family)), []).append(row)
    if not members:
        raise WmsimError(
            "No model has a family (coordinate 'family'). Give the result of a comparison of "
            "networks, whose family is their architecture."
        )
    return members, controls


def _left_out(comparison: xr.Dataset, leave_out: Mapping[str, str] | None) -> np.ndarray:
    """Whether a model does not count for a brain, (model, brain)."""
    models, brains = (comparison[name].values.tolist() for name in ("model", "brain"))
    gone = np.zeros((len(models), len(brains)), bool)
    for brain, model in (leave_out or {}).items():
        for name, known in ((brain, brains), (model, models)):
            if name not in known:
                raise WmsimError(
                    f"'{name}' is to be left out, and is not among the models and brains that were "
                    f"compared. {did_you_mean(name, known)}"
                )
        gone[models.index(model), brains.index(brain)] = True
    return gone


def _mean(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Mean over the members (first axis) that have a score; NaN where one of them has none."""
    count = there.sum(axis=0)
    spare = (...,) + (None,) * (values.ndim - there.ndim)
    total = np.where(there[spare], values, 0.0).sum(axis=0)
    return np.where(count[spare] > 0, total / np.maximum(count, 1)[spare], np.nan)


def _difference(
    whole: xr.Dataset, gone: np.ndarray, one: list[int], other: list[int], level: float
) -> dict[str, float | int | str]:
    """Two families by one score."""
    values = np.where(gone, np.nan, whole["value"].transpose("model", "brain").values)
    draws = whole["resampled"].transpose("model", "brain", "resample").values
    there = np.isfinite(values)
    means = [_mean(values[rows], there[rows]) for rows in (one, other)]
    both = [_mean(draws[rows], there[rows]) for rows in (one, other)]
    shared = bool(whole.attrs.get("shared_stimuli", 0))
    sizes = whole["n_values"].values
    own = estimate(means[0] - means[1], both[0] - both[1], sizes, shared=shared)
    spread = [over_networks(values[rows]) for rows in (one, other)]
    by_brains, over = float(own.variance), OVER[int(own.over)]
    variance, df = by_brains, float(own.df)
    by_networks = sum(part for part, _ in spread)
    if np.isfinite(by_networks) and over:
        variance = by_brains + by_networks
        parts = [(by_brains, df), *spread]
        weight = sum(part**2 / free for part, free in parts)
        df = variance**2 / weight if weight > 0 else min(free for _, free in parts)
        over = f"{over} and {NETWORKS}" if " and " not in over else f"{over}, and {NETWORKS}"
    found = Estimate(*(np.array(x) for x in (own.mean, variance, df, own.n, own.over)))
    low, high = found.interval(level)
    return {
        "difference": float(own.mean), "low": float(low), "high": float(high), "df": df,
        "p": float(found.p_values()), "n": int(own.n), "sd_brains": float(np.sqrt(by_brains)),
        "sd_networks": float(np.sqrt(by_networks)), "over": over,
    }  # fmt: skip


def over_networks(values: np.ndarray) -> tuple[float, float]:
    """Variance of a family's mean by its members alone, and its degrees of freedom.

    Parameters
    ----------
    values : ndarray, shape (member, brain)
        Scores; NaN where there is none.

    Returns
    -------
    variance : float
        Less the share of the interaction of members and brains, which is in the variance over
        brains; with missing scores nothing is taken off, which errs on the side of caution. NaN
        for fewer than two members.
    df : float

    Examples
    --------
    Members differ by the same in both brains: there is no interaction.

    >>> over_networks(np.array([[1.0, 2.0], [3.0, 4.0]]))
    (1.0, 1.0)
    """
    values = values[np.isfinite(values).any(axis=1)][:, np.isfinite(values).any(axis=0)]
    n, n_brains = values.shape
    if n < 2:
        return float("nan"), 0.0
    deviation = values - np.nanmean(values, axis=0)
    own = np.nanmean(deviation, axis=1)
    variance = own.var(ddof=1) / n
    if n_brains > 1 and np.isfinite(values).all():
        rest = ((deviation - own[:, None]) ** 2).sum() / ((n - 1) * (n_brains - 1))
        variance = max(variance - rest / (n * n_brains), 0.0)
    return float(variance), n - 1.0


__all__ = ["by_family", "family_differences", "over_networks"]
