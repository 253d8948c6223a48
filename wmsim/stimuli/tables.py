"""Tables: dining, pedestal, desk, trestle, coffee, bench-like; long side along y."""

from __future__ import annotations

import numpy as np

from wmsim.stimuli.colours import STEEL, darker, material, paint
from wmsim.stimuli.draws import Choice, Draw, Range, Space
from wmsim.stimuli.mesh import Mesh, join, painted
from wmsim.stimuli.parts import Colour, ball, box, lathe, rod, slab, smooth_profile, tube

TABLE: Space = {
    "base": Choice(("legs", "pedestal", "desk", "trestle", "hairpin", "slabs", "three"), 4.0),
    "top": Choice(("rectangle", "round", "hexagon", "oval"), 3.0),
    "height": Range(0.34, 0.95, 2.5),
    "length": Range(0.9, 1.7, 2.0),
    "depth": Range(0.6, 0.9),
    "thickness": Range(0.03, 0.09, 0.5),
    "shelf": Choice((False, True), 1.5),
    "leg": Range(0.025, 0.065),
}


def table(p: Draw, rng: np.random.Generator) -> Mesh:
    """A table: a top, what it stands on and, in some, a shelf below."""
    colour = material(rng)
    legs = colour if rng.random() < 0.5 else (STEEL if rng.random() < 0.4 else paint(rng))
    shape = (
        "rectangle"
        if p["base"] in ("desk", "trestle", "slabs") and p["top"] == "hexagon"
        else p["top"]
    )
    length = p["length"] if shape in ("rectangle", "oval") else 0.75 * p["length"]
    depth = p["depth"] if shape in ("rectangle", "oval") else length
    height = p["height"]
    parts = [_top(shape, depth, length, p["thickness"]).moved((0, 0, height))]
    parts = [painted(part.vertices, part.faces, colour) for part in parts]
    under = height - p["thickness"]
    # Legs of a top without corners stand nearer to its middle.
    spread = 0.88 if shape == "rectangle" else 0.62
    x, y = spread * depth / 2, spread * length / 2
    parts += _base(p["base"], x, y, under, p["leg"], legs)
    if p["shelf"] and p["base"] in ("legs", "three", "hairpin", "slabs"):
        size = (1.7 * x, 1.7 * y, 0.03)
        parts.append(slab(size, (0, 0, 0.32 * height), darker(colour, 0.85), edge=0.2))
    return join(parts)


def _top(shape: str, depth: float, length: float, thickness: float) -> Mesh:
    """A plate whose upper side lies at z = 0."""
    plain: Colour = (1.0, 1.0, 1.0)
    if shape == "rectangle":
        return slab(
            (depth, length, thickness), (0, 0, -thickness / 2), plain, corner=0.06, edge=0.25
        )
    sides = 6 if shape == "hexagon" else 56
    rim = 0.2 * thickness
    outline = [(1 - rim, -thickness), (1.0, -thickness + rim), (1.0, -rim), (1 - rim, 0.0)]
    return lathe(outline, plain, sides=sides).scaled((depth / 2, length / 2, 1))


def _base(kind: str, x: float, y: float, under: float, leg: float, colour: Colour) -> list[Mesh]:
    if kind == "pedestal":
        return _pedestal(min(x, y), under, leg, colour)
    if kind == "desk":
        return _desk(x, y, under, leg, colour)
    if kind == "trestle":
        return _trestle(x, y, under, leg, colour)
    if kind == "slabs":
        ends = [box((1.9 * x, 1.2 * leg, under), (0, s * y, under / 2), colour) for s in (1, -1)]
        return [*ends, box((1.2 * leg, 2 * y, 0.35 * under), (0, 0, 0.7 * under), colour)]
    corners = [(sx * x, sy * y) for sx in (1, -1) for sy in (1, -1)]
    if kind == "three":
        angles = np.array([0.5, 2.594, 4.689])
        feet = np.column_stack([1.15 * x * np.cos(angles), 1.15 * y * np.sin(angles)])
        return [rod((*foot, 0), (*(0.45 * foot), under), (0.6 * leg, leg), colour) for foot in feet]
    if kind == "hairpin":
        return [_hairpin(cx, cy, under) for cx, cy in corners]
    legs = [
        rod((cx, cy, 0), (cx, cy, under), (leg, 1.3 * leg), colour, sides=4) for cx, cy in corners
    ]
    apron = [box((2 * x, 0.03, 0.09), (0, s * y, under - 0.045), colour) for s in (1, -1)]
    apron += [box((0.03, 2 * y, 0.09), (s * x, 0, under - 0.045), colour) for s in (1, -1)]
    return legs + apron


