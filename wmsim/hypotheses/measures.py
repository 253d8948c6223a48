"""What is measured of codes: transfer between states, and rotations swapped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wmsim.hypotheses.codes import Grams
from wmsim.pipeline.design import Design, State

# Similarities are ratios; where there is next to nothing to be similar they are cut off here.
LARGEST = 1.5
# A state with less than this share of the encoding code's squared norm counts as having so much.
FLOOR = 0.02
# A rotation that gives less than this (cosine with its own target) is no yardstick.
LEAST_RECONSTRUCTED = 0.05
PAIRS = {
    "same_item_from_encoding": "E(S,S) with M(S,T)",
    "same_item_in_memory": "M(S,T) with M(S,T')",
    "same_age_encoding": "E(S,S) with E(S',S')",
    "same_age_memory": "M(S,T) with M(S',T') of the same age",
    "same_time": "two items at one step",
    "nothing_shared": "other item, age and time",
}
SWAPS = ("reconstructed", "swap_stimulus", "swap_time")


@dataclass(frozen=True)
class Plan:
    """Which pairs of states and which swaps a design has.

    Attributes
    ----------
    design : Design
        States.
    """

    design: Design

    @cached_property
    def items(self) -> frozenset[int]:
        """Items that memory is asked about: in N-back tasks, those compared before trials end."""
        design = self.design
        every = frozenset(item for item, _ in design.states)
        if design.n_back is None:
            return every
        compared = frozenset(s for s, t in design.states if design.recalls((s, t)))
        return compared or every

    @cached_property
    def encoding(self) -> list[int]:
        """Rows of E(S, S)."""
        every = self.design.encoding
        return [self._row[state] for item, state in every.items() if item in self.items]

    @cached_property
    def memory(self) -> list[int]:
        """Rows of M(S, T) whose item is still of use."""
        return [self._row[state] for state in self.design.memory if state[0] in self.items]

    @cached_property
    def _row(self) -> dict[State, int]:
        return {state: row for row, state in enumerate(self.design.states)}

    @cached_property
    def pairs(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Rows of both states of each pair, by what they share; each pair once."""
        states, age = self.design.states, self.design.age
        found: dict[str, list[tuple[int, int]]] = {name: [] for name in PAIRS}
        used = sorted([*self.encoding, *self.memory])
        shown = set(self.encoding)
        for position, row in enumerate(used):
            for other in used[position + 1 :]:
                a, b = states[row], states[other]
                both = (row in shown) + (other in shown)
                if a[0] == b[0]:
                    name = "same_item_from_encoding" if both else "same_item_in_memory"
                elif a[1] == b[1]:
                    name = "same_time"
                elif age(a) == age(b):
                    name = "same_age_encoding" if both else "same_age_memory"
                else:
                    name = "nothing_shared"
                found[name].append((row, other))
        return {name: (np.array(p)[:, 0], np.array(p)[:, 1]) for name, p in found.items() if p}

    @cached_property
    def swaps(self) -> dict[str, np.ndarray]:
        """Rows (source, target, donor's source, donor's target) of each kind of swap."""
        design, row = self.design, self._row
        encoding = {s: state for s, state in design.encoding.items() if s in self.items}
        memory = [state for state in design.memory if state[0] in encoding]
        known = set(memory)
        found: dict[str, list[tuple[int, int, int, int]]] = {name: [] for name in SWAPS}
        for item, step in memory:
            source, target = row[encoding[item]], row[item, step]
            found["reconstructed"].append((source, target, source, target))
            for other, start in encoding.items():
                donor = (other, start[1] + step - encoding[item][1])
                if other != item and donor in known:
                    found["swap_stimulus"].append((source, target, row[start], row[donor]))
            for donor in ((item, step - 1), (item, step + 1)):
                if donor in known:
                    found["swap_time"].append((source, target, source, row[donor]))
        return {name: np.array(rows) for name, rows in found.items() if rows}

    @cached_property
    def donors(self) -> np.ndarray:
        """States of each rotation that is used, (donor, 2)."""
        every = np.concatenate([rows[:, 2:] for rows in self.swaps.values()])
        return np.unique(every, axis=0)

    @cached_property
    def swap_rows(self) -> np.ndarray:
        """Source, target and number of the donor of every swap, (swap, 3)."""
        number = {tuple(pair): row for row, pair in enumerate(self.donors.tolist())}
        every = np.concatenate(list(self.swaps.values()))
        which = [number[tuple(pair)] for pair in every[:, 2:].tolist()]
        return np.column_stack([every[:, :2], which])

    @cached_property
    def swap_slices(self) -> dict[str, slice]:
        """Where each kind of swap lies in `swap_rows`."""
        ends = np.cumsum([0, *(len(rows) for rows in self.swaps.values())])
        return {name: slice(*ends[i : i + 2]) for i, name in enumerate(self.swaps)}


def similarity(kernel: np.ndarray, plan: Plan) -> np.ndarray:
    """Cosines between codes, corrected for noise, (..., state, state).

    The inner product of two states' codes over the geometric mean of their squared norms: what a
    decoder of one state reads of the other, as a share of what the other's own would read.
    """
    norm = np.sqrt(_floored(kernel, plan))
    size = norm[..., :, None] * norm[..., None, :]
    return np.asarray(np.clip(kernel / size, -LARGEST, LARGEST))


