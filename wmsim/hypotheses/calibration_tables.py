"""What a calibration comes to: shares of right verdicts, reliability, p without any code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from wmsim.hypotheses.calibration_config import PLAIN
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.verdict import UNDECIDED, VERDICTS

Outcomes = Sequence[dict[str, Any]]
# Edges of bins of the stated probability.
EDGES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
# Normal quantile of a 95 % interval.
Z = 1.959963984540054
CELL = ("condition", "truth", "n_units", "n_trials", "signal")
# Truths about which there is a right verdict; of drift and of no code, none is.
ACCOUNTS = tuple(name for name in VERDICTS if name != UNDECIDED)
NAIVE_ANSWERS = ("H1", "H2", "H3")


def share(hits: int, n: int) -> dict[str, float | int | None]:
    """A share with Wilson's 95 % interval.

    Parameters
    ----------
    hits, n : int
        How many of how many.

    Returns
    -------
    dict
        ``n``, ``value``, ``low``, ``high``; None where n is 0.

    Examples
    --------
    >>> {name: round(value, 3) for name, value in share(0, 50).items()}
    {'n': 50, 'value': 0.0, 'low': 0.0, 'high': 0.071}
    """
    if not n:
        return {"n": 0, "value": None, "low": None, "high": None}
    value, spread = hits / n, Z**2 / n
    centre = (value + spread / 2) / (1 + spread)
    half = Z * np.sqrt(value * (1 - value) / n + spread / (4 * n)) / (1 + spread)
    low = 0.0 if hits == 0 else float(max(centre - half, 0.0))
    high = 1.0 if hits == n else float(min(centre + half, 1.0))
    return {"n": n, "value": value, "low": low, "high": high}


def is_right(outcome: dict[str, Any]) -> bool:
    """Whether the verdict is the truth."""
    return bool(outcome["verdict"] == outcome["truth"])


def is_wrong(outcome: dict[str, Any]) -> bool:
    """Whether there is a verdict, and another than the truth."""
    return outcome["verdict"] != UNDECIDED and not is_right(outcome)


def shares(outcomes: Outcomes) -> dict[str, Any]:
    """Shares of right, wrong and no verdicts, and of rules of thumb that are right and wrong.

    Parameters
    ----------
    outcomes : sequence of dict
        From :func:`wmsim.hypotheses.calibration.calibrate`.
    """
    n = len(outcomes)
    naive = [one for one in outcomes if one["naive"] is not None]
    return {
        "right": share(sum(map(is_right, outcomes)), n),
        "wrong": share(sum(map(is_wrong, outcomes)), n),
        "undecided": share(sum(one["verdict"] == UNDECIDED for one in outcomes), n),
        "not_judged": sum(one["reason"] is not None for one in outcomes),
        "naive_right": share(sum(one["naive"] == one["truth"] for one in naive), len(naive)),
        "naive_wrong": share(sum(one["naive"] != one["truth"] for one in naive), len(naive)),
    }


def by(outcomes: Outcomes, *names: str) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Outcomes in groups, in the order in which groups come."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for one in outcomes:
        groups.setdefault(tuple(one[name] for name in names), []).append(one)
    return groups


def table(outcomes: Outcomes) -> list[dict[str, Any]]:
    """A row for each condition, truth, number of units and trials, and signal: shares."""
    rows = []
    for cell, own in by(outcomes, *CELL).items():
        found = shares(own)
        row = {**dict(zip(CELL, cell, strict=True)), "n": len(own)}
        row |= {name: one["value"] if isinstance(one, dict) else one for name, one in found.items()}
        rows.append(row | confusion(own)[cell[1]])
    return rows


def confusion(outcomes: Outcomes) -> dict[str, dict[str, int]]:
    """How often each truth got each verdict."""
    return {
        truth: {verdict: Counter(one["verdict"] for one in own)[verdict] for verdict in VERDICTS}
        for (truth,), own in by(outcomes, "truth").items()
    }


def naive_confusion(outcomes: Outcomes) -> dict[str, dict[str, int]]:
    """How often each truth got each answer of the rules of thumb."""
    return {
        truth: {answer: Counter(one["naive"] for one in own)[answer] for answer in NAIVE_ANSWERS}
        for (truth,), own in by(outcomes, "truth").items()
    }


def reliability(
    stated: Iterable[float], right: Iterable[bool], edges: Sequence[float] = EDGES
) -> dict[str, Any]:
    """Whether stated probabilities are met.

    Parameters
    ----------
    stated : iterable of float
        Probability of the most probable hypothesis, of each recording.
    right : iterable of bool
        Whether it was the truth.
    edges : sequence of float
        Of bins; a probability on an edge belongs to the bin above.

    Returns
    -------
    dict
        ``bins``: for each with recordings ``low_edge``, ``high_edge``, ``n``, ``stated`` (mean)
        and ``right`` (a :func:`share`). ``expected_calibration_error``: mean over recordings of
        the distance between the two in their bin. ``excess``: mean of stated less right; positive
        is too sure.

    Examples
    --------
    >>> found = reliability([0.6, 0.6, 0.96, 0.98], [True, False, True, True])
    >>> [(one["stated"], one["right"]["value"]) for one in found["bins"]]
    [(0.6, 0.5), (0.97, 1.0)]
    >>> round(found["expected_calibration_error"], 4)
    0.065
    """
    probability, hit = np.array(list(stated), dtype=float), np.array(list(right), dtype=bool)
    if not probability.size:
        return {"n": 0, "bins": [], "expected_calibration_error": None, "excess": None}
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, len(edges) - 2)
    bins, error = [], 0.0
    for one in np.unique(place):
        own = place == one
        mean = float(probability[own].mean())
        met = share(int(hit[own].sum()), int(own.sum()))
        error += own.mean() * abs(mean - hit[own].mean())
        bins.append({
            "low_edge": edges[one], "high_edge": edges[one + 1], "n": int(own.sum()),
            "stated": mean, "right": met,
        })  # fmt: skip
    return {
        "n": probability.size,
        "bins": bins,
        "expected_calibration_error": float(error),
        "excess": float(probability.mean() - hit.mean()),
    }


def reliability_of(outcomes: Outcomes) -> dict[str, Any]:
    """Reliability of the probability of the most probable hypothesis."""
    judged = [one for one in outcomes if one["probability"] is not None]
    return reliability(
        (one["probability"][one["best"]] for one in judged),
        (one["best"] == one["truth"] for one in judged),
    )


def uniformity(p: Iterable[float]) -> dict[str, Any]:
    """Whether p-values of recordings without any code are uniform.

    Returns
    -------
    dict
        ``n``, ``below`` (a :func:`share` of p of .05 or less), Kolmogorov and Smirnov's
        ``statistic`` and its ``p``; None without p-values.

    Examples
    --------
    >>> found = uniformity((np.arange(100) + 1) / 100)
    >>> found["below"]["value"], found["p"] > 0.99
    (0.05, True)
    """
    from scipy.stats import kstest

    values = np.array(list(p), dtype=float)
    below = share(int((values <= 0.05 + 1e-12).sum()), values.size)
    if not values.size:
        return {"n": 0, "below": below, "statistic": None, "p": None}
    test = kstest(values, "uniform")
    return {
        "n": values.size, "below": below, "statistic": float(test.statistic),
        "p": float(test.pvalue),
    }  # fmt: skip


def condense(outcomes: Outcomes) -> dict[str, Any]:
    """All numbers of a calibration, as ``summary.json`` has them."""
    plain = [one for one in outcomes if one["condition"] == PLAIN]
    empty = [one for one in plain if one["truth"] == "none"]
    judged = [one for one in outcomes if one["reason"] is None]
    return {
        "n_recordings": len(outcomes),
        "seconds_of_recordings": round(sum(one["seconds"] for one in outcomes), 1),
        "by_truth": {truth: shares(own) for (truth,), own in by(plain, "truth").items()},
        "cells": table(outcomes),
        "confusion": confusion(plain),
        "naive_confusion": naive_confusion(plain),
        "reliability": reliability_of(plain),
        "p_without_code": {
            name: uniformity(one[f"p_{name}"] for one in empty if one[f"p_{name}"] is not None)
            for name in ("encoding", "memory")
        },
        "conditions": {
            condition: {"all": shares(own), **_false(own)}
            for (condition,), own in by(outcomes, "condition").items()
        },
        "not_judged": dict(
            Counter(one["reason"].split(":")[0] for one in outcomes if one["reason"] is not None)
        ),
        "n_judged": len(judged),
    }


def _false(outcomes: Outcomes) -> dict[str, Any]:
    """Verdicts where there is an account to be found, and where there is none."""
    found = [one for one in outcomes if one["truth"] in ACCOUNTS]
    none = [one for one in outcomes if one["truth"] not in ACCOUNTS]
    return {
        "accounts": shares(found),
        "no_account": {"verdict": share(sum(map(is_wrong, none)), len(none))},
        "reliability": reliability_of(outcomes),
    }


def counts(outcomes: Outcomes) -> np.ndarray:
    """Recordings by truth and most probable hypothesis, (truth, hypothesis)."""
    found = np.zeros((len(HYPOTHESES), len(HYPOTHESES)), dtype=int)
    for one in outcomes:
        if one["best"] is not None:
            found[HYPOTHESES.index(one["truth"]), HYPOTHESES.index(one["best"])] += 1
    return found
