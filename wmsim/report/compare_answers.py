"""How well networks answered the probes of the trials that they ran: who has learnt the task."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from wmsim.compare.run import Model
from wmsim.compare.store import opened

# Below this share of probes answered rightly a network has not learnt the task; one that always
# answers match or non-match, and guesses, is at one half.
LEARNT = 0.75
RESPONSE, TARGET = "_response", "_target"


def answers(recording: xr.Dataset) -> tuple[int, int]:
    """Probes that were answered rightly, and all probes.

    Parameters
    ----------
    recording : xarray.Dataset
        A model's. Labels ``probe_response`` and ``probe_target``, or those of ``probe_1`` and so
        on, say what it answered and what was right.

    Returns
    -------
    tuple of int
        Both 0 where it has no answers, as the encoder.

    Examples
    --------
    >>> answers(xr.Dataset(coords={
    ...     "probe_response": ("trial", ["match", "none"]),
    ...     "probe_target": ("trial", ["match", "match"]),
    ... }))
    (1, 2)
    """
    right = total = 0
    for name in map(str, recording.variables):
        stem = name.removesuffix(RESPONSE)
        target = stem + TARGET
        if stem == name or not stem.startswith("probe") or target not in recording.variables:
            continue
        given, wanted = (recording[one].values.astype(str) for one in (name, target))
        right += int(np.sum(given == wanted))
        total += given.size
    return right, total


def share_answered(model: Model) -> float | None:
    """Share of all probes in all of a model's recordings that it answered rightly.

    Parameters
    ----------
    model : Model
        With its recordings.

    Returns
    -------
    float or None
        None where it gave no answers.
    """
    right = total = 0
    for source in model.recordings.values():
        with opened(source) as recording:
            own = answers(recording)
        right, total = right + own[0], total + own[1]
    return right / total if total else None


def not_learnt(models: Iterable[tuple[Model, float | None]]) -> list[str]:
    """A note for each trained network that did not learn its task.

    Parameters
    ----------
    models : iterable of (Model, float or None)
        Models, and shares of probes that they answered rightly.

    Returns
    -------
    list of str
    """
    return [
        f"{model.name} answers {share:.2f} of probes rightly: it has not learnt the task, and says "
        "little about its architecture."
        for model, share in models
        if not model.control and share is not None and share < LEARNT
    ]


__all__ = ["LEARNT", "answers", "not_learnt", "share_answered"]
