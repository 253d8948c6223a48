"""Colours of objects made from code: paint, wood, metal and fabric."""

from __future__ import annotations

import colorsys

import numpy as np

from wmsim.stimuli.parts import Colour

BLACK: Colour = (0.09, 0.09, 0.10)
RUBBER: Colour = (0.12, 0.12, 0.13)
GLASS: Colour = (0.16, 0.20, 0.26)
STEEL: Colour = (0.72, 0.74, 0.77)
WHITE: Colour = (0.93, 0.93, 0.91)
CREAM: Colour = (0.93, 0.87, 0.73)
BRASS: Colour = (0.76, 0.60, 0.28)
RED_LAMP: Colour = (0.75, 0.10, 0.08)
HEADLAMP: Colour = (0.96, 0.95, 0.84)

WOODS: tuple[Colour, ...] = (
    (0.80, 0.60, 0.38), (0.56, 0.36, 0.20), (0.34, 0.20, 0.12), (0.70, 0.48, 0.30),
)  # fmt: skip


def paint(rng: np.random.Generator) -> Colour:
    """A strong colour, or now and then white, silver or black."""
    if rng.random() < 0.2:
        return (WHITE, (0.66, 0.68, 0.71), (0.17, 0.18, 0.20))[int(rng.integers(3))]
    hue, saturation, value = rng.random(), rng.uniform(0.55, 0.9), rng.uniform(0.5, 0.9)
    return colorsys.hsv_to_rgb(hue, saturation, value)


def fabric(rng: np.random.Generator) -> Colour:
    """A softer colour."""
    return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.2, 0.65), rng.uniform(0.4, 0.85))


def wood(rng: np.random.Generator) -> Colour:
    """One of a few kinds of wood."""
    return WOODS[int(rng.integers(len(WOODS)))]


def material(rng: np.random.Generator) -> Colour:
    """What furniture is made of: wood mostly, else paint."""
    return wood(rng) if rng.random() < 0.6 else paint(rng)


def darker(colour: Colour, factor: float = 0.7) -> Colour:
    """The same colour with less light, or more where `factor` is above 1."""
    red, green, blue = (min(1.0, factor * value) for value in colour)
    return (red, green, blue)
