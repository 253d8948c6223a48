"""Kornblith et al. 2017: human medial-temporal-lobe units, sequences of images held over a delay.

Kornblith, Quian Quiroga, Koch, Fried & Mormann, Current Biology 27, 1026-1032 (2017),
https://doi.org/10.1016/j.cub.2017.02.013. One HDF5 file a session.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.build import build_recording
from wmsim.recordings.hdf5 import array, member, open_hdf5, subgroup, texts
from wmsim.recordings.importing.spikes import bin_spikes
from wmsim.recordings.importing.trains import bins_in_next_trial

if TYPE_CHECKING:
    import h5py

REFERENCE = (
    "Kornblith, S., Quian Quiroga, R., Koch, C., Fried, I., & Mormann, F. (2017). Persistent "
    "single-neuron activity during working memory in the human medial temporal lobe. Current "
    "Biology, 27(7), 1026-1032. https://doi.org/10.1016/j.cub.2017.02.013"
)
LICENCE = "ODbL-1.0"
WHAT = "session of Kornblith et al. 2017"
MOST_VALUES = 10**9
MOST_IMAGES = 1000
LONGEST_TRIAL = 60.0

KINDS = {"SU": "single unit", "MU": "multi unit"}
# Names of sites are a side (L, R), then the area: RAH, LMH, RA, LEC, RPHG, RPG, LPGa, ...
AREAS = {
    r".?.H": "hippocampus",
    r".?A": "amygdala",
    r".?EC.*": "entorhinal cortex",
    r".?(PHG|PHC|PG.?)": "parahippocampal gyrus",
}


@dataclass
class _Units:
    """Units of a session that are kept, and why others are not."""

    spikes: list[np.ndarray] = field(default_factory=list)
    labels: dict[str, list[str]] = field(
        default_factory=lambda: {"unit": [], "kind": [], "area": [], "site": []}
    )
    dropped: Counter[str] = field(default_factory=Counter)

    def add(self, spikes: np.ndarray, **labels: str) -> None:
        """Keep a unit."""
        self.spikes.append(spikes)
        for name, value in labels.items():
            self.labels[name].append(value)


def import_kornblith2017(
    path: str | os.PathLike[str],
    *,
    bin_width: float = 0.05,
    before: float = 1.0,
    after: float | None = None,
) -> xr.Dataset:
    """Import one session as a continuous recording.

    Time is counted from the onset of each trial's first item. Bins that reach beyond the
    start of the next trial's first item are NaN: they belong to that trial.

    Parameters
    ----------
    path : path-like
        HDF5 file of a session, e.g. ``399e11sb-2007-7-21_16-34-42.h5``.
    bin_width : float
        Width of a time bin in s.
    before : float
        Seconds to keep before the first item.
    after : float, optional
        Seconds to keep after the first item's onset; by default 1 s beyond the latest
        probe.

    Returns
    -------
    xarray.Dataset
        ``activity`` (time, unit, trial) in spikes/s; feature ``image``; item onsets and
        offsets; ``event_maintenance``, ``event_probe``; ``correct``; units with ``kind``,
        ``area``, ``site``, ``session``, ``subject``. Attr ``import_account`` says what
        was found, kept and dropped.

    Raises
    ------
    WmsimError
        If the file is missing, damaged or of another layout, or no unit is left.
    """
    if not (bin_width > 0 and before >= 0 and (after is None or after > 0)):
        raise WmsimError(
            f"Found bin_width={bin_width}, before={before}, after={after}; expected positive "
            "numbers of seconds (before may be 0)."
        )
    file = Path(path)
    with open_hdf5(file, WHAT) as opened:
        trials = _read_trials(opened)
        units = _read_units(opened)
    if not units.spikes:
        raise WmsimError(
            f"'{file}': no unit is left; dropped: {_told(units.dropped)}. Choose another session."
        )
    first = trials["onsets"][:, 0]
    after = float(np.max(trials["probes"] - first)) + 1.0 if after is None else after
    edges = _edges(before, after, bin_width, values=len(units.spikes) * len(first))
    rate = bin_spikes(units.spikes, first, edges) / np.float32(bin_width)
    masked = bins_in_next_trial(first, edges)
    rate = np.where(masked[:, None, :], np.float32(np.nan), rate)
    return _recording(file, trials, units, edges, rate, masked, bin_width)


def _recording(
    file: Path,
    trials: dict[str, np.ndarray],
    units: _Units,
    edges: np.ndarray,
    rate: np.ndarray,
    masked: np.ndarray,
    bin_width: float,
) -> xr.Dataset:
    session = re.split(r"[-_]", file.stem)[0]
    subject = re.match(r"\d+", session)
    first = trials["onsets"][:, :1]
    images = np.maximum(trials["stimuli"] - 1, -1)
    names = [f"image {i + 1}" for i in range(int(images.max()) + 1)]
    labels = {
        **units.labels,
        "unit": [f"{session}/{name}" for name in units.labels["unit"]],
        "session": session,
        "subject": subject.group() if subject else session,
    }
    n_items = images.shape[1]
    return build_recording(
        rate,
        time=(edges[:-1] + edges[1:]) / 2,
        time_units="s",
        bin_width=bin_width,
        activity_units="spikes/s",
        long_name="firing rate",
        features={"image": (images, names)},
        unit=labels,
        trial={
            "task": f"order of {n_items} images",
            "correct": trials["correct"].astype(bool),
            "gap": trials["isi"].astype(float),
            "left_probe": trials["probe1"].astype(np.int64) - 1,
            "right_probe": trials["probe2"].astype(np.int64) - 1,
        },
        item_onset=trials["onsets"] - first,
        item_offset=trials["offsets"] - first,
        events={
            "maintenance": trials["maint"] - first[:, 0],
            "probe": trials["probes"] - first[:, 0],
        },
        source="neural",
        reference=REFERENCE,
        licence=LICENCE,
        attrs={"import_account": _account(file, units, names, trials, rate, masked)},
    )


def _account(
    file: Path,
    units: _Units,
    names: list[str],
    trials: dict[str, np.ndarray],
    rate: np.ndarray,
    masked: np.ndarray,
) -> str:
    n_trials, n_items = trials["stimuli"].shape
    silent = int((np.nansum(rate, axis=(0, 2)) == 0).sum())
    kinds, areas = Counter(units.labels["kind"]), Counter(units.labels["area"])
    correct = int(trials["correct"].astype(bool).sum())
    lines = [
        f"Kornblith et al. 2017, {file.name}",
        f"dims: time {rate.shape[0]}, unit {rate.shape[1]}, trial {n_trials}, item {n_items}",
        f"labels: image ({len(names)} values), correct ({correct} of {n_trials}), gap, "
        "left_probe, right_probe",
        f"units kept: {len(units.spikes)} ({_told(kinds)}; {_told(areas)})",
        f"units dropped: {_told(units.dropped)}",
        f"units kept without a spike in any trial: {silent}",
        f"bins masked because they lie in the next trial: {masked.mean():.1%}",
    ]
    return "\n".join(lines)


def _read_trials(opened: h5py.File) -> dict[str, np.ndarray]:
    group = subgroup(opened, "trials")
    tables = {name: array(group, name, 2) for name in ("stimuli", "onsets", "offsets")}
    lists = ("isi", "maint", "probes", "probe1", "probe2", "correct")
    tables |= {name: array(group, name, 1) for name in lists}
    shape = tables["stimuli"].shape
    for name, values in tables.items():
        wanted = shape[: values.ndim]
        if values.shape != wanted:
            raise WmsimError(
                f"'{Path(opened.filename).name}': /trials/{name} has shape {values.shape}, "
                f"expected {wanted} as in /trials/stimuli. Download the file again."
            )
    if 0 in shape:
        raise WmsimError(
            f"'{Path(opened.filename).name}': /trials/stimuli has shape {shape}, expected one "
            "trial and one item at least. Download the file again."
        )
    _require_plausible(Path(opened.filename).name, tables)
    return tables


def _require_plausible(place: str, tables: dict[str, np.ndarray]) -> None:
    """Refuse images and times that only a damaged file has."""
    images = tables["stimuli"]
    if images.dtype.kind not in "iu" or images.min() < 0 or images.max() > MOST_IMAGES:
        raise WmsimError(
            f"'{place}': /trials/stimuli holds {images.dtype} from {images.min()} to "
            f"{images.max()}, expected numbers of images from 1 (0: none) to {MOST_IMAGES}. "
            "Download the file again."
        )
    first = tables["onsets"][:, 0]
    for name in ("maint", "probes"):
        late = tables[name] - first
        if not ((late > 0) & (late < LONGEST_TRIAL)).all():
            raise WmsimError(
                f"'{place}': /trials/{name} comes {late.min():.3g} to {late.max():.3g} s after the "
                f"trial's first item, expected 0 to {LONGEST_TRIAL:g} s. Download the file again."
            )


def _read_units(opened: h5py.File) -> _Units:
    group = subgroup(opened, "channels")
    sites = texts(array(opened, "sites", 1, "OS"))
    units = _Units()
    channels = sorted(
        int(match.group(1))
        for name in group
        if (match := re.fullmatch(r"ch(\d+)_unit_types", name))
    )
    for channel in channels:
        types = texts(array(group, f"ch{channel}_unit_types", 1, "OS"))
        spikes = _spike_times(group, channel, len(types))
        site = sites[channel - 1] if 0 < channel <= len(sites) else ""
        for number, (kind, times) in enumerate(zip(types, spikes, strict=True), start=1):
            if kind not in KINDS:
                reason = "artefact" if kind == "A" else f"unknown type {kind!r}"
                units.dropped[reason] += 1
                continue
            name = f"ch{channel}_{number}"
            units.add(times, unit=name, kind=KINDS[kind], area=area_of(site), site=site)
    return units


def _spike_times(group: h5py.Group, channel: int, count: int) -> list[np.ndarray]:
    name = f"ch{channel}_spike_times"
    place = Path(group.file.filename).name
    stored = member(group, name)
    shape = getattr(stored, "shape", None)
    if shape is not None and len(shape) == 2 and stored.dtype.kind == "f":
        vectors: list[Any] = list(array(group, name, 2))
    else:
        vectors = list(array(group, name, 1, "O"))
    spikes = [np.asarray(vector) for vector in vectors]
    if len(spikes) != count or any(s.ndim != 1 or s.dtype.kind not in "fiu" for s in spikes):
        raise WmsimError(
            f"'{place}': /channels/{name} has {len(spikes)} entries, expected {count} vectors of "
            f"seconds as in /channels/ch{channel}_unit_types. Download the file again."
        )
    return [vector.astype(np.float64) for vector in spikes]


def area_of(site: str) -> str:
    """Brain area of a site's name, "unknown" if it is none of the four.

    Examples
    --------
    >>> [area_of(site) for site in ("LAH", "RA", "REC", "LPGa", "")]
    ['hippocampus', 'amygdala', 'entorhinal cortex', 'parahippocampal gyrus', 'unknown']
    """
    for pattern, area in AREAS.items():
        if re.fullmatch(pattern, site):
            return area
    return "unknown"


def _edges(before: float, after: float, bin_width: float, values: int) -> np.ndarray:
    """Edges of the bins; refuses what would not fit into memory. `values` is for each bin."""
    bins = (before + after) / bin_width
    if bins * values > MOST_VALUES:
        raise WmsimError(
            f"{bins:.3g} bins from {-before:g} to {after:g} s, {bin_width:g} s wide, make "
            f"{bins * values:.3g} values; at most {MOST_VALUES:.0e} are made. "
            "Give a larger bin_width or a smaller after."
        )
    return np.arange(-round(before / bin_width), round(after / bin_width) + 1) * bin_width


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
