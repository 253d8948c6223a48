"""Boats: sailing boat, motor yacht, rowing boat, freighter, tug; bow along +x."""

from __future__ import annotations

import numpy as np

from wmsim.stimuli.colours import BLACK, GLASS, STEEL, WHITE, darker, paint, wood
from wmsim.stimuli.draws import Choice, Draw, Range, Space
from wmsim.stimuli.mesh import Floats, Mesh, join, painted
from wmsim.stimuli.parts import Colour, box, lathe, loft, rod, slab

BOAT: Space = {
    "kind": Choice(("sloop", "yacht", "rowing", "freighter", "tug", "catamaran", "ketch"), 4.0),
    "beam": Range(0.24, 0.40, 2.0),
    "depth": Range(0.20, 0.34, 1.5),
    "sheer": Range(0.0, 0.16, 1.5),
    "mast": Range(1.2, 1.9, 1.5),
    "house": Range(0.7, 1.35, 1.5),
    "stern": Choice(("square", "round"), 1.5),
}


def boat(p: Draw, rng: np.random.Generator) -> Mesh:
    """A boat on its keel."""
    colour = wood(rng) if p["kind"] == "rowing" else paint(rng)
    sail = WHITE if rng.random() < 0.5 else paint(rng)
    builder = {
        "sloop": _sailing, "ketch": _sailing, "yacht": _yacht, "rowing": _rowing,
        "freighter": _freighter, "tug": _tug, "catamaran": _catamaran,
    }[p["kind"]]  # fmt: skip
    return join(builder(p, colour, sail, rng))


def _hull(
    p: Draw, colour: Colour, *, length: float = 1.0, width: float = 1.0, hollow: bool = False
) -> list[Mesh]:
    """A hull from x = length to -length with its deck near z = 0, and a stripe along it."""
    x = np.linspace(1.0, -1.0, 21)
    full = np.where(x > -0.2, 1 - ((x + 0.2) / 1.2).clip(0) ** 2.2, 1.0)
    if p["stern"] == "round":
        full = full * np.sqrt(np.clip(1 - (((-x - 0.35) / 0.66).clip(0)) ** 2.6, 0.02, 1))
    else:
        full = full * (1 - 0.2 * ((-x).clip(0)) ** 2)
    half = width * p["beam"] * np.maximum(full, 0.015)
    rail = (
        p["sheer"] * (0.35 + 0.65 * x) ** 2 * np.sign(0.35 + 0.65 * x).clip(0)
        + 0.3 * p["sheer"] * (x < 0) * x**2
    )
    keel = -p["depth"] * (1 - 0.55 * x.clip(0) ** 3 - 0.2 * (-x).clip(0) ** 2)
    rake = 1 + 0.10 * (x > 0) * x
    parts = [loft(_hull_rings(length * x, half, keel, rail, rake, hollow), colour)]
    stripe = _hull_rings(length * x, 1.02 * half + 0.004, rail - 0.045, rail - 0.01, rake, False)
    parts.append(loft(stripe, darker(colour, 0.55), caps=False))
    return parts


def _hull_rings(
    x: Floats, half: Floats, keel: Floats, rail: Floats, rake: Floats, hollow: bool
) -> Floats:
    """Cross-sections of a hull, shape (sections, points, 3)."""
    outer = np.array([(-1, 1.0), (-0.97, 0.6), (-0.82, 0.25), (-0.45, 0.04), (0, 0.0),
                      (0.45, 0.04), (0.82, 0.25), (0.97, 0.6), (1, 1.0)])  # fmt: skip
    inner = outer[::-1] * [0.86, 0.72] + [0, 0.28]
    lid = np.array([(0.5, 1.0), (0.0, 1.0), (-0.5, 1.0)])
    outline = np.concatenate([outer, inner if hollow else lid])
    rise = keel[:, None] + (rail - keel)[:, None] * outline[None, :, 1]
    lean = 1 + (rake - 1)[:, None] * outline[None, :, 1]
    return np.stack([x[:, None] * lean, half[:, None] * outline[None, :, 0], rise], axis=2)


