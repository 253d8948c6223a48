"""What hypotheses say: how alike the codes of an item are in any two states.

The code of a state (item S, step T) is the pattern of activity that tells the values of an item
apart. A hypothesis is a kernel over states, the cosine between their codes:

==============  ====================================================  =====================
hypothesis      codes are alike in states that share ...              kernel
==============  ====================================================  =====================
H1, slots       the item, at all times                                [S = S']
H2, chronology  the age, T - S, for all items                         r ^ abs(age - age')
H3, both        item and age: a chain of its own for each item        [S = S'] r ^ abs(T - T')
shared          nothing: one stable code                              1
drift           the time in the trial, for all items                  r ^ abs(T - T')
==============  ====================================================  =====================

with r well below 1. Codes of one kernel are rotated copies of one another, so each step of H2
takes age k to age k + 1 by a rotation, the same for all items.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from wmsim.errors import ConfigError, choose
from wmsim.pipeline.design import Design, State

COMPONENTS = ("shared", "slot", "age", "chain", "time")
MEANING = {
    "H1": "each item's code stays in a slot of its own",
    "H2": "the code depends on the item's age alone",
    "H3": "each item goes through a chain of codes of its own",
    "shared": "all items share one stable code",
    "mixture": "two of these at once",
    "drift": "the code changes with time in the trial, alike for all items",
    "none": "items in memory are not coded",
}
# What a component alone amounts to.
PURE = {"H1": "slot", "H2": "age", "H3": "chain", "shared": "shared", "drift": "time"}
HYPOTHESES = tuple(MEANING)


@dataclass(frozen=True)
class Composition:
    """What the codes of items are made of.

    Attributes
    ----------
    shares : dict of str to float
        Share of the squared norm that each of :data:`COMPONENTS` has; they add up to 1. Empty:
        items in memory have no code.
    smoothness : dict of str to float
        Cosine between codes one step apart, 0 to 1: of the components "age" (steps of age),
        "chain" and "time" (0 by default: orthogonal), and "slot" (1 by default: stable); under
        "display", of "age" and "chain" for the step off the display (by default as for others);
        and, under "items", of age components of items one position apart (1 by default: the same).
    sensory : float
        Share of the code of an item on display that is the same for all items, whatever the
        hypothesis, and gone when the item is.
    realignment : float
        Share of the code, at the step that compares with the item, that is the encoding code.
    first : float
        Share of the code of the first item that no other item has, as trials start from rest.

    Examples
    --------
    >>> design = Design(states=((0, 0), (0, 1), (1, 1)), shown=(0, 1))
    >>> Composition({"age": 1.0}).kernel(design)
    array([[1., 0., 1.],
           [0., 1., 0.],
           [1., 0., 1.]])
    """

    shares: dict[str, float]
    smoothness: dict[str, float] = field(default_factory=dict)
    sensory: float = 0.0
    realignment: float = 0.0
    first: float = 0.0

    def kernel(self, design: Design) -> np.ndarray:
        """Cosines between the codes of all states, (state, state).

        The diagonal is 1; without any shares, items are coded while they are on display at most,
        and the diagonal is `sensory` there and 0 elsewhere.
        """
        item, time, age = _coordinates(design)
        same_item = item[:, None] == item
        far_time, far_age = abs(time[:, None] - time), abs(age[:, None] - age)
        far_item = abs(item[:, None] - item)
        shown = _on_display(design)
        leaves = (shown[:, None] != shown) & (far_age > 0)
        parts = {
            "shared": np.ones(far_age.shape),
            "slot": same_item * _smooth(self.smoothness.get("slot", 1.0), far_time),
            "age": self._turning("age", far_age, leaves)
            * _smooth(self.smoothness.get("items", 1.0), far_item),
            "chain": same_item * self._turning("chain", far_time, leaves),
            "time": _smooth(self.smoothness.get("time", 0.0), far_time),
        }
        kernel = sum((share * parts[name] for name, share in self.shares.items()),
                     np.zeros(far_age.shape))  # fmt: skip
        apart = (item == item.min())[:, None] != (item == item.min())
        kernel = self._seen(kernel * (1 - self.first * apart), shown)
        return self._realigned(kernel, design) if self.realignment else kernel

    def _turning(self, name: str, steps: np.ndarray, leaves: np.ndarray) -> np.ndarray:
        """Cosines after so many steps, of which the first may be one off the display."""
        each = self.smoothness.get(name, 0.0)
        off = self.smoothness.get("display", each)
        return np.where(leaves, off * _smooth(each, np.maximum(steps - 1, 0)), _smooth(each, steps))

    def _seen(self, kernel: np.ndarray, shown: np.ndarray) -> np.ndarray:
        own = np.sqrt(1 - self.sensory * shown)
        return kernel * np.outer(own, own) + self.sensory * np.outer(shown, shown)

    def _realigned(self, kernel: np.ndarray, design: Design) -> np.ndarray:
        """Mix the encoding code into the states that compare with their item."""
        mixing = np.eye(len(kernel))
        index = {state: row for row, state in enumerate(design.states)}
        for state, row in index.items():
            if design.recalls(state):
                mixing[row, row] = np.sqrt(1 - self.realignment)
                mixing[row, index[design.encoding[state[0]]]] = np.sqrt(self.realignment)
        mixed = mixing @ kernel @ mixing.T
        scale = np.sqrt(np.diag(kernel) / np.maximum(np.diag(mixed), 1e-12))
        return np.asarray(mixed * np.outer(scale, scale))


def _on_display(design: Design) -> np.ndarray:
    """Which states show the item that they are about."""
    shown = set(design.encoding.values())
    return np.array([state in shown for state in design.states])


@lru_cache(maxsize=8)
def _coordinates(design: Design) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Item, step and age of each state."""
    states: list[State] = list(design.states)
    item, time = np.array(states).T
    return item, time, np.array([design.age(state) for state in states])


