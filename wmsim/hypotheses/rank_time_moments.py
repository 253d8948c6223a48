"""From a recording to activity at steps, and how old each item is there in items and in seconds."""

from __future__ import annotations

import itertools
import json

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.hypotheses.codes import Block, unexplained, whitener
from wmsim.hypotheses.rank_time_codes import Moments, estimable_axes
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.ready import make_ready
from wmsim.recordings import is_aligned, labels_of, states

# Least spread of elapsed time at one rank, as a share of its mean and in seconds.
LEAST_SHARE, LEAST_SECONDS = 0.05, 0.02


def prepare_moments(
    recording: xr.Dataset, feature: str, *, window: tuple[float, float] | None,
    maintenance_steps: int, config: AnalysisConfig,
) -> tuple[Moments, float, list[str]]:  # fmt: skip
    """Activity at steps, whitened, and how old items are in items and in seconds.

    Returns
    -------
    moments : Moments
    spacing : float
        Mean of the seconds between onsets.
    notes : list of str
    """
    notes: list[str] = []
    steps = _steps(recording, window, maintenance_steps, config, notes)
    first = steps[0][0]
    onset = first["recorded_item_onset"].values.astype(float)
    codes, _ = labels_of(first, feature)
    activity, event, centre, shows = [], [], [], []
    for aligned, step in steps:
        name = str(aligned["step_name"].values[step])
        item = int(aligned["shown_item"].values[step])
        start, end = json.loads(aligned.attrs["alignment"])["windows"][name]
        at = onset[:, item] if item >= 0 else aligned[f"recorded_event_{name}"].values
        activity.append(aligned["activity"].transpose("time", "trial", "unit").values[step])
        event.append(at)
        centre.append(at + (start + end) / 2)
        shows.append(item)
    rank, elapsed = _ages(onset.T, np.array(event), np.array(centre))
    patterns = np.array(activity, dtype=float)
    kept = np.isfinite(patterns).all(axis=(0, 2))
    if not kept.all():
        notes.append(f"{int((~kept).sum())} trials with NaN activity left out.")
    labels, n_values = _numbered(codes[kept].T, feature)
    _require_variation(elapsed[..., kept], rank[..., kept], np.array(shows))
    varied = patterns[:, kept].std(axis=(0, 1)) > 0
    block = Block(patterns[:, kept][..., varied], labels, n_values)
    shown = [
        (s, t)
        for t in range(len(shows))
        for s in np.flatnonzero((rank[:, t] >= 0).any(axis=1)).tolist()
    ]
    white = whitener(unexplained(block, shown))
    moments = Moments(
        (block.activity - block.activity.mean(axis=1, keepdims=True)) @ white, labels, n_values,
        elapsed[..., kept], rank[..., kept], np.array(shows),
        _axes(labels, n_values, feature, notes),
    )  # fmt: skip
    return moments, float(np.nanmean(np.diff(onset, axis=1))), notes


def _numbered(codes: np.ndarray, feature: str) -> tuple[np.ndarray, int]:
    """Labels as numbers of the values that occur, and how many do."""
    used = np.unique(codes[codes >= 0])
    if used.size < 2:
        raise WmsimError(f"'{feature}' takes {used.size} value(s); codes need at least 2.")
    return np.where(codes >= 0, np.searchsorted(used, codes), -1), int(used.size)


def _axes(labels: np.ndarray, n_values: int, feature: str, notes: list[str]) -> np.ndarray:
    """Axes along which items can be told apart; says which are left out."""
    axes = estimable_axes(labels, n_values)
    if not axes.shape[1]:
        raise WmsimError(
            f"Labels of '{feature}' do not tell the codes of {len(labels)} items apart, with "
            f"{n_values} values and {labels.shape[1]} trials: those of one item follow from the "
            "others' (items that never repeat need more values than there are items). Choose "
            "another feature, or give more trials."
        )
    if axes.shape[1] < n_values - 1:
        notes.append(
            f"{n_values - 1 - axes.shape[1]} of {n_values - 1} contrasts between values of "
            f"'{feature}' left out: along them, an item's value follows from the other items'."
        )
    return axes


