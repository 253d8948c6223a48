"""Where each trial's state is moved: one shift a trial and direction, from held-out decoders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.errors import WmsimError
from wmsim.perturbation.config import PerturbationConfig
from wmsim.perturbation.controls import (
    as_activity_varies,
    of_length,
    random_moves,
    without_span,
)
from wmsim.perturbation.moves import Moves, fit_moves
from wmsim.perturbation.plan import Plan

RANDOM = ("random", "natural", "outside")


@dataclass(frozen=True)
class Shifts:
    """What dose 1 adds to each trial's state.

    Attributes
    ----------
    names : tuple of str
        Directions: "own", "unrelated category", "random 1", ...
    kinds : tuple of str
        Kind of each, of :data:`wmsim.perturbation.config.DIRECTIONS`.
    vectors : ndarray of float32, shape (trial, direction, unit)
        NaN where a trial has no such direction.
    distance : ndarray of float64, shape (trial,)
        How far beyond the own hyperplane the unmoved state is; below 0 on the side that it leaves.
    normals : ndarray of float64, shape (trial, unit)
        The own direction, of length 1.
    hyperplane : ndarray of float64, shape (trial,)
        Dose that takes the mean of the class that is left onto the hyperplane.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    vectors: np.ndarray
    distance: np.ndarray
    normals: np.ndarray
    hyperplane: np.ndarray

    def decoded(self, doses: np.ndarray) -> np.ndarray:
        """Whether the own decoder says that a moved state is where the own direction leads.

        Parameters
        ----------
        doses : ndarray, shape (dose,)
            Doses.

        Returns
        -------
        ndarray of float64, shape (trial, direction, dose)
            1 or 0; NaN where there is no such direction.
        """
        along = np.einsum("tdu,tu->td", self.vectors, self.normals)
        reached = self.distance[:, None, None] + along[..., None] * doses
        return np.where(np.isfinite(reached), reached > 0, np.nan)

    def cosine(self) -> np.ndarray:
        """Cosine of each direction and the own one, ndarray (trial, direction)."""
        along = np.einsum("tdu,tu->td", self.vectors, self.normals)
        return along / self.length()

    def length(self) -> np.ndarray:
        """Length of dose 1, ndarray (trial, direction)."""
        return np.linalg.norm(self.vectors.astype(np.float64), axis=2)


def make_shifts(
    states: np.ndarray, plan: Plan, config: PerturbationConfig, *, rng: np.random.Generator
) -> Shifts:
    """Fit decoders fold by fold, and move each trial by those that were not fitted to it.

    Parameters
    ----------
    states : ndarray, shape (trial, unit)
        States that are moved.
    plan : Plan
        From where to where.
    config : PerturbationConfig
        How.
    rng : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    WmsimError
        If a value has too few trials, or a decoder does not separate its classes at all.
    """
    own, chosen = plan.own, config.directions
    n_trials, n_units = states.shape
    draws = random_moves(config.n_random, n_units, own.n_values, decoder=config.decoder, rng=rng)
    names, kinds = _names(plan, config)
    vectors = np.full((n_trials, len(names), n_units), np.nan, dtype=np.float32)
    distance, hyperplane = np.empty(n_trials), np.empty(n_trials)
    normals = np.empty((n_trials, n_units))
    for fold in range(config.folds):
        train, test = plan.fold != fold, np.flatnonzero(plan.fold == fold)
        moves = _fitted(states[train], own.labels[train], own.n_values, config)
        number = own.moves["own"][test]
        normals[test], length = moves.directions[number], moves.lengths[number]
        _separates(length, own.name)
        distance[test] = (normals[test] * states[test]).sum(1) + moves.offsets[number]
        hyperplane[test] = moves.hyperplanes[number]
        found = [normals[test] * length[:, None]]
        if "means" in chosen:
            found.append(moves.means[number])
        if "elsewhere" in kinds:
            away = own.moves["elsewhere"][test]
            to = moves.directions[away] * moves.lengths[away, None]
            found.append(np.where(away[:, None] < 0, np.nan, to))
        for other in plan.unrelated if "unrelated" in chosen else ():
            theirs = _fitted(states[train], other.labels[train], other.n_values, config)
            found.append(of_length(theirs.directions[other.moves["unrelated"][test]], length))
        for kind in RANDOM:
            if kind in chosen:
                found += list(
                    of_length(_like(kind, draws, states[train], moves)[:, number], length)
                )
        vectors[test] = np.stack(found, axis=1)
    return Shifts(names, kinds, vectors, distance, normals, hyperplane)


def _like(kind: str, draws: np.ndarray, states: np.ndarray, moves: Moves) -> np.ndarray:
    """Random vectors of a kind, of any length; (draw, move, unit)."""
    if kind == "random":
        return draws
    natural = as_activity_varies(draws, states)
    if kind == "natural":
        return natural
    return without_span(natural, np.concatenate([moves.directions, moves.means]))


def _names(plan: Plan, config: PerturbationConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and kinds of directions, in the order in which they are made."""
    several = {
        "elsewhere": ["elsewhere"] * ("elsewhere" in plan.own.moves),
        "unrelated": [f"unrelated {other.name}" for other in plan.unrelated],
        **{kind: [f"{kind} {draw + 1}" for draw in range(config.n_random)] for kind in RANDOM},
    }
    pairs = [
        (name, kind) for kind in config.directions for name in several.get(kind, [kind])
    ]  # fmt: skip
    return tuple(name for name, _ in pairs), tuple(kind for _, kind in pairs)


def _fitted(
    states: np.ndarray, labels: np.ndarray, n_values: int, config: PerturbationConfig
) -> Moves:
    return fit_moves(states, labels, n_values, decoder=config.decoder, penalty=config.penalty)


def _separates(lengths: np.ndarray, feature: str) -> None:
    if not (lengths > 0).all():
        raise WmsimError(
            f"A decoder of '{feature}' has no distance between its classes along the normal: the "
            f"state after this item does not tell the values apart. Take another feature or item."
        )