def _hairpin(x: float, y: float, under: float) -> Mesh:
    foot = np.array([1.06 * x, 1.06 * y, 0.012])
    bend = np.array([0.0, 0.02 * np.sign(y), 0.0])
    ends = [(0.9 * x, 0.82 * y, under), (0.80 * x, 0.98 * y, under)]
    path = np.array([ends[0], foot - bend, foot + bend, ends[1]])
    return tube(path, 0.014, (0.13, 0.13, 0.14), sides=8)


def _pedestal(reach: float, under: float, leg: float, colour: Colour) -> list[Mesh]:
    turned = [(1.2 * leg, 0.02), (1.9 * leg, 0.25 * under), (0.9 * leg, 0.5 * under),
              (1.6 * leg, 0.72 * under), (1.1 * leg, 0.85 * under), (3 * leg, under)]  # fmt: skip
    parts = [lathe(smooth_profile(turned), colour, sides=28)]
    if leg > 0.045:
        return [
            *parts,
            lathe(
                [(0.85 * reach, 0), (0.8 * reach, 0.03), (0.3 * reach, 0.07), (0.06, 0.12)], colour
            ),
        ]
    for angle in np.arange(4) * np.pi / 2 + np.pi / 4:
        out = np.array([np.cos(angle), np.sin(angle), 0])
        path = [0.02 * out + [0, 0, 0.22 * under], 0.5 * reach * out + [0, 0, 0.16 * under],
                0.9 * reach * out + [0, 0, 0.02]]  # fmt: skip
        parts.append(tube(path, 0.028, colour, sides=8))
    return parts


def _desk(x: float, y: float, under: float, leg: float, colour: Colour) -> list[Mesh]:
    """A cupboard with drawers on one side, legs and a back panel on the other."""
    wide = 0.62 * y
    body = box((1.95 * x, wide, 0.88 * under), (0, y - wide / 2, 0.56 * under), colour)
    parts = [body, box((0.03, 1.4 * y, 0.4 * under), (-0.9 * x, -0.2 * y, 0.78 * under), colour)]
    for level in (0.28, 0.55, 0.82):
        front = box(
            (0.02, 0.88 * wide, 0.23 * under),
            (0.985 * x, y - wide / 2, level * under),
            darker(colour, 1.35),
        )
        knob = ball(0.022, (x + 0.025, y - wide / 2, level * under), STEEL, sides=10)
        parts += [front, knob]
    feet = [(x * sx, -y) for sx in (0.9, -0.9)]
    parts += [rod((*foot, 0), (*foot, under), leg, colour, sides=4) for foot in feet]
    corners = [(sx * 0.9 * x, sy) for sx in (1, -1) for sy in (0.96 * y, y - 0.9 * wide)]
    return parts + [
        rod((*foot, 0), (*foot, 0.14 * under), leg * 0.8, colour, sides=4) for foot in corners
    ]


def _trestle(x: float, y: float, under: float, leg: float, colour: Colour) -> list[Mesh]:
    parts = []
    for side in (1, -1):
        level = side * 0.8 * y
        for sx in (1, -1):
            parts.append(
                rod((sx * x, level, 0), (-sx * 0.55 * x, level, under), leg * 0.8, colour, sides=4)
            )
    parts.append(
        rod(
            (0.1 * x, 0.8 * y, 0.42 * under),
            (0.1 * x, -0.8 * y, 0.42 * under),
            leg * 0.6,
            colour,
            sides=4,
        )
    )
    return parts
