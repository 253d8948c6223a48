"""Tasks with a delay: does a network keep items there as it does between those of N-back tasks?"""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.figures.paper_delays import delays_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.delays import delays_of
from wmsim.reproduce.delays_and_nback import THREE_BACK, across_of
from wmsim.reproduce.fig4c import DROP
from wmsim.reproduce.fig4f import GAP
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import METRIC_NOTE, joined, main_kind, name_of
from wmsim.reproduce.strategy import EXPLORATORY, last_known, told
from wmsim.reproduce.study import Study
from wmsim.tasks import regime_tasks

REGIMES = {
    "DMS": "delayed match-to-sample",
    "STERNBERG": "Sternberg",
    "RETROCUE": "retro-cue",
}
TOGETHER = ",".join(("MTMF", *REGIMES))
# Steps after the first item that ask for nothing yet, in 3-back and delayed tasks alike.
HELD_AGES = (1, 2)
# Half way from chance to perfect, both of probes that are judged and of items that are decoded.
LEARNED = DECODABLE = 0.75
GENERALISES = 0.90
# A smaller difference between cued and uncued items counts as none.
NONE = 0.05


def kinds(config: ReproduceConfig) -> list[Kind]:
    """One network for all, of the architecture that the paper shows.

    Networks that learn delayed tasks alone learn those that ask for location; in those that ask
    for identity or category a GRU stays at chance for 2,000 iterations, also where answers weigh
    5 to 8 times as much in the loss. Together with N-back tasks it learns them all, in about twice
    as many iterations as N-back tasks alone take, and one network can be asked whether it keeps
    items alike in both.
    """
    return [Kind(architecture=main_kind(config).architecture, regime=TOGETHER)]


def measure(study: Study) -> xr.Dataset:
    """What is held in delays, and behaviour.

    Returns
    -------
    xarray.Dataset
        As :func:`wmsim.reproduce.delays.measure_delays` gives it, dims (regime, subject, feature,
        ...), `feature` being the one that a task asks for; ``probe`` (regime, subject, split,
        feature): share of probes judged right; ``learned`` (regime, subject, feature): 1 where it
        is .75 or more on trained view angles. ``across`` (subject, scaling, feature, fitted_in,
        tested_in, age, metric) as :func:`wmsim.reproduce.delays_and_nback.measure_across` gives it,
        fitted and tested in a regime or in 3-back tasks. ``accuracy`` (subject, split) over all
        steps; ``nback`` (subject, split): at match / non-match steps of N-back tasks; ``reached``
        (subject): 1 where training came to its criterion. attrs ``architecture``, ``criterion``
        and ``steps REGIME``, names of steps with | between.
    """
    (kind,) = kinds(study.config)
    parts = [_of_regime(study, kind, regime) for regime in REGIMES]
    found = joined(parts, xr.Variable("regime", list(REGIMES)))
    across = across_of(study, kind, (THREE_BACK, *REGIMES))["accuracy"].rename("across")
    behaviour = study.behaviour(kind)
    nback = [task.name for task in regime_tasks("MTMF")]
    criterion = study.config.subject(kind, seed=0).training.criterion
    reached = last_known(behaviour["learning"]) >= criterion
    found = found.assign(
        across=across.drop_attrs(),
        accuracy=behaviour["accuracy"].drop_attrs(),
        nback=behaviour["executive_by_task"].sel(task=nback).mean("task"),
        reached=("subject", reached.astype(float)),
    )
    found.attrs = {"architecture": kind.architecture, "criterion": criterion}
    for regime in REGIMES:
        names = regime_tasks(regime)[0].timeline.names  # type: ignore[attr-defined]
        found.attrs[f"steps {regime}"] = "|".join(names[:-1])
    return found


def _of_regime(study: Study, kind: Kind, regime: str) -> xr.Dataset:
    held = delays_of(study, kind, regime)
    probe = study.behaviour(kind)["executive_by_task"].sel(task=held["task"].values)
    probe = probe.drop_vars("task").rename(task="feature")
    features = held["asked_feature"].values
    found = held.drop_vars(["task", "asked_feature"]).rename(task="feature")
    found = found.assign(probe=probe.drop_attrs()).assign_coords(feature=features)
    learned = found["probe"].sel(split="train", drop=True) >= LEARNED
    return found.assign(learned=learned.astype(float))


