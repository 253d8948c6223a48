"""The vector that tells a network which task it is doing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wmsim.errors import ConfigError
from wmsim.tasks import FEATURES, NBackTask


def task_vectors(tasks: Sequence[NBackTask], max_n: int = 3) -> np.ndarray:
    """One-hot feature beside one-hot n.

    Parameters
    ----------
    tasks : sequence of NBackTask
        Tasks.
    max_n : int
        Number of bits for n.

    Returns
    -------
    ndarray of float32, shape (task, 3 + max_n)

    Raises
    ------
    ConfigError
        If a task's n has no bit.

    Examples
    --------
    >>> from wmsim.tasks import parse_task
    >>> task_vectors([parse_task("2-back-location")])
    array([[1., 0., 0., 0., 1., 0.]], dtype=float32)
    """
    vectors = np.zeros((len(tasks), len(FEATURES) + max_n), dtype=np.float32)
    for row, task in zip(vectors, tasks, strict=True):
        if task.n > max_n:
            raise ConfigError(
                f"{task.name} does not fit the network's task vector, which names n up to "
                f"{max_n}; make the network with max_n={task.n}."
            )
        row[FEATURES.index(task.feature)] = 1
        row[len(FEATURES) + task.n - 1] = 1
    return vectors
