"""Geometry: how the decoders of one state are turned into those of another.

======================  ==================================================================
:mod:`.procrustes`      shapes of normals; rotations where they are determined
:mod:`.swaps`           rotations through time, reconstructed, swapped, random
:mod:`.angles`          principal angles between the planes of two sets of patterns
:mod:`.orthogonality`   how orthogonal normals are, and what the index is without geometry
:mod:`.decoder_angles`  decoders of resamples and permuted labels, for their angles
:mod:`.reduction`       the span of few trials of many units; principal components
======================  ==================================================================
"""

from wmsim.geometry.angles import plane, principal_angles
from wmsim.geometry.decoder_angles import (
    Orthogonality,
    accuracies,
    fit_normals,
    held_out_decisions,
    measure_orthogonality,
)
from wmsim.geometry.orthogonality import (
    cosines,
    draw_resamples,
    orthogonality_index,
    random_indices,
    simplex_index,
)
from wmsim.geometry.procrustes import (
    Rotation,
    Shape,
    fit_rotation,
    make_shape,
    random_rotation,
    reconstruct,
    span,
)
from wmsim.geometry.reduction import (
    Reduction,
    permute_groups,
    same_patterns,
    span_coordinates,
)
from wmsim.geometry.swaps import KINDS, Swap, SwapDecoding, decode_swaps, plan_swaps

__all__ = [
    "KINDS",
    "Orthogonality",
    "Reduction",
    "Rotation",
    "Shape",
    "Swap",
    "SwapDecoding",
    "accuracies",
    "cosines",
    "decode_swaps",
    "draw_resamples",
    "fit_normals",
    "fit_rotation",
    "held_out_decisions",
    "make_shape",
    "measure_orthogonality",
    "orthogonality_index",
    "permute_groups",
    "plan_swaps",
    "plane",
    "principal_angles",
    "random_indices",
    "random_rotation",
    "reconstruct",
    "same_patterns",
    "simplex_index",
    "span",
    "span_coordinates",
]