def _ages(
    onset: np.ndarray, event: np.ndarray, centre: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rank and elapsed time, (item, step, trial), of onsets (item, trial), events (step, trial)."""
    with np.errstate(invalid="ignore"):
        begun = onset[:, None] <= event[None] + 1e-9
        later = begun[:, None] & (onset[:, None] > onset[None, :])[:, :, None]
    rank = np.where(begun, later.sum(axis=0), -1)
    return rank, np.where(begun, centre[None] - onset[:, None], np.nan)


def _steps(
    recording: xr.Dataset, window: tuple[float, float] | None, maintenance_steps: int,
    config: AnalysisConfig, notes: list[str],
) -> list[tuple[xr.Dataset, int]]:  # fmt: skip
    """Aligned recordings and the positions of their steps that are looked at, in order."""
    if is_aligned(recording):
        aligned = make_ready(recording, config, notes)
        if "recorded_item_onset" not in aligned or "alignment" not in aligned.attrs:
            raise WmsimError(
                "This recording is aligned and does not say when items came (no "
                "recorded_item_onset): rank and seconds cannot be told apart. Give the continuous "
                "recording, with item_onset over (trial, item) in seconds."
            )
        known = sorted({step for _, step in states(aligned)})
        return [(aligned, step) for step in known]
    if "item_onset" not in recording:
        raise WmsimError(
            "item_onset: is missing, expected the onset of each item over (trial, item), in "
            "seconds. Rank and elapsed time cannot be told apart without it."
        )
    if window is None:
        gaps = np.diff(recording["item_onset"].values.astype(float), axis=1)
        shortest = float(np.nanmin(gaps)) if np.isfinite(gaps).any() else np.inf
        start, end = config.window
        window = (start, min(end, start + max(shortest, 0.05)))
    edges = np.linspace(*config.maintenance_window, maintenance_steps + 1)
    first = config.changed(window=window)
    if "event_maintenance" not in recording or maintenance_steps < 1:
        aligned = make_ready(recording, first, notes)
        return [(aligned, t) for t, item in enumerate(aligned["shown_item"].values) if item >= 0]
    steps: list[tuple[xr.Dataset, int]] = []
    for number, piece in enumerate(itertools.pairwise(edges.tolist())):
        told: list[str] = []
        own = first.changed(maintenance_window=piece)
        aligned = make_ready(recording, own, told)
        notes.extend(told if number == 0 else [])
        for step, item in enumerate(aligned["shown_item"].values):
            if (item >= 0 and number == 0) or item < 0:
                steps.append((aligned, step))
    notes.append(
        f"Maintenance was cut into {maintenance_steps} windows, {edges[0]:g} to {edges[-1]:g} s "
        "after its start."
    )
    return steps


def _require_variation(elapsed: np.ndarray, rank: np.ndarray, shows: np.ndarray) -> None:
    """Refuse elapsed times that hardly differ between trials at the same rank."""
    shares, spreads = [0.0], [0.0]
    for (item, step), times in (((i, t), elapsed[i, t]) for i, t in np.ndindex(elapsed.shape[:2])):
        held = shows[step] != item
        for one in np.unique(rank[item, step]) if held else ():
            own = times[rank[item, step] == one]
            if one >= 0 and np.isfinite(own).any():
                spreads.append(float(np.nanstd(own)))
                shares.append(spreads[-1] / float(np.nanmean(own)))
    if max(shares) < LEAST_SHARE or max(spreads) < LEAST_SECONDS:
        raise WmsimError(
            f"The seconds since an item's onset hardly vary at the same rank: their standard "
            f"deviation over trials is at most {max(spreads):.3g} s, {max(shares):.1%} of their "
            f"mean; at least {LEAST_SECONDS:g} s and {LEAST_SHARE:.0%} are needed to tell rank and "
            "time apart. Record with gaps between items that vary from trial to trial."
        )
