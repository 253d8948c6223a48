"""Linear support vector classifiers for one X and many labels: the door to the solver.

Everything in wmsim that fits a decoder comes through :func:`fit_svc`, so that another solver of
the same problem can take scikit-learn's place here and nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.errors import WmsimError


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
    patterns: np.ndarray, positive: np.ndarray, *, penalty: float, balanced: bool = True
) -> LinearDecoders:
    """Fit a soft-margin linear SVC (hinge loss, free intercept) for each of many labellings.

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

    Returns
    -------
    LinearDecoders

    Raises
    ------
    WmsimError
        If a labelling has one class only.

    Examples
    --------
    >>> patterns = np.array([[0.0, 1.0], [0.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
    >>> decoders = fit_svc(patterns, patterns[:, 1][None] > 0, penalty=10.0)
    >>> decoders.normals.round(2)
    array([[0., 1.]])
    """
    from sklearn import config_context
    from sklearn.svm import SVC

    counts = positive.sum(axis=1)
    n_trials = positive.shape[1]
    if np.any(counts == 0) or np.any(counts == n_trials):
        bad = int(np.flatnonzero((counts == 0) | (counts == n_trials))[0])
        raise WmsimError(
            f"Decoder {bad} has {counts[bad]} trials of its value among {n_trials} for training; "
            f"it needs some with and some without. Use fewer folds or more trials."
        )
    patterns = np.ascontiguousarray(patterns, dtype=np.float64)
    # One Gram matrix serves all problems; it halves the time of SVC(kernel="linear").
    gram = patterns @ patterns.T
    coefficients = np.zeros(positive.shape)
    offsets = np.empty(len(positive))
    # It decides nothing here, but keeps the solver off NumPy's global random state.
    unused = np.random.RandomState(0)
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for row, labels in enumerate(positive):
            solver = SVC(
                kernel="precomputed",
                C=penalty,
                class_weight=_weights(labels, balanced),
                random_state=unused,
            )
            solver.fit(gram, labels.astype(np.intp))
            coefficients[row, solver.support_] = solver.dual_coef_[0]
            offsets[row] = solver.intercept_[0]
    return LinearDecoders(coefficients @ patterns, offsets)


def _weights(labels: np.ndarray, balanced: bool) -> dict[int, float] | None:
    if not balanced:
        return None
    positive, total = int(labels.sum()), labels.size
    rare = min(positive, total - positive)
    return {0: rare / (total - positive), 1: rare / positive}
