"""Batches of trials as the network takes them: each different frame once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from wmsim.encoders import Features
from wmsim.errors import WmsimError
from wmsim.models import NetworkConfig, trial_vectors
from wmsim.tasks import ItemSpace, Trials
from wmsim.tasks.timeline import BLANK

# From this share of all frames on, running them all costs less than picking out those shown.
NEARLY_ALL = 0.75


@dataclass(frozen=True)
class Frames:
    """Features of the frames that trials of a split can show, on a device.

    Attributes
    ----------
    maps : Tensor (frame, cell, channel)
        Features, cells of the map in rows.
    row : ndarray of int64, shape (frame of the stimulus set,)
        Row of `maps` of each frame, -1 for frames of other splits.
    n_locations : int
        Locations an image.
    blank : Tensor (1, cell, channel), optional
        Features of a frame without any object.
    """

    maps: torch.Tensor
    row: np.ndarray
    n_locations: int
    blank: torch.Tensor | None = None

    def rows(self, trials: Trials) -> np.ndarray:
        """Rows of `maps` that trials show, shape (trial, step); -1 for a blank frame."""
        shown = np.maximum(trials.shown, 0)
        image = np.take_along_axis(trials.image, shown, axis=1)
        location = np.take_along_axis(trials.location, shown, axis=1)
        row = self.row[image * self.n_locations + location]
        return np.where(trials.shown == BLANK, BLANK, row)


@dataclass(frozen=True)
class Batch:
    """A batch on a device.

    Attributes
    ----------
    maps : Tensor (frame, cell, channel)
        Features of the different frames of the batch.
    frame : Tensor of int64 (trial, step)
        Index into `maps`.
    task : Tensor (trial, bit) or (trial, step, bit)
        Task vectors.
    target : Tensor of int64 (trial, step)
        Correct actions; -100 beyond the end of a trial.
    """

    maps: torch.Tensor
    frame: torch.Tensor
    task: torch.Tensor
    target: torch.Tensor


def frames_of(space: ItemSpace, features: Features, device: str | torch.device) -> Frames:
    """Put the features of a split's frames on a device.

    Parameters
    ----------
    space : ItemSpace
        Items of the split.
    features : Features
        Features of the whole stimulus set.
    device : str or torch.device
        Where.
    """
    images = np.unique(space.images)
    frames = (images[:, None] * features.n_locations + np.arange(features.n_locations)).ravel()
    row = np.full(len(features.maps), -1)
    row[frames] = np.arange(frames.size)
    maps = features.maps[frames]
    blank = None if features.blank is None else _cells(features.blank[None], device)
    return Frames(_cells(maps, device), row, features.n_locations, blank)


def _cells(maps: np.ndarray, device: str | torch.device) -> torch.Tensor:
    """Maps (frame, channel, row, column) as a Tensor (frame, cell, channel)."""
    cells = maps.reshape(*maps.shape[:2], -1).transpose(0, 2, 1)
    return torch.from_numpy(np.ascontiguousarray(cells)).to(device)


def make_batch(trials: Trials, frames: Frames, config: NetworkConfig) -> Batch:
    """Look up the features of a table of trials.

    Parameters
    ----------
    trials : Trials
        Trials of the frames' split.
    frames : Frames
        Features on the device.
    config : NetworkConfig
        The network's; it says which bits the task vector has.

    Raises
    ------
    ConfigError
        If a task does not fit the network's task vector.
    WmsimError
        If trials show blank frames, and there are no features of one.
    """
    device = frames.maps.device
    task = trial_vectors(trials, config)
    rows = frames.rows(trials)
    is_blank = rows == BLANK
    maps = frames.maps
    # For now a blank stands for a frame that is shown anyway; it gets a row of its own below.
    shown, position = np.unique(np.where(is_blank, rows.max(), rows), return_inverse=True)
    if shown.size < NEARLY_ALL * len(maps):
        maps, rows = maps[torch.from_numpy(shown).to(device)], position.reshape(rows.shape)
        rows = np.where(is_blank, BLANK, rows)
    if is_blank.any():
        maps, rows = torch.cat([maps, _blank(frames)]), np.where(is_blank, len(maps), rows)
    return Batch(
        maps=maps,
        frame=torch.from_numpy(rows).to(device),
        task=torch.from_numpy(task).to(device),
        target=torch.from_numpy(trials.target).to(device),
    )


def _blank(frames: Frames) -> torch.Tensor:
    if frames.blank is None:
        raise WmsimError(
            "These trials show blank frames (delays, or tasks of different lengths in one batch), "
            "but the features have none. Add one with wmsim.encoders.with_blank, or, for a blank "
            "that drives nothing, with dataclasses.replace(features, "
            "blank=np.zeros_like(features.maps[0]))."
        )
    return frames.blank
