"""Verdicts on several subjects: combined where they are about the same task and feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wmsim.figures.intervals import with_interval
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.group import GroupChoice, combine_subjects
from wmsim.hypotheses.reasons import LEVEL, NOTHING, UNLIKE_ALL, WORDS, meaning
from wmsim.hypotheses.verdict import UNDECIDED, VERDICTS, Verdict
from wmsim.report.verdict_store import plain

TOLD = ("same_item_in_memory", "same_item_from_encoding", "same_age_memory", "swap_stimulus",
        "swap_time")  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Subjects of one task and feature.

    Attributes
    ----------
    task, feature : str
        Which.
    subjects : tuple of str
        Who is in it.
    left_out : dict of str to str
        Who is not, and why.
    verdict : str
        The hypothesis that is the most frequent with a probability of at least the threshold.
    choice : GroupChoice, optional
        Frequencies; None if fewer than two subjects are left.
    effects : dict of str to dict
        Mean over subjects with Student's 95 % interval.
    """

    task: str
    feature: str
    subjects: tuple[str, ...]
    left_out: dict[str, str]
    verdict: str
    choice: GroupChoice | None
    effects: dict[str, dict[str, float]]


def group_verdicts(verdicts: Sequence[tuple[str, Verdict]], threshold: float) -> list[Group]:
    """Combine subjects for each task and feature that two or more of them have.

    Parameters
    ----------
    verdicts : sequence of (str, Verdict)
        With the name of the subject.
    threshold : float
        Protected exceedance probability that a verdict needs.
    """
    found = []
    for key in dict.fromkeys((one.task, one.feature) for _, one in verdicts):
        own = [(name, one) for name, one in verdicts if (one.task, one.feature) == key]
        if len(own) < 2:
            continue
        left_out = {name: why for name, one in own if (why := _says_nothing(one))}
        fit = [(name, one) for name, one in own if name not in left_out]
        if len(fit) < 2:
            names = tuple(name for name, _ in fit)
            found.append(Group(*key, names, left_out, UNDECIDED, None, {}))
            continue
        evidence = [[one.choice.log_evidence[h] for h in HYPOTHESES] for _, one in fit]
        choice = combine_subjects(np.array(evidence), HYPOTHESES)
        best = HYPOTHESES[int(choice.protected.argmax())]
        sure = choice.protected.max() >= threshold and best in VERDICTS
        found.append(
            Group(
                *key, tuple(name for name, _ in fit), left_out,
                best if sure else UNDECIDED, choice, _effects([one for _, one in fit]),
            )
        )  # fmt: skip
    return found


def _says_nothing(verdict: Verdict) -> str:
    """Why evidence of a subject has no bearing on how items are held, or nothing."""
    if verdict.p["memory"] > LEVEL:
        return NOTHING
    return UNLIKE_ALL if verdict.choice.unlike else ""


def _effects(verdicts: list[Verdict]) -> dict[str, dict[str, float]]:
    names = [name for name in verdicts[0].effects if all(name in one.effects for one in verdicts)]
    values = np.array([[one.effects[name].value for name in names] for one in verdicts])
    mean, half = with_interval(values)
    return {
        name: {"value": float(m), "low": float(m - h), "high": float(m + h)}
        for name, m, h in zip(names, mean, half, strict=True)
    }


def told_group(group: Group, threshold: float) -> dict[str, Any]:
    """Entry of the summary for a group."""
    found: dict[str, Any] = plain({
        "task": group.task,
        "feature": group.feature,
        "verdict": group.verdict,
        "subjects": group.subjects,
        "left_out": group.left_out,
        **(group.choice.as_dict() if group.choice else {}),
        "effects": group.effects,
        "reasons": group_reasons(group, threshold),
    })  # fmt: skip
    return found


def group_reasons(group: Group, threshold: float) -> list[str]:
    """Why subjects amount to what they do, in plain words."""
    left_out = [f"{name} ({why})" for name, why in group.left_out.items()]
    choice = group.choice
    if choice is None:
        return [
            f"Undecided. Of {len(group.subjects) + len(left_out)} subjects fewer than two have "
            f"something to say. Left out: {', '.join(left_out)}."
        ]
    best = int(choice.protected.argmax())
    name = HYPOTHESES[best]
    lead = f"{name}: {meaning(name)}." if group.verdict != UNDECIDED else "Undecided."
    lines = [
        f"{lead} {name} is the most frequent hypothesis among subjects like these "
        f"{len(group.subjects)} with probability {choice.protected[best]:.2f} (protected "
        f"exceedance; a verdict needs {threshold:.2f}); it is expected in "
        f"{choice.frequency[best]:.2f} [{choice.low[best]:.2f}, {choice.high[best]:.2f}] of them. "
        f"That all hypotheses are equally frequent has probability {choice.omnibus_risk:.2f}."
    ]
    if name not in VERDICTS:
        lines.append(f"'{name}' ({meaning(name)}) is no account of how items are held.")
    parts = [
        f"{WORDS[one]} {_interval(group.effects[one])}" for one in TOLD if one in group.effects
    ]
    lines.append(f"Mean over subjects with 95 % interval: {'; '.join(parts)}.")
    if left_out:
        lines.append(f"Left out: {', '.join(left_out)}.")
    return lines


def _interval(one: dict[str, float]) -> str:
    return f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"
