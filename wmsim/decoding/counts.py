"""Accuracies of very many labellings: what decoders say is counted at once, nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Counts:
    """Held-out trials counted, for labellings, states trained in and states tested in.

    Attributes
    ----------
    hits : ndarray of int32, shape (labelling, train state, test state, value)
        Trials of the value to which its decoder says yes.
    yes : ndarray of int32, shape (labelling, train state, test state, value)
        Trials to which the value's decoder says yes.
    correct : ndarray of int32, shape (labelling, train state, test state)
        Trials whose largest decision value is that of their value.
    correct_left : ndarray of int32, shape (labelling, train state, test state)
        The same, with the value of the trained item left out of the choice.
    of_value : ndarray of int32, shape (labelling, test state, value)
        Trials of each value.
    """

    hits: np.ndarray
    yes: np.ndarray
    correct: np.ndarray
    correct_left: np.ndarray
    of_value: np.ndarray

    @classmethod
    def nothing(cls, n_labellings: int, n_trained: int, n_tested: int, n_values: int) -> Counts:
        """Counts at zero."""
        cells = (n_labellings, n_trained, n_tested)
        return cls(
            hits=np.zeros((*cells, n_values), np.int32),
            yes=np.zeros((*cells, n_values), np.int32),
            correct=np.zeros(cells, np.int32),
            correct_left=np.zeros(cells, np.int32),
            of_value=np.zeros((n_labellings, n_tested, n_values), np.int32),
        )

    def accuracies(self) -> np.ndarray:
        """Both accuracies, (labelling, train state, test state, metric).

        As :func:`wmsim.decoding.scores.scores` gives them, rounding included.
        """
        return np.stack([self.balanced(), self._share(self.correct)], axis=-1)

    def balanced(self) -> np.ndarray:
        """One-vs-rest balanced accuracy, (labelling, train state, test state)."""
        # Values first: sums over them are then added up in the order in which `scores` does it.
        hits, yes = (np.moveaxis(part, -1, 0).astype(float) for part in (self.hits, self.yes))
        own = np.moveaxis(self.of_value, -1, 0)[:, :, None].astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            right = hits / own
            wrong = (yes - hits) / (own.sum(axis=0) - own)
        both = (right + 1 - wrong) / 2
        per_value = np.where(np.isfinite(both) | ~np.isfinite(right), both, right)
        present = np.isfinite(per_value)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(present, per_value, 0.0).sum(axis=0) / present.sum(axis=0)

    def left_out(self) -> np.ndarray:
        """Multiclass accuracy with the trained item's own value left out of the choice."""
        return self._share(self.correct_left)

    def _share(self, correct: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return correct / self.of_value.sum(axis=-1, dtype=float)[:, None]
