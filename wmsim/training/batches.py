"""Batches of trials as the network takes them: each different frame once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from wmsim.encoders import Features
from wmsim.models import task_vectors
from wmsim.tasks import ItemSpace, Trials

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
    """

    maps: torch.Tensor
    row: np.ndarray
    n_locations: int

    def rows(self, trials: Trials) -> np.ndarray:
        """Rows of `maps` that trials show, shape (trial, item)."""
        return self.row[trials.image * self.n_locations + trials.location]


@dataclass(frozen=True)
class Batch:
    """A batch on a device.

    Attributes
    ----------
    maps : Tensor (frame, cell, channel)
        Features of the different frames of the batch.
    frame : Tensor of int64 (trial, item)
        Index into `maps`.
    task : Tensor (trial, bit)
        Task vectors.
    target : Tensor of int64 (trial, item)
        Correct actions.
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
    cells = maps.reshape(*maps.shape[:2], -1).transpose(0, 2, 1)
    tensor = torch.from_numpy(np.ascontiguousarray(cells)).to(device)
    return Frames(tensor, row, features.n_locations)


def make_batch(trials: Trials, frames: Frames, max_n: int) -> Batch:
    """Look up the features of a table of trials.

    Parameters
    ----------
    trials : Trials
        Trials of the frames' split.
    frames : Frames
        Features on the device.
    max_n : int
        See :class:`wmsim.models.NetworkConfig`.
    """
    device = frames.maps.device
    rows = frames.rows(trials)
    maps = frames.maps
    shown, position = np.unique(rows, return_inverse=True)
    if shown.size < NEARLY_ALL * len(maps):
        maps, rows = maps[torch.from_numpy(shown).to(device)], position.reshape(rows.shape)
    vectors = task_vectors(trials.tasks, max_n)[trials.task]
    return Batch(
        maps=maps,
        frame=torch.from_numpy(rows).to(device),
        task=torch.from_numpy(vectors).to(device),
        target=torch.from_numpy(trials.target).to(device),
    )
