"""Batches of trials as the network takes them: each different frame once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from wmsim.encoders import Features
from wmsim.models import task_vectors
from wmsim.tasks import Trials


@dataclass(frozen=True)
class Batch:
    """A batch on a device.

    Attributes
    ----------
    maps : Tensor (frame, channel, row, column)
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


def make_batch(trials: Trials, maps: torch.Tensor, features: Features, max_n: int) -> Batch:
    """Look up the features of a table of trials.

    Parameters
    ----------
    trials : Trials
        Trials.
    maps : Tensor (frame, channel, row, column)
        ``features.maps`` on the device.
    features : Features
        For the numbering of frames.
    max_n : int
        See :class:`wmsim.models.NetworkConfig`.
    """
    shown, frame = np.unique(features.frame(trials.image, trials.location), return_inverse=True)
    device = maps.device
    vectors = task_vectors(trials.tasks, max_n)[trials.task]
    return Batch(
        maps=maps[torch.from_numpy(shown).to(device)],
        frame=torch.from_numpy(frame.reshape(trials.image.shape)).to(device),
        task=torch.from_numpy(vectors).to(device),
        target=torch.from_numpy(trials.target).to(device),
    )
