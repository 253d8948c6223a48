"""Textures that look like materials in nature, made from code: one function a family.

A family takes an edge length and a generator and gives sRGB between 0 and 1. What it draws
(colours, scale, direction, roughness) differs with every draw.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wmsim.errors import choose
from wmsim.stimuli.fields import cells, coloured, fractal, grid, palette, relief, spread
from wmsim.stimuli.mesh import Floats


def pick(rng: np.random.Generator, *names: str) -> Floats:
    """Colours of one of the named materials."""
    return palette(names[int(rng.integers(len(names)))], rng)


def soil(size: int, rng: np.random.Generator) -> Floats:
    """Earth, moss or sand: rough at every scale, with fine grains."""
    coarse = fractal(size, rng, slope=rng.uniform(1.0, 1.5), lowest=rng.uniform(2, 6))
    fine = fractal(size, rng, slope=0.6, lowest=12)
    light = relief(coarse + 0.5 * fine, depth=rng.uniform(0.5, 1.0), angle=rng.uniform(0, 6.3))
    colours = pick(rng, "earth", "moss", "sand", "autumn")
    return coloured(spread(0.6 * coarse + 0.35 * fine), colours) * light[..., None]


def rock(size: int, rng: np.random.Generator) -> Floats:
    """Rock or granite: stained, with specks of two minerals."""
    stain = fractal(size, rng, slope=1.6)
    grain = fractal(size, rng, slope=0.5, lowest=rng.uniform(14, 30))
    bumps = fractal(size, rng, slope=1.3, lowest=4)
    body = coloured(spread(0.55 * stain + 0.3 * grain, 0.8), pick(rng, "stone", "granite", "slate"))
    specks = coloured(spread(stain), pick(rng, "slate", "bark"))
    share = spread(grain - 1.3, 4.0)[..., None]
    light = relief(bumps + 0.2 * grain, depth=rng.uniform(0.4, 0.8), angle=rng.uniform(0, 6.3))
    return (body * (1 - share) + specks * share) * light[..., None]


def bark(size: int, rng: np.random.Generator) -> Floats:
    """Bark, straw or grass: long grains in one direction, furrowed."""
    angle = rng.uniform(0, np.pi)
    stretch = rng.uniform(6, 16)
    ridges = fractal(size, rng, slope=1.35, stretch=stretch, angle=angle, lowest=5)
    fine = fractal(size, rng, slope=0.7, stretch=stretch, angle=angle, lowest=20)
    patches = fractal(size, rng, slope=1.6)
    height = -np.abs(ridges) + 0.2 * fine
    light = relief(height, depth=rng.uniform(0.8, 1.4), angle=angle + np.pi / 2)
    colours = pick(rng, "bark", "earth", "foliage", "sand", "moss")
    level = spread(0.9 * (height + 0.7) + 0.35 * patches)
    return coloured(level, colours) * light[..., None]


def wood(size: int, rng: np.random.Generator) -> Floats:
    """Planed wood: growth rings, cut lengthwise, with pores along the grain."""
    angle = rng.uniform(0, np.pi)
    rows, columns = grid(size)
    across = columns * np.sin(angle) - rows * np.cos(angle)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    wave = fractal(size, rng, slope=2.2, stretch=5, angle=angle)
    centre = rng.uniform(-0.5, 0.5)
    radius = np.hypot(across - centre, 0.12 * (along - rng.uniform(-0.5, 1.5)))
    ring = (rng.uniform(9, 20) * radius + rng.uniform(0.3, 0.6) * wave) % 1.0
    pores = fractal(size, rng, slope=0.4, stretch=30, angle=angle, lowest=20)
    level = 0.75 - 0.45 * ring**3 + 0.07 * pores + 0.05 * wave
    return coloured(level, pick(rng, "earth", "bark", "autumn", "sand"))


def marble(size: int, rng: np.random.Generator) -> Floats:
    """Marble: thin veins, bent by turbulence (Perlin 1985, doi:10.1145/325334.325247)."""
    angle = rng.uniform(0, np.pi)
    rows, columns = grid(size)
    across = columns * np.sin(angle) - rows * np.cos(angle)
    level = 0.12 * fractal(size, rng, slope=1.5)
    for strength, folds in ((0.42, rng.uniform(1.5, 3)), (0.2, rng.uniform(4, 8))):
        bend = fractal(size, rng, slope=1.5)
        vein = 1 - np.abs(np.sin(np.pi * (folds * across + 0.35 * bend)))
        level = level - strength * vein**5
    colours = pick(rng, "stone", "granite", "sand", "slate")
    return coloured(0.72 + level, colours)


def pebbles(size: int, rng: np.random.Generator) -> Floats:
    """Pebbles or cobbles: rounded cells, each of its own shade, dark between them."""
    nearest, second, value = cells(size, rng, count=rng.uniform(7, 15), warp=0.12)
    edge = np.clip((second - nearest) / 0.45, 0, 1)
    dome = np.sqrt(edge * (2 - edge))
    grain = fractal(size, rng, slope=0.7, lowest=8)
    light = relief(dome + 0.03 * grain, depth=rng.uniform(2.5, 5), angle=rng.uniform(0, 6.3))
    colours = pick(rng, "stone", "granite", "earth", "slate", "sand")
    level = 0.2 + 0.65 * value + 0.06 * grain
    shade = (0.3 + 0.7 * np.clip(1.6 * dome, 0, 1)) * light
    return coloured(level, colours) * shade[..., None]


def mud(size: int, rng: np.random.Generator) -> Floats:
    """Dried mud: flat plates with cracks between them."""
    nearest, second, value = cells(size, rng, count=rng.uniform(4, 8), warp=0.2)
    gap = second - nearest
    crack = np.clip((gap - 0.03) / rng.uniform(0.05, 0.1), 0, 1)
    rough = fractal(size, rng, slope=1.2, lowest=4)
    height = np.clip(gap / 0.35, 0, 1) ** 0.5 + 0.08 * rough
    light = relief(height, depth=rng.uniform(3, 5), angle=rng.uniform(0, 6.3))
    level = 0.5 + 0.15 * rough + 0.2 * (value - 0.5)
    body = coloured(level, pick(rng, "earth", "sand", "stone", "bark"))
    return body * (light * (0.22 + 0.78 * crack))[..., None]


def ripples(size: int, rng: np.random.Generator) -> Floats:
    """Ripples of sand or water: bent waves, lit from the side."""
    angle = rng.uniform(0, np.pi)
    rows, columns = grid(size)
    across = columns * np.sin(angle) - rows * np.cos(angle)
    bend = fractal(size, rng, slope=2.0, stretch=3, angle=angle)
    fine = fractal(size, rng, slope=0.7, lowest=10)
    phase = 2 * np.pi * (rng.uniform(7, 14) * across + rng.uniform(0.3, 0.6) * bend)
    height = np.sin(phase) + 0.35 * np.sin(2 * phase + 1.0)
    light = relief(height + 0.12 * fine, depth=rng.uniform(0.5, 1.1), angle=angle + np.pi / 2)
    colours = pick(rng, "sand", "water", "earth", "slate")
    return coloured(spread(0.45 * height + 0.25 * fine, 0.8), colours) * light[..., None]


def leaves(size: int, rng: np.random.Generator, *, count: int = 110) -> Floats:
    """Leaves on the ground: overlapping shapes of many sizes, the nearest ones last.

    A "dead leaves" picture, whose statistics are close to those of natural scenes (Lee,
    Mumford & Huang 2001, doi:10.1023/A:1011109015675).
    """
    stops = pick(rng, "foliage", "autumn", "moss")
    picture = soil(size, rng) * 0.5
    wide = rng.uniform(1.6, 3.2)
    length = np.sort(size * 0.06 / rng.uniform(0.16, 1.0, count) ** 0.8)[::-1]
    # Large leaves lie deep as well as near: only half of the order comes from size.
    order = np.argsort(np.arange(count) + rng.uniform(-0.5, 0.5, count) * count)
    place = rng.uniform(-0.05, 1.05, (count, 2)) * size
    angle, level = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.15, 0.95, count)
    colour = coloured(level[None], stops)[0]
    for index in order:
        _add_leaf(picture, place[index], length[index], wide, angle[index], colour[index])
    return (
        picture * relief(fractal(size, rng, slope=1.0, lowest=8), depth=0.25, angle=0.8)[..., None]
    )


def _add_leaf(
    picture: Floats, place: Floats, length: float, wide: float, angle: float, colour: Floats
) -> None:
    """Paint one pointed leaf with a midrib and its shadow; changes `picture`."""
    size, reach = len(picture), int(length) + 4
    top, left = np.maximum(place.astype(int) - reach, 0)
    rows = np.arange(top, min(int(place[0]) + reach, size), dtype=np.float32)[:, None] - place[0]
    columns = np.arange(left, min(int(place[1]) + reach, size), dtype=np.float32) - place[1]
    if not rows.size or not columns.size:
        return
    part = picture[top : top + len(rows), left : left + len(columns)]
    along = (columns * np.cos(angle) + rows * np.sin(angle)) / length
    across = (rows * np.cos(angle) - columns * np.sin(angle)) / length
    outline = (1 - along**2) / wide - np.abs(across)  # two arcs that meet in points
    cover = np.clip(outline * length + 0.5, 0, 1)[..., None]
    dark = 0.45 * np.clip(1 + outline * length / 3.5, 0, 1)[..., None]
    rib = 0.16 * np.clip(1 - np.abs(across) * length / 0.8, 0, 1)
    shade = 0.85 + 0.5 * across * np.cos(angle - 0.8) * wide + 0.12 * along + rib
    part *= 1 - dark
    part += cover * (shade[..., None] * colour.astype(np.float32) - part)


FAMILIES: dict[str, Callable[[int, np.random.Generator], Floats]] = {
    "soil": soil,
    "rock": rock,
    "bark": bark,
    "wood": wood,
    "marble": marble,
    "pebbles": pebbles,
    "mud": mud,
    "ripples": ripples,
    "leaves": leaves,
}


def made_texture(family: str, size: int, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Make a texture from code.

    Parameters
    ----------
    family : str
        One of :data:`FAMILIES`.
    size : int
        Edge length in pixels.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        sRGB.

    Raises
    ------
    ConfigError
        If there is no such family.

    Examples
    --------
    >>> picture = made_texture("pebbles", 64, rng=np.random.default_rng(0))
    >>> picture.shape, bool(picture.std() > 10)
    ((64, 64, 3), True)
    """
    choose(family, FAMILIES, "family of textures")
    texture = FAMILIES[family](size, rng)
    return np.round(255 * np.clip(texture, 0, 1)).astype(np.uint8)
