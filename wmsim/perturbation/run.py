"""The causal test: move what a network remembers, and see what it answers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import ConfigError, choose, did_you_mean
from wmsim.perturbation.compared import compared
from wmsim.perturbation.config import PerturbationConfig
from wmsim.perturbation.dataset import about, perturbation_dataset
from wmsim.perturbation.onwards import move_and_go_on, pause
from wmsim.perturbation.plan import make_plan
from wmsim.perturbation.shifts import make_shifts
from wmsim.tasks import FEATURES, Task, generate_trials
from wmsim.training import Subject
from wmsim.training.batches import make_batch

PERTURBATION_STREAM = 5


def perturb(subject: Subject, *, task: str | Task, **settings: Any) -> xr.Dataset:
    """Move the memory of an item along a decoder's normal, and let the network go on.

    The network is stopped after an item. Its state is moved from the value that it holds to
    another one, by doses in units of the distance between the class means along the normal, and
    what follows is shown, up to the probe (in an n-back task, n items). The decoder that moves a
    trial is fitted to other trials; all of the task's, for a state does not know yet what it will
    be compared with. In match trials the answer should turn from match to non-match; in non-match
    trials the state is moved to the probe's value, and the answer should turn to match. Trials
    count whether the unmoved network answers them correctly or not: a choice by the answer would
    make any push look harmful.

    A direction is compared with random ones of the same length that have a vector of their own
    for each pair of values, as decoders do.

    Parameters
    ----------
    subject : Subject
        A trained network.
    task : str or Task
        A task that it was trained on.
    **settings
        Of :class:`PerturbationConfig`: feature, item, doses, directions, n_random, trials, split,
        parts, decoder, penalty, folds, bootstrap, seed.

    Returns
    -------
    xarray.Dataset
        ``probability`` (trial_kind, direction, dose, step, action) and its relatives, with 95 %
        intervals over trials; the last step is the one that compares. ``contrast`` (trial_kind,
        against, tested, dose, step, action): the change from dose 0 less that of random
        directions. Intervals are over trials of this subject, not over subjects.

    Raises
    ------
    ConfigError
        If a setting is wrong, or the subject's network does not carry what is to be moved.
    WmsimError
        If there are too few trials.

    References
    ----------
    .. [1] Lei, Ito & Bashivan (2024), NeurIPS, for the test; controls, doses and held-out decoders
       are ours.
    """
    config = PerturbationConfig(**settings)
    asked = _known_task(subject, task)
    feature = choose(config.feature or asked.feature, FEATURES, "feature")
    rng = np.random.default_rng(
        [subject.config.seed, PERTURBATION_STREAM, config.seed, config.item, *asked.name.encode()]
    )
    trials = generate_trials(
        (asked,), config.trials, subject.space(config.split),
        items=subject.config.training.items, rng=rng,
    )  # fmt: skip
    pair = compared(asked, trials, config.item)
    plan = make_plan(pair, feature, decoder=config.decoder, folds=config.folds, rng=rng)
    batch = make_batch(pair.trials, subject.frames(config.split), subject.network.config)
    steps = pair.probe_step - pair.step
    paused = pause(subject.network, batch, pair.step, steps, config.parts)
    shifts = make_shifts(paused.vectors, plan, config, rng=rng)
    doses = np.array(config.doses)
    probability, beyond = move_and_go_on(paused, shifts.vectors, doses)
    dataset = perturbation_dataset(
        probability, beyond, shifts, plan.kind, doses, config.bootstrap, rng=rng
    )
    dataset.attrs = about(
        config.model_dump(mode="json"),
        task=asked.name, task_feature=asked.feature, feature=feature, item=config.item,
        probe=pair.probe, step=pair.step, probe_step=pair.probe_step, split=config.split,
        parts=", ".join(config.parts),
        subject=json.dumps(subject.config.model_dump(mode="json")), seed=config.seed,
        state_spread=float(np.sqrt(paused.vectors.var(axis=0).sum())),
    )  # fmt: skip
    return dataset


def _known_task(subject: Subject, task: str | Task) -> Task:
    known = {one.name: one for one in subject.config.tasks}
    name = task if isinstance(task, str) else task.name
    if name not in known:
        raise ConfigError(
            f"The subject was not trained on '{name}', so that what it would answer means "
            f"nothing. {did_you_mean(name, known)}"
        )
    return known[name]
