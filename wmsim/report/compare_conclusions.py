"""What a comparison lets one say: no more than the floor, the ceiling and corrected tests allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from wmsim.compare.inference import cannot_rank
from wmsim.report.compare_methods import listed, twins
from wmsim.report.compare_roles import Cast

# Scores that ask which value is which; others ask how items are held, whatever they are.
OF_VALUES = ("rsa", "cka", "shape", "cca", "ridge", "pls")
# Agreement of one number, or of a verdict: no share of what a brain holds.
OF_INDICES = ("orthogonalisation", "swaps", "verdict")
# So many models are told with a number each; of more, a sentence has the range.
FEW = 4


def conclusions(ranking: xr.Dataset, cast: Cast) -> list[str]:
    """A paragraph for each score that can rank models; then what the others do not allow.

    Parameters
    ----------
    ranking : xarray.Dataset
        From :func:`wmsim.compare.inference.ranking`.
    cast : Cast
        Who took part.

    Returns
    -------
    list of str
    """
    risk = 1 - float(ranking.attrs["level"])
    found: list[str] = []
    cannot: dict[str, list[str]] = {}
    missing = []
    for score in ranking["score"].values.astype(str):
        own = ranking.sel(score=score)
        if not np.isfinite(own["mean"]).any():
            missing.append(score)
        elif reason := cannot_rank(own):
            cannot.setdefault(reason, []).append(f"{score}{_ends(own)}")
        else:
            found.append(f"{score}: {' '.join(_of_score(own, risk))}")
    found += [
        f"These recordings cannot rank models by {listed(scores, 'or')}: {reason}."
        for reason, scores in cannot.items()
    ]
    if missing:
        found.append(f"Not available for these recordings: {listed(missing)}.")
    stood_in = any(one.get("stand_ins") for one in twins(cast))
    asked = [score for score in OF_VALUES if score in ranking["score"].values]
    if stood_in and asked:
        found.append(
            f"Objects stood in for the images that brains saw. What is found by {listed(asked)} "
            "can therefore be how items are held, not what these images look like: a model that "
            "saw the images themselves might score higher, and the ceiling is out of reach."
        )
    return found


def _ends(own: xr.Dataset) -> str:
    """Ceiling and floor in brackets."""
    top, floor = _mean(own["ceiling"].values), _mean(own["floor"].values)
    low, high = float(own["ceiling_low"]), float(own["ceiling_high"])
    if not np.isfinite(top):
        return ""
    interval = f" [{two(low)}, {two(high)}]" if np.isfinite(low) else ""
    return f" (ceiling {two(top)}{interval}, floor {two(floor)})"


def _of_score(own: xr.Dataset, risk: float) -> list[str]:
    """What a score that can rank models says."""
    trained = own["control"].values.astype(str) == ""
    means = np.where(trained, own["mean"].values, np.nan)
    if not np.isfinite(means).any():
        means = own["mean"].values
    best = int(np.nanargmax(means))
    return [
        _best(own, best, means), _above_floor(own, best, risk), *_against(own, best, means, risk),
        *_against_controls(own, best, risk), _below_ceiling(own, best, risk),
        *_without_learning(own, best, risk),
    ]  # fmt: skip


def _best(own: xr.Dataset, best: int, means: np.ndarray) -> str:
    name, value = _name(own, best), float(own["mean"][best])
    if np.isfinite(means).sum() == 1:
        return f"{name} scores {two(value)}{_interval(own, best)}."
    what = "model" if str(own["control"].values[best]) == "" else "control"
    return f"the largest mean of a {what} is that of {name}, {two(value)}{_interval(own, best)}."


def _above_floor(own: xr.Dataset, best: int, risk: float) -> str:
    floor, p = float(own["floor"][best]), float(own["p_floor"][best])
    if not np.isfinite(floor):
        return "It has no floor by shuffled labels, so how much of it chance gives is not known."
    if not np.isfinite(p):
        return f"Whether that is more than its floor ({two(floor)}) cannot be tested."
    if p < risk:
        return f"That is above its floor ({two(floor)}, {_p(p)})."
    return (
        f"That is not significantly above its floor ({two(floor)}, {_p(p)}): this score does not "
        "say that it shares anything with the brains."
    )


def _against(own: xr.Dataset, best: int, means: np.ndarray, risk: float) -> list[str]:
    """Other models (controls have a sentence of their own)."""
    others = [row for row in np.argsort(-means) if row != best and np.isfinite(means[row])]
    if not others:
        return []
    p, difference = own["p_corrected"].values[best], own["difference"].values[best]
    worse = [row for row in others if p[row] < risk and difference[row] > 0]
    # Means may be over other brains than the difference.
    better = [row for row in others if p[row] < risk and difference[row] < 0]
    same = [row for row in others if row not in worse and row not in better]
    found = []
    if worse:
        found.append(f"It is ahead of {_named(own, worse, p)}.")
    if better:
        found.append(
            f"On the brains that both were compared with it is behind {_named(own, better, p)}."
        )
    if same:
        all_of_them = f"any of the other {len(others)} models" if same == others else ""
        found.append(
            f"It cannot be told from {_named(own, same, p, all_of_them)}; that is no proof that "
            "they are alike."
        )
    return found


def _against_controls(own: xr.Dataset, best: int, risk: float) -> list[str]:
    controls = own["control"].values.astype(str)
    rows = [row for row, one in enumerate(controls) if one and row != best]
    if controls[best] or not rows:
        return []
    p, difference = own["p_corrected"].values[best], own["difference"].values[best]
    rows = [row for row in rows if np.isfinite(difference[row])]
    ahead = [row for row in rows if difference[row] > 0 and p[row] < risk]
    behind = [row for row in rows if difference[row] < 0 and p[row] < risk]
    unclear = [row for row in rows if row not in ahead and row not in behind]
    found = []
    if ahead:
        found.append(f"It is ahead of the control{'s' * (len(ahead) > 1)} {_named(own, ahead, p)}.")
    if behind:
        found.append(
            f"The control{'s' * (len(behind) > 1)} {_named(own, behind, p)} "
            f"{'are' if len(behind) > 1 else 'is'} ahead of it, so this score does not say that "
            "what was learnt makes it like the brains."
        )
    if unclear:
        all_of_them = f"any of the {len(rows)} controls" if unclear == rows else ""
        who = _named(own, unclear, p, all_of_them, f"the control{'s' * (len(unclear) > 1)} ")
        found.append(
            f"It cannot be told from {who}, so this score does not say that learning the task "
            "makes networks more like the brains."
        )
    return found


def _below_ceiling(own: xr.Dataset, best: int, risk: float) -> str:
    top, p = float(own["ceiling"][best]), float(own["p_ceiling"][best])
    low, high = float(own["ceiling_low"]), float(own["ceiling_high"])
    told = f"{two(top)}" + (f" [{two(low)}, {two(high)}]" if np.isfinite(low) else "")
    if not np.isfinite(p):
        return f"The ceiling is {told}."
    of_index = str(own["score"].values) in OF_INDICES
    if p >= risk:
        all_of_it = "its index is the brains'" if of_index else "it explains all there is"
        return (
            f"It is not significantly different from the ceiling ({told}, {_p(p)}), which is no "
            f"proof that {all_of_it}."
        )
    if float(own["mean"][best]) > top:
        return f"It is above the ceiling ({told}, {_p(p)}), which half of the trials gives."
    why = "the brains hold more than it accounts for"
    if of_index:
        why = "its index and the brains' differ by more than those of the brains' halves do"
    return f"It is below the ceiling ({told}, {_p(p)}): {why}."


def _without_learning(own: xr.Dataset, best: int, risk: float) -> list[str]:
    """Whether all controls do as well as the best model, and reach the ceiling as well."""
    controls, means = own["control"].values.astype(str), own["mean"].values
    rows = [row for row, one in enumerate(controls) if one and np.isfinite(means[row])]
    if controls[best] or not rows:
        return []
    p, difference = own["p_corrected"].values[best], own["difference"].values[best]
    for row in rows:
        as_good = difference[row] <= 0 or p[row] >= risk
        low = float(own["ceiling_low"])
        # Not told from the ceiling alone would be true of what is merely noisy.
        reaches = means[row] >= low and (
            own["p_ceiling"].values[row] >= risk or means[row] > own["ceiling"].values[row]
        )
        if not (as_good and reaches):
            return []
    told = listed(f"{_name(own, row)} {two(means[row])}" for row in rows)
    if len(rows) > FEW:
        told = _range(means[rows], two)
    several = len(rows) > 1
    what = "everything that can be explained here is explained without learning"
    if str(own["score"].values) in OF_INDICES:
        what = "the brains' index is met without learning"
    who = "All controls are" if several else "The control is"
    return [f"{who} as good and at the ceiling as well ({told}): {what}, as far as can be told."]


def _named(
    own: xr.Dataset, rows: list[Any], p: np.ndarray, all_of_them: str = "", before: str = ""
) -> str:
    """Models with their numbers: each one's own, or of many the range.

    `before` is written before their names, and `all_of_them` in place of the names of many.
    """
    if len(rows) <= FEW:
        return before + listed(
            f"{_name(own, row)} ({two(own['mean'].values[row])}; {_range_p(p[[row]])})"
            for row in rows
        )
    names = all_of_them or before + listed(_name(own, row) for row in rows)
    return f"{names} ({_range(own['mean'].values[rows], two)}; {_range_p(p[rows])})"


def _range(values: np.ndarray, written: Callable[[float], str]) -> str:
    ends = (written(float(values.min())), written(float(values.max())))
    return " to ".join(dict.fromkeys(ends))


def _range_p(p: np.ndarray) -> str:
    """Some p-values in words, NaN where there was no test.

    Examples
    --------
    >>> _range_p(np.array([0.0312])), _range_p(np.array([0.2, 1.0, 1.0]))
    ('p 0.031', 'p 0.200 to 1.000')
    >>> _range_p(np.array([0.00001, 0.04, np.nan])), _range_p(np.array([np.nan]))
    ('p < 0.001 to 0.040, some not tested', 'not tested')
    """
    known = p[np.isfinite(p)]
    if not known.size:
        return "not tested"
    if known.max() < 0.001:
        return _p(float(known.max()))
    told = _range(known, lambda one: _p(one).removeprefix("p "))
    return f"p {told}" + (", some not tested" if known.size < p.size else "")


def _name(own: xr.Dataset, row: int) -> str:
    return str(own["model"].values[row])


def _interval(own: xr.Dataset, row: int) -> str:
    low, high = float(own["low"][row]), float(own["high"][row])
    return f" [{two(low)}, {two(high)}]" if np.isfinite(low) else ""


def two(value: float) -> str:
    """Two digits, without a sign before zero.

    Examples
    --------
    >>> two(0.347), two(-0.001)
    ('0.35', '0.00')
    """
    text = f"{value:.2f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _p(p: float) -> str:
    """A p-value in words.

    Examples
    --------
    >>> _p(0.0312), _p(0.00001)
    ('p 0.031', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
