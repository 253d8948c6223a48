"""Features of every frame of a stimulus set, computed once and cached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wmsim.encoders.cache import read_cached, write_cached
from wmsim.encoders.config import PREPROCESSING_VERSION, EncoderConfig
from wmsim.encoders.networks import load_encoder
from wmsim.encoders.weights import weights_file
from wmsim.files import cache_folder, content_key, file_sha256
from wmsim.progress import progress

if TYPE_CHECKING:
    from torch import nn

    from wmsim.stimuli import StimulusSet

# Small batches stay in the processor's cache: 8 frames run a third faster than 32.
BATCH = 8


@dataclass(frozen=True)
class Features:
    """Feature maps of all frames: every image at every location.

    Attributes
    ----------
    maps : ndarray of float32, shape (frame, channel, row, column)
        Encoder activity.
    n_locations : int
        Locations an image; frame = image * n_locations + location.
    key : str
        Hash of everything that the maps depend on.
    cached : bool
        Whether they were read from the cache.
    blank : ndarray of float32, shape (channel, row, column), optional
        Encoder activity for a frame without any object, which tasks with a delay show; see
        :func:`wmsim.encoders.with_blank`.
    """

    maps: np.ndarray
    n_locations: int
    key: str
    cached: bool = False
    blank: np.ndarray | None = None

    def frame(self, image: np.ndarray, location: np.ndarray) -> np.ndarray:
        """Index into `maps` of images at locations; any shape."""
        return np.asarray(image) * self.n_locations + np.asarray(location)


def encode(
    stimuli: StimulusSet,
    config: EncoderConfig | None = None,
    *,
    device: str = "cpu",
    cache: Path | None = None,
) -> Features:
    """Compute (or read from the cache) the features of every frame of a stimulus set.

    Parameters
    ----------
    stimuli : StimulusSet
        Rendered objects.
    config : EncoderConfig, optional
        Which encoder; by default efficientnet-lite0 on a 4 x 4 grid.
    device : str, default "cpu"
        Where to compute, as PyTorch names it.
    cache : path, optional
        Folder of the cache; by default ``features`` in :func:`wmsim.files.cache_folder`.

    Returns
    -------
    Features

    Raises
    ------
    WmsimError
        If weights are missing or the cache cannot be written.
    """
    config = config or EncoderConfig()
    file = weights_file(config)
    key = content_key(
        stimuli.key(), config.name, config.grid, file_sha256(file), PREPROCESSING_VERSION
    )
    path = (cache or cache_folder() / "features") / f"{key}.npy"
    n_frames = len(stimuli.images) * stimuli.n_locations
    maps = read_cached(path)
    if maps is not None and maps.ndim == 4 and len(maps) == n_frames:
        return Features(maps, stimuli.n_locations, key, cached=True)
    maps = _compute(load_encoder(config.name, file), stimuli, config.grid, device)
    write_cached(path, maps)
    return Features(maps, stimuli.n_locations, key)


def _compute(encoder: nn.Module, stimuli: StimulusSet, grid: int, device: str) -> np.ndarray:
    import torch

    encoder = encoder.to(device).to(memory_format=torch.channels_last)
    image, location = np.divmod(
        np.arange(len(stimuli.images) * stimuli.n_locations), stimuli.n_locations
    )
    pieces = []
    with torch.inference_mode(), progress("perceptual features", image.size) as step:
        for start in range(0, image.size, BATCH):
            rows = slice(start, start + BATCH)
            frames = torch.from_numpy(stimuli.frames(image[rows], location[rows]))
            frames = frames.to(device).permute(0, 3, 1, 2)
            maps = encoder(frames)
            pooled = torch.nn.functional.adaptive_avg_pool2d(maps, grid)
            pieces.append(pooled.float().cpu().contiguous().numpy())
            step(len(frames))
    return np.concatenate(pieces)
