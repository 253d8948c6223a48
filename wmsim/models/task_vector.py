"""The vector that tells a network which task it is doing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wmsim.errors import ConfigError
from wmsim.models.config import NetworkConfig
from wmsim.tasks import Task, Trials
from wmsim.tasks.timeline import CUE, PROBE

# Bits that depend on the step, and the phase in which they are on.
CUE_BIT, PROBE_BIT = "cue ", "probe"


def task_vectors(tasks: Sequence[Task], config: NetworkConfig | None = None) -> np.ndarray:
    """One-hot feature beside one-hot n (or the bit of another kind of task).

    Parameters
    ----------
    tasks : sequence of Task
        Tasks.
    config : NetworkConfig, optional
        Which bits there are; by default the paper's six.

    Returns
    -------
    ndarray of float32, shape (task, bit)
        Bits in the order of :attr:`NetworkConfig.bit_names`; those that are on at some steps alone
        are off.

    Raises
    ------
    ConfigError
        If a task needs a bit that the network does not have.

    Examples
    --------
    >>> from wmsim.tasks import parse_task
    >>> task_vectors([parse_task("2-back-location")])
    array([[1., 0., 0., 0., 1., 0.]], dtype=float32)
    """
    config = config or NetworkConfig()
    names = config.bit_names
    vectors = np.zeros((len(tasks), len(names)), dtype=np.float32)
    for row, task in zip(vectors, tasks, strict=True):
        for bit in (*task.bits, *task.step_bits):
            if bit not in names:
                raise ConfigError(_misfit(task, bit, config))
            row[names.index(bit)] = bit in task.bits
    return vectors


def trial_vectors(trials: Trials, config: NetworkConfig | None = None) -> np.ndarray:
    """Task vectors of trials, one a step where some bits are on at some steps alone.

    Parameters
    ----------
    trials : Trials
        A table of trials.
    config : NetworkConfig, optional
        Which bits there are; by default the paper's six.

    Returns
    -------
    ndarray of float32, shape (trial, bit) or (trial, step, bit)
        The latter for networks with cue bits ("cue 1" is on where a step cues item 1) or with a
        bit "probe" (on at probes, of all tasks).

    Raises
    ------
    ConfigError
        If a task needs a bit that the network does not have.

    Examples
    --------
    >>> from wmsim.tasks import ItemSpace, generate_trials, parse_task
    >>> task = parse_task("retrocue-location-delay1")
    >>> config = NetworkConfig().for_tasks([task])
    >>> space = ItemSpace.of_counts(n_categories=4, identities=2, views=5)
    >>> trials = generate_trials([task], 1, space, rng=np.random.default_rng(0))
    >>> trial_vectors(trials, config)[0, :, -2:].sum(axis=1)
    array([0., 0., 0., 1., 0., 0.], dtype=float32)
    """
    config = config or NetworkConfig()
    vectors = task_vectors(trials.tasks, config)[trials.task]
    cued = {name: i for i, name in enumerate(config.bit_names) if name.startswith(CUE_BIT)}
    if not cued and PROBE_BIT not in config.bit_names:
        return vectors
    steps = np.repeat(vectors[:, None], trials.n_steps, axis=1)
    for name, bit in cued.items():
        item = int(name.removeprefix(CUE_BIT)) - 1
        steps[:, :, bit] = (trials.phase == CUE) & (trials.cue == item)[:, None]
    if PROBE_BIT in config.bit_names:
        steps[:, :, config.bit_names.index(PROBE_BIT)] = trials.phase == PROBE
    return steps


def _misfit(task: Task, bit: str, config: NetworkConfig) -> str:
    remedy = config.for_tasks([task])
    needs = (
        f"max_n={remedy.max_n}"
        if bit.endswith("-back")
        else f"extra_bits={(*config.extra_bits, *remedy.extra_bits)}"
    )
    return (
        f"{task.name} does not fit the network's task vector, which has no bit '{bit}' (it has "
        f"{', '.join(config.bit_names)}); make the network with {needs}, or with "
        "NetworkConfig.for_tasks, and train it on this task."
    )
