"""Linear maps from a model's codes to a brain's, fitted without the value that they predict.

Codes of values sum to 0 over the values of an item, so what is left out of a fit would still be
known from the rest: minus its sum. Each fit therefore centres codes anew, over the values that it
is given, and predicts differences from their mean. Inputs are not standardised, so a rotation or
a global scale of them changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Penalties, in the mean squared length of an input.
PENALTIES = np.logspace(-4, 3, 22)
COMPONENTS = (1, 2, 4, 8, 16)
# Directions in which inputs extend less than this share of their largest extent are rounding.
RANK_TOLERANCE = 1e-10


def held_out_ridge(
    inputs: np.ndarray, outputs: np.ndarray, new: np.ndarray, *,
    penalties: np.ndarray = PENALTIES,
) -> tuple[np.ndarray, float]:  # fmt: skip
    """Predict codes of each value by ridge regression on all other values.

    One fit to all values is enough: what leaving one out changes has a closed form. The penalty is
    one for all values and outputs, that with the least error for left-out values within `outputs`.

    Parameters
    ----------
    inputs, outputs : ndarray, shape (item, value, input), (item, value, output)
        Codes of model and brain that maps are fitted on; sums over values are 0.
    new : ndarray, shape (item, value, input)
        Codes of the model to predict from.
    penalties : ndarray
        To choose from, in the mean squared length of an input.

    Returns
    -------
    predicted : ndarray, shape (item, value, output)
        0 where inputs are.
    penalty : float
        Chosen; NaN where inputs are 0.

    References
    ----------
    .. [1] Golub, Heath & Wahba (1979), Generalized cross-validation as a method for choosing a
       good ridge parameter, Technometrics 21, 215-223, :doi:`10.1080/00401706.1979.10489751`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes, true = rng.standard_normal((2, 9, 4)), rng.standard_normal((4, 7))
    >>> codes -= codes.mean(axis=1, keepdims=True)
    >>> predicted, _ = held_out_ridge(codes, codes @ true, codes)
    >>> np.allclose(predicted, codes @ true, atol=0.01)
    True
    """
    n_items, n_values, _ = inputs.shape
    flat, wanted = (one.reshape(n_items * n_values, -1) for one in (inputs, outputs))
    power = float((flat**2).sum(axis=1).mean())
    if power == 0:
        return np.zeros((*new.shape[:2], outputs.shape[2])), float("nan")
    left, extent, basis = np.linalg.svd(flat, full_matrices=False)
    right = left.T @ wanted
    # Values of an item share an offset, which is part of the fit.
    offset = np.eye(n_items) / n_values
    errors, adjusted = [], []
    for penalty in penalties * power:
        shrunk = left * (extent**2 / (extent**2 + penalty))
        missed = (wanted - shrunk @ right).reshape(n_items, n_values, -1)
        own = np.eye(n_items) - offset - _blocks(shrunk @ left.T, n_items)
        adjusted.append(np.linalg.solve(own, missed.swapaxes(0, 1)))
        errors.append(float((adjusted[-1] ** 2).sum()))
    best = int(np.argmin(errors))
    inverse = extent / (extent**2 + penalties[best] * power)
    reach = ((new.reshape(n_items * n_values, -1) @ basis.T) * inverse) @ left.T
    whole = (reach @ wanted).reshape(n_items, n_values, -1)
    removed = (_blocks(reach, n_items) @ adjusted[best]).swapaxes(0, 1)
    return whole - removed, float(penalties[best])


def held_out_pls(
    inputs: np.ndarray, outputs: np.ndarray, new: np.ndarray, *,
    components: Sequence[int] = COMPONENTS,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Predict codes of each value by partial least squares on all other values.

    The number of components is one for all values, that with the least error for left-out values
    within `outputs`.

    Parameters
    ----------
    inputs, outputs, new : ndarray
        As for :func:`held_out_ridge`.
    components : sequence of int
        Numbers to choose from, rising; those above the rank of the inputs stand for the rank.

    Returns
    -------
    predicted : ndarray, shape (item, value, output)
        0 where inputs are.
    components : int
        Chosen.

    References
    ----------
    .. [1] Wegelin (2000), A survey of partial least squares (PLS) methods, with emphasis on the
       two-block case, Technical Report 371, Department of Statistics, University of Washington;
       section 4.1, as :class:`sklearn.cross_decomposition.PLSRegression` without scaling.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes, true = rng.standard_normal((2, 9, 4)), rng.standard_normal((4, 7))
    >>> codes -= codes.mean(axis=1, keepdims=True)
    >>> predicted, chosen = held_out_pls(codes, codes @ true, codes)
    >>> np.allclose(predicted, codes @ true), chosen
    (True, 4)
    """
    predicted = np.zeros((len(components), *outputs.shape))
    errors = np.zeros(len(components))
    for value in range(inputs.shape[1]):
        known, told = (_without(one, value) for one in (inputs, outputs))
        for number, weights in enumerate(_pls_path(known, told, components)):
            predicted[number, :, value] = new[:, value] @ weights
            missed = outputs[:, value] - inputs[:, value] @ weights
            errors[number] += (missed**2).sum()
    best = int(errors.argmin())
    return predicted[best], components[best]


def _blocks(matrix: np.ndarray, n_items: int) -> np.ndarray:
    """Of a matrix over (item x value, item x value), parts of one value, (value, item, item)."""
    n_values = len(matrix) // n_items
    return np.einsum("svtv->vst", matrix.reshape(n_items, n_values, n_items, n_values))


def _without(codes: np.ndarray, value: int) -> np.ndarray:
    """Codes (item, value, unit) of other values, centred anew, (item x value, unit)."""
    others = np.delete(codes, value, axis=1)
    centred = others - others.mean(axis=1, keepdims=True)
    return centred.reshape(len(others) * others.shape[1], codes.shape[2])


def _pls_path(
    inputs: np.ndarray, outputs: np.ndarray, components: Sequence[int]
) -> list[np.ndarray]:
    """Weights (input, output) with so many components each.

    Fewer components are the beginning of more, so there is one fit. Directions are found exactly
    rather than by iteration as in scikit-learn, which takes several times as long.
    """
    # Coordinates within the span of the inputs: the same map, of smaller matrices.
    left, extent, basis = np.linalg.svd(inputs, full_matrices=False)
    held = extent > RANK_TOLERANCE * extent[0]
    basis, rest = basis[held], (left * extent)[:, held]
    most = min(max(components), len(basis))
    directions, loadings, effects, first = [], [], [], 0.0
    for _ in range(most):
        crossed = rest.T @ outputs
        strength, vectors = np.linalg.eigh(crossed @ crossed.T)
        first = first or strength[-1]
        if strength[-1] <= RANK_TOLERANCE**2 * first:
            break  # outputs are all explained
        scores = rest @ vectors[:, -1]
        scores /= scores @ scores
        directions.append(vectors[:, -1])
        loadings.append(rest.T @ scores)
        effects.append(outputs.T @ scores)
        rest = rest - np.outer(rest @ vectors[:, -1], loadings[-1])
    if not directions:
        return [np.zeros((inputs.shape[1], outputs.shape[1]))] * len(components)
    turned, loaded = np.stack(directions, axis=1), np.stack(loadings)
    rotated = turned @ np.linalg.inv(loaded @ turned)
    told = np.stack(effects)
    return [basis.T @ (rotated[:, :count] @ told[:count]) for count in components]
