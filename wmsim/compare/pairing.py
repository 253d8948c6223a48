"""Which side of a model is compared with which side of a brain, and that the two fit."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from wmsim.compare.config import CompareConfig
from wmsim.compare.sides import NO_TASK, Side, drawn, read_sides, scaled
from wmsim.errors import WmsimError, choose

FEWEST_VALUES = 3
FEWEST_UNITS = 2
# Streams of random numbers that never meet.
UNITS = 0


@dataclass(frozen=True, eq=False)
class Pair:
    """A model and a brain with the same items, steps and values.

    Attributes
    ----------
    model, brain : Side
        Both sides; steps and values are the same, in the same order.
    matched : bool
        Whether they did the very same trials, in the same order.
    notes : tuple of str
        What a reader has to know.
    every : tuple of str
        All values of the brain, also those that the model lacks; () if there are no others.
    """

    model: Side
    brain: Side
    matched: bool
    notes: tuple[str, ...]
    every: tuple[str, ...] = ()


def make_pairs(
    model: xr.Dataset, brain: xr.Dataset, config: CompareConfig, *,
    names: tuple[str, str] = ("model", "brain"),
) -> list[Pair]:  # fmt: skip
    """Pair a model's recording with a brain's: one pair for each task and feature of the brain.

    Parameters
    ----------
    model, brain : xarray.Dataset
        Recordings, continuous or aligned.
    config : CompareConfig
        How.
    names : (str, str)
        Of model and brain, in messages and results.

    Returns
    -------
    list of Pair

    Raises
    ------
    WmsimError
        If a recording is not valid, times are in different units, or nothing fits: no common
        feature, different numbers of items or values, no common step.
    """
    _same_time(model, brain, names)
    models = read_sides(model, config, names[0])
    brains = read_sides(brain, config, names[1])
    for own, theirs in config.pairs.items():
        choose(own, [side.feature for side in models], "feature")
        choose(theirs, [side.feature for side in brains], "feature")
    told = _pooled_subjects(brain, names[1])
    found = [
        _pair(_counterpart(side, models, config), side, model, brain, config, told)
        for side in _wanted(brains, models, config)
    ]
    if not found:
        raise WmsimError(_no_feature(models, brains))
    return found


def _same_time(model: xr.Dataset, brain: xr.Dataset, names: tuple[str, str]) -> None:
    """Continuous recordings are averaged over windows, which have to mean the same."""
    units = [
        str(one["time"].attrs.get("units", "")) if "time" in one else "" for one in (model, brain)
    ]
    continuous = ["shown_item" not in one.variables for one in (model, brain)]
    counted = [unit for unit, alone in zip(units, continuous, strict=True) if alone]
    for unit, alone, name in zip(units, continuous, names, strict=True):
        if alone and (unit != "s" or len(set(counted)) > 1):
            raise WmsimError(
                f"{name}: its time is in '{unit}', and its activity has to be averaged over "
                "windows, which are in seconds ('s'). Convert its time (divide ms by 1000), or "
                "align it before (wmsim.recordings.align) with windows in its own units."
            )


def _pooled_subjects(brain: xr.Dataset, name: str) -> list[str]:
    """What to say of a file that holds units of several brains."""
    if "subject" not in brain:
        return []
    subjects = np.unique(brain["subject"].values.astype(str))
    if subjects.size < 2:
        return []
    return [
        f"{name}: its units are of {subjects.size} subjects ({', '.join(subjects[:3])}, ...), who "
        "count as one brain, so its intervals are not over subjects."
    ]


def _wanted(brains: list[Side], models: list[Side], config: CompareConfig) -> list[Side]:
    """Sides of the brain whose feature the model has too."""
    features = config.analysis.features
    theirs = {side.feature for side in models}
    back = {brain: model for model, brain in config.pairs.items()}
    return [
        side for side in brains
        if back.get(side.feature, side.feature) in theirs
        and (features is None or {side.feature, back.get(side.feature)} & set(features))
    ]  # fmt: skip


def _no_feature(models: list[Side], brains: list[Side]) -> str:
    theirs = sorted({side.feature for side in models})
    ours = sorted({side.feature for side in brains})
    return (
        f"{models[0].name} and {brains[0].name} have no feature in common: "
        f"{', '.join(theirs)} against {', '.join(ours)}. Say which stands for which "
        f"(--pair {theirs[0]}={ours[0]}), or make a network that runs the brain's own trials "
        "(wmsim twin)."
    )


def _counterpart(brain: Side, models: list[Side], config: CompareConfig) -> Side:
    """The model's side for a side of the brain: of the same task, or the only one."""
    back = {own: model for model, own in config.pairs.items()}
    feature = back.get(brain.feature, brain.feature)
    same = [side for side in models if side.feature == feature]
    named = [side for side in same if side.task == brain.task]
    if named:
        return named[0]
    if len(same) == 1:
        return same[0]
    tasks = ", ".join(f"'{side.task}'" for side in same)
    what = "all its trials" if brain.task == NO_TASK else f"task '{brain.task}'"
    raise WmsimError(
        f"{brain.name} has {what}, {same[0].name} has the tasks {tasks}; which of them is to be "
        "compared? Name it with --task, or give tasks the same names."
    )


