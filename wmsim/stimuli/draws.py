"""Drawing identities: parameters of one category that lie far apart, fixed by a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wmsim.stimuli.mesh import Floats

CANDIDATES = 96


@dataclass(frozen=True)
class Range:
    """A number between `low` and `high`; `weight` says how much it changes the shape."""

    low: float
    high: float
    weight: float = 1.0


@dataclass(frozen=True)
class Choice:
    """One of a few variants; `weight` says how much it changes the shape."""

    options: tuple[Any, ...]
    weight: float = 2.0


Space = Mapping[str, Range | Choice]
Draw = dict[str, Any]


def draw(space: Space, rng: np.random.Generator) -> Draw:
    """Draw each parameter independently and uniformly.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sorted(draw({"legs": Choice((3, 4)), "height": Range(1.0, 2.0)}, rng))
    ['height', 'legs']
    """
    values: Draw = {}
    for name, parameter in space.items():
        if isinstance(parameter, Choice):
            values[name] = parameter.options[int(rng.integers(len(parameter.options)))]
        else:
            values[name] = float(rng.uniform(parameter.low, parameter.high))
    return values


def embed(space: Space, values: Draw) -> Floats:
    """Coordinates of a draw, so that distance says how different two shapes are.

    A range becomes one coordinate between 0 and its weight, a choice one coordinate an
    option, so that any two options are `weight` apart.
    """
    coordinates: list[float] = []
    for name, parameter in space.items():
        if isinstance(parameter, Choice):
            side = parameter.weight / np.sqrt(2)
            coordinates += [side * (values[name] == option) for option in parameter.options]
        else:
            part = (values[name] - parameter.low) / (parameter.high - parameter.low)
            coordinates.append(parameter.weight * part)
    return np.array(coordinates)


def farthest(points: Floats, count: int) -> list[int]:
    """Choose points far from one another: each next one is farthest from those chosen.

    Parameters
    ----------
    points : ndarray of float, shape (points, coordinates)
        The first one is always chosen.
    count : int

    Returns
    -------
    list of int
        Indices; the first n of them do not depend on `count`.

    Examples
    --------
    >>> farthest(np.array([[0.0], [1.0], [9.0], [5.0]]), 3)
    [0, 2, 3]
    """
    chosen = [0]
    distance = np.linalg.norm(points - points[0], axis=1)
    while len(chosen) < count:
        chosen.append(int(distance.argmax()))
        gap = np.linalg.norm(points - points[chosen[-1]], axis=1)
        distance = np.minimum(distance, gap)
    return chosen


def separated_draws(space: Space, count: int, rng: np.random.Generator) -> list[Draw]:
    """Draw `count` identities of one category that are far apart in shape.

    Parameters
    ----------
    space : mapping of str to Range or Choice
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    list of dict
        The first n do not depend on `count` as long as it is below a few dozen, so more
        novel identities leave the trained ones as they are.
    """
    candidates = [draw(space, rng) for _ in range(max(CANDIDATES, 4 * count))]
    points = np.array([embed(space, values) for values in candidates])
    return [candidates[index] for index in farthest(points, count)]
