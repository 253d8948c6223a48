"""One fold held out of ridge decoders, for very many labellings: factorise, choose, count.

What a ridge classifier says of a test pattern is linear in the training labels. With the centred
training patterns X = U S V^T, those of the class one-hot in y, and test patterns Z, it is

    2 Z V (S^2 + a)^-1 (S U^T) y - offset,

where only y changes from one labelling to the next. The offset that lies halfway between the
class means is y^T U S (S^2 + a)^-1 S U^T y times (1/n+ - 1/n-), a by-product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.decoding.counts import Counts
from wmsim.decoding.cross import Problem, training_trials
from wmsim.decoding.engine.threads import run_all
from wmsim.decoding.ridge import principal
from wmsim.decoding.scaling import standardise
from wmsim.errors import WmsimError

# Columns (labellings times values) of one matrix product, and axes that are added up at a time.
COLUMNS, BLOCK = 512, 64
State = tuple[int, int]


@dataclass(frozen=True)
class Factor:
    """Patterns of a training set at one step, factorised, and what they are applied to.

    Attributes
    ----------
    rows : ndarray of int, shape (training trial,)
    along : ndarray, shape (block, training trial, component)
        U S: training patterns in their principal axes, in blocks of axes.
    tested : ndarray, shape (test pattern, component)
        Test patterns, without the training mean, in the axes.
    variance : ndarray, shape (component,)
        S^2.
    """

    rows: np.ndarray
    along: np.ndarray
    tested: np.ndarray
    variance: np.ndarray

    def decisions(
        self, labels: np.ndarray, n_values: int, penalty: np.ndarray, balanced: bool, state: State
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Decision values without offsets, and offsets, for each of the penalties.

        Parameters
        ----------
        labels : ndarray of int, shape (trial, labelling)
            Values of the item trained.
        n_values : int
            Number of values k.
        penalty : ndarray, shape (penalty, labelling) or (penalty, 1)
            Penalties, for each training trial.
        balanced : bool
            Whether the offset lies halfway between the class means.
        state : (int, int)
            The state trained in, for messages.

        Yields
        ------
        ndarray, shape (test pattern, value, labelling)
        ndarray, shape (value, labelling)
        """
        from wmsim.decoding.counting import class_sums

        own = np.ascontiguousarray(labels[self.rows])
        n_rows, shape = self.rows.size, (n_values, own.shape[1])
        positive = np.stack([(own == value).sum(axis=0) for value in range(n_values)])
        if not positive.all():
            raise WmsimError(
                f"Value {int(np.argwhere(positive == 0)[0, 0])} of item {state[0] + 1} does not "
                f"occur among {n_rows} training trials; use fewer folds, more trials, or leave "
                "rare values out."
            )
        sums = np.zeros((*shape, *self.along.shape[::2]), self.along.dtype)
        class_sums(self.along, own, sums)
        sums = sums.reshape(positive.size, -1)
        for one in penalty:
            amount = np.broadcast_to(n_rows * one, shape).reshape(-1, 1)
            shrunk = sums * (2 / (self.variance + amount)).astype(sums.dtype)
            if balanced:
                gap = 0.5 / positive - 0.5 / (n_rows - positive)
                offsets = -np.einsum("cr,cr->c", sums, shrunk).reshape(shape) * gap
            else:
                offsets = 2 * positive / n_rows - 1
            yield (self.tested @ shrunk.T).reshape(-1, *shape), offsets.astype(sums.dtype)


