"""What an encoder tells apart: features decoded from distinct frames, never from the same picture.

A frozen encoder gives the same for the same frame. Trials of a recording show frames many times
over, so that folds over trials would have every test frame in training; here each frame counts
once. A picture at another place shares most of what says which object it is, and so there are two
kinds of folds:

- over frames: a picture may be in training at other places. What the paper's 2-fold
  cross-validation is, as far as it says.
- over pictures: location is decoded across pictures, identity and category across view angles
  (category not across identities).

And two kinds of test beyond cross-validation: decoders fitted to all trained frames, tested on
novel view angles, and, for location and category, on novel identities.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS, Fitting, bootstrap_weights, permutation_p, scores
from wmsim.errors import WmsimError, choose
from wmsim.geometry import held_out_decisions
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.grouped_folds import group_folds, most_folds
from wmsim.progress import progress

if TYPE_CHECKING:
    from wmsim.encoders import Features
    from wmsim.stimuli import StimulusSet

FEATURES = ("category", "identity", "location")
# Evaluations by cross-validation within the trained frames, and their folds.
WITHIN = {
    "trained views, folds over frames": "frame",
    "trained views, folds over pictures": "image",
}
# Evaluations of decoders that are fitted to all trained frames, and the split they are tested on.
BEYOND = {"novel view angles": "novel_angle", "novel identities": "novel_identity"}
# The paper's table: 2-fold cross-validation, ResNet50.
PAPER = {"category": 1.0, "identity": 0.9957, "location": 1.0}
DEFAULT = AnalysisConfig(folds=2)


@dataclass(frozen=True)
class Frames:
    """Frames and what they show.

    Attributes
    ----------
    patterns : ndarray of float32, shape (frame, unit)
        Encoder output; of the features' memory where all frames are taken.
    labels : dict of str to ndarray of int, shape (frame,)
        Values of each feature.
    image : ndarray of int, shape (frame,)
        Picture.
    split : ndarray of str, shape (frame,)
        Split of the picture.
    """

    patterns: np.ndarray
    labels: dict[str, np.ndarray]
    image: np.ndarray
    split: np.ndarray


def perceptual_decodability(
    stimuli: StimulusSet,
    features: Features,
    *,
    of: tuple[str, ...] = FEATURES,
    config: AnalysisConfig | None = None,
) -> xr.Dataset:
    """How well features of objects can be decoded from an encoder's output.

    Parameters
    ----------
    stimuli : StimulusSet
        What is shown.
    features : Features
        Encoder output of every frame: every picture at every place, once.
    of : tuple of str
        Features: of "category", "identity", "location".
    config : AnalysisConfig, optional
        Estimator and one penalty; folds (2 by default here, as in the paper); permutations;
        resamples of pictures behind intervals; seed.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` (feature, evaluation, metric): one-vs-rest balanced accuracy, mean over
        values, and multiclass accuracy; ``low`` and ``high``, 95 %, from resampling tested
        pictures with the decoders as they are; ``chance``, the mean over permuted labels, decoders
        fitted anew; ``p``; ``n_train``, ``n_test`` frames and ``n_images`` tested pictures
        (feature, evaluation); ``n_values`` and ``paper`` (feature). NaN where an evaluation is not
        possible, as that of identities that were never seen.

    Raises
    ------
    WmsimError
        If features are of other stimuli, or there are too few pictures.

    Notes
    -----
    Intervals are over pictures; the encoder is one network. Labels that are the same at all places
    (category, identity) are permuted over pictures, others within each picture; over pictures of a
    fold, so that each has as many of each value as before.
    """
    config = config or DEFAULT
    if len(config.penalties_used) != 1:
        raise WmsimError(f"{len(config.penalties_used)} penalties were given, expected one.")
    for name in of:
        choose(name, FEATURES, "feature")
    wanted = len(stimuli) * stimuli.n_locations
    if len(features.maps) != wanted:
        raise WmsimError(
            f"The features are of {len(features.maps)} frames, the stimuli have {wanted}. Encode "
            "these stimuli."
        )
    frames = _frames(stimuli, features)
    cells = [(name, kind) for kind in (*WITHIN, *BEYOND) for name in of]
    found: dict[tuple[str, str], dict[str, np.ndarray | float]] = {}
    with progress("perceptual decodability", len(cells)) as step:
        for number, (name, kind) in enumerate(cells):
            rng = np.random.default_rng([config.seed, number])
            one = (
                _within(frames, name, kind, config, rng)
                if kind in WITHIN
                else _beyond(frames, name, kind, config, rng)
            )
            if one is not None:
                found[name, kind] = one
            step()
    if not found:
        raise WmsimError(
            "There are too few pictures of each value to hold any out; render more view angles."
        )
    return _dataset(found, frames, of, config)


def _frames(stimuli: StimulusSet, features: Features) -> Frames:
    image, location = np.divmod(np.arange(len(features.maps)), stimuli.n_locations)
    labels = {
        "category": stimuli.category[image],
        "identity": stimuli.identity[image],
        "location": location,
    }
    patterns = features.maps.reshape(len(features.maps), -1)
    return Frames(patterns, labels, image, stimuli.split[image])


def _within(
    frames: Frames, name: str, kind: str, config: AnalysisConfig, rng: np.random.Generator
) -> dict[str, np.ndarray | float] | None:
    """Cross-validation among the trained frames."""
    rows = np.flatnonzero(frames.split == "train")
    labels = np.unique(frames.labels[name][rows], return_inverse=True)[1]
    image = np.unique(frames.image[rows], return_inverse=True)[1]
    group = image if WITHIN[kind] == "image" else np.arange(rows.size)
    if most_folds(labels, group) < config.folds:
        return None
    fold = group_folds(labels, group, config.folds, rng=rng)
    return _scored(frames.patterns[rows], labels, image, fold, config, rng)


def _beyond(
    frames: Frames, name: str, kind: str, config: AnalysisConfig, rng: np.random.Generator
) -> dict[str, np.ndarray | float] | None:
    """Decoders of all trained frames, tested on another split."""
    trained, tested = (np.flatnonzero(frames.split == split) for split in ("train", BEYOND[kind]))
    values = np.unique(frames.labels[name][trained])
    known = np.isin(frames.labels[name][tested], values)
    if not tested.size or not known.all():
        return None
    rows = np.concatenate([trained, tested])
    labels = np.searchsorted(values, frames.labels[name][rows])
    image = np.unique(frames.image[rows], return_inverse=True)[1]
    fold = np.where(np.arange(rows.size) < trained.size, -1, 0)
    return _scored(frames.patterns[rows], labels, image, fold, config, rng)


def _scored(
    patterns: np.ndarray, labels: np.ndarray, image: np.ndarray, fold: np.ndarray,
    config: AnalysisConfig, rng: np.random.Generator,
) -> dict[str, np.ndarray | float]:  # fmt: skip
    how = Fitting.of(config.estimator, config.penalties, config.balanced)
    n_values = int(labels.max()) + 1
    permuted = [_permuted(labels, image, fold, rng) for _ in range(config.permutations)]
    decisions = held_out_decisions(
        patterns, np.stack([labels, *permuted]), n_values, fold, how, rng=rng
    )[0]
    # Decoders of permuted labels are tested on permuted labels, those of the same permutation.
    true = [np.where(fold >= 0, one, -1) for one in (labels, *permuted)]
    whole = np.ones((1, labels.size))
    null = np.stack(
        [scores(said[None], own, whole)[0, 0] for said, own in zip(decisions, true, strict=True)]
    )
    tested = np.unique(image[fold >= 0])
    weights = np.zeros((config.bootstrap, labels.size))
    for row, counts in zip(
        weights, bootstrap_weights(tested.size, config.bootstrap, rng=rng)[1:], strict=True
    ):
        row[fold >= 0] = counts[np.searchsorted(tested, image[fold >= 0])]
    draws = scores(decisions[:1], true[0], weights)[0]
    return {
        "accuracy": null[0],
        "low": np.percentile(draws, 2.5, axis=0) if len(draws) else np.full(2, np.nan),
        "high": np.percentile(draws, 97.5, axis=0) if len(draws) else np.full(2, np.nan),
        "chance": null[1:].mean(axis=0) if len(permuted) else np.full(2, np.nan),
        "p": np.array([permutation_p(null[0, m], null[1:, m]) for m in range(len(METRICS))]),
        "n_train": float(labels.size - np.bincount(fold[fold >= 0]).mean()),
        "n_test": float((fold >= 0).sum()),
        "n_images": float(tested.size),
    }


def _permuted(
    labels: np.ndarray, image: np.ndarray, fold: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Labels permuted over pictures within folds; within pictures where these have several."""
    found = labels.copy()
    names, first = np.unique(image, return_index=True)
    constant = (labels == labels[first][np.searchsorted(names, image)]).all()
    if not constant:
        for one in names:
            rows = np.flatnonzero(image == one)
            found[rows] = labels[rng.permutation(rows)]
        return found
    for one in np.unique(fold):
        rows = np.flatnonzero(fold == one)
        pictures, start, place = np.unique(image[rows], return_index=True, return_inverse=True)
        own = labels[rows[start]]
        found[rows] = own[rng.permutation(pictures.size)][place]
    return found


def _dataset(
    found: dict[tuple[str, str], dict[str, np.ndarray | float]], frames: Frames,
    of: tuple[str, ...], config: AnalysisConfig,
) -> xr.Dataset:  # fmt: skip
    kinds = [*WITHIN, *BEYOND]
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    for key in ("accuracy", "low", "high", "chance", "p", "n_train", "n_test", "n_images"):
        by_metric = not key.startswith("n_")
        shape = (len(of), len(kinds), len(METRICS)) if by_metric else (len(of), len(kinds))
        values = np.full(shape, np.nan)
        for (name, kind), one in found.items():
            values[of.index(name), kinds.index(kind)] = one[key]
        dims = ("feature", "evaluation", "metric")
        variables[key] = (dims[: values.ndim], values)
    trained = frames.split == "train"
    variables["n_values"] = (
        ("feature",), np.array([np.unique(frames.labels[name][trained]).size for name in of]),
    )  # fmt: skip
    variables["paper"] = (("feature",), np.array([PAPER[name] for name in of]))
    coords = {"feature": list(of), "evaluation": kinds, "metric": list(METRICS)}
    attrs = {"n_units": frames.patterns.shape[1], "config": json.dumps(config.told())}
    return xr.Dataset(variables, coords, attrs)
