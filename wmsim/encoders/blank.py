"""Features of a frame without any object: what a network sees during a delay."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wmsim.encoders.cache import read_cached, write_cached
from wmsim.encoders.config import PREPROCESSING_VERSION, EncoderConfig
from wmsim.encoders.features import Features
from wmsim.encoders.networks import load_encoder
from wmsim.encoders.weights import weights_file
from wmsim.errors import WmsimError
from wmsim.files import cache_folder, content_key, file_sha256

if TYPE_CHECKING:
    from wmsim.stimuli import StimulusSet


def with_blank(
    features: Features,
    stimuli: StimulusSet,
    config: EncoderConfig | None = None,
    *,
    device: str = "cpu",
    cache: Path | None = None,
) -> Features:
    """Add the features of a blank frame: the stimuli's grey level, without any texture.

    Parameters
    ----------
    features : Features
        As :func:`wmsim.encoders.encode` gives them for these stimuli and this encoder. Features
        that have a blank frame are given back as they are.
    stimuli : StimulusSet
        Their grey level and size of frames are used.
    config : EncoderConfig, optional
        Which encoder.
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
        If weights are missing, the cache cannot be written, or the features are of another
        encoder.
    """
    if features.blank is not None:
        return features
    config = config or EncoderConfig()
    file = weights_file(config)
    size, grey = stimuli.config.frame_size, stimuli.grey
    key = content_key(
        "blank", size, grey, config.name, config.grid, file_sha256(file),
        PREPROCESSING_VERSION,
    )  # fmt: skip
    path = (cache or cache_folder() / "features") / f"{key}.npy"
    blank = read_cached(path)
    if blank is None:
        frame = np.full((1, size, size, 3), grey, dtype=np.uint8)
        blank = _encoded(frame, config, file, device)
        write_cached(path, blank)
    if blank.shape != features.maps.shape[1:]:
        raise WmsimError(
            f"A blank frame's features have shape {blank.shape}, those of the stimuli "
            f"{features.maps.shape[1:]} (channel, row, column): they are of another encoder. Give "
            "the encoder that made them, or set their blank with dataclasses.replace."
        )
    return dataclasses.replace(features, blank=blank)


def _encoded(frame: np.ndarray, config: EncoderConfig, file: Path, device: str) -> np.ndarray:
    """Feature map of one frame (1, row, column, 3): (channel, grid, grid)."""
    import torch

    encoder = load_encoder(config.name, file).to(device).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        shown = torch.from_numpy(frame).to(device).permute(0, 3, 1, 2)
        pooled = torch.nn.functional.adaptive_avg_pool2d(encoder(shown), config.grid)
        return pooled.float().cpu().contiguous().numpy()[0]