def _deck(p: Draw, length: float = 0.8) -> Mesh:
    tan: Colour = (0.80, 0.66, 0.46)
    return slab((1.5 * length, 1.5 * p["beam"], 0.03), (-0.15, 0, 0.005), tan, corner=0.4)


def _sailing(p: Draw, colour: Colour, sail: Colour, rng: np.random.Generator) -> list[Mesh]:
    """A sloop with one mast or a ketch with two."""
    parts = [*_hull(p, colour), _deck(p)]
    parts.append(slab((0.5, 0.9 * p["beam"], 0.12), (-0.1, 0, 0.06), WHITE, edge=0.3))
    masts = (
        [(0.22, p["mast"], 0.85)]
        if p["kind"] == "sloop"
        else [(0.42, 0.95 * p["mast"], 0.62), (-0.42, 0.68 * p["mast"], 0.48)]
    )
    for x, high, boom in masts:
        parts.append(rod((x, 0, 0), (x, 0, high + 0.06), 0.02, STEEL))
        parts.append(rod((x, 0, 0.2), (x - boom, 0.04, 0.18), 0.016, STEEL))
        corners = [(x - 0.02, 0, 0.24), (x - 0.97 * boom, 0.05, 0.23), (x - 0.02, 0, high)]
        parts.append(_sail(corners, sail))
    front, high, _ = masts[0]
    corners = [
        (1.02, 0, 0.1 + p["sheer"]),
        (front + 0.05, 0.06, 0.2),
        (front + 0.03, 0, 0.86 * high),
    ]
    parts.append(_sail(corners, darker(sail, 0.85)))
    return parts


def _sail(corners: list[tuple[float, float, float]], colour: Colour) -> Mesh:
    """A triangle of cloth that bellies to one side."""
    tack, clew, head = (np.array(corner, dtype=float) for corner in corners)
    steps = np.linspace(0, 1, 9)
    points, faces = [], []
    for row, up in enumerate(steps):
        for column, along in enumerate(steps):
            place = (1 - up) * ((1 - along) * tack + along * clew) + up * head
            place[1] += 0.30 * along * (1 - along) * (1 - up)
            points.append(place)
            if row < 8 and column < 8:
                a = row * 9 + column
                faces += [(a, a + 1, a + 10), (a, a + 10, a + 9)]
    return painted(points, faces, colour)


def _yacht(p: Draw, colour: Colour, sail: Colour, rng: np.random.Generator) -> list[Mesh]:
    """A motor yacht with two storeys."""
    parts = [*_hull(p, WHITE), _deck(p)]
    wide, tall = 1.25 * p["beam"], 0.2 * p["house"]
    x = -0.1
    for level, length in enumerate((0.95, 0.55)):
        size = (length * p["house"], wide * (1 - 0.2 * level), tall)
        z = tall * (level + 0.5) + 0.01
        parts.append(box(size, (x, 0, z), WHITE, taper=(0.86, 0.88)))
        band = (size[0] * 0.97, size[1] * 0.98, 0.4 * tall)
        parts.append(box(band, (x + 0.01, 0, z + 0.06 * tall), GLASS))
        parts.append(slab((size[0] * 0.95, size[1], 0.025), (x, 0, z + tall / 2), colour))
        x -= 0.1
    top = 2 * tall
    parts += [
        rod((x - 0.05, s * 0.1, top), (x - 0.12, s * 0.1, top + 0.22), 0.016, STEEL)
        for s in (1, -1)
    ]
    parts.append(box((0.06, 0.3, 0.03), (x - 0.12, 0, top + 0.22), STEEL))
    return parts


def _rowing(p: Draw, colour: Colour, sail: Colour, rng: np.random.Generator) -> list[Mesh]:
    """An open boat with thwarts and oars."""
    parts = _hull(p, colour, width=1.15, hollow=True)
    parts += [
        box((0.14, 1.7 * p["beam"], 0.03), (x, 0, -0.05), darker(colour, 1.3))
        for x in (0.3, -0.15, -0.6)
    ]
    for side in (1, -1):
        grip = np.array([-0.1, side * 0.12, 0.12])
        blade = np.array([-0.35 * p["house"], side * (p["beam"] + 0.55), -0.12])
        parts.append(rod(grip, blade, 0.018, CREAM_WOOD, sides=8))
        parts.append(
            rod(blade, blade + 0.28 * (blade - grip), (0.03, 0.055), CREAM_WOOD, sides=4).scaled(
                (1, 1, 1)
            )
        )
    return parts


