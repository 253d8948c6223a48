"""Figure 4c: do decoders of encoding read memory better at executive steps?"""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.figures.paper_memory import executive_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import (
    METRIC_NOTE,
    from_own_encoding,
    joined,
    memory_of,
    mtmf_kinds,
    name_of,
    per_subject,
    same_tasks,
)
from wmsim.reproduce.study import Study
from wmsim.tasks import FEATURES

DROP = 0.10
WHERE = "section 4.3, figure 4c"


def groups(config: ReproduceConfig) -> dict[tuple[str, str], list[Kind]]:
    """Kinds of subjects by regime and architecture; those of a group do different tasks."""
    one = [
        Kind(architecture="gru", regime=f"{n}-back-{feature}")
        for n in config.single_n for feature in FEATURES
    ]  # fmt: skip
    some = [Kind(architecture="gru", regime=f"STMF-{n}") for n in config.multi_n]
    found = {("STSF", "gru"): one, ("STMF", "gru"): some}
    found |= {("MTMF", kind.architecture): [kind] for kind in mtmf_kinds(config)}
    return {group: kinds for group, kinds in found.items() if kinds}


def kinds(config: ReproduceConfig) -> list[Kind]:
    """All regimes."""
    return [kind for group in groups(config).values() for kind in group]


def measure(study: Study) -> xr.Dataset:
    """Accuracy at encoding, executive and other memory steps, dims (group, subject, task, ...)."""
    chosen = groups(study.config)
    parts = [
        joined([_steps(memory_of(study, kind)) for kind in group], "task")
        for group in chosen.values()
    ]
    names = [f"{regime} {name_of(architecture)}" for regime, architecture in chosen]
    found = joined(same_tasks(parts), xr.Variable("group", names))
    return found.assign_coords(
        regime=("group", [regime for regime, _ in chosen]),
        architecture=("group", [architecture for _, architecture in chosen]),
    )


def _steps(memory: xr.Dataset) -> xr.Dataset:
    """Means over steps of each item, and over spaces of each age."""
    own = from_own_encoding(memory)
    used, executive = memory["in_use"] == 1, memory["executive"] == 1
    ages = range(1, memory.sizes["step"])
    by_age = [own.where(used & (memory["age"] == age)).mean(("item", "step")) for age in ages]
    found = xr.Dataset(
        {
            "validation": own.where(memory["age"] == 0).mean("step"),
            "memory": own.where(used).mean("step"),
            "executive": own.where(executive).mean("step"),
            "other": own.where(used & ~executive).mean("step"),
            "by_age": xr.concat(by_age, xr.Variable("age", list(ages))),
        }
    )
    return found.transpose("subject", "task", ...)


def claims(found: xr.Dataset) -> list[Claim]:
    """No fixed slots in any regime; partial realignment at recall in STMF and MTMF."""
    result = []
    for row, group in enumerate(found["group"].values.tolist()):
        one = found.isel(group=row)
        result.append(
            Claim(
                f"{group}: decoders of encoding do not generalise to memory, against fixed slots "
                f"({WHERE})",
                f"accuracy of decoders of E(S,S) in E(S,S) minus that in M(S,T), mean over memory "
                f"spaces in use, then tasks ({METRIC_NOTE})",
                per_subject(one["validation"]) - per_subject(one["memory"]),
                at_least=DROP,
                note=f"The bound is ours: a loss of {DROP:.2f} or more is called clear.",
            )
        )
        if one["regime"].item() != "STSF":
            result.append(_realigned(one, group))
    return result


def _realigned(one: xr.Dataset, group: str) -> Claim:
    """Executive against other steps, in tasks that have both."""
    gain = per_subject(one["executive"] - one["other"])
    note = (
        "The bound is ours. Items of tasks with n >= 2 have both, if the trial does not end "
        "before. Executive steps are also the oldest at which an item is of use, so age is not "
        "controlled for"
    )
    same_age = gain_at_same_age(one)
    finite = same_age[np.isfinite(same_age)]
    if finite.size:
        note += (
            f"; at equal age (executive in one task, not yet in another that asks for the same "
            f"feature) the difference is {finite.mean():+.3f}"
        )
    return Claim(
        f"{group}: memory is partly realigned with encoding at the executive step ({WHERE})",
        "accuracy of decoders of E(S,S) in M(S,T) at the executive step minus that at earlier "
        "memory steps of the same item, mean over items, then over tasks with n >= 2 "
        f"({METRIC_NOTE})",
        gain, at_least=0.0, note=note + ".",
    )  # fmt: skip


def gain_at_same_age(one: xr.Dataset) -> np.ndarray:
    """Executive minus other steps of the same age, in tasks that differ in n only.

    Parameters
    ----------
    one : xarray.Dataset
        Of one group, from :func:`measure`.

    Returns
    -------
    ndarray, shape (subject,)
        Mean over features and ages; NaN where no network does tasks of several n.
    """
    if one["regime"].item() != "MTMF":  # else the tasks are different networks'
        return np.full(one.sizes["subject"], np.nan)
    values = one["by_age"].sel(metric="balanced").transpose("subject", "task", "age")
    n_back, feature = one["n_back"].values, one["feature"].values
    gains = []
    for task, (n, name) in enumerate(zip(n_back, feature, strict=True)):
        longer = np.flatnonzero((n_back > n) & (feature == name))
        if longer.size:
            at_age = values.sel(age=n)
            gains.append(at_age.isel(task=task) - at_age.isel(task=longer).mean("task"))
    if not gains:
        return np.full(one.sizes["subject"], np.nan)
    return np.asarray(xr.concat(gains, "gain", coords="minimal", compat="override").mean("gain"))


FIGURE = Figure(
    name="fig4c",
    title="Decoders of encoding at executive and other memory steps",
    caption="Accuracy of decoders that were fitted when an item was shown, E(S,S), and tested for "
    "the same item in memory: at the executive step, which compares with it (left boxes), and at "
    "steps before (right boxes; a 1-back task has none). Points and boxes: items of all tasks, "
    "mean over subjects. Diamonds: mean and 95 % interval over subjects, items that have both. "
    "Bars: accuracy at E(S,S) itself. One-vs-rest balanced accuracy, chance .5 (dashed).",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=executive_figure,
)
