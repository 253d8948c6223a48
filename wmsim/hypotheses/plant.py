"""A planted recording: spiking units whose geometry is known by construction."""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.recordings import build_recording


def plant_spikes(
    *,
    n_units: int = 60,
    n_trials: int = 240,
    n_items: int = 3,
    n_values: int = 6,
    signal: float = 1.0,
    seed: int,
) -> xr.Dataset:
    """Plant a chronological (H2) code of images in Poisson spike counts.

    An item of age a is coded in the a-th of a chain of orthogonal subspaces, whichever item it
    is; the last step is maintenance. Images never repeat within a trial, as in most experiments.
    This stands in for a recording where none is at hand; planting other hypotheses is not part of
    it.

    Parameters
    ----------
    n_units, n_trials, n_items, n_values : int
        Sizes; at least as many values as items.
    signal : float
        Depth of rate modulation; 1 lets a unit's rate vary by about half its mean.
    seed : int
        Fixes the recording.

    Returns
    -------
    xarray.Dataset
        Aligned, with the feature ``image``.

    Examples
    --------
    >>> plant_spikes(n_trials=20, n_units=8, n_items=2, n_values=4, seed=0)["activity"].shape
    (3, 8, 20)
    """
    rng = np.random.default_rng(seed)
    images = np.array([rng.permutation(n_values)[:n_items] for _ in range(n_trials)])
    n_ages = n_items + 1
    basis, _ = np.linalg.qr(rng.standard_normal((n_units, min(n_units, n_ages * n_values))))
    log_rate = np.zeros((n_items + 1, n_units, n_trials))
    for step in range(n_items + 1):
        for item in range(min(step + 1, n_items)):
            columns = (np.arange(n_values) + (step - item) * n_values) % basis.shape[1]
            codes = basis[:, columns] * np.sqrt(n_units) * 0.5 * signal
            log_rate[step] += codes[:, images[:, item]] * 0.7 ** (step - item)
    mean_rate = rng.gamma(4.0, 2.5, size=(n_units, 1))
    window = 0.6
    counts = rng.poisson(np.minimum(mean_rate * np.exp(log_rate), 200.0) * window)
    shown = np.append(np.arange(n_items), -1)
    return build_recording(
        counts / window,
        time=np.arange(n_items + 1),
        time_units="step",
        activity_units="spikes/s",
        features={"image": (images, [f"image {value + 1}" for value in range(n_values)])},
        unit={"kind": "single unit", "area": "planted", "session": "planted", "subject": "planted"},
        trial={"task": f"order of {n_items} images"},
        shown_item=shown,
        source="planted",
        seed=seed,
        config={"hypothesis": "H2", "signal": signal},
    )