CREAM_WOOD: Colour = (0.85, 0.70, 0.48)


def _freighter(p: Draw, colour: Colour, sail: Colour, rng: np.random.Generator) -> list[Mesh]:
    """A ship with containers and a bridge aft."""
    parts = [*_hull(p, colour), _deck(p)]
    wide = 1.3 * p["beam"]
    tall = 0.42 * p["house"]
    parts.append(box((0.22, wide, tall), (-0.72, 0, tall / 2), WHITE))
    parts.append(box((0.23, 1.02 * wide, 0.07), (-0.715, 0, 0.82 * tall), GLASS))
    parts.append(lathe([(0.06, 0), (0.06, tall + 0.2)], colour, centre=(-0.82, 0, 0.0)))
    for x in np.linspace(0.5, -0.45, 4):
        for y in (-0.25 * wide, 0.25 * wide):
            high = 0.14 * (1 + int(rng.integers(2)))
            parts.append(box((0.21, 0.44 * wide, high), (x, y, high / 2 + 0.02), paint(rng)))
    return parts


def _tug(p: Draw, colour: Colour, sail: Colour, rng: np.random.Generator) -> list[Mesh]:
    """A short, deep boat with a wheelhouse and a funnel."""
    parts = [*_hull(p, colour, length=0.72, width=1.1), _deck(p, 0.58)]
    tall = 0.34 * p["house"]
    parts.append(slab((0.55, 1.1 * p["beam"], 0.18), (-0.02, 0, 0.09), WHITE, corner=0.4))
    parts.append(
        slab(
            (0.28, 0.85 * p["beam"], tall), (0.12, 0, 0.18 + tall / 2), sail, corner=0.35, edge=0.15
        )
    )
    parts.append(
        slab(
            (0.285, 0.87 * p["beam"], 0.1),
            (0.12, 0, 0.18 + 0.66 * tall),
            GLASS,
            corner=0.35,
            edge=0.05,
        )
    )
    parts.append(lathe([(0.09, 0), (0.085, 0.55)], darker(colour), centre=(-0.18, 0, 0.1)))
    parts.append(lathe([(0.095, 0), (0.095, 0.08)], BLACK, centre=(-0.18, 0, 0.6)))
    parts.append(rod((0.12, 0, 0.18 + tall), (0.10, 0, 0.58 + tall), 0.014, STEEL))
    return parts


def _catamaran(p: Draw, colour: Colour, sail: Colour, rng: np.random.Generator) -> list[Mesh]:
    """Two narrow hulls, a deck between them, a mast."""
    hull = join(_hull(p, colour, width=0.36))
    y = 1.15 * p["beam"]
    parts = [hull.moved((0, y, 0)), hull.moved((0, -y, 0))]
    parts.append(slab((0.95, 2.1 * y, 0.06), (-0.2, 0, 0.03), darker(WHITE, 0.85)))
    parts += [
        slab(
            (0.55, 1.3 * y, 0.2 * p["house"]),
            (-0.2, 0, 0.1 * p["house"] + 0.05),
            WHITE,
            corner=0.4,
            edge=0.3,
        )
    ]
    parts += [slab((0.57, 1.32 * y, 0.06), (-0.2, 0, 0.12 * p["house"] + 0.05), GLASS, corner=0.4)]
    parts.append(rod((0.25, 0, 0.05), (0.25, 0, p["mast"]), 0.02, STEEL))
    parts.append(_sail([(0.22, 0, 0.32), (-0.62, 0.05, 0.32), (0.23, 0, 0.97 * p["mast"])], sail))
    parts.append(rod((0.25, 0, 0.3), (-0.62, 0.05, 0.3), 0.016, STEEL))
    parts.append(rod((0.75, -y, 0.05), (0.75, y, 0.05), 0.03, STEEL))
    return parts
