"""What there is to show: categories of objects made from code, and identities of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wmsim.errors import choose
from wmsim.stimuli.aircraft import AIRPLANE, airplane
from wmsim.stimuli.boats import BOAT, boat
from wmsim.stimuli.cars import CAR, car
from wmsim.stimuli.config import StimulusConfig
from wmsim.stimuli.draws import Draw, Space, separated_draws
from wmsim.stimuli.mesh import Mesh, normalised
from wmsim.stimuli.seats import CHAIR, SOFA, chair, sofa
from wmsim.stimuli.small_objects import LAMP, MUG, lamp, mug
from wmsim.stimuli.tables import TABLE, table

Builder = Callable[[Draw, np.random.Generator], Mesh]

# A new category goes to the end: its place in this table is part of the seed of its identities.
MADE: dict[str, tuple[Space, Builder]] = {
    "airplane": (AIRPLANE, airplane),
    "car": (CAR, car),
    "chair": (CHAIR, chair),
    "table": (TABLE, table),
    "lamp": (LAMP, lamp),
    "mug": (MUG, mug),
    "boat": (BOAT, boat),
    "sofa": (SOFA, sofa),
}

CATEGORIES: tuple[str, ...] = tuple(MADE)

FLOATING = {"airplane": 0.12}  # height above the ground, in radii of the object


@dataclass(frozen=True)
class MadeObject:
    """An identity made from code.

    Attributes
    ----------
    category : str
    index : int
        Its number among the identities of its category.
    draw : dict
        Parameters of its shape.
    seed : int
        Fixes its colours.
    """

    category: str
    index: int
    draw: Draw
    seed: int

    @property
    def origin(self) -> str:
        """What it was made from, as JSON."""
        return json.dumps(self.draw)

    def mesh(self) -> Mesh:
        """Build it, of the common size and standing on the ground."""
        place = CATEGORIES.index(self.category)
        rng = np.random.default_rng([self.seed, place, self.index, 1])
        built = normalised(MADE[self.category][1](self.draw, rng))
        return built.moved((0, 0, FLOATING.get(self.category, 0.0)))


def made_objects(config: StimulusConfig) -> dict[str, list[MadeObject]]:
    """Identities of each category, the trained ones first.

    Parameters
    ----------
    config : StimulusConfig

    Returns
    -------
    dict of str to list of MadeObject
        An identity depends on the seed, its category and its number only, so that other
        categories or further novel identities leave it as it is.

    Raises
    ------
    ConfigError
        If there is no such category.

    Examples
    --------
    >>> objects = made_objects(StimulusConfig(categories=("mug",)))
    >>> [item.index for item in objects["mug"]]
    [0, 1, 2, 3]
    """
    found: dict[str, list[MadeObject]] = {}
    for category in config.categories:
        choose(category, CATEGORIES, "category of objects")
        rng = np.random.default_rng([config.seed, CATEGORIES.index(category), 0])
        count = config.identities + config.novel_identities
        draws = separated_draws(MADE[category][0], count, rng)
        found[category] = [
            MadeObject(category, index, values, config.seed) for index, values in enumerate(draws)
        ]
    return found
