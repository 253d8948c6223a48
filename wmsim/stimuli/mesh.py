"""A coloured triangle mesh: what objects are made of, whether drawn from code or read from disk."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]


@dataclass(frozen=True)
class Mesh:
    """Triangles with a colour each and, where they have one, a texture.

    The z axis points up and the front of an object looks along +x.

    Attributes
    ----------
    vertices : ndarray of float, shape (vertices, 3)
    faces : ndarray of int, shape (faces, 3)
        Indices into `vertices`.
    colour : ndarray of float, shape (faces, 3, 4)
        sRGB and alpha of each corner, between 0 and 1. A texture is multiplied by it.
    uv : ndarray of float, shape (faces, 3, 2), optional
        Texture coordinates of each corner; v points up in the picture.
    texture : ndarray of int, shape (faces,), optional
        Index into `images`, -1 for a face without texture.
    images : tuple of ndarray of uint8, each of shape (height, width, 4)
        Texture pictures, the top row first.
    """

    vertices: Floats
    faces: Integers
    colour: Floats
    uv: Floats | None = None
    texture: Integers | None = None
    images: tuple[NDArray[np.uint8], ...] = field(default=(), repr=False)

    @functools.cached_property
    def bounds(self) -> Floats:
        """Lowest and highest corner of the vertices in use, shape (2, 3)."""
        used = self.vertices[np.unique(self.faces)]
        return np.stack([used.min(axis=0), used.max(axis=0)])

    def moved(self, offset: ArrayLike) -> Mesh:
        """A copy moved by `offset`, shape (3,)."""
        return replace(self, vertices=self.vertices + np.asarray(offset, dtype=float))

    def scaled(self, factor: ArrayLike) -> Mesh:
        """A copy scaled about the origin, by one factor or one an axis."""
        return replace(self, vertices=self.vertices * np.asarray(factor, dtype=float))

    def turned(self, degrees: float, axis: str = "z") -> Mesh:
        """A copy turned about an axis through the origin, counter-clockwise."""
        return replace(self, vertices=self.vertices @ rotation(degrees, axis).T)

    def mirrored(self) -> Mesh:
        """A copy reflected in the plane y = 0, faces turned so that outside stays outside."""
        flipped = replace(
            self,
            vertices=self.vertices * np.array([1.0, -1.0, 1.0]),
            faces=self.faces[:, ::-1],
            colour=self.colour[:, ::-1],
        )
        return flipped if self.uv is None else replace(flipped, uv=self.uv[:, ::-1])


def rotation(degrees: float, axis: str) -> Floats:
    """Matrix of a counter-clockwise rotation about ``"x"``, ``"y"`` or ``"z"``, shape (3, 3).

    Examples
    --------
    >>> (rotation(90, "z") @ [1.0, 0.0, 0.0]).round(6).tolist()
    [0.0, 1.0, 0.0]
    """
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix


def painted(vertices: ArrayLike, faces: ArrayLike, rgb: ArrayLike, alpha: float = 1.0) -> Mesh:
    """A mesh of one colour.

    Parameters
    ----------
    vertices : array-like of float, shape (vertices, 3)
    faces : array-like of int, shape (faces, 3)
    rgb : array-like of float, shape (3,)
        sRGB, between 0 and 1.
    alpha : float
        1 is opaque.
    """
    points = np.asarray(vertices, dtype=float)
    triangles = np.asarray(faces, dtype=np.int64).reshape(-1, 3)
    corner = np.append(np.asarray(rgb, dtype=float), alpha)
    colour = np.broadcast_to(corner, (len(triangles), 3, 4)).copy()
    return Mesh(points, triangles, colour)


def join(meshes: Iterable[Mesh]) -> Mesh:
    """Put several meshes into one; textures are kept.

    Examples
    --------
    >>> one = painted([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]], (1, 0, 0))
    >>> join([one, one.moved([0, 0, 1])]).faces.tolist()
    [[0, 1, 2], [3, 4, 5]]
    """
    parts = list(meshes)
    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = np.concatenate([p.faces + start for p, start in zip(parts, offsets, strict=True)])
    colour = np.concatenate([part.colour for part in parts])
    if not any(part.images for part in parts):
        return Mesh(vertices, faces, colour)
    uv, texture = [], []
    images: tuple[NDArray[np.uint8], ...] = ()
    for part in parts:
        size = len(part.faces)
        uv.append(np.zeros((size, 3, 2)) if part.uv is None else part.uv)
        own = np.full(size, -1) if part.texture is None else part.texture
        texture.append(np.where(own >= 0, own + len(images), -1))
        images += part.images
    return Mesh(vertices, faces, colour, np.concatenate(uv), np.concatenate(texture), images)


def normalised(mesh: Mesh) -> Mesh:
    """Scale a mesh to the common size and stand it on the ground.

    Its bounding box is centred above the origin, its lowest point has z = 0 and no
    vertex is farther than 1 from the centre of the box, so that no view is cut off.

    Examples
    --------
    >>> tall = painted([[0, 0, 5], [0, 0, 9], [1, 0, 5]], [[0, 1, 2]], (1, 0, 0))
    >>> normalised(tall).bounds.round(2).tolist()
    [[-0.24, 0.0, 0.0], [0.24, 0.0, 1.94]]
    """
    low, high = mesh.bounds
    centre = (low + high) / 2
    used = mesh.vertices[np.unique(mesh.faces)]
    radius = np.linalg.norm(used - centre, axis=1).max()
    stand = np.array([centre[0], centre[1], low[2]])
    return mesh.moved(-stand).scaled(1.0 / radius)


def corner_normals(mesh: Mesh, crease: float = 35.0) -> Floats:
    """Unit normals for smooth shading: each corner averages faces that bend little.

    Parameters
    ----------
    mesh : Mesh
    crease : float
        Degrees; faces that meet at a larger angle keep a sharp edge between them.

    Returns
    -------
    ndarray of float32, shape (faces, 3, 3)
        One normal for each corner of each face. Corners at one place count as one
        vertex, whether or not they share an index.
    """
    corners = mesh.vertices[mesh.faces]
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(areas, axis=1, keepdims=True)
    flat = areas / np.where(length > 0, length, 1.0)
    scale = np.ptp(mesh.vertices, axis=0).max() or 1.0
    places = np.round(mesh.vertices / scale * 1e5).astype(np.int64)
    _, place = np.unique(places, axis=0, return_inverse=True)
    corner_place = place.ravel()[mesh.faces].ravel()
    face = np.repeat(np.arange(len(mesh.faces)), 3)
    mine, other = _pairs_in_groups(corner_place)
    near = (flat[face[mine]] * flat[face[other]]).sum(axis=1) > np.cos(np.radians(crease))
    mine, other = mine[near], other[near]
    total = np.stack(
        [
            np.bincount(mine, weights=areas[face[other], axis], minlength=len(face))
            for axis in range(3)
        ],
        axis=1,
    )
    size = np.linalg.norm(total, axis=1, keepdims=True)
    normals = np.where(size > 0, total / np.where(size > 0, size, 1.0), flat[face])
    return normals.reshape(-1, 3, 3).astype(np.float32)


def _pairs_in_groups(group: Integers, largest: int = 48) -> tuple[Integers, Integers]:
    """All ordered pairs of positions with the same group; groups too large pair with themselves."""
    order = np.argsort(group, kind="stable")
    _, start, count = np.unique(group[order], return_index=True, return_counts=True)
    size = np.repeat(count, count)
    first = np.repeat(start, count)
    small = size <= largest
    position = np.flatnonzero(small)
    repeats = size[position]
    mine = np.repeat(position, repeats)
    within = np.arange(len(mine)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    other = np.repeat(first[position], repeats) + within
    alone = np.flatnonzero(~small)
    return order[np.append(mine, alone)], order[np.append(other, alone)]
