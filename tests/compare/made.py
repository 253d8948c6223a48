"""Made comparisons, with known components of variance."""

import json

import numpy as np
import xarray as xr

from wmsim.compare.config import SCORES, CompareConfig

FAMILIES = ("gru", "lstm", "rnn")


def made_comparison(
    n_models=6, n_brains=5, *, n_values=8, scores=("rsa", "tensor"), n_items=4, n_controls=2,
    quality=None, brain_sd=0.05, stimulus_sd=0.1, own_sd=0.03, own_stimulus_sd=0.1, noise_sd=0.1,
    ceiling=0.7, floor=0.0, shared_stimuli=False, missing=0.0, n_resamples=200, n_shuffles=10,
    seed=0,
):  # fmt: skip
    """Simulate what `wmsim.compare.run.compare` gives: scores that are means over stimuli.

    The score of a model, brain, score and step is the mean over the brain's `n_values` stimuli of
    quality + brain + stimulus + model x brain + model x stimulus + noise, where stimulus terms are
    drawn once for all brains if `shared_stimuli`, else once a brain; noise is independent for
    each model, brain, step and stimulus. Resamples weight the same stimuli.

    Parameters
    ----------
    n_models, n_brains, n_values, n_items : int
        Sizes; `n_items` may be one a brain. Steps are "all", items, "maintenance".
    scores : sequence of str
        Names.
    n_controls : int
        The last so many models are "untrained", "encoder" and further controls.
    quality : array-like, shape (n_models,), optional
        True scores; by default from near the ceiling down to the floor.
    brain_sd, stimulus_sd : float
        Of what all models share: brains, stimuli.
    own_sd, own_stimulus_sd : float
        Of what is a model's own: in brains, in stimuli.
    noise_sd : float
        Of each value.
    ceiling, floor : float
        True ones.
    shared_stimuli : bool
        Whether all brains saw the same stimuli.
    missing : float
        Share of (model, brain, score) that are NaN.
    seed : int
        Fixes everything.

    Returns
    -------
    xarray.Dataset
    """
    rng = np.random.default_rng(seed)
    n_controls = min(n_controls, n_models - 1)
    items = np.broadcast_to(n_items, n_brains)
    steps = ["all", *(f"item {n + 1}" for n in range(items.max())), "maintenance"]
    if quality is None:
        trained = np.linspace(0.55, 0.35, max(n_models - n_controls, 1))
        quality = np.append(trained, [0.15, 0.25][:n_controls])[:n_models]
    quality = np.asarray(quality, float)
    shape = (n_models, n_brains, len(scores), len(steps) - 1, n_values)

    def stimuli(sd, n):
        size = (n, 1 if shared_stimuli else n_brains, len(scores), 1, n_values)
        return sd * rng.standard_normal(size)

    common = brain_sd * rng.standard_normal((1, n_brains, len(scores), 1, 1))
    common = common + stimuli(stimulus_sd, 1) + np.linspace(0.03, -0.03, shape[3])[:, None]
    own = own_sd * rng.standard_normal((n_models, n_brains, len(scores), 1, 1))
    own = own + stimuli(own_stimulus_sd, n_models)
    parts = quality[:, None, None, None, None] + common + own
    parts = parts + noise_sd * rng.standard_normal(shape)
    tops = ceiling + common[0] + noise_sd * rng.standard_normal(shape[1:])
    for brain, n in enumerate(items):
        parts[:, brain, :, n:-1] = tops[brain, :, n:-1] = np.nan
    size = (1 if shared_stimuli else n_brains, n_resamples)
    counts = rng.multinomial(n_values, np.full(n_values, 1 / n_values), size=size)
    weights = np.broadcast_to(counts, (n_brains, *counts.shape[1:])) / n_values
    values, top = _with_all(parts.mean(axis=-1)), _with_all(tops.mean(axis=-1))
    draws = _with_all(np.einsum("mbstk,brk->mbstr", parts, weights), axis=-2)
    top_draws = _with_all(np.einsum("bstk,brk->bstr", tops, weights), axis=-2)
    floor_draws = floor + 0.03 * rng.standard_normal((*values.shape, n_shuffles))
    floor_draws[np.isnan(values)] = np.nan
    gone = rng.random((n_models, n_brains, len(scores))) < missing
    values[gone], draws[gone], floor_draws[gone] = np.nan, np.nan, np.nan
    four, three = ("model", "brain", "score", "step"), ("brain", "score", "step")
    names = [f"{FAMILIES[n % 3]}-{n // 3 + 1}" for n in range(n_models - n_controls)]
    controls = ["untrained", "encoder", *(f"control-{n}" for n in range(3, 9))][:n_controls]
    config = CompareConfig(scores=tuple(one for one in SCORES if one in scores))
    return xr.Dataset(
        {
            "value": (four, values),
            "resampled": ((*four, "resample"), draws.astype(np.float32)),
            "floor": (four, floor_draws.mean(axis=-1)),
            "floor_draws": ((*four, "shuffle"), floor_draws.astype(np.float32)),
            "ceiling": (three, top),
            "ceiling_resampled": ((*three, "resample"), top_draws.astype(np.float32)),
            "matched": (("model", "brain"), np.ones((n_models, n_brains), bool)),
        },
        coords={
            "model": names + controls,
            "brain": [f"brain_{n + 1}" for n in range(n_brains)],
            "score": list(scores),
            "step": steps,
            "control": ("model", [""] * len(names) + controls),
            "family": ("model", [name.split("-")[0] for name in names] + [""] * n_controls),
            "n_values": ("brain", np.full(n_brains, n_values)),
            "n_items": ("brain", np.array(items)),
            "n_units": ("brain", 40 + 10 * np.arange(n_brains)),
            "n_trials": ("brain", 200 + 20 * np.arange(n_brains)),
        },
        attrs={
            "config": json.dumps(config.told()),
            "notes": json.dumps([]),
            "shared_stimuli": int(shared_stimuli),
        },
    )  # fmt: skip


def _with_all(values, axis=-1):
    """The mean over steps before all steps."""
    return np.concatenate([np.nanmean(values, axis=axis, keepdims=True), values], axis=axis)


def unlike_brains():
    """The largest mean is that of a model that is behind where both were compared."""
    made = made_comparison(2, 6, n_controls=0, scores=("rsa",), n_values=12, seed=5)
    rng = np.random.default_rng(0)
    value = np.array([[0.8] * 3 + [np.nan] * 3, [0.9] * 3 + [0.1] * 3])
    value += 0.005 * rng.standard_normal(value.shape)
    made["value"][:] = value[:, :, None, None]
    made["resampled"][:] = value[:, :, None, None, None]
    return made
