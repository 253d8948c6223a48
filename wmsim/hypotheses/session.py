"""A planted session with the timeline of an experiment: continuous, in seconds, two probes.

:func:`wmsim.hypotheses.plant` makes aligned recordings whose geometry is known. This makes what
comes from a laboratory before alignment, for networks to run its trials (:mod:`wmsim.twin`).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings import build_recording

N_ITEMS, SHOWN, LAG, BIN = 3, 0.2, 0.2, 0.05
GAPS = (0, 0.2, 0.5, 0.8)
# Codes of items that are held are weaker than those of images on display.
HELD = 0.6


def plant_session(
    *, n_units: int = 60, n_trials: int = 216, n_values: int = 9, strength: float = 0.8,
    seed: int = 0,
) -> xr.Dataset:  # fmt: skip
    """Spikes of units that answer to the image on display, and hold those that were shown before.

    Gaps and delays are like those of Kornblith et al. (2017): three images a trial, of 0.2 s each,
    gaps of 0 to 0.8 s, 2.7 to 3.3 s until two probes come, of which one was among the images.

    Parameters
    ----------
    n_units, n_trials, n_values : int
        Sizes; values are images, at least four.
    strength : float
        Standard deviation, over units, of the logarithm of rates that an image evokes. Each item is
        held by a code of its own, at 0.6 of that.
    seed : int
        Fixes everything.

    Returns
    -------
    xarray.Dataset
        Continuous recording in spikes/s, source "planted", feature ``image``, labels
        ``left_probe`` and ``right_probe``.

    Raises
    ------
    WmsimError
        If there are fewer than four images.

    References
    ----------
    Kornblith, Quian Quiroga, Koch, Fried & Mormann (2017), Persistent single-neuron activity during
    working memory in the human medial temporal lobe, Current Biology 27, 1026-1032,
    :doi:`10.1016/j.cub.2017.02.013`.

    Examples
    --------
    >>> session = plant_session(n_units=5, n_trials=12, seed=1)
    >>> dict(session.sizes)["trial"], session["time"].attrs["units"]
    (12, 's')
    """
    if n_values <= N_ITEMS:
        raise WmsimError(
            f"n_values is {n_values}; expected at least {N_ITEMS + 1}: {N_ITEMS} images a trial, "
            "and a probe that is none of them."
        )
    rng = np.random.default_rng(seed)
    rows = np.arange(n_trials)
    shown = np.array([rng.permutation(n_values)[:N_ITEMS] for _ in rows])
    gap = rng.choice(GAPS, (n_trials, N_ITEMS - 1))
    onset = SHOWN * np.arange(N_ITEMS) + np.cumsum(np.c_[np.zeros(n_trials), gap], axis=1)
    probe = onset[:, -1] + SHOWN + rng.uniform(2.7, 3.3, n_trials)
    time = np.arange(-0.975, 7.0, BIN)
    drive = _drive(time, shown, onset, probe, n_units, n_values, strength, rng)
    rate = rng.lognormal(0.7, 0.8, (n_units, 1)) * np.exp(drive)
    left = rng.random(n_trials) < 0.5
    old = shown[rows, rng.integers(0, N_ITEMS, n_trials)]
    new = np.array([rng.choice(np.setdiff1d(np.arange(n_values), row)) for row in shown])
    return build_recording(
        rng.poisson(BIN * rate) / BIN, time=time, time_units="s", bin_width=BIN,
        activity_units="spikes/s",
        features={"image": (shown, [f"image {value + 1}" for value in range(n_values)])},
        item_onset=onset, item_offset=onset + SHOWN,
        events={"maintenance": onset[:, -1] + 2 * SHOWN, "probe": probe},
        trial={
            "task": f"order of {N_ITEMS} images",
            "left_probe": np.where(left, old, new), "right_probe": np.where(left, new, old),
        },
        source="planted", seed=seed,
    )  # fmt: skip


def _drive(
    time: np.ndarray, shown: np.ndarray, onset: np.ndarray, probe: np.ndarray, n_units: int,
    n_values: int, strength: float, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Logarithm of what images do to rates, (time, unit, trial)."""
    now = strength * rng.standard_normal((n_units, n_values))
    held = HELD * strength * rng.standard_normal((N_ITEMS, n_units, n_values))
    drive = np.zeros((time.size, n_units, len(shown)))
    for item in range(N_ITEMS):
        since = time[:, None, None] - onset[:, item] - LAG
        until = probe - onset[:, item]
        drive += ((since >= 0) & (since < SHOWN)) * now[:, shown[:, item]]
        drive += ((since >= SHOWN) & (since < until)) * held[item][:, shown[:, item]]
    return drive


__all__ = ["plant_session"]