def steps_of(found: xr.Dataset, regime: str) -> list[str]:
    """Names of a regime's steps, up to the probe."""
    return str(found.attrs[f"steps {regime}"]).split("|")


def first_delay(steps: list[str]) -> list[int]:
    """Positions of the blank steps before any cue."""
    end = steps.index("cue") if "cue" in steps else len(steps)
    return [at for at, name in enumerate(steps[:end]) if name.startswith("maintenance")]


def claims(found: xr.Dataset) -> list[Claim]:
    """What holds of memory in N-back tasks, asked of delays."""
    name = name_of(found.attrs["architecture"])
    result = [_all_learned(found, name)]
    for regime, words in REGIMES.items():
        one = found.sel(regime=regime)
        who = f"{name}, {words}"
        steps = steps_of(found, regime)
        result += [_behaviour(one, who), *_held(one, who), _stable(one, who, steps)]
        result += _as_between_items(found, regime, who)
        if one["between_items"].sel(score="left_out").notnull().any():
            result.append(_items(one, who))
        if "cue" in steps:
            result += _cue(one, who, steps)
    return result


def _learned(one: xr.Dataset, values: xr.DataArray) -> np.ndarray:
    """Mean over the features whose task was learned, (subject,)."""
    kept = values.where(one["learned"] == 1)
    return np.asarray(kept.mean([dim for dim in kept.dims if dim != "subject"]).values)


def _counted(one: xr.Dataset) -> str:
    learned = one["learned"] == 1
    parts = ", ".join(
        f"{feature} in {int(learned.sel(feature=feature).sum())}"
        for feature in one["feature"].values.tolist()
    )
    return (
        f"Only tasks whose probes are judged right at least {LEARNED:.2f} of the time on trained "
        f"view angles count ({parts} of {one.sizes['subject']} networks)."
    )


def _all_learned(found: xr.Dataset, name: str) -> Claim:
    accuracy, nback = found["accuracy"], found["nback"]
    return Claim(
        f"{name}: one network learns N-back and delayed tasks together",
        "share of correct actions over all steps of all 18 tasks, trained view angles",
        accuracy.sel(split="train").values, at_least=0.95,
        note=f"{EXPLORATORY} Bound: .95, as the paper has it of N-back tasks. "
        f"{int(found['reached'].sum())} of {found.sizes['subject']} networks came to the "
        f"criterion of training ({found.attrs['criterion']:.3f}). Match / non-match steps of the "
        f"nine N-back tasks: {told(nback.sel(split='train'), '.3f')}, on novel view angles "
        f"{told(nback.sel(split='novel_angle'), '.3f')}.",
    )  # fmt: skip


def _behaviour(one: xr.Dataset, who: str) -> Claim:
    right = one["probe"].sel(split="novel_angle")
    parts = ", ".join(
        f"{feature} {told(right.sel(feature=feature))}" for feature in right["feature"].values
    )
    return Claim(
        f"{who}: learns its tasks and generalises to novel view angles",
        "share of probes judged right, novel view angles, mean over three features",
        right.mean("feature").values, at_least=GENERALISES,
        note=f"{EXPLORATORY} Bound: {GENERALISES:.2f}, as the paper has it of N-back tasks. "
        f"{parts}.",
    )  # fmt: skip