def _smooth(cosine: float, distance: np.ndarray) -> np.ndarray:
    return np.where(distance == 0, 1.0, float(cosine) ** distance)


def draw_composition(hypothesis: str, rng: np.random.Generator) -> Composition:
    """One of the many shapes that a hypothesis can take.

    Parameters
    ----------
    hypothesis : str
        One of :data:`HYPOTHESES`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Composition
        Of a pure hypothesis, its own component has .8 or more of the code, the others share the
        rest; of a mixture, two have .3 to .7 each. How fast codes turn, how much of them is
        sensory, and how far they realign when they are compared, is drawn at random.

    Raises
    ------
    ConfigError
        If there is no such hypothesis.

    Examples
    --------
    >>> drawn = draw_composition("H1", np.random.default_rng(0))
    >>> max(drawn.shares, key=drawn.shares.get), round(sum(drawn.shares.values()), 6)
    ('slot', 1.0)
    """
    choose(hypothesis, HYPOTHESES, "hypothesis")
    memory = ("shared", "slot", "age", "chain")
    if hypothesis == "none":
        shares: dict[str, float] = {}
    elif hypothesis == "mixture":
        one, other = rng.choice(memory, 2, replace=False)
        part = rng.uniform(0.3, 0.7)
        shares = {str(one): part, str(other): 1 - part}
    else:
        main = PURE[hypothesis]
        own = rng.uniform(0.8, 1.0)
        rest = [name for name in memory if name != main]
        parts = (1 - own) * rng.dirichlet(np.full(len(rest), 0.5))
        shares = {main: own, **dict(zip(rest, parts.tolist(), strict=True))}
    smoothness = {
        "age": rng.uniform(0, 0.5),
        "display": rng.uniform(0, 0.4),
        "chain": rng.uniform(0, 0.4),
        "time": rng.uniform(0.2, 0.8),
        "slot": _often_one(0.85, rng),
        "items": _often_one(0.75, rng),
    }
    sensory = 0.0 if rng.random() < 0.3 else rng.uniform(0, 0.6)
    first = 1 - _often_one(0.5, rng)
    return Composition(shares, smoothness, sensory, rng.uniform(0, 0.3), first)


def _often_one(least: float, rng: np.random.Generator) -> float:
    """1 half of the time, else between this and 1."""
    return 1.0 if rng.random() < 0.5 else rng.uniform(least, 1)


def draw_codes(
    kernel: np.ndarray, n_values: int, n_units: int, *, dimension: int | None = None,
    orthogonal: bool = False, distortion: float = 0.0, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Codes of all states whose cosines are those of a kernel.

    Parameters
    ----------
    kernel : ndarray, shape (state, state)
        Cosines.
    n_values, n_units : int
        Values of the feature; units.
    dimension : int, optional
        Of the subspace of one code, at most n_values - 1, which is the default.
    orthogonal : bool, default False
        Independent subspaces are exactly orthogonal, where there are enough units; by default
        they are drawn at random, and as orthogonal as chance makes them.
    distortion : float
        Share of the arrangement of values that each independent subspace has for itself; by
        default they are rotated copies of one another.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (state, n_values, n_units)
        Each sums to 0 over values; its squared norm, summed over values, is n_values times the
        kernel's diagonal (on average, unless `orthogonal`).

    Raises
    ------
    ConfigError
        If there are fewer than two values, or `dimension` is not between 1 and n_values - 1.

    Examples
    --------
    With enough units, codes have exactly the cosines that were asked for:

    >>> kernel = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> codes = draw_codes(kernel, 4, 30, orthogonal=True, rng=np.random.default_rng(0))
    >>> (np.einsum("svu,tvu->st", codes, codes) / 4).round(3)
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    largest = n_values - 1
    dimension = largest if dimension is None else dimension
    if largest < 1 or not 1 <= dimension <= largest:
        raise ConfigError(
            f"A code of {n_values} value(s) cannot have {dimension} dimension(s): k values differ "
            f"in 1 to k - 1. Ask for {'1 to ' + str(largest) if largest > 0 else 'more values'}."
        )
    strength, vectors = np.linalg.eigh(kernel)
    kept = strength > 1e-10 * max(strength.max(initial=0.0), 1e-300)
    mixing = vectors[:, kept] * np.sqrt(strength[kept])
    # Values as points: a simplex at random, projected onto so many dimensions.
    cloud = rng.standard_normal((n_values, largest))
    left = np.linalg.svd(cloud - cloud.mean(axis=0), full_matrices=False)[0]
    points = left[:, :dimension] * np.sqrt(n_values / dimension)
    n_spaces = int(kept.sum())
    bases = rng.standard_normal((n_spaces * dimension, n_units)) / np.sqrt(n_units)
    if orthogonal and n_spaces * dimension <= n_units:
        bases = np.linalg.qr(bases.T)[0].T
    spaces = points @ bases.reshape(n_spaces, dimension, n_units)
    return np.asarray(np.tensordot(mixing, spaces, axes=(1, 0)))


def describe(composition: Composition) -> dict[str, Any]:
    """A composition as JSON has it."""
    return {
        "shares": dict(composition.shares),
        "smoothness": dict(composition.smoothness),
        "sensory": composition.sensory,
        "realignment": composition.realignment,
        "first": composition.first,
    }
