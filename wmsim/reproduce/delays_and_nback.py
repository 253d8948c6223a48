"""Is the code of a delay that between the items of N-back tasks? One network does both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS
from wmsim.pipeline import AnalysisConfig, decode
from wmsim.recordings import subset
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.transfer import decodable
from wmsim.tasks import FEATURES

# The first item of 3-back tasks is of use for three steps, as many as a delay has.
THREE_BACK = "STMF-3"
N_AGES = 4
# Whose training trials scale activity.
SCALINGS = {"trained": "accuracy_trained_scaling", "tested": "accuracy"}
NEEDED = ("activity", "time", "unit", "trial", "kind", *FEATURES)


def across_of(study: Study, kind: Kind, regimes: Sequence[str]) -> xr.Dataset:
    """:func:`measure_across` of all subjects of a kind; measured once.

    Parameters
    ----------
    study : Study
        Where recordings come from.
    kind : Kind
        Subjects that learned all of these tasks together.
    regimes : sequence of str
        Tasks that share their steps, a recording each.
    """

    def compute(seed: int) -> xr.Dataset:
        with ExitStack() as opened:
            recordings = {
                regime: opened.enter_context(study.recording(kind, seed, regime=regime))
                for regime in regimes
            }
            return measure_across(recordings, study.config.analysis, n_jobs=study.n_jobs)

    return study.measured("delays-and-nback", kind, compute)


def measure_across(
    recordings: Mapping[str, xr.Dataset], config: AnalysisConfig, *, n_jobs: int | None = None
) -> xr.Dataset:
    """Decode the asked feature of the first item, with decoders of every regime in every other.

    Parameters
    ----------
    recordings : mapping of str to xarray.Dataset
        Aligned recordings of one subject, by regime; each shows the first item at its first step
        and goes on for three steps at least.
    config : AnalysisConfig
        How; permutations and resamples of trials are not made.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` (scaling, feature, fitted_in, tested_in, age, metric) on trials that the
        decoders were not fitted to, fitted and tested equally many steps after the item (age).
        scaling "trained": the very same read-out; "tested": units z-scored in the task that is
        tested. NaN for a feature of which a value has too few trials.
    """
    plain = config.changed(permutations=0, bootstrap=0)
    regimes = list(recordings)
    shape = (len(SCALINGS), len(FEATURES), len(regimes), len(regimes), N_AGES, len(METRICS))
    accuracy = np.full(shape, np.nan)
    for row, feature in enumerate(FEATURES):
        together = first_items(recordings, feature)
        if together is None or not decodable(together, feature):
            continue
        found = decode(
            together, feature, config=plain, n_jobs=n_jobs, label=f"delays and N-back: {feature}"
        )
        for way, variable in enumerate(SCALINGS.values()):
            accuracy[way, row] = _at_each_age(found[variable], regimes)
    dims = ("scaling", "feature", "fitted_in", "tested_in", "age", "metric")
    return xr.Dataset(
        {"accuracy": (dims, accuracy)},
        coords={
            "scaling": list(SCALINGS), "feature": list(FEATURES), "fitted_in": regimes,
            "tested_in": regimes, "age": np.arange(N_AGES), "metric": list(METRICS),
        },
    )  # fmt: skip


def first_items(recordings: Mapping[str, xr.Dataset], feature: str) -> xr.Dataset | None:
    """The first item, from its display on, in tasks that ask for a feature.

    Parameters
    ----------
    recordings : mapping of str to xarray.Dataset
        By what becomes the name of their task.
    feature : str
        What tasks ask for.

    Returns
    -------
    xarray.Dataset or None
        A recording of one item and :data:`N_AGES` steps; None where a recording has no such task.
    """
    parts = []
    for name, recording in recordings.items():
        if feature not in recording["task_feature"].values:
            return None
        own = subset(recording, task_feature=[feature]).isel(time=slice(0, N_AGES), item=[0])
        one = own.drop_vars([name for name in own.variables if name not in NEEDED]).load()
        steps: dict[str, Any] = {
            "shown_item": ("time", np.array([0] + [-1] * (N_AGES - 1))),
            "step_name": ("time", np.array([f"age {age}" for age in range(N_AGES)])),
            "task": ("trial", np.repeat(name, one.sizes["trial"])),
        }
        parts.append(one.assign_coords(steps))
    together = xr.concat(
        parts, "trial", data_vars="minimal", coords="minimal", compat="override",
        combine_attrs="override",
    )  # fmt: skip
    return together.assign_coords(trial=np.arange(together.sizes["trial"]))


def _at_each_age(accuracy: xr.DataArray, regimes: list[str]) -> np.ndarray:
    """Fitted and tested at the same step: (fitted_in, tested_in, age, metric)."""
    chosen = accuracy.sel(train_task=regimes, test_task=regimes).transpose(
        "train_task", "test_task", "metric", "train_state", "test_state"
    )
    # States are those of one item, in the order of steps.
    return np.diagonal(chosen.values, axis1=3, axis2=4).swapaxes(2, 3)
