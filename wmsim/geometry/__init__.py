"""Geometry: how the decoders of one state are turned into those of another.

======================  ==================================================================
:mod:`.procrustes`      shapes of normals; rotations where they are determined
:mod:`.swaps`           rotations through time, reconstructed, swapped, random
:mod:`.angles`          principal angles between the planes of two sets of patterns
======================  ==================================================================
"""

from wmsim.geometry.angles import plane, principal_angles
from wmsim.geometry.procrustes import (
    Rotation,
    Shape,
    fit_rotation,
    make_shape,
    random_rotation,
    reconstruct,
    span,
)
from wmsim.geometry.swaps import KINDS, Swap, SwapDecoding, decode_swaps, plan_swaps

__all__ = [
    "KINDS",
    "Rotation",
    "Shape",
    "Swap",
    "SwapDecoding",
    "decode_swaps",
    "fit_rotation",
    "make_shape",
    "plan_swaps",
    "plane",
    "principal_angles",
    "random_rotation",
    "reconstruct",
    "span",
]
