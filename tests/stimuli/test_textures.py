"""Textures made from code: seeded, different, and with the statistics that they claim."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import ConfigError, WmsimError
from wmsim.stimuli.fields import cells, fractal
from wmsim.stimuli.quilting import quilt, smallest_sample
from wmsim.stimuli.textures import FAMILIES, made_texture


def texture(family: str, seed: int, size: int = 96) -> np.ndarray:
    return made_texture(family, size, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_fixes_a_texture_and_another_seed_gives_another(family: str) -> None:
    first, again, other = texture(family, 0), texture(family, 0), texture(family, 1)
    assert first.shape == (96, 96, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 10


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(4))
def test_textures_are_neither_flat_nor_burnt_out(family: str, seed: int) -> None:
    found = texture(family, seed, 192).astype(float)
    grey = found.mean(axis=2)
    assert grey.std() > 6
    assert 25 < grey.mean() < 230
    assert (grey > 253).mean() < 0.08
    assert (grey < 2).mean() < 0.08
    # Structure, not white noise: neighbours resemble one another.
    along = np.corrcoef(grey[:, :-1].ravel(), grey[:, 1:].ravel())[0, 1]
    down = np.corrcoef(grey[:-1].ravel(), grey[1:].ravel())[0, 1]
    assert max(along, down) > 0.3


def test_a_whole_frame_takes_milliseconds() -> None:
    spent = []
    for family in FAMILIES:
        start = time.process_time()
        texture(family, 0, 224)
        spent.append(time.process_time() - start)
    # Measured at 8 to 50 ms each; the bound leaves room for a loaded machine.
    assert np.median(spent) < 0.1


@settings(max_examples=12)
@given(slope=st.floats(0.5, 2.0), seed=st.integers(0, 1000))
def test_amplitude_of_a_fractal_falls_with_the_slope(slope: float, seed: int) -> None:
    field = fractal(128, np.random.default_rng(seed), slope=slope)
    power = np.abs(np.fft.fft2(field)) ** 2
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(128, 1 / 128), np.fft.fftfreq(128, 1 / 128)))
    rings = [(2, 4), (4, 8), (8, 16), (16, 32), (32, 64)]
    level = [np.log2(power[(radius >= low) & (radius < high)].mean()) for low, high in rings]
    assert np.polyfit(range(len(rings)), level, 1)[0] / -2 == pytest.approx(slope, abs=0.25)


@pytest.mark.parametrize("angle", [0.0, 0.7, 2.0])
def test_grain_runs_along_its_angle(angle: float) -> None:
    field = fractal(128, np.random.default_rng(0), slope=1.0, stretch=8, angle=angle)
    down, right = np.gradient(field)
    # The structure tensor's weak axis is the direction of the grain.
    tensor = np.cov(np.stack([right.ravel(), down.ravel()]))
    weak = np.linalg.eigh(tensor)[1][:, 0]
    assert abs(weak @ [np.cos(angle), np.sin(angle)]) > 0.95


def test_cells_are_nearest_to_their_own_point() -> None:
    nearest, second, value = cells(64, np.random.default_rng(0), count=5)
    assert (nearest <= second).all()
    assert nearest.max() < 1.3
    # Within a cell the value is one; across a border it changes where both points are as far.
    steps = value[:, 1:] != value[:, :-1]
    gap = (second - nearest)[:, 1:]
    assert gap[steps].mean() < 0.3 * gap[~steps].mean()


def test_an_unknown_family_is_named() -> None:
    with pytest.raises(ConfigError, match=r"family of textures 'pebble'. Did you mean 'pebbles'"):
        texture("pebble", 0)


def test_a_quilt_is_made_of_its_sample_and_keeps_its_statistics() -> None:
    sample = texture("pebbles", 2, 80)
    wide = quilt(sample, 120, rng=np.random.default_rng(0))
    assert wide.shape == (120, 120, 3)
    colours = {tuple(pixel) for pixel in sample.reshape(-1, 3)}
    assert {tuple(pixel) for pixel in wide.reshape(-1, 3)} <= colours
    assert abs(wide.mean() - sample.mean()) < 12
    assert np.array_equal(wide, quilt(sample, 120, rng=np.random.default_rng(0)))
    assert not np.array_equal(wide, quilt(sample, 120, rng=np.random.default_rng(1)))


def test_a_quilt_of_stripes_stays_striped() -> None:
    """A period that is found again only if blocks are chosen to fit."""
    stripes = np.repeat(np.arange(60)[None, :] % 10 < 5, 60, axis=0)
    sample = np.repeat(255 * stripes[..., None], 3, axis=2).astype(np.uint8)
    wide = quilt(sample, 90, rng=np.random.default_rng(3))[..., 0] > 0
    columns = np.arange(90) % 10
    best = max((wide == ((columns + shift) % 10 < 5)).mean() for shift in range(10))
    assert best > 0.97


@pytest.mark.parametrize("size", [16, 33, 96, 224])
def test_blocks_cover_every_size(size: int) -> None:
    edge = smallest_sample(size)
    sample = np.random.default_rng(0).integers(1, 255, (edge, edge, 3), dtype=np.uint8)
    wide = quilt(sample, size, rng=np.random.default_rng(0))
    assert wide.shape == (size, size, 3)
    assert wide.min() > 0


def test_a_sample_below_a_block_is_refused() -> None:
    small = np.zeros((8, 8, 3), dtype=np.uint8)
    with pytest.raises(WmsimError, match=r"8 x 8 pixels is too small to quilt 224 pixels"):
        quilt(small, 224, rng=np.random.default_rng(0))