def _floored(kernel: np.ndarray, plan: Plan) -> np.ndarray:
    """Squared norms, (..., state), none of which is next to nothing."""
    squared = np.diagonal(kernel, axis1=-2, axis2=-1)
    most = np.zeros(squared.shape[:-1])
    for rows in (plan.encoding, plan.memory):
        if rows:
            most = np.maximum(most, squared[..., rows].mean(axis=-1))
    return np.maximum(squared, np.maximum(FLOOR * most, 1e-12)[..., None])


def pair_means(kernel: np.ndarray, plan: Plan) -> dict[str, np.ndarray]:
    """Similarity of codes by what states share, weighted by how much code there is.

    Parameters
    ----------
    kernel : ndarray, shape (..., state, state)
        Cross-validated inner products.
    plan : Plan
        Pairs.

    Returns
    -------
    dict of str to ndarray, shape (...)
    """
    norm = np.sqrt(_floored(kernel, plan))
    found = {}
    for name, (one, other) in plan.pairs.items():
        size = (norm[..., one] * norm[..., other]).sum(axis=-1)
        found[name] = np.clip(kernel[..., one, other].sum(axis=-1) / size, -LARGEST, LARGEST)
    return found


def swap_means(grams: Grams, plan: Plan) -> dict[str, np.ndarray]:
    """Cosine between rotated codes and codes of the other half, by kind of swap.

    R is fitted between codes from one half: the donor's encoding code to its memory code. It is
    applied to the source's encoding code from that half, and compared with the target's code from
    the other half; both ways round.

    Parameters
    ----------
    grams : Grams
        Inner products, of one recording or of several (first axis).
    plan : Plan
        Swaps.

    Returns
    -------
    dict of str to ndarray, shape () or (recording,)
    """
    if not plan.swaps:
        return {}
    inner, size = _carried(grams, plan.donors, plan.swap_rows)
    found = {}
    for name, rows in plan.swap_slices.items():
        total, carried = size[rows].sum(axis=(0, -2, -1)), inner[rows].sum(axis=(0, -2, -1))
        found[name] = np.where(total > 0, carried / np.where(total > 0, total, 1.0), 0.0)
    return found


def _carried(grams: Grams, donors: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inner products of carried codes with target codes, and products of their norms.

    Parameters
    ----------
    grams : Grams
        Inner products.
    donors : ndarray, shape (donor, 2)
        States of each rotation: from, to.
    rows : ndarray, shape (swap, 3)
        Source, target, and which donor.

    Returns
    -------
    inner, size : ndarray, shape (swap, ..., halving, 2)
    """
    # States first, so that each pair of states has its matrices in a row.
    within = np.moveaxis(grams.within, (-4, -2), (0, 1))
    one_way = np.moveaxis(grams.across, (-4, -2), (0, 1))
    # The half that rotations are fitted to comes first.
    other_way = one_way.swapaxes(0, 1).swapaxes(-1, -2)
    start, end = donors.T
    states = np.arange(len(within))
    own = within[states, states]
    # Orthonormal axes of each state's code, as combinations of its contrasts.
    root, inverse = _roots(own)
    left, _, right = np.linalg.svd(root[start] @ root[end])
    onto = inverse[start] @ (left @ right)
    source, target, which = rows.T
    along = within[source, start[which]] @ onto[which]
    carried = along @ inverse[end[which]]
    met = np.stack([one_way[end[which], target], other_way[end[which], target]], axis=-3)
    inner = np.einsum("...ij,...ji->...", carried, met)
    squared = np.trace(own, axis1=-2, axis2=-1)[..., ::-1]
    size = np.sqrt(np.einsum("...ij,...ij->...", along, along) * np.maximum(squared, 0)[target])
    return inner, size


def _roots(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Square root of symmetric matrices (..., n, n), and its inverse."""
    variance, axes = np.linalg.eigh(gram)
    scale = np.sqrt(np.maximum(variance, 1e-9 * variance[..., -1:] + 1e-300))[..., None, :]
    turned = axes.swapaxes(-1, -2)
    return (axes * scale) @ turned, (axes / scale) @ turned


def measure(grams: Grams, plan: Plan) -> dict[str, float]:
    """All that a verdict rests on, by name.

    Returns
    -------
    dict of str to float
        Similarities by what states share, swaps as a share of what the state's own rotation
        gives, and signals.
    """
    return {name: float(value) for name, value in measure_all(grams, plan).items()}


def measure_all(grams: Grams, plan: Plan) -> dict[str, np.ndarray]:
    """The same of several recordings at once, (recording,) each."""
    kernel = grams.kernel
    swaps = swap_means(grams, plan)
    own = np.maximum(swaps.pop("reconstructed", np.zeros(kernel.shape[:-2])), LEAST_RECONSTRUCTED)
    return {
        **pair_means(kernel, plan),
        **{name: np.clip(value / own, -LARGEST, LARGEST) for name, value in swaps.items()},
        **{
            name: _signal(kernel, rows)
            for name, rows in (("signal_encoding", plan.encoding), ("signal_memory", plan.memory))
            if rows
        },
    }


def _signal(kernel: np.ndarray, rows: list[int]) -> np.ndarray:
    """Distance of values, in standard deviations of noise; negative for a negative square."""
    squared = np.diagonal(kernel, axis1=-2, axis2=-1)[..., rows].mean(axis=-1)
    return np.asarray(np.sign(squared) * np.sqrt(abs(squared)))
