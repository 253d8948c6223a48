"""Figure A7: memory moved along a decoder's normal, and what the network then answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from wmsim.figures.perturbation import perturbation_figure
from wmsim.perturbation import perturb
from wmsim.reproduce.claims import Claim, over_subjects
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import main_kind
from wmsim.reproduce.study import Study
from wmsim.tasks import regime_tasks

CONTROL = "outside"
# Enough for a curve over subjects; intervals over trials are not used.
SETTINGS = {
    "directions": ("own", "natural", "outside"), "n_random": 5, "trials": 300, "bootstrap": 1,
    "doses": (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0),
}  # fmt: skip
UNCHANGED = 0.05
WHERE = "appendix, figure A7"
CURVES = ("probability", "hyperplane", "n_trials", "length", "decoded")


def kinds(config: ReproduceConfig) -> list[Kind]:
    """The architecture that the paper shows most."""
    return [main_kind(config)]


def measure(study: Study) -> xr.Dataset:
    """Curves of all nine tasks, dims (subject, task, trial_kind, direction, dose, step, action)."""
    kind = main_kind(study.config)
    found = study.measured("perturbation", kind, lambda seed: _of_subject(study, kind, seed))
    return found.assign_attrs(architecture=kind.architecture)


def _of_subject(study: Study, kind: Kind, seed: int) -> xr.Dataset:
    tasks = regime_tasks(kind.regime)
    parts = []
    for task in tasks:
        found = perturb(study.subject(kind, seed), task=task, **SETTINGS)[list(CURVES)]
        # Only the answer counts: the step that compares, whatever its number.
        parts.append(found.isel(step=-1, drop=True))
    names = xr.Variable("task", [task.name for task in tasks])
    return xr.concat(parts, names, data_vars="all", combine_attrs="drop").assign_coords(
        feature=("task", [task.feature for task in tasks])
    )


def claims(found: xr.Dataset) -> list[Claim]:
    """What happens to the three answers when the stored value is moved away from the probe's."""
    probability = found["probability"].sel(trial_kind="match")
    change = probability.sel(dose=1.0) - probability.sel(dose=0.0)
    what = "match trials, at dose 1 (from the mean of the stored value to that of another)"
    own = change.sel(direction="own")
    control = change.isel(direction=found["kind"].values == CONTROL).mean("direction")

    def of(values: xr.DataArray, action: str) -> np.ndarray:
        return np.asarray(values.sel(action=action).mean("task").values)

    turned = found["probability"].sel(trial_kind="non-match", action="match")
    turned = (turned.sel(dose=1.0) - turned.sel(dose=0.0)).mean("task")
    return [
        Claim(
            f"The probability of match falls as the state crosses the hyperplane ({WHERE})",
            f"change of P(match), {what}, mean over nine tasks", of(own, "match"),
            at_most=-0.1, note="The bound is ours.",
        ),
        Claim(
            f"It falls more than along random directions of the same length (ours, for {WHERE})",
            "change of P(match) along the normal less that along random directions that vary as "
            f"activity does, outside the span of the feature's decoders, {what}",
            of(own - control, "match"), at_most=0.0,
            note="Not in the paper: the control that its test needs.",
        ),
        Claim(
            f"The probability of no action rises ({WHERE})",
            f"change of P(no action), {what}", of(own, "no action"), at_least=0.0,
            note="The bound is ours.",
        ),
        Claim(
            f"The probability of non-match stays about as it was ({WHERE})",
            f"change of P(non-match), {what}", of(own, "non-match"),
            at_least=-UNCHANGED, at_most=UNCHANGED, note="The bounds are ours.",
        ),
        Claim(
            f"Moved to the probe's value, memory turns non-match into match (ours, for {WHERE})",
            "change of P(match), non-match trials, at dose 1, along the normal, mean over tasks",
            turned.sel(direction="own").values, at_least=0.1,
            note="Not in the paper: the stronger test of the same idea. The bound is ours.",
        ),
    ]  # fmt: skip


def draw(found: xr.Dataset, path_stem: Path) -> list[Path]:
    """Curves of all tasks, intervals over subjects."""
    results = {}
    for place, task in enumerate(found["task"].values.tolist()):
        one = found.isel(task=place)
        mean, low, high = _over_subjects(one["probability"])
        kept = one[["hyperplane", "n_trials", "length", "decoded"]].mean("subject")
        kept = kept.assign(probability=mean, probability_low=low, probability_high=high)
        feature = str(one["feature"].values)
        results[task] = kept.expand_dims("step", -1).assign_attrs(
            task=task, task_feature=feature, feature=feature
        )
    return perturbation_figure(results, path_stem)


def _over_subjects(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Mean and 95 % interval; the mean alone where there is one subject."""
    last = values.transpose(..., "subject")
    flat = [over_subjects(row) for row in last.values.reshape(-1, last.shape[-1])]
    ends = [[mean if end is None else end for end in (mean, low, high)] for mean, low, high in flat]
    like = last.isel(subject=0, drop=True)
    three = np.array(ends, dtype=float).T.reshape(3, *like.shape)
    return like.copy(data=three[0]), like.copy(data=three[1]), like.copy(data=three[2])


FIGURE = Figure(
    name="figA7",
    title="Memory moved along a decoder's normal",
    caption="Match trials: after the first item the state is moved from the mean of the stored "
    "value (dose 0) to that of another (dose 1) along the normal of a decoder that was fitted to "
    "other trials, and the network goes on. Lines: probability of the three actions at the step "
    "that compares; bands: 95 % interval over subjects; grey: controls. n: trials a subject.",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=draw,
)