def _pair(
    model: Side, brain: Side, recorded: xr.Dataset, original: xr.Dataset, config: CompareConfig,
    told: list[str],
) -> Pair:  # fmt: skip
    if model.n_items != brain.n_items:
        least = min(model.n_items, brain.n_items)
        raise WmsimError(
            f"{model.name} has {model.n_items} items a trial, {brain.name} {brain.n_items}; a "
            f"comparison needs the same number. Compare the first {least} (--items {least}), or "
            "make a network that runs the brain's own trials (wmsim twin)."
        )
    every = brain.values
    model, brain, paired = _same_values(model, brain)
    model, brain, left = _same_steps(model, brain)
    matched = model.labels.shape == brain.labels.shape and bool(
        (model.labels == brain.labels).all()
    )
    rng = np.random.default_rng([config.seed, UNITS])
    sides = []
    for side, dataset in ((model, recorded), (brain, original)):
        if side.activity.shape[2] < FEWEST_UNITS and not side.holed.shape[2]:
            raise WmsimError(
                f"{side.name} has {side.activity.shape[2]} unit(s); a comparison needs at least "
                f"{FEWEST_UNITS}."
            )
        sides.append(scaled(side) if has_noise(dataset) else side)
    sides[0] = drawn(sides[0], config.units, rng)
    if not matched and all(is_number(value) for value in brain.values):
        paired.append(
            f"Values are paired by their numbers: '{brain.values[0]}' of {model.name} is taken to "
            f"be '{brain.values[0]}' of {brain.name}, and so on."
        )
    notes = [*sides[0].notes, *sides[1].notes, *told, *paired, *left]
    return Pair(sides[0], sides[1], matched, tuple(dict.fromkeys(notes)), every)


def has_noise(recording: xr.Dataset) -> bool:
    """Whether units are scaled by their noise: all but networks as they are."""
    return recording.attrs.get("source") != "model" or "noise" in recording.attrs


def _same_values(model: Side, brain: Side) -> tuple[Side, Side, list[str]]:
    """Both with the same values, by name, or by order where no name is shared."""
    common = [value for value in brain.values if value in model.values]
    if len(common) >= FEWEST_VALUES:
        told = [
            f"{side.name}: values {', '.join(left)} of '{side.feature}' are left out, which the "
            "other has not."
            for side in (model, brain)
            if (left := [value for value in side.values if value not in common])
        ]
        return _only(model, common), _only(brain, common), told
    if not common and model.n_values == brain.n_values >= FEWEST_VALUES:
        told = [
            f"Values are paired in their order: {model.values[0]} of {model.name} stands for "
            f"{brain.values[0]} of {brain.name}, and so on."
        ]
        return replace(model, values=brain.values), brain, told
    raise WmsimError(
        f"{model.name} and {brain.name} share {len(common)} values of '{brain.feature}' "
        f"({_few(model)} against {_few(brain)}); at least {FEWEST_VALUES} are needed, or equally "
        "many of other names, which are then paired in their order. Give the same things the same "
        "names."
    )


def is_number(value: str) -> bool:
    """Whether a name says no more than a number ("3", "image 3").

    Examples
    --------
    >>> is_number("image 3"), is_number("boat")
    (True, False)
    """
    return re.fullmatch(r"\D*\d+", value) is not None


def _few(side: Side) -> str:
    return f"{side.n_values}: {', '.join(side.values[:3])}{', ...' * (side.n_values > 3)}"


def _only(side: Side, values: list[str]) -> Side:
    """Labels of these values alone, in this order; trials of others lack those items."""
    code = np.full(side.n_values + 1, -1)
    for new, value in enumerate(values):
        code[side.values.index(value)] = new
    return replace(side, labels=code[side.labels], values=tuple(values))


def _same_steps(model: Side, brain: Side) -> tuple[Side, Side, list[str]]:
    """Both at the steps that they share: those that show an item by number, others by name."""
    keys = [
        [item if item >= 0 else name for item, name in zip(side.shown, side.steps, strict=True)]
        for side in (model, brain)
    ]
    common = [key for key in keys[1] if key in keys[0]]
    if not common:
        raise WmsimError(
            f"{model.name} and {brain.name} have no step in common: {', '.join(model.steps)} "
            f"against {', '.join(brain.steps)}. Align both with the same windows, or make a "
            "network that runs the brain's own trials (wmsim twin)."
        )
    rows = [[own.index(key) for key in common] for own in keys]
    left = [name for name, key in zip(brain.steps, keys[1], strict=True) if key not in common]
    told = (
        [f"{model.name} has no step {', '.join(left)}, where it is not compared."] if left else []
    )
    return _at(model, rows[0]), _at(brain, rows[1]), told


def _at(side: Side, rows: list[int]) -> Side:
    return replace(
        side, activity=side.activity[rows], holed=side.holed[rows],
        steps=tuple(side.steps[row] for row in rows), shown=tuple(side.shown[row] for row in rows),
    )  # fmt: skip
