"""A transformer and a state-space network: do other cores come to the same strategy?"""

from __future__ import annotations

import xarray as xr

from wmsim.figures.paper_beyond import cores_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.fig2c import SPECIFIC
from wmsim.reproduce.fig4c import DROP
from wmsim.reproduce.fig4d import CLOSE
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import METRIC_NOTE, mtmf_kinds
from wmsim.reproduce.strategy import EXPLORATORY, balanced, strategies, told
from wmsim.reproduce.study import Study
from wmsim.reproduce.swaps import HIGH

# A core's name, by architecture and which of its activity is decoded.
CORES = {
    ("transformer", "hidden"): "Transformer",
    ("ssm", "hidden"): "State-space network, hidden units",
    ("ssm", "state"): "State-space network, linear states",
}
# A state-space network is recorded in two ways, which are not to be decoded together.
ACTIVITY: dict[str, tuple[str | None, ...]] = {"ssm": ("hidden", "state")}
# Half way from chance to perfect: an item that is read out worse has no shape to speak of.
DECODABLE = 0.75
HIDDEN = {
    ("transformer", "hidden"): "Hidden activity is the residual stream of the last layer at a "
    "step. It is computed anew at each step from all inputs so far, so an item need not be in it "
    "before it is needed; that it is missing there does not say that the network has lost it.",
    ("ssm", "hidden"): "Hidden activity is what the last layer puts out; no later step reads it.",
    ("ssm", "state"): "The linear states of all layers are what later steps start from.",
}
# What an architecture brings along, whatever it learns.
BUILT_IN = {
    ("ssm", "state"): " A linear recurrence does the same to all items of an age, in the first "
    "layer exactly: that items share rotations is built in, and not learned.",
}


def kinds(config: ReproduceConfig) -> list[Kind]:
    """The paper's architectures, a transformer and a state-space network, on all nine tasks."""
    others = [Kind(architecture=name) for name in ("transformer", "ssm")]
    return list(dict.fromkeys([*mtmf_kinds(config), *others]))


def measure(study: Study) -> xr.Dataset:
    """Strategies, dims (kind, subject, ...); see :func:`wmsim.reproduce.strategy.strategies`."""
    chosen = [
        (kind, activity)
        for kind in kinds(study.config)
        for activity in ACTIVITY.get(kind.architecture, (None,))
    ]
    return strategies(study, chosen, decodable=DECODABLE)


def claims(found: xr.Dataset) -> list[Claim]:
    """What holds of the paper's networks, asked of other cores."""
    whose = zip(found["architecture"].values, found["activity"].values, strict=True)
    result, behaved = [], set()
    for row, core in enumerate((str(name), str(activity)) for name, activity in whose):
        if core not in CORES:
            continue
        one = found.isel(kind=row)
        if core[0] not in behaved:  # behaviour is not that of some units
            behaved.add(core[0])
            result.append(_learned(one, CORES[core].split(",")[0]))
        result += _of_core(one, core)
    return result


def _learned(one: xr.Dataset, name: str) -> Claim:
    accuracy = one["accuracy"].sel(split="novel_angle")
    executive = one["executive_accuracy"].sel(split="novel_angle")
    return Claim(
        f"{name}: learns the tasks and generalises to novel view angles",
        "share of correct actions over all steps, novel view angles",
        accuracy.values, at_least=0.90,
        note=f"{EXPLORATORY} Bound: .90, as the paper has it of its networks (figure A1). At "
        f"match / non-match steps only: {told(executive, '.3f')}.",
    )  # fmt: skip