def _held(one: xr.Dataset, who: str) -> list[Claim]:
    """Claims on items in delays, and what takes encoding there."""
    own = {name: one[name].sel(score="balanced") for name in (
        "encoding", "encoding_to_maintenance", "maintenance", "fitted", "reconstructed",
    )}  # fmt: skip
    counted = _counted(one)
    rotated = told(_learned(one, own["reconstructed"]))
    return [
        Claim(
            f"{who}: items can be read out in the delay",
            "accuracy of decoders of steps that show no item, mean over items and steps, then "
            f"features ({METRIC_NOTE})",
            _learned(one, own["maintenance"]), at_least=DECODABLE,
            note=f"{EXPLORATORY} Bound: half way from chance to perfect. {counted}",
        ),
        Claim(
            f"{who}: memory in the delay is not held in the code of encoding",
            "accuracy of decoders of E(S,S) in E(S,S) minus that at steps that show no item, mean "
            f"over items and steps, then features ({METRIC_NOTE})",
            _learned(one, own["encoding"] - own["encoding_to_maintenance"]), at_least=DROP,
            note=f"{EXPLORATORY} Bound: {DROP:.2f}, as in figure 4c. {counted}",
        ),
        Claim(
            f"{who}: a rotation takes decoders of encoding to those of memory at little loss",
            "accuracy of fitted decoders minus that of decoders rotated by R(S,T), mean over all "
            f"steps after the item, then features ({METRIC_NOTE})",
            _learned(one, own["fitted"] - own["reconstructed"]), at_most=GAP,
            note=f"{EXPLORATORY} Bound: {GAP:.2f}, as in figure 4f. Rotated decoders reach "
            f"{rotated}. {counted}",
        ),
    ]  # fmt: skip


def _stable(one: xr.Dataset, who: str, steps: list[str]) -> Claim:
    """Is the code the same at both ends of the delay?"""
    at = first_delay(steps)
    values = one["time_by_time"].sel(metric="balanced").mean("item")
    last = values.isel(step=at[-1])
    moved = last.isel(trained_step=at[-1]) - last.isel(trained_step=at[0])
    return Claim(
        f"{who}: the code stays as it is through the delay",
        "accuracy at the last blank step (before any cue) of decoders fitted there minus that of "
        f"decoders fitted at the first blank step, mean over items, then features ({METRIC_NOTE})",
        _learned(one, moved), at_most=DROP,
        note=f"{EXPLORATORY} Bound: {DROP:.2f}; a loss as large is called clear where encoding and "
        f"memory are compared. {_counted(one)}",
    )  # fmt: skip


def _as_between_items(found: xr.Dataset, regime: str, who: str) -> list[Claim]:
    """Claims on decoders of memory between items, tested in the delay."""
    one, across = found.sel(regime=regime), found["across"].sel(metric="balanced")
    held = across.sel(age=list(HELD_AGES)).mean("age")
    own = held.sel(scaling="tested", fitted_in=regime, tested_in=regime)
    there = held.sel(fitted_in=THREE_BACK, tested_in=regime)
    back = held.sel(scaling="tested", fitted_in=regime, tested_in=THREE_BACK)
    shown = across.sel(scaling="trained", age=0, fitted_in=THREE_BACK, tested_in=regime)
    code, read_out = (there.sel(scaling=scaling) for scaling in ("tested", "trained"))
    what = (
        "first item, one and two steps after it: accuracy of decoders of the task itself minus "
        "that of decoders fitted in the 3-back task that asks for the same feature"
    )
    bound = (
        f"{EXPLORATORY} Bound: {DROP:.2f}; a loss as large is called clear where encoding and "
        "memory are compared."
    )
    return [
        Claim(
            f"{who}: the delay has the code that memory has between items of 3-back tasks",
            f"{what}, units z-scored in each task; mean over steps, then features ({METRIC_NOTE})",
            _learned(one, own - code), at_most=DROP,
            note=f"{bound} Decoders fitted in 3-back reach {told(_learned(one, code))}; the other "
            f"way round, in 3-back: {told(_learned(one, back))}; where that is worse, decoders of "
            f"the delay rest on more than memory between items has. {_counted(one)}",
        ),
        Claim(
            f"{who}: the very same read-out does in the delay",
            f"{what}, units z-scored as in 3-back; mean over steps, then features ({METRIC_NOTE})",
            _learned(one, own - read_out), at_most=DROP,
            note=f"{bound} Decoders fitted in 3-back reach {told(_learned(one, read_out))} (while "
            f"the item is shown: {told(_learned(one, shown))}). Baselines and gains of units that "
            f"differ between tasks count here, and not above. {_counted(one)}",
        ),
    ]  # fmt: skip


