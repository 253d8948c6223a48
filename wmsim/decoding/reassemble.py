"""Intervals of pseudo-populations: real trials resampled, held-out pseudo-trials put together anew.

Pseudo-trials share real trials, so to resample them as if they were independent would be
pseudo-replication. A decision value of a pseudo-trial is a sum over its parts, w_p · x_p + b;
once each part's share has been computed for each real trial, new pseudo-trials are sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.decoding.scores import scores

# Decision values held at once, about.
LARGEST = 2**24


@dataclass(frozen=True)
class Reassembly:
    """Which real trials make up the pseudo-trials of each resample.

    The problem's trials are: the pseudo-trials; for each part, each of its real trials alone (NaN
    in the units of other parts, so that its decision value is w_p · x_p + b); and for each fold a
    trial without any activity (its decision value is b).

    Attributes
    ----------
    index : ndarray of int, shape (draw, pseudo-trial, part)
        Position, among the problem's trials, of each part's real trial.
    empty : ndarray of int, shape (pseudo-trial,)
        Position of the trial without activity of the same fold.
    """

    index: np.ndarray
    empty: np.ndarray

    def __len__(self) -> int:
        """Number of draws, with the plain one."""
        return 1 + len(self.index)

    def decisions(self, decisions: np.ndarray, trials: np.ndarray, draws: slice) -> np.ndarray:
        """Decision values of reassembled pseudo-trials.

        Parameters
        ----------
        decisions : ndarray, shape (decoder, trial, value)
            Of all of the problem's trials.
        trials : ndarray of int
            Pseudo-trials wanted.
        draws : slice
            Resamples wanted.

        Returns
        -------
        ndarray, shape (decoder, draw, pseudo-trial, value)
        """
        n_parts = self.index.shape[2]
        said = -(n_parts - 1) * decisions[:, None, self.empty[trials]]
        for part in range(n_parts):
            said = said + decisions[:, self.index[draws, trials, part]]
        return said

    def scores(self, decisions: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """See :func:`score`."""
        trials = np.flatnonzero(labels >= 0)
        plain = scores(decisions, labels, np.ones((1, labels.size)))
        n_decoders, _, k = decisions.shape
        at_once = max(1, LARGEST // max(1, n_decoders * trials.size * k))
        found = [plain]
        ones = np.ones((1, trials.size))
        for start in range(0, len(self.index), at_once):
            said = self.decisions(decisions, trials, slice(start, start + at_once))
            flat = said.reshape(-1, trials.size, k)
            found.append(scores(flat, labels[trials], ones).reshape(n_decoders, -1, 2))
        return np.concatenate(found, axis=1)


Draws = np.ndarray | Reassembly


def score(decisions: np.ndarray, labels: np.ndarray, draws: Draws) -> np.ndarray:
    """Score decision values, plainly and resampled.

    Parameters
    ----------
    decisions : ndarray, shape (decoder, trial, value)
        Decision values.
    labels : ndarray of int, shape (trial,)
        Index of the true value, -1 where a trial takes no part.
    draws : ndarray, shape (draw, trial), or Reassembly
        How often each trial counts in each resample; or how pseudo-trials are put together.

    Returns
    -------
    ndarray of float64, shape (decoder, draw, metric)
        As :func:`wmsim.decoding.scores.scores` gives it.
    """
    if isinstance(draws, Reassembly):
        return draws.scores(decisions, labels)
    return scores(decisions, labels, draws)
