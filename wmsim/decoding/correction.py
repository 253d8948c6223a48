"""p-values of every cell of a generalisation tensor, corrected for how many cells there are.

The data and the permutations of their labels are treated alike: whatever depends on the null (mean
and standard deviation of a cell, thresholds) is taken from all of them, the data included. Under
the null they are then exchangeable, and the p-values exact for any number of permutations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.decoding.null import TIE
from wmsim.errors import WmsimError

# Share of labellings that reach a cell's accuracy, at most, for the cell to be part of a cluster.
FORMING = 0.05


class TensorTests(NamedTuple):
    """p-values of each cell, one-sided (above the null), shape (train state, test state).

    Attributes
    ----------
    p : ndarray
        Not corrected.
    p_max : ndarray
        Corrected over all cells, by the largest standardised accuracy.
    p_cluster : ndarray
        Of the cluster that the cell is part of; 1 for cells outside clusters.
    """

    p: np.ndarray
    p_max: np.ndarray
    p_cluster: np.ndarray


def tensor_p(
    observed: np.ndarray, null: np.ndarray, adjacency: np.ndarray, *, forming: float = FORMING
) -> TensorTests:
    """Test every cell of a tensor against permutations.

    Parameters
    ----------
    observed : ndarray, shape (train state, test state)
        Accuracies; cells with NaN take no part.
    null : ndarray, shape (permutation, train state, test state)
        The same under permuted labels.
    adjacency : ndarray of bool, shape (state, state)
        Which states are neighbours; see :func:`state_adjacency`.
    forming : float, default 0.05
        Cells that at most this share of all labellings reach form clusters: the threshold is each
        cell's own 1 - `forming` quantile. With fewer than 1 / `forming` - 1 permutations no cell
        can pass it.

    Returns
    -------
    TensorTests
        NaN in cells that take no part, and everywhere without permutations.

    Raises
    ------
    WmsimError
        If shapes do not fit, or `forming` is not between 0 and 1.

    Notes
    -----
    Cells (a, b) and (a', b) are neighbours if a and a' are, and likewise (a, b) and (a, b'). What
    a cluster's p-value says is that there is something in the cluster [1]_, not in which of its
    cells; ``p_max`` tells cells apart, and needs stronger effects.

    A cell is standardised by mean and standard deviation over data and permutations together.
    Leaving each labelling out of its own mean and deviation instead is an increasing function of
    that, the same in every cell, and gives the same p-values.

    References
    ----------
    .. [1] Maris & Oostenveld (2007), Journal of Neuroscience Methods 164, 177-190,
       :doi:`10.1016/j.jneumeth.2007.03.024`.
    .. [2] Nichols & Holmes (2002), Human Brain Mapping 15, 1-25, :doi:`10.1002/hbm.1058`, for the
       maximum statistic.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> null = rng.normal(0.5, 0.02, (199, 3, 3))
    >>> observed = np.array([[0.9, 0.8, 0.5], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
    >>> neighbours = state_adjacency(np.zeros(3, int), np.arange(3))
    >>> tensor_p(observed, null, neighbours).p_max.round(3)[0]
    array([0.005, 0.005, 1.   ])
    """
    values, taking_part = _labellings(observed, null, adjacency, forming)
    found = TensorTests(*(np.full(observed.shape, np.nan) for _ in TensorTests._fields))
    if len(values) == 1 or not taking_part.any():
        return found
    ranks = rank_p(values)
    z = standardise_cells(values)
    found.p[taking_part] = ranks[0]
    found.p_max[taking_part] = max_p(z)
    edges = _cell_edges(adjacency, taking_part)
    found.p_cluster[taking_part] = cluster_p(z, ranks <= forming, edges)
    return found


def state_adjacency(items: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Neighbours: the same item at the next step, or the same step and the next item.

    Parameters
    ----------
    items, steps : ndarray of int, shape (state,)
        S and T of each state.

    Returns
    -------
    ndarray of bool, shape (state, state)

    Examples
    --------
    >>> state_adjacency(np.array([0, 0, 1]), np.array([0, 1, 1])).astype(int)
    array([[0, 1, 0],
           [1, 0, 1],
           [0, 1, 0]])
    """
    apart = [np.abs(index[:, None] - index) for index in (np.asarray(items), np.asarray(steps))]
    return ((apart[0] == 0) & (apart[1] == 1)) | ((apart[0] == 1) & (apart[1] == 0))


def _labellings(
    observed: np.ndarray, null: np.ndarray, adjacency: np.ndarray, forming: float
) -> tuple[np.ndarray, np.ndarray]:
    """Data and permutations, (1 + permutation, cell), in cells without NaN; which cells."""
    n = len(adjacency)
    if observed.shape != (n, n) or null.shape[1:] != (n, n) or adjacency.shape != (n, n):
        raise WmsimError(
            "Expected accuracies (state, state), a null (permutation, state, state) and neighbours "
            f"(state, state), found {observed.shape}, {null.shape} and {adjacency.shape}."
        )
    if not 0 < forming < 1:
        raise WmsimError(
            f"The share of labellings that forms clusters is {forming}, expected a number between "
            f"0 and 1, such as {FORMING}."
        )
    values = np.concatenate([observed[None], null])
    taking_part = np.isfinite(values).all(axis=0)
    return values[:, taking_part], taking_part


def rank_p(values: np.ndarray) -> np.ndarray:
    """Share of labellings that reach each value of a cell, itself included.

    Parameters
    ----------
    values : ndarray, shape (labelling, cell)
        The data first.

    Returns
    -------
    ndarray, shape (labelling, cell)
        Of the data, this is p = (1 + permutations at least as large) / (1 + permutations).
    """
    n = len(values)
    ordered = np.sort(values, axis=0)
    below = [
        np.searchsorted(ordered[:, cell], values[:, cell] - TIE) for cell in range(values.shape[1])
    ]
    return (n - np.stack(below, axis=1)) / n


def standardise_cells(values: np.ndarray) -> np.ndarray:
    """z-scores of each cell over all labellings, (labelling, cell); 0 where nothing varies."""
    spread = values.std(axis=0)
    varies = spread > TIE
    return np.where(varies, (values - values.mean(axis=0)) / np.where(varies, spread, 1.0), 0.0)


def max_p(z: np.ndarray) -> np.ndarray:
    """p of each cell of the data by the largest value of any cell.

    Parameters
    ----------
    z : ndarray, shape (labelling, cell)
        Standardised accuracies, the data first.

    Returns
    -------
    ndarray, shape (cell,)
    """
    largest = z[1:].max(axis=1)
    reaching = (largest[:, None] >= z[0] - TIE).sum(axis=0)
    return (1 + reaching) / len(z)


def cluster_p(z: np.ndarray, forming: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """p of each cell's cluster by the largest mass of any cluster.

    Parameters
    ----------
    z : ndarray, shape (labelling, cell)
        Standardised accuracies, the data first; a cluster's mass is their sum.
    forming : ndarray of bool, shape (labelling, cell)
        Which cells pass the threshold.
    edges : ndarray of int, shape (2, edge)
        Neighbouring cells.

    Returns
    -------
    ndarray, shape (cell,)
        1 where the data have no cluster.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, n_cells = z.shape
    # All labellings are one graph, in which no edge leads from one to another.
    row, edge = np.nonzero(forming[:, edges[0]] & forming[:, edges[1]])
    ends = row * n_cells + edges[:, edge]
    graph = coo_array((np.ones(row.size, bool), (ends[0], ends[1])), shape=(z.size, z.size))
    _, cluster = connected_components(graph, directed=False)
    cluster = cluster.reshape(z.shape)
    mass = np.bincount(cluster[forming], weights=z[forming], minlength=cluster.max() + 1)
    largest = np.where(forming, mass[cluster], -np.inf).max(axis=1)
    reaching = (largest[1:, None] >= mass[cluster[0]] - TIE).sum(axis=0)
    return np.where(forming[0], (1 + reaching) / n, 1.0)


def _cell_edges(adjacency: np.ndarray, taking_part: np.ndarray) -> np.ndarray:
    """Pairs of neighbouring cells, (2, edge), numbered among those that take part."""
    number = np.full(taking_part.shape, -1)
    number[taking_part] = np.arange(taking_part.sum())
    one, other = np.nonzero(np.triu(adjacency, k=1))
    pairs = np.stack(
        [
            np.concatenate([number[one].ravel(), number[:, one].ravel()]),
            np.concatenate([number[other].ravel(), number[:, other].ravel()]),
        ]
    )
    return pairs[:, (pairs >= 0).all(axis=0)]
