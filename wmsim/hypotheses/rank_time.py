"""Rank against time: does a held code change with the items that came since, or with the seconds?

Where the gap between items varies from trial to trial, an item's age in items and its age in
seconds come apart. See :mod:`.rank_time_moments` for what is taken of a recording,
:mod:`.rank_time_codes` and :mod:`.rank_time_effects` for the arithmetic, and
:mod:`.rank_time_results` for the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError, choose
from wmsim.hypotheses.rank_time_codes import (
    Cell,
    Moments,
    draw_halves,
    find_cells,
    similarities,
    trials_needed,
)
from wmsim.hypotheses.rank_time_effects import Pairs, effects, explained, find_pairs, strengths
from wmsim.hypotheses.rank_time_moments import prepare_moments
from wmsim.hypotheses.rank_time_results import Session, as_dataset, jackknife_error, summarise
from wmsim.pipeline.config import AnalysisConfig
from wmsim.progress import progress
from wmsim.recordings import feature_names

HALVINGS = 4
GROUPS = 20
MAINTENANCE_STEPS = 3


def rank_or_time(
    recordings: xr.Dataset | Iterable[xr.Dataset],
    feature: str | None = None,
    *,
    window: tuple[float, float] | None = None,
    maintenance_steps: int = MAINTENANCE_STEPS,
    most_bins: int = 4,
    permutations: int = 100,
    config: AnalysisConfig | None = None,
    label: str = "rank or time",
) -> tuple[xr.Dataset, dict[str, Any]]:
    """Ask whether codes of held items change with rank (items since) or with time (seconds since).

    Activity is taken in a window after each item's onset, and in maintenance. Within each item,
    step and rank, trials are sorted by the seconds since the item's onset; codes are estimated in
    each bin and compared between bins with noise-free inner products. `rank` is the cosine lost
    for each item more between two codes at equal elapsed time, `time` the cosine lost for as many
    seconds as items are apart on average, at equal ranks; `difference` is the one less the other.
    Intervals leave out groups of trials, or, of three subjects or more, subjects. Elapsed times
    permuted among trials of the same ranks give the p of time, whole trials' labels permuted that
    of there being any code while items are held.

    Seconds since onset and seconds in the trial differ by a constant for each item, so `time` is
    also what a code that drifts with the trial's own clock has.

    Parameters
    ----------
    recordings : xarray.Dataset or iterable of xarray.Dataset
        Continuous, with ``item_onset`` (trial, item) in seconds that varies from trial to trial;
        or aligned from such a one (its windows are then kept). Several are sessions, which are
        combined at the level of subjects.
    feature : str, optional
        Whose codes; by default the first one.
    window : (float, float), optional
        Seconds after each item's onset; by default as :class:`AnalysisConfig` has it, but no
        longer than the shortest time from one onset to the next, so that the next item's response
        stays out.
    maintenance_steps : int, default 3
        Pieces of equal length into which the maintenance window is cut.
    most_bins : int, default 4
        Bins of elapsed time, at most; as many as the trials allow.
    permutations : int, default 100
        Of each kind.
    config : AnalysisConfig, optional
        Windows, transform, kinds and areas of units, seed.
    label : str
        What the progress bar says.

    Returns
    -------
    dataset : xarray.Dataset
        ``effect``, ``effect_low``, ``effect_high`` (recording, effect); cells and pairs of cells
        with their ``similarity`` (a cosine, noisy) and ``weight``.
    summary : dict
        JSON-like: ``answer`` ("rank", "time", "both", "neither" or "undecided"), ``words``,
        ``signal``, ``rank``, ``time``, ``difference``, each with ``value``, ``low``, ``high``,
        ``p``, ``n``; ``recordings``, ``notes``.

    Raises
    ------
    WmsimError
        If there are no onsets in seconds, elapsed times do not vary at any rank, or there are too
        few trials.

    Notes
    -----
    Inner products are cross-validated [1]_: positive only where codes are alike in both halves.

    References
    ----------
    .. [1] Walther et al. (2016), NeuroImage 137, 188-200,
       :doi:`10.1016/j.neuroimage.2015.12.012`.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> rng = np.random.default_rng(0)
    >>> recording = build_recording(
    ...     rng.standard_normal((40, 10, 80)), time=np.arange(0.05, 4, 0.1), time_units="s",
    ...     activity_units="a.u.", source="planted",
    ...     features={"side": rng.integers(2, size=(80, 3))},
    ...     item_onset=np.arange(3) * rng.uniform(0.3, 1.0, (80, 1)),
    ... )
    >>> rank_or_time(recording, most_bins=2, permutations=9)[1]["answer"]
    'undecided'
    """
    config = config or AnalysisConfig()
    if permutations < 1:
        raise WmsimError(f"Found permutations={permutations}, expected 1 or more (100, say).")
    every = [recordings] if isinstance(recordings, xr.Dataset) else list(recordings)
    if not every:
        raise WmsimError("No recording was given, expected one or more.")
    found = []
    with progress(label, len(every)) as step:
        for number, recording in enumerate(every):
            names = feature_names(recording)
            own = choose(feature, names, "feature") if feature else names[0]
            moments, spacing, notes = prepare_moments(
                recording, own, window=window, maintenance_steps=maintenance_steps, config=config
            )
            found.append(
                measure_session(
                    moments, spacing, most_bins, permutations,
                    name=_name(recording, number), subject=_subject(recording, number),
                    notes=notes, rng=np.random.default_rng([config.seed, number]),
                )
            )  # fmt: skip
            step()
    summary = summarise(found)
    return as_dataset(found, config), summary


def measure_session(
    moments: Moments, spacing: float, most_bins: int, permutations: int, *, name: str, subject: str,
    notes: Sequence[str], rng: np.random.Generator,
) -> Session:  # fmt: skip
    """Effects of one recording, with what their intervals and p-values come from."""
    cells = find_cells(moments, most_bins)
    _require_bins(cells, moments)
    pairs = find_pairs(cells)
    halves = draw_halves(moments, HALVINGS, rng)
    kernel = similarities(moments, cells, halves)
    signal_null = np.array(
        [
            np.diag(similarities(moments.permuted_labels(rng), cells, halves)).mean()
            for _ in range(permutations)
        ]
    )
    least = float(signal_null.std()) if permutations else 0.0

    def all_effects(one: np.ndarray, of: list[Cell], between: Pairs) -> np.ndarray:
        signal, rank, time = effects(one, of, between, least)
        return np.array([signal, rank, time * spacing, rank - time * spacing])

    time_null = []
    for _ in range(permutations):
        shuffled = moments.permuted_times(rng)
        own = find_cells(shuffled, most_bins)
        one = similarities(shuffled, own, halves)
        time_null.append(all_effects(one, own, find_pairs(own))[2])
    groups = rng.permutation(np.arange(moments.n_trials) % GROUPS)
    replicas = [similarities(moments, cells, halves, groups == one) for one in range(GROUPS)]
    left_out = np.array([all_effects(one, cells, pairs) for one in replicas])
    errors = jackknife_error(left_out)
    shares = explained(
        kernel, cells, pairs, least,
        error=jackknife_error(np.array([one[pairs.first, pairs.second] for one in replicas])),
        slope_error=(float(errors[1]), float(errors[2] / spacing)),
    )  # fmt: skip
    return Session(
        name, subject, moments.n_trials, moments.activity.shape[2], spacing, cells, pairs, kernel,
        strengths(kernel, cells, least), all_effects(kernel, cells, pairs), left_out, signal_null,
        np.array(time_null), shares, tuple(notes),
    )  # fmt: skip


def _require_bins(cells: list[Cell], moments: Moments) -> None:
    states = [(cell.item, cell.step, cell.rank) for cell in cells]
    if len(set(states)) == len(states):  # no item, step and rank with two bins
        n_items = len(moments.labels)
        least = 4 * trials_needed(n_items, moments.n_values)
        raise WmsimError(
            f"{moments.n_trials} trials are too few to compare two bins of elapsed time: with "
            f"{n_items} items of {moments.n_values} values about {least} are needed. Give more "
            "trials, or a feature with fewer values."
        )


def _name(recording: xr.Dataset, number: int) -> str:
    return _unit_label(recording, "session") or f"recording {number + 1}"


def _subject(recording: xr.Dataset, number: int) -> str:
    return _unit_label(recording, "subject") or f"recording {number + 1}"


def _unit_label(recording: xr.Dataset, name: str) -> str:
    if name not in recording:
        return ""
    found = np.unique(recording[name].values.astype(str))
    return str(found[0]) if found.size == 1 else ""
