"""What textures are made of: random fields, cells, light on a surface, natural colours.

Every field has the shape (size, size) and is float32; all randomness comes from `rng`.
"""

from __future__ import annotations

import numpy as np

from wmsim.stimuli.mesh import Floats

# Dark, middle and light sRGB colours of materials out of doors, 0 to 255.
PALETTES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "earth": ((44, 32, 24), (104, 78, 54), (164, 132, 98), (202, 178, 146)),
    "moss": ((26, 34, 18), (66, 82, 38), (118, 132, 66), (176, 182, 118)),
    "stone": ((52, 52, 54), (104, 104, 104), (150, 148, 142), (196, 192, 184)),
    "sand": ((128, 100, 70), (176, 146, 106), (208, 182, 142), (234, 216, 184)),
    "bark": ((32, 24, 20), (78, 60, 46), (126, 102, 80), (172, 150, 124)),
    "foliage": ((16, 28, 14), (44, 72, 30), (88, 122, 48), (150, 170, 86)),
    "autumn": ((48, 24, 12), (118, 62, 24), (178, 108, 44), (216, 166, 88)),
    "water": ((20, 38, 52), (48, 84, 104), (96, 138, 152), (172, 200, 204)),
    "granite": ((60, 48, 46), (128, 104, 98), (174, 154, 146), (214, 204, 196)),
    "slate": ((30, 38, 46), (68, 80, 90), (110, 122, 130), (160, 170, 174)),
}


def fractal(
    size: int,
    rng: np.random.Generator,
    *,
    slope: float = 1.2,
    stretch: float = 1.0,
    angle: float = 0.0,
    lowest: float = 1.0,
) -> Floats:
    """Noise whose amplitude falls with frequency as in natural scenes, mean 0 and variance 1.

    The amplitude spectrum of natural images falls about as 1 / frequency (Field 1987,
    doi:10.1364/JOSAA.4.002379).

    Parameters
    ----------
    size : int
        Edge length in pixels.
    rng : numpy.random.Generator
    slope : float
        Exponent of the amplitude's fall.
    stretch : float
        How many times longer than wide its grain is.
    angle : float
        Direction of the grain in radians.
    lowest : float
        Cycles a picture below which the spectrum is flat.

    Returns
    -------
    ndarray of float32, shape (size, size)

    Examples
    --------
    >>> field = fractal(64, np.random.default_rng(0))
    >>> bool(abs(field.mean()) < 1e-5), bool(abs(field.std() - 1) < 1e-5)
    (True, True)
    """
    fy = np.fft.fftfreq(size, 1 / size).astype(np.float32)[:, None]
    fx = np.fft.rfftfreq(size, 1 / size).astype(np.float32)[None, :]
    along = (fx * np.cos(angle) + fy * np.sin(angle)) * np.sqrt(stretch)
    across = (fy * np.cos(angle) - fx * np.sin(angle)) / np.sqrt(stretch)
    frequency = np.maximum(np.hypot(along, across), lowest)
    spectrum = np.fft.rfft2(rng.standard_normal((size, size), dtype=np.float32))
    spectrum *= frequency**-slope
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=(size, size)).astype(np.float32)
    return field / max(float(field.std()), 1e-12)


def grid(size: int) -> tuple[Floats, Floats]:
    """Rows and columns of pixels in parts of the edge, 0 to 1, each of shape (size, size)."""
    steps = (np.arange(size, dtype=np.float32) + 0.5) / size
    rows, columns = np.meshgrid(steps, steps, indexing="ij")
    return rows, columns


def cells(
    size: int, rng: np.random.Generator, *, count: float, warp: float = 0.0
) -> tuple[Floats, Floats, Floats]:
    """Cellular noise: distances to the nearest two of many scattered points (Worley 1996).

    Method: doi:10.1145/237170.237267, with one jittered point a square of a grid.

    Parameters
    ----------
    size : int
    rng : numpy.random.Generator
    count : float
        Cells along an edge.
    warp : float
        How far outlines are bent, in cells.

    Returns
    -------
    nearest, second : ndarray of float32, shape (size, size)
        Distances in cells.
    value : ndarray of float32, shape (size, size)
        A number between 0 and 1 of each cell.

    Examples
    --------
    >>> nearest, second, value = cells(32, np.random.default_rng(0), count=4)
    >>> bool((nearest <= second).all())
    True
    """
    side = int(np.ceil(count)) + 5
    points = np.indices((side, side)) + rng.uniform(0.08, 0.92, (2, side, side))
    points = points.astype(np.float32)
    values = rng.uniform(0, 1, (side, side)).astype(np.float32)
    place = np.stack(grid(size)) * np.float32(count) + 2.5
    if warp:
        bend = [fractal(size, rng, slope=1.8, lowest=count / 3) for _ in range(2)]
        place = np.clip(place + warp * np.stack(bend), 1.01, side - 1.01)
    home = np.floor(place).astype(np.int64)
    nearest = np.full((size, size), np.inf, dtype=np.float32)
    second, value = nearest.copy(), np.zeros((size, size), dtype=np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = home[0] + down, home[1] + right
            distance = np.hypot(
                points[0, row, column] - place[0], points[1, row, column] - place[1]
            )
            nearer = distance < nearest
            second = np.minimum(second, np.maximum(distance, nearest))
            nearest = np.where(nearer, distance, nearest)
            value = np.where(nearer, values[row, column], value)
    return nearest, second, value


def relief(height: Floats, *, depth: float, angle: float) -> Floats:
    """Light on a surface of that height (in pixels) from the direction `angle`, mean near 1."""
    down, right = np.gradient(depth * height)
    slant = down * np.sin(angle) + right * np.cos(angle)
    lit = (1.0 + slant) / np.sqrt(1.0 + down**2 + right**2)
    return np.clip(lit, 0.25, 1.8).astype(np.float32)


def coloured(level: Floats, stops: Floats) -> Floats:
    """Colours for levels between 0 and 1, through equally spaced stops.

    Parameters
    ----------
    level : ndarray of float, shape (size, size)
    stops : ndarray of float, shape (stops, 3)

    Returns
    -------
    ndarray of float32, shape (size, size, 3)
    """
    # A table of 256 colours is finer than the eye and much faster than interpolating pixels.
    steps = np.linspace(0, len(stops) - 1, 256)
    table = np.stack(
        [np.interp(steps, np.arange(len(stops)), stops[:, band]) for band in range(3)], axis=1
    ).astype(np.float32)
    return table[np.clip(level * 255, 0, 255).astype(np.int64)]


def palette(name: str, rng: np.random.Generator) -> Floats:
    """The colours of a material under a random light, 0 to 1, shape (4, 3)."""
    stops = np.array(PALETTES[name]) / 255
    tint = 1 + rng.uniform(-0.08, 0.08, 3)
    return np.clip(stops * tint * rng.uniform(0.85, 1.15), 0, 1)


def spread(field: Floats, contrast: float = 1.0) -> Floats:
    """Squeeze a field of variance 1 softly into 0 to 1, with 0 in the middle."""
    return 1 / (1 + np.exp(-1.7 * contrast * field))