def factorise(
    patterns: np.ndarray, rows: np.ndarray, tested: np.ndarray, dtype: type[np.floating]
) -> Factor:
    """Factorise training patterns (trial, unit) and project test patterns (pattern, unit)."""
    mean = patterns[rows].mean(axis=0)
    centred = patterns[rows] - mean
    eigen = principal(centred)
    n_axes = eigen.variance.size
    size = max(BLOCK, BLOCK * -(-n_axes // BLOCK))
    along, to_axes = np.zeros((rows.size, size), dtype), np.zeros((len(tested), size), dtype)
    along[:, :n_axes] = centred @ eigen.axes.T
    to_axes[:, :n_axes] = (tested - mean) @ eigen.axes.T
    # Axes that only fill up the last block have nothing along them.
    variance = np.ones(size)
    variance[:n_axes] = eigen.variance
    blocks = along.reshape(rows.size, -1, BLOCK).transpose(1, 0, 2)
    return Factor(rows, np.ascontiguousarray(blocks), to_axes, variance)


@dataclass
class Fold:
    """One fold held out, for a batch of labellings.

    Attributes
    ----------
    problem : Problem
        Activity and states.
    fold : ndarray of int, shape (trial,)
        Fold of each trial.
    held_out : int
        The fold that is tested.
    labels : ndarray of int, shape (item, trial, labelling)
        Values, -1 for none.
    penalties : sequence of float
        Penalties, for each training trial.
    balanced : bool
        Whether offsets lie halfway between the class means.
    dtype : type
        Precision of the products.
    """

    problem: Problem
    fold: np.ndarray
    held_out: int
    labels: np.ndarray
    penalties: Sequence[float]
    balanced: bool
    dtype: type[np.floating]

    def __post_init__(self) -> None:
        self.train = training_trials(self.problem, self.fold, self.held_out)
        self.test = np.flatnonzero(self.fold == self.held_out)
        self.scaled = standardise(self.problem.activity, self.train)
        self.steps = sorted({step for _, step in self.problem.states})
        k = self.problem.n_values
        size = max(1, COLUMNS // k)
        self.parts = [slice(start, start + size) for start in range(0, self.labels.shape[2], size)]

    def _factors(self, train: np.ndarray, states: Sequence[State], threads: int,
                 tested: dict[int, np.ndarray]) -> dict[State, Factor]:  # fmt: skip
        """Factorised patterns of states; those with the same trials at a step share theirs."""
        wanted: dict[tuple[int, bytes], np.ndarray] = {}
        key = {}
        for state in states:
            rows = np.flatnonzero(train & self.problem.present(state))
            key[state] = (state[1], rows.tobytes())
            wanted[key[state]] = rows
        made: dict[tuple[int, bytes], Factor] = {}
        keys = list(wanted)

        def work(number: int) -> None:
            step = keys[number][0]
            made[keys[number]] = factorise(
                self.scaled[step], wanted[keys[number]], tested[step], self.dtype
            )

        run_all(work, len(keys), threads)
        return {state: made[key[state]] for state in states}

    def add(self, counts: Counts, penalty: np.ndarray, threads: int) -> None:
        """Add what decoders with these penalties (labelling,) say of the trials held out."""
        from wmsim.decoding.counting import count

        states, n_steps = self.problem.states, len(self.steps)
        everything = self.scaled[self.steps][:, self.test].reshape(-1, self.scaled.shape[2])
        tested = dict.fromkeys(self.steps, everything)
        factors = self._factors(self.train, states, threads, tested)
        items = np.array([item for item, _ in states])
        rows = np.array([self.steps.index(step) for _, step in states])
        present = np.stack([self.problem.present(state)[self.test] for state in states])
        held = np.ascontiguousarray(self.labels[:, self.test])
        for column in range(len(states)):
            seen = held[items[column], present[column]]
            for value in range(self.problem.n_values):
                counts.of_value[:, column, value] += (seen == value).sum(axis=0, dtype=np.int32)

        def work(number: int) -> None:
            part = self.parts[number]
            labels = np.ascontiguousarray(held[:, :, part])
            for row, state in enumerate(states):
                found = factors[state].decisions(
                    self.labels[state[0], :, part], self.problem.n_values, penalty[None, part],
                    self.balanced, state,
                )  # fmt: skip
                said, offsets = next(found)
                said = said.reshape(n_steps, self.test.size, *said.shape[1:])
                one = [getattr(counts, name)[part, row] for name in
                       ("hits", "yes", "correct", "correct_left")]  # fmt: skip
                count(said, offsets, labels, state[0], items, rows, present, *one)

        run_all(work, len(self.parts), threads)

    def choose(self, groups: np.ndarray | None, threads: int) -> np.ndarray:
        """Penalty of each labelling with the best balanced accuracy in the encoding spaces."""
        n = self.labels.shape[2]
        if groups is None:
            return np.full(n, float(self.penalties[0]))
        first: dict[int, int] = {}
        for item, step in self.problem.states:
            first[item] = min(first.get(item, step), step)
        quality = np.zeros((n, len(self.penalties)))
        for state in sorted(first.items()):
            rows = self.train & self.problem.present(state)
            for group in range(int(groups.max()) + 1):
                testing = np.flatnonzero(rows & (groups == group))
                if testing.size:
                    patterns = self.scaled[state[1]]
                    factor = factorise(
                        patterns, np.flatnonzero(rows & (groups != group)), patterns[testing],
                        self.dtype,
                    )  # fmt: skip
                    self._add_quality(quality, factor, state, testing, threads)
        return np.asarray(self.penalties, dtype=float)[quality.argmax(axis=1)]

    def _add_quality(
        self, quality: np.ndarray, factor: Factor, state: State, testing: np.ndarray, threads: int
    ) -> None:
        """Add the balanced accuracy of each penalty in one encoding space, (labelling, penalty)."""
        from wmsim.decoding.counting import count

        labels, k = self.labels[state[0]], self.problem.n_values
        zero = np.zeros(1, dtype=np.int64)
        present = np.ones((1, testing.size), dtype=bool)

        def work(number: int) -> None:
            part = self.parts[number]
            own = np.ascontiguousarray(labels[testing, part])
            n = own.shape[1]
            amounts = np.asarray(self.penalties, dtype=float)[:, None]
            found = factor.decisions(labels[:, part], k, amounts, self.balanced, state)
            for column, (said, offsets) in enumerate(found):
                counts = Counts.nothing(n, 1, 1, k)
                for value in range(k):
                    counts.of_value[:, 0, value] = (own == value).sum(axis=0)
                one = (counts.hits, counts.yes, counts.correct, counts.correct_left)
                count(said[None], offsets, own[None], 0, zero, zero, present,
                      *(c[:, 0] for c in one))  # fmt: skip
                quality[part, column] += counts.balanced()[:, 0, 0]

        run_all(work, len(self.parts), threads)