def _of_core(one: xr.Dataset, core: tuple[str, str]) -> list[Claim]:
    name, hidden = CORES[core], HIDDEN[core]
    hold, recall = one["memory_hold"], one["memory_recall"]
    return [
        Claim(
            f"{name}: items share one encoding space",
            "accuracy of decoders of E(S,S) at E(S,S) minus that at E(S',S'), mean over items, "
            f"then tasks ({METRIC_NOTE})",
            balanced(one["encoding"] - one["encoding_elsewhere"]), at_least=-CLOSE, at_most=CLOSE,
            note=f"{EXPLORATORY} Bound: {CLOSE:.2f}, as in figure 4d.",
        ),
        Claim(
            f"{name}: items can be read out at steps that do not ask for them",
            "accuracy of decoders of M(S,T) at memory steps before the executive one, mean over "
            f"tasks with n >= 2 ({METRIC_NOTE})",
            balanced(hold), at_least=DECODABLE,
            note=f"{EXPLORATORY} Bound: half way from chance to perfect. {hidden} At the executive "
            f"step: {told(balanced(recall))}.",
        ),
        Claim(
            f"{name}: memory is not held in the code of encoding",
            "accuracy of decoders of E(S,S) in E(S,S) minus that in M(S,T), mean over memory "
            f"spaces in use, then tasks ({METRIC_NOTE})",
            balanced(one["encoding"] - one["encoding_to_memory"]), at_least=DROP,
            note=f"{EXPLORATORY} Bound: {DROP:.2f}, as in figure 4c. A code that moved and an item "
            f"that cannot be read out both lower it: decoders of M(S,T) itself reach "
            f"{told(balanced(one['memory']))}.",
        ),
        *_swapped(one, name, BUILT_IN.get(core, "")),
        Claim(
            f"{name}: features are encoded task by task",
            "E(1,1): accuracy within the task minus accuracy in tasks that ask for another "
            f"feature, mean over tasks and features ({METRIC_NOTE})",
            balanced(one["within_task"] - one["across_tasks"]), at_least=SPECIFIC,
            note=f"{EXPLORATORY} Bound: {SPECIFIC:.2f}, as for gated networks in figure 2c. With "
            "each task z-scored on its own: "
            f"{told(balanced(one['within_task'] - one['across_tasks_rescaled']))}.",
        ),
    ]  # fmt: skip


def _swapped(one: xr.Dataset, name: str, built_in: str) -> list[Claim]:
    """Claims on rotations, in memory spaces that can be decoded."""
    spaces = (
        f"mean over memory spaces in use whose own decoders reach {DECODABLE:.2f}, then tasks "
        f"({METRIC_NOTE})"
    )
    counted = (
        f"Memory spaces in use that count: {told(one['decodable'])} of all; where a network has "
        "none it has no value. Rotated by their own R(S,T): "
        f"{told(balanced(one['reconstructed']))}.{built_in}"
    )
    return [
        Claim(
            f"{name}: decoders turned by the rotation of another item of the same age stay "
            "accurate",
            f"accuracy with R(S+k,T+k) in place of R(S,T), mean over k, {spaces}",
            balanced(one["other_item"]), at_least=HIGH,
            note=f"{EXPLORATORY} Bound: {HIGH:.2f}, as in figure 4g. {counted} Turned at random: "
            f"{told(balanced(one['random_rotation']))}.",
        ),
        Claim(
            f"{name}: rotations are shared by items rather than by times",
            "accuracy with R(S+k,T+k) minus accuracy with R(S,T-1) or R(S,T+1), within a memory "
            f"space, {spaces}",
            balanced(one["item_over_time"]), at_least=0.0,
            note=f"{EXPLORATORY} Bound: no difference. {counted}",
        ),
    ]  # fmt: skip


FIGURE = Figure(
    name="other_cores",
    title="Other cores: a transformer and a state-space network",
    caption="Networks that learned all nine tasks. a) Correct actions on novel view angles "
    "(filled: all steps, open: match / non-match steps; dashed: .90). b) Decoders of E(S,S) at "
    "their own item, at other items and in memory M(S,T); decoders of M(S,T) itself, at steps "
    "before the executive one and at it. Hidden activity of a transformer is its last layer's "
    "residual stream, computed anew at each step; a state-space network's states are what its "
    "steps start from. c) Decoders of encoding turned by the own rotation, that of another item of "
    "the same age, that of another time, and a random one; only to and from memory spaces whose "
    "own decoders reach .75. d) Decoders of E(1,1) within their task (circles) and in tasks that "
    "ask for another feature (squares). Points and lines: mean and 95 % interval over subjects; "
    "small points: subjects. One-vs-rest balanced accuracy, chance .5 (dashed).",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=cores_figure,
)
