"""Comparison of RDMs, between states or between recordings, by rsatoolbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError, choose

if TYPE_CHECKING:
    from rsatoolbox.rdm import RDMs

METHODS = ("corr", "cosine", "spearman", "rho-a", "tau-a", "kendall")


def to_rsatoolbox(distances: xr.Dataset) -> RDMs:
    """RDMs as rsatoolbox has them, with ``value`` names and states as descriptors."""
    from rsatoolbox.rdm import RDMs

    matrices = distances["dissimilarity"].values
    upper = np.triu_indices(matrices.shape[1], k=1)
    described = {
        name: distances[name].values.tolist() for name in ("item", "step") if name in distances
    }
    return RDMs(
        matrices[:, upper[0], upper[1]],
        dissimilarity_measure="crossnobis",
        rdm_descriptors=described,
        pattern_descriptors={"value": distances["value"].values.tolist()},
    )


def compare_rdms(one: xr.Dataset, other: xr.Dataset, *, method: str = "corr") -> xr.DataArray:
    """Similarity of every RDM of one recording with every RDM of another.

    Parameters
    ----------
    one, other : xarray.Dataset
        From :func:`wmsim.rsa.rdms`; conditions are matched by the names of their values.
    method : str
        As rsatoolbox names it: "corr", "cosine", "spearman", "rho-a", "tau-a", "kendall".

    Returns
    -------
    xarray.DataArray, dims (state, state_b)
        Attribute ``n_values`` says how many conditions the two share.

    Raises
    ------
    ConfigError
        If there is no such method.
    WmsimError
        If fewer than three values are shared: fewer than three distances cannot be compared.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> from wmsim.rsa import rdms
    >>> recording = plant(
    ...     n_trials=60, n_units=30, n_items=2, n_values=4, maintenance=1, signal=5.0, seed=1
    ... )
    >>> distances = rdms(recording, "image", at=[(0, 0), (1, 1)])
    >>> compare_rdms(distances, distances).values.diagonal().round(3)
    array([1., 1.])
    """
    from rsatoolbox.rdm import compare

    choose(method, METHODS, "method")
    names = [name for name in one["value"].values.tolist() if name in set(other["value"].values)]
    if len(names) < 3:
        raise WmsimError(
            f"The recordings share {len(names)} value(s) of what is compared "
            f"({_few(one)} against {_few(other)}); at least 3 are needed. Give the same things "
            f"the same names, or compare the geometry of rank (wmsim.rsa.rank_rdm)."
        )
    a, b = (to_rsatoolbox(d.sel(value=names, value_b=names)) for d in (one, other))
    found = compare(a, b, method=method)
    return xr.DataArray(
        found, dims=("state", "state_b"), attrs={"method": method, "n_values": len(names)}
    )


def _few(distances: xr.Dataset) -> str:
    names = [str(name) for name in distances["value"].values]
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
