"""Kyzar et al. 2024 (DANDI 000469): human single neurons, Sternberg task of 1 to 3 images.

Kyzar, Kaminski, Brzezicka, Reed, Chung, Mamelak & Rutishauser, Scientific Data 11, 89 (2024),
https://doi.org/10.1038/s41597-024-02943-8. One NWB file a session; each patient has a screening
session (``ses-1``) and a Sternberg session (``ses-2``), which is the one imported here.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.mapping import (
    Bins,
    ItemsMapping,
    Mapping,
    SpikesMapping,
    TableMapping,
)
from wmsim.recordings.importing.nwb import read_nwb_file
from wmsim.recordings.importing.rawdata import RawData, one_dimensional

REFERENCE = (
    "Kyzar, M., Kaminski, J., Brzezicka, A., Reed, C. M., Chung, J. M., Mamelak, A. N., & "
    "Rutishauser, U. (2024). Dataset of human-single neuron activity during a Sternberg working "
    "memory task. Scientific Data, 11, 89. https://doi.org/10.1038/s41597-024-02943-8 "
    "(DANDI:000469)"
)
LICENCE = "CC-BY-4.0"
ITEMS = (1, 2, 3)
LONGEST_TRIAL = 60.0

# Labels of electrodes are one of these, then a side: "hippocampus_right".
AREAS = {
    "hippocampus": "hippocampus",
    "amygdala": "amygdala",
    "dorsal_anterior_cingulate_cortex": "dorsal anterior cingulate cortex",
    "pre_supplementary_motor_area": "pre-supplementary motor area",
    "ventral_medial_prefrontal_cortex": "ventromedial prefrontal cortex",
}
AGREE = "agree"
UNIT_LABELS = {
    "channel": "units.origChannel",
    "cluster": "units.clusterID_orig",
    "peak_snr": "units.waveforms_peak_snr",
    "isolation_distance": "units.waveforms_isolation_distance",
}


def import_kyzar2024(
    path: str | os.PathLike[str],
    *,
    bin_width: float = 0.05,
    before: float = 1.0,
    after: float | None = None,
    min_rate: float | None = None,
) -> xr.Dataset:
    """Import one Sternberg session as a continuous recording.

    Time is counted from the onset of each trial's first image. Bins that reach beyond the
    first image of the next trial are NaN: they belong to that trial. Trials whose load and
    images disagree, or whose times are impossible, are dropped and counted in the account.

    Parameters
    ----------
    path : path-like
        NWB file of a session, e.g. ``sub-1_ses-2_ecephys+image.nwb``.
    bin_width : float
        Width of a time bin in s.
    before : float
        Seconds to keep before the first image (fixation begins about 1 s before it).
    after : float, optional
        Seconds to keep after the first image's onset; by default 1 s beyond the latest probe.
    min_rate : float, optional
        Least mean rate of a unit in spikes/s, over all trials; all are kept by default.

    Returns
    -------
    xarray.Dataset
        ``activity`` (time, unit, trial) in spikes/s; feature ``image`` (the patient's own five
        pictures: image 1 of two patients is not the same picture); item onsets and offsets;
        ``event_fixation``, ``event_maintenance``, ``event_probe``, ``event_response``;
        ``n_items`` (the load), ``correct``, ``probe_image``, ``probe_in`` (whether the probe
        was among the images held); units with ``kind``, ``area``, ``hemisphere``, ``session``,
        ``subject``, and ``channel``, ``cluster``, ``peak_snr``, ``isolation_distance`` where
        the file has them. Attr ``import_account`` says what was found, kept and dropped.

    Raises
    ------
    WmsimError
        If the file is missing, damaged, a screening session or of another layout, or no unit
        or trial is left.

    Notes
    -----
    Picture IDs number the pictures of a session by their place in its ``StimulusTemplates``;
    0 is no picture. They say nothing about categories. The pictures were chosen by the
    responses of units in the screening session.
    """
    if not (bin_width > 0 and before >= 0 and (after is None or after > 0)):
        raise WmsimError(
            f"Found bin_width={bin_width}, before={before}, after={after}; expected positive "
            "numbers of seconds (before may be 0)."
        )
    raw = read_nwb_file(path)
    _require_layout(raw)
    first = _column(raw, "timestamps_Encoding1")
    _add_columns(raw, first)
    if after is None:
        possible = raw.find("trials.times_and_load") == AGREE
        late = (_column(raw, "timestamps_Probe") - first)[possible]
        after = float(late.max(initial=0.0)) + 1.0
    return assemble(raw, _mapping(raw, bin_width, before, after, min_rate))


def area_and_side(location: str) -> tuple[str, str]:
    """Brain area and hemisphere of an electrode's location, "unknown" for what it does not say.

    Examples
    --------
    >>> area_and_side("dorsal_anterior_cingulate_cortex_left")
    ('dorsal anterior cingulate cortex', 'left')
    >>> area_and_side("TBD")
    ('unknown', 'unknown')
    """
    area, _, side = location.strip().rpartition("_")
    if side not in ("left", "right"):
        area, side = location.strip(), "unknown"
    return AREAS.get(area, "unknown"), side


def _mapping(
    raw: RawData, bin_width: float, before: float, after: float, min_rate: float | None
) -> Mapping:
    images = {str(image): f"image {image}" for image in _images(raw)}
    extra = {label: name for label, name in UNIT_LABELS.items() if name in raw.variables}
    return Mapping(
        spikes=SpikesMapping(times="units.spike_times"),
        items=ItemsMapping(
            onset="trials.timestamps_Encoding{item}",
            offset="trials.timestamps_Encoding{item}_end",
            labels={"image": "trials.loadsEnc{item}_PicIDs"},
            no_item=(0,),
            names={"image": images},
        ),
        events={
            "fixation": "trials.timestamps_FixationCross",
            "maintenance": "trials.timestamps_Maintenance",
            "probe": "trials.timestamps_Probe",
            "response": "trials.timestamps_Response",
        },
        trials=TableMapping(
            columns={
                "n_items": "trials.loads",
                "correct": "trials.response_accuracy",
                "probe_image": "trials.loadsProbe_PicIDs",
                "probe_in": "trials.probe_in",
            },
            rename={"probe_image": images | {"0": ""}},
            values={"task": "Sternberg"},
            keep={"times_and_load": (AGREE,)},
        ),
        units=TableMapping(
            name="units.name",
            columns={"area": "units.area", "hemisphere": "units.hemisphere"} | extra,
            values={"kind": "single unit"},
            min_rate=min_rate,
        ),
        bins=Bins(width=bin_width, before=before, after=after),
        reference=REFERENCE,
        licence=LICENCE,
    )


def _require_layout(raw: RawData) -> None:
    """Tell other sessions and other data sets of the same laboratory from this one."""
    if raw.has("trials.loadsEnc1_PicIDs") and raw.has("units.spike_times"):
        return
    trials = ", ".join(raw.table("trials")) or "none"
    what = raw.attrs.get("identifier", "")
    if what.startswith("SCID") or set(raw.table("trials")) <= {"id", "start_time", "stop_time"}:
        raise WmsimError(
            f"'{raw.path.name}' ({what}) is a screening session or has no trials (columns: "
            f"{trials}), a Sternberg session of DANDI 000469 was expected. Import the file of the "
            "same patient whose name has ses-2."
        )
    raise WmsimError(
        f"'{raw.path.name}' ({what}) has no spike times or no column loadsEnc1_PicIDs (columns of "
        f"trials: {trials}), a Sternberg session of DANDI 000469 was expected. Other NWB files are "
        "imported with a mapping."
    )


def _add_columns(raw: RawData, first: np.ndarray) -> None:
    """Columns that the file does not have as such: area, side, names, whole trials."""
    sides = [area_and_side(str(place)) for place in one_dimensional(raw, "units.location", "unit")]
    raw.variables["units.area"] = np.array([area for area, _ in sides], dtype=object)
    raw.variables["units.hemisphere"] = np.array([side for _, side in sides], dtype=object)
    session = raw.attrs.get("session", raw.path.stem)
    names = [f"{session}/u{unit}" for unit in range(len(sides))]
    raw.variables["units.name"] = np.array(names, dtype=object)
    raw.variables["trials.probe_in"] = _column(raw, "probe_in_out").astype(bool)
    raw.variables["trials.times_and_load"] = _verdicts(raw, first)


def _verdicts(raw: RawData, first: np.ndarray) -> np.ndarray:
    """Whether load and images of each trial agree, and its times are in order."""
    shown = np.stack([_column(raw, f"loadsEnc{item}_PicIDs") > 0 for item in ITEMS], axis=1)
    load = _column(raw, "loads")
    verdict = np.full(len(load), AGREE, dtype=object)
    verdict[(shown != (np.arange(len(ITEMS)) < load[:, None])).any(axis=1)] = "disagree"
    steps = [first]
    for item in ITEMS[1:]:
        onset = _column(raw, f"timestamps_Encoding{item}")
        steps.append(np.where(shown[:, item - 1], onset, steps[-1]))
    steps += [_column(raw, f"timestamps_{name}") for name in ("Maintenance", "Probe")]
    ordered = np.diff(np.stack(steps, axis=1), axis=1) >= 0
    possible = ordered.all(axis=1) & (steps[-1] - first < LONGEST_TRIAL) & (first > 0)
    verdict[~possible] = "impossible times"
    return verdict


def _images(raw: RawData) -> list[int]:
    columns = [_column(raw, f"loadsEnc{item}_PicIDs") for item in ITEMS]
    columns.append(_column(raw, "loadsProbe_PicIDs"))
    numbers = np.unique(np.concatenate(columns))
    return [int(number) for number in numbers if number > 0]


def _column(raw: RawData, name: str) -> np.ndarray:
    """A column of trials as floats; what is no number is told."""
    values: Any = one_dimensional(raw, f"trials.{name}", "trial")
    if values.dtype.kind not in "fiub":
        raise WmsimError(
            f"'{raw.path.name}': trials.{name} holds {values.dtype}, expected numbers. Download "
            "the file again."
        )
    return values.astype(np.float64)
