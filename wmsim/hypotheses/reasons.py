"""Reasons for a verdict, in plain words, each with its numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wmsim.hypotheses.choice import UNLIKE, Choice
from wmsim.hypotheses.composition import MEANING
from wmsim.hypotheses.effects import Effect
from wmsim.hypotheses.more_data import PLANS

# By hypothesis and effect: mean, 2.5 and 97.5 percentile over reference recordings.
Predicted = dict[str, dict[str, tuple[float, float, float]]]
LEVEL = 0.05
# A hypothesis this probable cannot be left out of what an undecided recording may be.
POSSIBLE = 0.05
# Share of right verdicts from which design and trials are no excuse.
ABLE = 0.8
WORDS = {
    "same_item_from_encoding": "the code on display, read in the same item's memory",
    "same_item_in_memory": "an item's memory, read in its memory at another step",
    "same_age_encoding": "the code on display, read in another item on display",
    "same_age_memory": "an item's memory, read in another item's of the same age",
    "same_time": "an item's code, read in another item's at the same step",
    "nothing_shared": "an item's code, read in another item's of other age and time",
    "swap_stimulus": "the rotation of another item",
    "swap_time": "the rotation of another time",
    "signal_encoding": "distance of values on display, in SD of noise",
    "signal_memory": "distance of values held, in SD of noise",
}
# What is told of every recording: heading, measures.
COMPARED = {
    "Same item, other time": ("same_item_in_memory", "same_item_from_encoding"),
    "Same age, other item": ("same_age_memory", "same_age_encoding"),
    "Rotations swapped, as a share of what the state's own gives": ("swap_stimulus", "swap_time"),
}
AGAINST = ("H1", "H2", "H3", "shared")
NOTHING, UNLIKE_ALL, DRIFT, ALIKE = "nothing held", "unlike all", "drift", "too alike"
# Where more trials or units might settle it.
DATA_HELP = (NOTHING, ALIKE)


def explain(
    answer: str, choice: Choice, effects: dict[str, Effect], p: dict[str, float],
    sensitivity: dict[str, dict[str, float]], predicted: Predicted,
    more: dict[str, dict[str, float]], *, threshold: float,
) -> tuple[str, ...]:  # fmt: skip
    """Say why a verdict is what it is, and what would settle it.

    Parameters
    ----------
    answer : str
        The verdict.
    choice : Choice
        Probabilities.
    effects : dict of str to Effect
        Measures with intervals over trials.
    p : dict of str to float
        Of any code on display (``encoding``) and held (``memory``); NaN if not tested.
    sensitivity : dict of str to dict of str to float
        By truth, how reference recordings are judged.
    predicted : dict of str to dict of str to (float, float, float)
        By hypothesis and measure: mean, 2.5 and 97.5 percentile over reference recordings.
    more : dict of str to dict of str to float
        From :func:`wmsim.hypotheses.more_data.more_data`; empty if not asked.
    threshold : float
        Probability that a verdict needs.

    Returns
    -------
    tuple of str
        Sentences.
    """
    because = why_undecided(answer, choice, p, threshold)
    lines = [_verdict(choice, because, threshold)]
    if because:
        lines.append(_undecided(because, choice, effects, p, sensitivity, predicted))
    lines += _coded(effects, p)
    lines += _compared(effects, predicted)
    if choice.best == "mixture":
        lines.append(_parts(effects))
    if because not in (NOTHING, UNLIKE_ALL):
        lines.append(_runner_up(choice, effects, predicted))
    if not because:
        lines.append(_reliability(answer, sensitivity))
    return (*lines, *_settle(because, more))


def why_undecided(answer: str, choice: Choice, p: dict[str, float], threshold: float) -> str | None:
    """Which kind of undecided it is; None for a verdict.

    Returns
    -------
    {"nothing held", "unlike all", "drift", "too alike"} or None

    Examples
    --------
    >>> choice = Choice({}, {"H1": 0.6, "H2": 0.4}, distance=1.0)
    >>> why_undecided("undecided", choice, {"memory": 0.01}, 0.9)
    'too alike'
    >>> why_undecided("undecided", choice, {"memory": 0.3}, 0.9)
    'nothing held'
    """
    if answer != "undecided":
        return None
    if p["memory"] > LEVEL or choice.best == "none":
        return NOTHING
    if choice.unlike:
        return UNLIKE_ALL
    return DRIFT if choice.best == "drift" and choice.probability["drift"] >= threshold else ALIKE


def meaning(hypothesis: str) -> str:
    """What a hypothesis says, where it stands alone."""
    if hypothesis == "mixture":
        return "two at once of slots, chronology, chains and a shared code"
    return MEANING[hypothesis]


def _verdict(choice: Choice, because: str | None, threshold: float) -> str:
    best = choice.best
    sure = _share(choice.probability[best])
    if because:
        return (
            f"Undecided. The most probable is {best} ({meaning(best)}; probability {sure}, where a "
            f"verdict needs {threshold:.2f})."
        )
    return f"{best}: {meaning(best)}. Probability {sure}; a verdict needs {threshold:.2f}."


def _undecided(
    because: str, choice: Choice, effects: dict[str, Effect], p: dict[str, float],
    sensitivity: dict[str, dict[str, float]], predicted: Predicted,
) -> str:  # fmt: skip
    if because == NOTHING:
        return _nothing_held(choice, p)
    if because == UNLIKE_ALL:
        name = _farthest(effects, predicted[choice.best])
        low, high = predicted[choice.best][name][1:]
        return (
            f"Because the recording is unlike those of every hypothesis: {choice.distance:.1f} "
            f"times as far from the nearest ({choice.best}) as any reference recording of it; more "
            f"than {UNLIKE:g} is too far. What differs most is {WORDS[name]}: "
            f"{effects[name].value:.2f}, where {choice.best} gives {low:.2f} to {high:.2f}."
        )
    if because == DRIFT:
        return (
            "Because the code changes with time in the trial, alike for all items. That is no "
            "account of how items are held: a signal that drifts, or a code of time, looks like it."
        )
    return _too_alike(choice, sensitivity)


def _nothing_held(choice: Choice, p: dict[str, float]) -> str:
    tested = "" if np.isnan(p["memory"]) else f" (p = {p['memory']:.3f}, labels permuted)"
    line = (
        f"Because nothing held can be read{tested}: without a code of items in memory there is "
        "nothing to compare. This does not say that nothing is held, only that these units and "
        "trials do not show it."
    )
    if choice.best == "none":
        return line
    return f"{line} Probabilities then rest on codes on display, and on what lingers of them."


def _too_alike(choice: Choice, sensitivity: dict[str, dict[str, float]]) -> str:
    ranked = _ranked(choice)
    likely = [name for name in ranked if choice.probability[name] >= POSSIBLE]
    likely = likely if len(likely) > 1 else ranked[:2]
    told = _and([f"{name} ({_share(choice.probability[name])})" for name in likely])
    right = _and([f"{sensitivity[name]['right']:.2f} of {name}" for name in likely])
    line = f"Because {told} cannot be told apart. Of recordings like this one whose truth is known,"
    if min(sensitivity[name]["right"] for name in likely) >= ABLE:
        return (
            f"{line} {right} are judged right: design and trials would do, but this recording "
            "lies between them."
        )
    return f"{line} only {right} are judged right: the design is too weak, or trials are too few."


def _coded(effects: dict[str, Effect], p: dict[str, float]) -> Iterator[str]:
    parts = []
    for name, where in (("encoding", "on display"), ("memory", "held")):
        if f"signal_{name}" not in effects:
            continue
        one = f"{_interval(effects[f'signal_{name}'])} SD of noise"
        parts.append(f"{where} {one}" + ("" if np.isnan(p[name]) else f" (p = {p[name]:.3f})"))
    yield f"Distance between an item's values: {', '.join(parts)}."


def _compared(effects: dict[str, Effect], predicted: Predicted) -> Iterator[str]:
    for heading, names in COMPARED.items():
        found = []
        for name in names:
            if name in effects:
                ranges = ", ".join(f"{one} {_range(predicted[one][name])}" for one in AGAINST)
                found.append(f"{WORDS[name]} {_interval(effects[name])} (expected: {ranges})")
        if found:
            yield f"{heading}: {'; '.join(found)}."


def _parts(effects: dict[str, Effect]) -> str:
    """What a mixture consists of, by the transfers that each part alone would give."""
    shares = parts_of({name: one.value for name, one in effects.items()})
    return (
        f"By transfer, of the code held about {shares['all']:.2f} is common to all items and times "
        f"(shared), {shares['item']:.2f} goes with the item (slots), {shares['age']:.2f} with the "
        f"age (chronology), {shares['both']:.2f} with neither alone (a chain for each item)."
    )


def parts_of(measured: dict[str, float]) -> dict[str, float]:
    """Shares of the code that go with nothing, item, age, or only both together; roughly.

    Examples
    --------
    >>> found = parts_of({"nothing_shared": 0.1, "same_item_in_memory": 0.4,
    ...                   "same_age_memory": 0.5})
    >>> {name: round(share, 2) for name, share in found.items()}
    {'all': 0.1, 'item': 0.3, 'age': 0.4, 'both': 0.2}
    """
    common = max(measured.get("nothing_shared", 0.0), 0.0)
    by_item = _first_of(measured, "same_item_in_memory", "same_item_from_encoding")
    by_age = _first_of(measured, "same_age_memory", "same_age_encoding")
    item, age = max(by_item - common, 0.0), max(by_age - common, 0.0)
    return {"all": common, "item": item, "age": age, "both": max(1 - common - item - age, 0.0)}


def _first_of(measured: dict[str, float], *names: str) -> float:
    return next((measured[name] for name in names if name in measured), 0.0)


def _runner_up(choice: Choice, effects: dict[str, Effect], predicted: Predicted) -> str:
    """What speaks against the next best hypothesis."""
    best, other = _ranked(choice)[:2]
    away = {
        name: _away(one.value, predicted[other][name]) - _away(one.value, predicted[best][name])
        for name, one in effects.items()
    }
    line = f"Next is {other} ({meaning(other)}), with {_share(choice.probability[other])}."
    outside = [
        name for name in away
        if not predicted[other][name][1] <= effects[name].value <= predicted[other][name][2]
    ]  # fmt: skip
    name = max(outside, key=lambda one: away[one], default="")
    if not name or away[name] < 0:
        return f"{line} No single measure rules it out; what weighs is all of them together."
    return (
        f"{line} What speaks against it most is {WORDS[name]}: {effects[name].value:.2f}, where "
        f"it gives {_range(predicted[other][name])}, and {best} {_range(predicted[best][name])}."
    )


def _reliability(answer: str, sensitivity: dict[str, dict[str, float]]) -> str:
    own = sensitivity[answer]
    return (
        f"Of recordings like this one that are {answer} in truth, {own['right']:.2f} are judged "
        f"so, {own['wrong']:.2f} wrongly, and {own['undecided']:.2f} stay undecided."
    )


def _settle(because: str | None, more: dict[str, dict[str, float]]) -> Iterator[str]:
    """What would settle it."""
    if because == DRIFT:
        yield (
            "What would settle it: gaps between items that vary from trial to trial, so that time "
            "in the trial, age and item come apart."
        )
    elif because == UNLIKE_ALL:
        yield "More data would not settle it; look where data and predictions differ."
    elif because and more:
        parts = []
        for name, right in more.items():
            told = ", ".join(f"{truth} {share:.2f}" for truth, share in right.items())
            parts.append(f"with {PLANS[name].words} {told}")
        enough = max(max(right.values()) for right in more.values()) >= ABLE
        yield (
            "What would settle it, as the share that would be judged right if so in truth: "
            f"{'; '.join(parts)}.{'' if enough else ' None of these would be enough.'}"
        )


def _farthest(effects: dict[str, Effect], expected: dict[str, tuple[float, float, float]]) -> str:
    return max(effects, key=lambda name: _away(effects[name].value, expected[name]))


def _away(value: float, expected: tuple[float, float, float]) -> float:
    """Distance from what is expected, in its standard deviations."""
    mean, low, high = expected
    return abs(value - mean) / max((high - low) / 3.92, 1e-6)


def _ranked(choice: Choice) -> list[str]:
    # Probabilities of the improbable are all 0; evidences still tell them apart.
    order = choice.log_evidence or choice.probability
    return sorted(choice.probability, key=lambda name: -order[name])


def _interval(effect: Effect) -> str:
    if np.isnan(effect.low):
        return f"{effect.value:.2f}"
    return f"{effect.value:.2f} [{effect.low:.2f}, {effect.high:.2f}]"


def _range(expected: tuple[float, float, float]) -> str:
    return f"{expected[1]:.2f} to {expected[2]:.2f}"


def _share(probability: float) -> str:
    """Never 0 or 1, which would be certainties."""
    if probability < 0.005:
        return "<0.01"
    return ">0.99" if probability >= 0.995 else f"{probability:.2f}"


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
