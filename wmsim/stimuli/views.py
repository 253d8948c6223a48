"""View angles: a jittered grid of azimuths and elevations, some of them kept for testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wmsim.errors import ConfigError
from wmsim.stimuli.config import StimulusConfig
from wmsim.stimuli.mesh import Floats

STREAM = 7001  # sets the draws of view angles apart from all others of one seed


@dataclass(frozen=True)
class Views:
    """View angles, the trained ones first.

    Attributes
    ----------
    azimuth, elevation : ndarray of float, shape (views,)
        Degrees; azimuth 0 looks at the front of the object, elevation 0 is level.
    train : int
        How many of them are trained.
    """

    azimuth: Floats
    elevation: Floats
    train: int


def draw_views(config: StimulusConfig) -> Views:
    """Choose view angles; novel ones lie between trained ones, a few degrees from each.

    Parameters
    ----------
    config : StimulusConfig

    Returns
    -------
    Views

    Raises
    ------
    ConfigError
        If the range of angles is too small for that many views at ``min_separation``.

    Examples
    --------
    >>> views = draw_views(StimulusConfig())
    >>> len(views.azimuth), views.train
    (18, 12)
    >>> bool(separation(views).min() > 5)
    True
    """
    rng = np.random.default_rng([config.seed, STREAM])
    cells = _cells(config)
    shift = rng.uniform(-1, 1, cells.shape)
    for jitter in (0.4, 0.2, 0.1, 0.0):
        views = _split(cells + jitter * shift * _cell_size(config), config)
        gaps = separation(views)
        if not gaps.size or gaps.min() >= config.min_separation:
            return views
    raise ConfigError(
        f"{config.train_views} trained and {config.novel_views} novel views leave "
        f"{gaps.min():.1f} degrees between a novel view and the nearest trained one; "
        f"min_separation asks for {config.min_separation:g}. Ask for fewer views, widen azimuth "
        f"{config.azimuth} or elevation {config.elevation}, or lower min_separation."
    )


def separation(views: Views) -> Floats:
    """Angle in degrees between each novel view and each trained one, shape (novel, train)."""
    a, e = np.radians(views.azimuth), np.radians(views.elevation)
    toward = np.column_stack([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
    cosine = toward[views.train :] @ toward[: views.train].T
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _rows_and_columns(config: StimulusConfig) -> tuple[int, int]:
    """How many elevations and azimuths a grid of nearly square cells has."""
    count = config.train_views + config.novel_views
    width = max(config.azimuth[1] - config.azimuth[0], 1e-6)
    height = max(config.elevation[1] - config.elevation[0], 1e-6)
    rows = int(np.clip(np.round(np.sqrt(count * height / width)), 1, count))
    return rows, -(-count // rows)


def _cell_size(config: StimulusConfig) -> NDArray[np.float64]:
    """Half the size of a cell in azimuth and elevation, degrees."""
    rows, columns = _rows_and_columns(config)
    (left, right), (low, high) = config.azimuth, config.elevation
    return np.array([(right - left) / columns, (high - low) / rows]) / 2


def _cells(config: StimulusConfig) -> Floats:
    """Middles of the cells, every other row shifted by half a cell, shape (views, 2)."""
    rows, columns = _rows_and_columns(config)
    half = _cell_size(config)
    row, column = np.divmod(np.arange(rows * columns), columns)
    stagger = np.where(rows > 1, np.where(row % 2 == 0, -0.5, 0.5), 0.0)
    azimuth = config.azimuth[0] + half[0] * (2 * column + 1 + stagger)
    elevation = config.elevation[0] + half[1] * (2 * row + 1)
    # A full circle needs no special care: its first and last columns are one cell apart.
    order = np.lexsort([elevation, azimuth])
    count = config.train_views + config.novel_views
    keep = np.unique(np.linspace(0, rows * columns - 1, count).round().astype(int))
    return np.column_stack([azimuth, elevation])[order[keep]]


def _split(angles: Floats, config: StimulusConfig) -> Views:
    """Keep every so manyth view, in order of azimuth, for testing."""
    novel = np.zeros(len(angles), dtype=bool)
    share = (np.arange(config.novel_views) + 0.5) / max(config.novel_views, 1)
    novel[np.floor(share * len(angles)).astype(int)] = True
    ordered = np.concatenate([angles[~novel], angles[novel]])
    return Views(ordered[:, 0], ordered[:, 1], int((~novel).sum()))
