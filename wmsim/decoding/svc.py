"""Linear support vector classifiers for one X and many labels: the door to the engine.

Everything in wmsim that fits a decoder comes through :func:`fit_svc`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.decoding.engine import solve, trial_costs


class LinearDecoders(NamedTuple):
    """Hyperplanes; the decision value of a pattern x is ``normals @ x + offsets``.

    Attributes
    ----------
    normals : ndarray, shape (problem, unit)
        Normal vectors w.
    offsets : ndarray, shape (problem,)
        Offsets b.
    """

    normals: np.ndarray
    offsets: np.ndarray


def fit_svc(
    patterns: np.ndarray, positive: np.ndarray, *, penalty: float, balanced: bool = True,
    threads: int | None = None,
) -> LinearDecoders:  # fmt: skip
    """Fit a soft-margin linear SVC (hinge loss, free intercept) for each of many labellings.

    For several values of C and folds of the same patterns,
    :func:`wmsim.decoding.engine.svc_path` is faster.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity, scaled.
    positive : ndarray of bool, shape (problem, trial)
        Which trials are of the class to be told from the rest.
    penalty : float
        C, the cost of margin violations.
    balanced : bool, default True
        Let both classes weigh the same: violations by the frequent class cost C times the ratio
        of the rare one's trials to its own. Otherwise a decoder of one value against many would
        answer "rest" throughout.
    threads : int, optional
        See :func:`wmsim.decoding.engine.solve`.

    Returns
    -------
    LinearDecoders

    Raises
    ------
    WmsimError
        If a labelling has one class only, or the patterns cannot be used.

    Examples
    --------
    >>> patterns = np.array([[0.0, 1.0], [0.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
    >>> decoders = fit_svc(patterns, patterns[:, 1][None] > 0, penalty=10.0)
    >>> decoders.normals.round(2) + 0.0
    array([[0., 1.]])
    """
    signs = np.where(positive, 1, -1)
    costs = trial_costs(signs, penalty, balanced)
    found = solve(patterns, signs, costs, threads=threads)
    return LinearDecoders(found.normals, found.offsets)
