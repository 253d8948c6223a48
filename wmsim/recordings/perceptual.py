"""What the encoder does, as recordings: the perceptual space beside a subject's own.

Units are the cells of the encoder's map, one for each channel, row and column. The encoder is
frozen and has no noise: trials that show the same frame have the same activity, bit for bit.
Decoders of it must be tested on other frames than they were fitted to, not just on other trials;
see :func:`wmsim.pipeline.perceptual_decodability`.

Not imported with the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.build import build_recording
from wmsim.recordings.checks import item_present
from wmsim.recordings.labels import feature_names

if TYPE_CHECKING:
    from wmsim.encoders import Features
    from wmsim.stimuli import StimulusSet
    from wmsim.training import Subject

KIND = "feature"
# Trials that a piece of a lazy recording holds.
CHUNK = 64


def record_perceptual(
    seen: Subject | tuple[StimulusSet, Features],
    recording: xr.Dataset,
    *,
    items: int | None = 1,
    area: str | None = None,
    lazy: bool = False,
) -> xr.Dataset:
    """The encoder's output for the very frames that a recording's trials showed.

    Parameters
    ----------
    seen : Subject, or (StimulusSet, Features)
        Whose stimuli and features.
    recording : xarray.Dataset
        A recording of that subject (or of one with the same stimuli), with labels ``image`` and
        ``location``.
    items : int, optional
        The first so many items; by default 1, which is all that E(1,1) needs. None takes all.
        Every item adds trials x units x 4 bytes.
    area : str, optional
        Name of the area of all units; by default the encoder's name.
    lazy : bool, default False
        Put activity together when it is asked for: memory is then that of the features.

    Returns
    -------
    xarray.Dataset
        An aligned recording of the same trials and labels, one step an item. Units are of kind
        "feature".

    Raises
    ------
    WmsimError
        If the recording does not say which images it showed where, or showed others.
    """
    stimuli, features, name = _unpacked(seen, area)
    image, location = _shown(recording, stimuli, features, items)
    n_items = image.shape[1]
    kept = recording.isel(item=slice(0, n_items)) if "item" in recording.dims else recording
    frame = np.where(image >= 0, features.frame(image, location), -1)
    attributes = {
        str(label): kept[label].values
        for label, variable in kept.variables.items()
        if variable.dims == ("trial",) and not str(label).startswith("event_")
    }
    attributes.pop("fold", None)
    made = _build(features, frame, _labels(kept), attributes, name, stimuli, lazy)
    if "seed" in recording.attrs:
        made.attrs["seed"] = recording.attrs["seed"]
    return made


def record_frames(
    seen: Subject | tuple[StimulusSet, Features],
    *,
    split: str | None = None,
    area: str | None = None,
    lazy: bool = False,
) -> xr.Dataset:
    """The encoder's output for each frame once: every picture at every place.

    Parameters
    ----------
    seen : Subject, or (StimulusSet, Features)
        Whose stimuli and features.
    split : str, optional
        Frames of this split; by default of all.
    area, lazy
        As for :func:`record_perceptual`.

    Returns
    -------
    xarray.Dataset
        A recording of one item and one step; a trial is a frame. Label ``split`` says of which
        split it is.
    """
    stimuli, features, name = _unpacked(seen, area)
    pictures = np.arange(len(stimuli)) if split is None else stimuli.select(split)
    image = np.repeat(pictures, stimuli.n_locations)[:, None]
    location = np.tile(np.arange(stimuli.n_locations), len(pictures))[:, None]
    labels = {
        "location": (location, list(stimuli.location_names)),
        "identity": (stimuli.identity[image], list(stimuli.identity_names)),
        "category": (stimuli.category[image], list(stimuli.category_names)),
        "view": stimuli.view[image],
        "image": image,
    }
    trial = {"split": stimuli.split[image[:, 0]].astype(str)}
    return _build(features, features.frame(image, location), labels, trial, name, stimuli, lazy)


def _unpacked(seen: Any, area: str | None) -> tuple[StimulusSet, Features, str]:
    """Stimuli, features, and the encoder's name."""
    if isinstance(seen, tuple):
        stimuli, features = seen
        name = "encoder"
    else:
        stimuli, features, name = seen.stimuli, seen.features, seen.config.encoder.name
    wanted = len(stimuli) * stimuli.n_locations
    if len(features.maps) != wanted or features.n_locations != stimuli.n_locations:
        raise WmsimError(
            f"The features are of {len(features.maps)} frames, the stimuli have {wanted} "
            f"({len(stimuli)} images at {stimuli.n_locations} places). Encode these stimuli."
        )
    return stimuli, features, area or name


