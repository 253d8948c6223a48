"""Procrustes: the rotation of one set of decoders' normals into another, where it is determined.

The k normals of a feature are a shape of at most k - 1 dimensions (it is centred). A rotation
that is fitted to two such shapes is determined from the one's span to the other's and nowhere
else; a full matrix would fill the rest with the solver's choice, and a swap would measure that
choice. Rotations here are therefore partial isometries: they carry span to span and drop the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Directions in which a shape extends less than this share of its largest extent are rounding.
RANK_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Shape:
    """Normals of one feature's decoders as a shape.

    Attributes
    ----------
    vertices : ndarray, shape (value, unit)
        Centred, unit Frobenius norm.
    centroid : ndarray, shape (unit,)
        What was subtracted.
    size : float
        What was divided by.
    """

    vertices: np.ndarray
    centroid: np.ndarray
    size: float


@dataclass(frozen=True)
class Rotation:
    """A rotation between the spans of two shapes.

    Attributes
    ----------
    source, target : ndarray, shape (dimension, unit)
        Orthonormal directions; the i-th of `source` is carried to the i-th of `target`.
    scale : float
        Global scaling that fits best, 0 to 1; 1 if the shapes are rotated copies.
    shared_dimension : int
        Dimension of the joint span of both shapes, at most 2 (k - 1).
    """

    source: np.ndarray
    target: np.ndarray
    scale: float
    shared_dimension: int

    @property
    def dimension(self) -> int:
        """Dimensions in which the rotation is determined, at most k - 1."""
        return len(self.source)

    def apply(self, vertices: np.ndarray) -> np.ndarray:
        """Carry vertices (value, unit) over; what lies outside the source's span is dropped."""
        return vertices @ self.source.T @ self.target


def make_shape(normals: np.ndarray) -> Shape:
    """Centre normals and scale them to unit Frobenius norm.

    Parameters
    ----------
    normals : ndarray, shape (value, unit)
        Normal vectors of one-vs-rest decoders.

    Returns
    -------
    Shape
        Normals that are all alike have size 0 and vertices 0.
    """
    centroid = normals.mean(axis=0)
    centred = normals - centroid
    size = float(np.linalg.norm(centred))
    return Shape(centred / size if size > 0 else centred, centroid, size)


def fit_rotation(source: Shape, target: Shape) -> Rotation:
    """Orthogonal Procrustes between two shapes, in the subspace where it is determined.

    Parameters
    ----------
    source, target : Shape
        Shapes of equally many vertices.

    Returns
    -------
    Rotation

    References
    ----------
    .. [1] Schoenemann (1966), A generalized solution of the orthogonal Procrustes problem,
       Psychometrika 31, 1-10, :doi:`10.1007/BF02289451`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> normals = rng.standard_normal((4, 20))
    >>> turn, _ = np.linalg.qr(rng.standard_normal((20, 20)))
    >>> one, other = make_shape(normals), make_shape(normals @ turn)
    >>> rotation = fit_rotation(one, other)
    >>> np.allclose(rotation.apply(one.vertices), other.vertices)
    True
    >>> rotation.dimension, rotation.shared_dimension
    (3, 6)
    """
    source_basis, target_basis = span(source.vertices), span(target.vertices)
    overlap = (source.vertices @ source_basis.T).T @ (target.vertices @ target_basis.T)
    left, strength, right = np.linalg.svd(overlap, full_matrices=False)
    joint = joint_span(source, target)
    return Rotation(left.T @ source_basis, right @ target_basis, float(strength.sum()), len(joint))


def span(vectors: np.ndarray) -> np.ndarray:
    """Orthonormal basis of the rows' span, shape (rank, unit)."""
    _, extent, basis = np.linalg.svd(vectors, full_matrices=False)
    return basis[extent > RANK_TOLERANCE * max(float(extent[0]), np.finfo(float).tiny)]


def reconstruct(source: Shape, rotation: Rotation, target: Shape) -> tuple[np.ndarray, float]:
    """Rotate a shape and give it the target's size and centroid.

    Parameters
    ----------
    source : Shape
        What is rotated.
    rotation : Rotation
        With what; the one fitted between `source` and `target`, or another one (a swap).
    target : Shape
        Whose size and centroid the result gets, so that the rotation alone is tested.

    Returns
    -------
    normals : ndarray, shape (value, unit)
        Reconstructed normal vectors.
    captured : float
        Share of the source shape (squared norm) that lies where the rotation is determined;
        1 for its own rotation. The rest was dropped, and what is left scaled up to full size.
    """
    carried = rotation.apply(source.vertices)
    norm = float(np.linalg.norm(carried))
    scaled = carried / norm if norm > 0 else carried
    return scaled * target.size + target.centroid, min(norm**2, 1.0)


def joint_span(source: Shape, target: Shape) -> np.ndarray:
    """Orthonormal basis of the span of two shapes, shape (dimension, unit)."""
    return span(np.concatenate([source.vertices, target.vertices]))


def random_rotation(
    source: Shape, target: Shape, *, basis: np.ndarray | None = None, rng: np.random.Generator
) -> Rotation:
    """A rotation drawn uniformly within the joint span of two shapes: the null of a swap.

    Parameters
    ----------
    source, target : Shape
        Shapes that span the subspace.
    basis : ndarray, shape (dimension, unit), optional
        Their :func:`joint_span`, where it is at hand already.
    rng : numpy.random.Generator
        Source of randomness.
    """
    basis = joint_span(source, target) if basis is None else basis
    gaussian = rng.standard_normal((len(basis), len(basis)))
    turn, triangle = np.linalg.qr(gaussian)
    # Without the signs of the diagonal, QR's rotations are not uniformly distributed.
    turn = turn * np.sign(np.diag(triangle))
    return Rotation(basis, turn @ basis, float("nan"), len(basis))
