"""Building blocks of objects: boxes, lathes, lofts and tubes, as coloured meshes.

Sizes are in whatever unit the caller uses, because every object is scaled to a common
size in the end. Colours are sRGB triples between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from wmsim.stimuli.mesh import Floats, Mesh, painted

Colour = tuple[float, float, float]


def loft(sections: ArrayLike, colour: Colour, *, caps: bool = True, closed: bool = False) -> Mesh:
    """Skin a row of closed outlines.

    Parameters
    ----------
    sections : array-like of float, shape (sections, points, 3)
        Outlines with equally many points, each going round the same way; seen from the
        last section back towards the first, counter-clockwise.
    colour : tuple of float
    caps : bool
        Whether to close both ends.
    closed : bool
        Whether the last section goes on to the first, as in a ring; then there are no caps.

    Examples
    --------
    >>> square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=float)
    >>> len(loft([square, square + [0, 0, 1]], (1, 1, 1)).faces)
    16
    """
    rings = np.asarray(sections, dtype=float)
    count, points, _ = rings.shape
    rows = np.arange(count if closed else count - 1)[:, None]
    columns = np.arange(points)[None, :]
    a = rows * points + columns
    b = rows * points + (columns + 1) % points
    c = (rows + 1) % count * points + columns
    d = (rows + 1) % count * points + (columns + 1) % points
    faces = [np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)]
    vertices = rings.reshape(-1, 3)
    if caps and not closed:
        rim = np.arange(points)
        after = (rim + 1) % points
        ends = np.stack([rings[0].mean(axis=0), rings[-1].mean(axis=0)])
        middle = len(vertices)
        last = (count - 1) * points
        faces.append(np.stack([np.full(points, middle), after, rim], -1))
        faces.append(np.stack([np.full(points, middle + 1), last + rim, last + after], -1))
        vertices = np.concatenate([vertices, ends])
    return painted(vertices, np.concatenate(faces), colour)


def box(size: ArrayLike, centre: ArrayLike, colour: Colour, *, taper: ArrayLike = 1.0) -> Mesh:
    """A box of edge lengths `size`; `taper` scales its top in x and y."""
    half = np.asarray(size, dtype=float) / 2
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=float)
    low = np.column_stack([square * half[:2], np.full(4, -half[2])])
    high = np.column_stack([square * half[:2] * np.asarray(taper), np.full(4, half[2])])
    return loft([low, high], colour).moved(centre)


def slab(
    size: ArrayLike, centre: ArrayLike, colour: Colour, *, corner: float = 0.2, edge: float = 0.1
) -> Mesh:
    """A box with rounded corners seen from above and bevelled upper and lower edges.

    Parameters
    ----------
    size, centre : array-like of float, shape (3,)
    colour : tuple of float
    corner : float
        Corner radius as a fraction of the shorter side; 0.5 makes a stadium or a disc.
    edge : float
        Bevel as a fraction of the smallest edge length; 0.5 makes a pillow.
    """
    width, depth, height = np.asarray(size, dtype=float)
    bevel = edge * min(width, depth, height)
    turns = np.linspace(0, np.pi / 2, 4)
    inward = bevel * (1 - np.concatenate([np.sin(turns), np.sin(turns[::-1])]))
    levels = np.concatenate(
        [-height / 2 + bevel * (1 - np.cos(turns)), height / 2 - bevel * (1 - np.cos(turns[::-1]))]
    )
    rings = [
        np.column_stack(
            [
                rounded_rectangle(width - 2 * inset, depth - 2 * inset, corner),
                np.full(ROUNDED_POINTS, level),
            ]
        )
        for inset, level in zip(inward, levels, strict=True)
    ]
    return loft(rings, colour).moved(centre)


ROUNDED_POINTS = 24


def rounded_rectangle(width: float, depth: float, corner: float) -> Floats:
    """Outline of a rectangle with rounded corners, counter-clockwise, shape (24, 2)."""
    radius = min(corner, 0.5) * min(width, depth)
    angles = np.linspace(0, np.pi / 2, ROUNDED_POINTS // 4)
    arc = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    x, y = width / 2 - radius, depth / 2 - radius
    corners = []
    for quarter, (sx, sy) in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)]):
        cosine, sine = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarter]
        turn = np.array([[cosine, sine], [-sine, cosine]])
        corners.append(arc @ turn + [sx * x, sy * y])
    return np.concatenate(corners)


def rod(
    start: ArrayLike,
    end: ArrayLike,
    radius: float | tuple[float, float],
    colour: Colour,
    *,
    sides: int = 14,
) -> Mesh:
    """A straight bar from `start` to `end`, round or, with 4 sides, square; it may taper."""
    first, last = np.broadcast_to(np.asarray(radius, dtype=float), (2,))
    ends = np.array([start, end], dtype=float)
    return tube(ends, [float(first), float(last)], colour, sides=sides)


def tube(
    path: ArrayLike,
    radius: float | Sequence[float],
    colour: Colour,
    *,
    sides: int = 14,
    closed: bool = False,
) -> Mesh:
    """A bar along a path.

    Parameters
    ----------
    path : array-like of float, shape (points, 3)
    radius : float or sequence of float
        One radius, or one a point of the path.
    colour : tuple of float
    sides : int
        Corners of the cross-section.
    closed : bool
        Whether the path is a ring.
    """
    points = np.asarray(path, dtype=float)
    radii = np.broadcast_to(np.asarray(radius, dtype=float), (len(points),))
    if closed:
        tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    else:
        tangent = np.gradient(points, axis=0)
    tangent = tangent / np.linalg.norm(tangent, axis=1, keepdims=True)
    across = _frame_along(tangent)
    beside = np.cross(tangent, across)
    turn = np.pi / sides if sides == 4 else 0.0
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False) + turn
    offsets = (
        np.cos(angles)[None, :, None] * across[:, None]
        + np.sin(angles)[None, :, None] * beside[:, None]
    )
    return loft(points[:, None] + radii[:, None, None] * offsets, colour, closed=closed)


def _frame_along(tangent: Floats) -> Floats:
    """Directions at right angles to a path that turn as little as they can, shape (points, 3)."""
    helper = np.array([0.0, 0.0, 1.0]) if abs(tangent[0, 2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    across = np.cross(helper, tangent[0])
    frames = []
    for direction in tangent:
        across = across - direction * (across @ direction)
        across = across / np.linalg.norm(across)
        frames.append(across)
    return np.array(frames)


def lathe(
    profile: ArrayLike, colour: Colour, *, sides: int = 40, centre: ArrayLike = (0, 0, 0)
) -> Mesh:
    """A body of revolution about the vertical.

    Parameters
    ----------
    profile : array-like of float, shape (points, 2)
        Radius and height, from below upwards along the outside (and down again inside,
        for a vessel).
    colour : tuple of float
    sides : int
        6 makes a hexagonal body, and so on.
    centre : array-like of float, shape (3,)
    """
    outline = np.asarray(profile, dtype=float)
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    rings = [
        np.column_stack([max(radius, 1e-4) * circle, np.full(sides, height)])
        for radius, height in outline
    ]
    return loft(rings, colour).moved(centre)


def smooth_profile(points: ArrayLike, count: int = 24) -> Floats:
    """A curve through a few (radius, height) points, shape (count, 2); heights must rise."""
    from scipy.interpolate import PchipInterpolator

    knots = np.asarray(points, dtype=float)
    heights = np.linspace(knots[0, 1], knots[-1, 1], count)
    return np.column_stack([PchipInterpolator(knots[:, 1], knots[:, 0])(heights), heights])


def ball(radius: ArrayLike, centre: ArrayLike, colour: Colour, *, sides: int = 24) -> Mesh:
    """A ball, or an ellipsoid where three radii are given."""
    turns = np.linspace(-np.pi / 2, np.pi / 2, sides // 2 + 1)
    outline = np.column_stack([np.cos(turns), np.sin(turns)])
    return lathe(outline, colour, sides=sides).scaled(radius).moved(centre)


def wheel(radius: float, width: float, centre: ArrayLike, tyre: Colour, hub: Colour) -> Mesh:
    """A tyre with a hub, its axle along y."""
    from wmsim.stimuli.mesh import join

    half, soft = width / 2, 0.12 * radius
    outline = [
        (radius - soft, -half),
        (radius, -half + soft),
        (radius, half - soft),
        (radius - soft, half),
    ]
    cap = [(0.6 * radius, -1.04 * half), (0.6 * radius, 1.04 * half)]
    both = join([lathe(outline, tyre, sides=24), lathe(cap, hub, sides=24)])
    return both.turned(90, "x").moved(centre)


def wing(
    root: ArrayLike,
    tip: ArrayLike,
    chord: tuple[float, float],
    thickness: float,
    colour: Colour,
    *,
    up: ArrayLike = (0.0, 0.0, 1.0),
) -> Mesh:
    """A tapered wing or fin with an aerofoil section; chords lie along x.

    Parameters
    ----------
    root, tip : array-like of float, shape (3,)
        Middle of the chord at each end.
    chord : tuple of float
        Chord at the root and at the tip.
    thickness : float
        As a fraction of the chord.
    colour : tuple of float
    up : array-like of float, shape (3,)
        Direction of the thickness.
    """
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    along = np.cos(angles) / 2
    thick = np.sin(angles) * thickness / 2 * (0.6 + 0.8 * (along + 0.5))
    ends = []
    for place, length in zip((root, tip), chord, strict=True):
        outline = along[:, None] * np.array([1.0, 0.0, 0.0]) + thick[:, None] * np.asarray(up)
        ends.append(np.asarray(place, dtype=float) + length * outline)
    return loft(ends, colour)
