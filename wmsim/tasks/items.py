"""The items that trials are made of: locations, identities in categories, images of identities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wmsim.errors import WmsimError, choose

if TYPE_CHECKING:
    from wmsim.stimuli import StimulusSet


@dataclass(frozen=True)
class ItemSpace:
    """All items that may be shown, as tables of indices.

    Attributes
    ----------
    n_locations : int
        Number of places on a frame.
    identities : ndarray of int64, shape (identity,)
        Label of each identity; labels need not start at 0.
    category : ndarray of int64, shape (identity,)
        Category label of each identity.
    images : ndarray of int64, shape (identity, view)
        Index of the image of an identity under a view.
    views : ndarray of int64, shape (identity, view)
        View label of each image.

    Examples
    --------
    >>> space = ItemSpace.of_counts(n_categories=4, identities=2, views=3)
    >>> space.n_values("identity"), space.n_values("category"), space.n_values("location")
    (8, 4, 4)
    """

    n_locations: int
    identities: np.ndarray
    category: np.ndarray
    images: np.ndarray
    views: np.ndarray

    @classmethod
    def of_counts(
        cls, *, n_categories: int, identities: int, views: int, n_locations: int = 4
    ) -> ItemSpace:
        """A regular space without pictures, for tests and for counting."""
        n = n_categories * identities
        return cls(
            n_locations=n_locations,
            identities=np.arange(n),
            category=np.repeat(np.arange(n_categories), identities),
            images=np.arange(n * views).reshape(n, views),
            views=np.tile(np.arange(views), (n, 1)),
        )

    @classmethod
    def of_stimuli(cls, stimuli: StimulusSet, split: str = "train") -> ItemSpace:
        """The items of one split of a stimulus set.

        Parameters
        ----------
        stimuli : StimulusSet
            Rendered objects.
        split : str
            ``"train"``, ``"novel_angle"`` or ``"novel_identity"``.

        Raises
        ------
        ConfigError
            If there is no such split.
        WmsimError
            If identities have different numbers of views.
        """
        choose(split, np.unique(stimuli.split).tolist(), "split")
        chosen = np.flatnonzero(stimuli.split == split)
        identities, first = np.unique(stimuli.identity[chosen], return_index=True)
        rows = [chosen[stimuli.identity[chosen] == identity] for identity in identities]
        counts = {row.size for row in rows}
        if len(counts) != 1:
            raise WmsimError(
                f"Split '{split}' has identities with {sorted(counts)} views; "
                "every identity needs as many views as the others."
            )
        images = np.stack(rows)
        return cls(
            n_locations=stimuli.n_locations,
            identities=identities.astype(np.int64),
            category=stimuli.category[chosen][first].astype(np.int64),
            images=images,
            views=stimuli.view[images],
        )

    def n_values(self, feature: str) -> int:
        """Number of different values that a feature takes."""
        counts = {
            "location": self.n_locations,
            "identity": self.identities.size,
            "category": np.unique(self.category).size,
        }
        return counts[choose(feature, counts, "feature")]
