"""All labels of items, given the values of the feature that is asked about."""

from __future__ import annotations

import numpy as np

from wmsim.tasks.balance import balanced_within
from wmsim.tasks.items import ItemSpace

LABELS = ("location", "identity", "category", "view", "image")


def labels_for(
    feature: str, asked: np.ndarray, space: ItemSpace, *, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Choose everything about items that a task does not ask for, equally often.

    Parameters
    ----------
    feature : str
        What is asked for.
    asked : ndarray of int64, shape (trial, item)
        Its values, ``0 .. space.n_values(feature) - 1``.
    space : ItemSpace
        What can be shown.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    dict of str to ndarray of int64, shape (trial, item)
        location, identity, category, view, image.

    Examples
    --------
    >>> space = ItemSpace.of_counts(n_categories=2, identities=2, views=3)
    >>> rng = np.random.default_rng(0)
    >>> labels_for("category", np.array([[0, 1]]), space, rng=rng)["category"]
    array([[0, 1]])
    """
    location = asked if feature == "location" else None
    if location is None:
        location = _columns(np.zeros_like(asked), space.n_locations, rng)
    row = _identity_rows(feature, asked, space, rng)
    view = _columns(row, space.images.shape[1], rng)
    return {
        "location": location,
        "identity": space.identities[row],
        "category": space.category[row],
        "view": space.views[row, view],
        "image": space.images[row, view],
    }


def _identity_rows(
    feature: str, asked: np.ndarray, space: ItemSpace, rng: np.random.Generator
) -> np.ndarray:
    """Row of `space.identities` of each item, given the asked feature's values."""
    if feature == "identity":
        return asked
    if feature == "location":
        return _columns(np.zeros_like(asked), space.identities.size, rng)
    rows = np.empty_like(asked)
    for value, category in enumerate(np.unique(space.category)):
        members = np.flatnonzero(space.category == category)
        here = asked == value
        step = np.broadcast_to(np.arange(asked.shape[1]), asked.shape)[here]
        rows[here] = members[balanced_within(step, members.size, rng=rng)]
    return rows


def _columns(groups: np.ndarray, n_options: int, rng: np.random.Generator) -> np.ndarray:
    """Balanced options within (group, item), shape (trial, item)."""
    n_items = groups.shape[1]
    combined = groups * n_items + np.arange(n_items)
    return balanced_within(combined.ravel(), n_options, rng=rng).reshape(groups.shape)