def _items(one: xr.Dataset, who: str) -> Claim:
    """Do items that are held together share a code?"""
    chance = 1 / (one["n_values"] - 1)
    above = one["between_items"].sel(score="left_out") - chance
    plain = _learned(one, one["between_items"].sel(score="balanced"))
    return Claim(
        f"{who}: items that are held together are in codes of their own",
        "decoders of one item at a blank step, tested for the other item at that step: multiclass "
        "accuracy, the own item's value left out of the choice, minus chance 1/(k-1); mean over "
        "pairs and steps, then features (held-out trials)",
        _learned(one, above), at_most=DROP,
        note=f"{EXPLORATORY} Bound: {DROP:.2f} above chance. Items of a trial never repeat, so a "
        "decoder learns that they differ, and may stay below chance without any reversed code. "
        f"One-vs-rest balanced accuracy: {told(plain)}. {_counted(one)}",
    )  # fmt: skip


def _cue(one: xr.Dataset, who: str, steps: list[str]) -> list[Claim]:
    """What a cue does to the item that it names."""
    before, after = first_delay(steps)[-1], len(steps) - 1
    by_cue = one["by_cue"].sel(metric="balanced")
    gain = by_cue.sel(cue="cued") - by_cue.sel(cue="not cued")
    shared = one["between_cues"].sel(metric="balanced", cue="cued")
    counted = _counted(one)
    return [
        Claim(
            f"{who}: the cued item is kept better than the other, after the cue",
            "accuracy of decoders of the cued item minus that of an item that was not cued, at the "
            f"last step before the probe, mean over items, then features ({METRIC_NOTE})",
            _learned(one, gain.isel(step=after)), at_least=NONE,
            note=f"{EXPLORATORY} Bound: {NONE:.2f}. Decoders are fitted to equally many trials. "
            f"{counted}",
        ),
        Claim(
            f"{who}: not so before the cue",
            "the same difference at the last blank step before the cue "
            f"({METRIC_NOTE})",
            _learned(one, gain.isel(step=before)), at_least=-NONE, at_most=NONE,
            note=f"{EXPLORATORY} A control: nothing tells the items apart then. Bound: "
            f"{NONE:.2f}. {counted}",
        ),
        Claim(
            f"{who}: a cue brings items of either place into one code",
            "decoders of an item in trials that cue it, tested for another item in trials that cue "
            "that one: accuracy at the last step before the probe, mean over pairs, then features "
            f"({METRIC_NOTE})",
            _learned(one, shared.isel(step=after)), at_least=DECODABLE,
            note=f"{EXPLORATORY} Panichello & Buschman (2021, doi:10.1038/s41586-021-03390-w) "
            "found it in monkeys. Bound: half way from chance to perfect. At the last blank step "
            f"before the cue: {told(_learned(one, shared.isel(step=before)))}; items of a trial "
            "never repeat, so codes of their own come out below chance, and a rise to chance "
            f"would show nothing. {counted}",
        ),
    ]  # fmt: skip


FIGURE = Figure(
    name="other_tasks",
    title="Memory in tasks with a delay",
    caption="Networks that learned nine N-back tasks, delayed match-to-sample, Sternberg's task "
    "with two items, and a retro-cue task with two items, for three features each, all together; "
    "three blank steps a delay. A column a kind of delayed task. a) Share of probes judged right "
    "on novel view angles (dots: .75). b) Decoders fitted at "
    "each step (filled) and those of E(S,S) (open), for each item. c) The first item: "
    "decoders of one step "
    "tested at another. d) Left: the first item, by steps after it: decoders of the task itself "
    "(filled) and those fitted as many steps after it in 3-back tasks, units z-scored in each task "
    "(open) or as in 3-back (crosses: the very same read-out). Middle: decoders "
    "of one item tested for the other in the delay, the own "
    "item's value left out of the choice (dashes: chance 1/(k-1)). Right: the item that is cued "
    "and the one that is not, and decoders of the cued item tested for the other where that one is "
    "cued. b to d: tasks whose probes are judged right at least .75 of the time on trained view "
    "angles, one-vs-rest balanced accuracy but for left-out values. Points, lines and bands: mean "
    "and 95 % interval over subjects.",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=delays_figure,
)
