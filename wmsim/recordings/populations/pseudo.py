"""Pseudo-populations: sessions put together as if their units had been recorded at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.build import build_recording
from wmsim.recordings.populations.draw import pseudo_labels
from wmsim.recordings.populations.pool import Pool, make_pool
from wmsim.recordings.populations.tables import merged_attrs, merged_unit_labels, session_names
from wmsim.recordings.schema import TRIAL_LABELS
from wmsim.recordings.select import shown_items, step_names


def pseudo_population(
    recordings: xr.Dataset | Iterable[xr.Dataset],
    *,
    feature: str,
    folds: int = 10,
    trials: int | None = None,
    values: Sequence[str] | None = None,
    pair: str = "name",
    seed: int,
) -> xr.Dataset:
    """Resample trials of sessions by condition, within folds, into one recording.

    Each session's real trials are put into folds first. Then, for each item, a block of
    pseudo-trials is drawn whose real trials have the same value at this item; all real trials of a
    pseudo-trial are of one fold, the same for all items and steps. So nothing that a decoder is
    tested on, in whatever state, has trained it, provided that the label ``fold`` is kept to.

    Parameters
    ----------
    recordings : xarray.Dataset or iterable of xarray.Dataset
        Sessions, aligned with the same steps; or one recording from
        :func:`~wmsim.recordings.join`.
    feature : str
        Labels to match on.
    folds : int, default 10
        Folds of real trials.
    trials : int, optional
        Pseudo-trials of each value in each fold, for each item. By default as many as there are
        real trials where there are most, so that every real trial is used.
    values : sequence of str, optional
        Values to keep; sessions that lack one fall out. By default those that all sessions have.
    pair : {"name", "order"}
        Which values of two sessions are taken for the same: those of one name, or the first of
        one for the first of the other. Where each session had its own images both are arbitrary,
        which does no harm to decoding: what is decoded is which of k values it was.
    seed : int
        Fixes folds and draws.

    Returns
    -------
    xarray.Dataset
        An aligned recording. Its trials carry ``fold`` and ``matched_item``; only this item has a
        label, the others are -1, because the sessions saw different ones there. Its units carry
        ``real_trials``, the number of trials that each gave. Attr ``population`` (JSON) says what
        each session gave, and what fell out and why.

    Raises
    ------
    WmsimError
        If recordings are not aligned with the same steps, have no two values in common with a
        trial for each fold at every item, or a trial lacks steps.
    SchemaError
        If there is no such feature.

    Notes
    -----
    Pseudo-trials of one value share real trials. To permute their labels, or to resample them as
    if they were independent, gives wrong p-values and intervals: give the sessions themselves to
    :func:`wmsim.pipeline.analyze`, which permutes and resamples real trials.

    Correlations between units of different sessions are lost, those within a session are kept.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> sessions = [
    ...     plant(n_trials=60, n_units=8, n_items=2, n_values=3, maintenance=1, seed=seed)
    ...     for seed in (1, 2)
    ... ]
    >>> population = pseudo_population(sessions, feature="image", folds=4, trials=5, seed=0)
    >>> dict(population.sizes)
    {'time': 3, 'unit': 16, 'trial': 120, 'item': 2}
    """
    if trials is not None and trials < 1:
        raise WmsimError(f"trials is {trials}, expected 1 or more of each value in each fold.")
    elements = [recordings] if isinstance(recordings, xr.Dataset) else list(recordings)
    rng = np.random.default_rng(seed)
    pool = make_pool(elements, feature, n_folds=folds, values=values, pair=pair, rng=rng)
    n_each = pool.most() if trials is None else trials
    return _recording(pool, elements, feature, n_each, seed, rng)


def _recording(
    pool: Pool, elements: list[xr.Dataset], feature: str, n_each: int, seed: int,
    rng: np.random.Generator,
) -> xr.Dataset:  # fmt: skip
    labels, fold = pseudo_labels(pool.n_items, pool.n_folds, len(pool.values), n_each)
    first = elements[0]
    n_items = max(element.sizes["item"] for element in elements)
    codes = np.full((fold.size, n_items), -1)
    codes[:, : pool.n_items] = labels.T
    account = {**pool.account, "pseudo_trials_of_a_value_in_a_fold": n_each}
    attrs = {
        key: value
        for key, value in merged_attrs(elements, session_names(elements)).items()
        if key not in ("seed", "config")
    }
    return build_recording(
        pool.assemble(n_each, rng=rng).transpose(0, 2, 1),
        time=first["time"].values,
        time_units=first["time"].attrs["units"],
        activity_units=str(first["activity"].attrs.get("units", "")),
        long_name="activity of a pseudo-population",
        features={feature: (codes, list(pool.values))},
        unit=_unit_labels(pool, elements),
        trial={
            "fold": fold,
            "matched_item": (labels >= 0).argmax(axis=0),
            **_shared_labels(elements),
        },
        shown_item=shown_items(first),
        step_name=step_names(first),
        source=str(first.attrs["source"]),
        seed=seed,
        attrs={**attrs, "population": json.dumps(account), "seed": seed},
    )


def _unit_labels(pool: Pool, elements: list[xr.Dataset]) -> dict[str, Any]:
    parts = [elements[part.recording].isel(unit=part.units) for part in pool.parts]
    names = [pool.account["sessions"][part.session]["session"] for part in pool.parts]
    labels = merged_unit_labels(parts, names)
    sizes = [part.units.size for part in pool.parts]
    labels["real_trials"] = np.repeat([int(part.recorded.sum()) for part in pool.parts], sizes)
    if "session" not in labels:
        labels["session"] = np.repeat(names, sizes)
    return labels


def _shared_labels(elements: list[xr.Dataset]) -> dict[str, Any]:
    """Labels of trials that are the same in all trials of all sessions, such as the task."""
    shared = {}
    for name in TRIAL_LABELS:
        if all(name in element.variables for element in elements):
            found = np.unique(np.concatenate([e[name].values.astype(str) for e in elements]))
            if found.size == 1:
                shared[name] = elements[0][name].values[0]
    return shared