def _shown(
    recording: xr.Dataset, stimuli: StimulusSet, features: Features, items: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Number of the image and of its place, (trial, item); -1 where there is no item."""
    found = []
    for name, count in (("image", len(stimuli)), ("location", stimuli.n_locations)):
        if name not in recording or recording[name].dtype.kind not in "iu":
            raise WmsimError(
                f"The recording has no '{name}' that numbers what was shown; expected labels "
                "(trial, item) of integers, as wmsim record writes them."
            )
        variable = recording[name].transpose("trial", "item")
        if items is not None and not 1 <= items <= variable.sizes["item"]:
            raise WmsimError(
                f"items is {items}; the recording has {variable.sizes['item']}. Ask for 1 to that."
            )
        variable = variable.isel(item=slice(0, items))
        codes = np.where(item_present(variable), variable.values, -1)
        if codes.max(initial=-1) >= count:
            raise WmsimError(
                f"The recording shows {name} {codes.max()}, the stimuli have 0 to {count - 1}. "
                "Give the stimuli (the subject) that the recording was made with."
            )
        found.append(codes)
    _require_same_objects(recording, stimuli, found[0])
    return found[0], found[1]


def _require_same_objects(recording: xr.Dataset, stimuli: StimulusSet, image: np.ndarray) -> None:
    """Refuse stimuli whose images are of other objects than the recording says."""
    if "identity" not in recording or recording["identity"].dtype.kind not in "iu":
        return
    said = recording["identity"].transpose("trial", "item").values[:, : image.shape[1]]
    wrong = (image >= 0) & (said != stimuli.identity[image])
    if wrong.any():
        trial, item = np.argwhere(wrong)[0]
        raise WmsimError(
            f"Item {item + 1} of trial {trial} is image {image[trial, item]} of identity "
            f"{said[trial, item]}; in these stimuli that image is of identity "
            f"{stimuli.identity[image[trial, item]]}. Give the stimuli (the subject) that the "
            "recording was made with."
        )


def _labels(kept: xr.Dataset) -> dict[str, Any]:
    """Labels of items, with their names, as :func:`build_recording` takes them."""
    from wmsim.recordings.labels import label_names

    found: dict[str, Any] = {}
    for name in feature_names(kept):
        variable = kept[name].transpose("trial", "item")
        names = label_names(variable.attrs)
        values = variable.values
        if values.dtype.kind in "iu":
            values = np.where(item_present(variable), values, -1)
        found[name] = values if names is None else (values, names)
    return found


def _build(
    features: Features, frame: np.ndarray, labels: dict[str, Any], trial: dict[str, Any],
    name: str, stimuli: StimulusSet, lazy: bool,
) -> xr.Dataset:  # fmt: skip
    """A recording of frames (trial, item), -1 where there is none."""
    n_items = frame.shape[1]
    flat = features.maps.reshape(len(features.maps), -1)
    onset = np.where(frame >= 0, np.arange(n_items, dtype=float), np.nan)
    _, rows, columns = features.maps.shape[1:]
    cell = np.arange(flat.shape[1])
    return build_recording(
        _lazily(flat, frame) if lazy else _put_together(flat, frame),
        time=np.arange(n_items),
        time_units="step",
        activity_units="a.u.",
        long_name="output of the encoder",
        features=labels,
        unit={
            "unit": [
                f"channel {channel} row {row} column {column}"
                for channel, row, column in zip(
                    *np.unravel_index(cell, features.maps.shape[1:]), strict=True
                )
            ],
            "kind": KIND,
            "area": name,
            "session": "1",
            "subject": name,
            "channel": cell // (rows * columns),
            "cell": cell % (rows * columns),
        },
        trial=trial,
        item_onset=onset,
        item_offset=onset + 1,
        shown_item=np.arange(n_items),
        source="model",
        config={"stimuli": stimuli.config.model_dump(mode="json"), "features": features.key},
    )


def _put_together(flat: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Activity (item, unit, trial) of frames; NaN where there is none."""
    activity = np.empty((frame.shape[1], flat.shape[1], len(frame)), dtype=np.float32)
    for step, numbers in enumerate(frame.T):
        activity[step] = flat[np.maximum(numbers, 0)].T
        activity[step][:, numbers < 0] = np.nan
    return activity


def _lazily(flat: np.ndarray, frame: np.ndarray) -> Any:
    """The same as an array that is made when it is asked for, some trials at a time."""
    import dask
    import dask.array as da

    features = dask.delayed(flat, pure=False, traverse=False)
    pieces = []
    for start in range(0, len(frame), CHUNK):
        part = frame[start : start + CHUNK]
        shape = (frame.shape[1], flat.shape[1], len(part))
        made = dask.delayed(_put_together)(features, part)
        pieces.append(da.from_delayed(made, shape, dtype=np.float32))
    return da.concatenate(pieces, axis=2)
