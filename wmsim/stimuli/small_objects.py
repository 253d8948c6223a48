"""Lamps and mugs."""

from __future__ import annotations

import itertools

import numpy as np

from wmsim.stimuli.colours import BLACK, BRASS, CREAM, STEEL, WHITE, darker, fabric, paint, wood
from wmsim.stimuli.draws import Choice, Draw, Range, Space
from wmsim.stimuli.mesh import Floats, Mesh, join
from wmsim.stimuli.parts import Colour, ball, lathe, rod, smooth_profile, tube

LAMP: Space = {
    "base": Choice(("stem", "vase", "tripod", "gourd", "arc", "jointed", "blocks"), 4.0),
    "shade": Choice(("cone", "drum", "globe", "dome", "bell", "pagoda"), 3.5),
    "height": Range(0.45, 1.30, 3.0),
    "shade_width": Range(0.15, 0.34, 2.0),
    "shade_height": Range(0.18, 0.36, 1.5),
    "foot": Range(0.12, 0.24),
}

MUG: Space = {
    "body": Choice(("straight", "tapered", "barrel", "waist", "bowl", "faceted", "tankard"), 4.0),
    "handle": Choice(("ring", "angular", "ear", "low", "two"), 3.5),
    "height": Range(0.6, 1.6, 3.0),
    "handle_size": Range(0.20, 0.42, 2.0),
    "thick": Range(0.04, 0.10),
    "band": Choice((0, 1, 2), 1.0),
    "saucer": Choice((False, False, True), 2.0),
}


def lamp(p: Draw, rng: np.random.Generator) -> Mesh:
    """A table or floor lamp."""
    metal = (BRASS, STEEL, BLACK, wood(rng), paint(rng))[int(rng.integers(5))]
    shade = CREAM if rng.random() < 0.3 else fabric(rng)
    base, height = p["base"], p["height"]
    if base in ("arc", "jointed"):
        return _bent_lamp(p, metal, shade)
    parts = _lamp_base(base, height, p["foot"], metal)
    parts.append(_shade(p, shade).moved((0, 0, height)))
    return join(parts)


def _shade(p: Draw, colour: Colour) -> Mesh:
    """A lamp shade whose lower rim is at z = 0; it hangs about the upper end of the stem."""
    w, h = p["shade_width"], p["shade_height"]
    if p["shade"] == "globe":
        return ball(w * 0.9, (0, 0, w * 0.7), colour, sides=32)
    outline = {
        "cone": [(w, 0), (0.42 * w, h)],
        "drum": [(0.85 * w, 0), (0.85 * w, h)],
        "dome": [(w * np.cos(t), 0.9 * w * np.sin(t)) for t in np.linspace(0, 1.45, 12)],
        "bell": [(w * (0.34 + 0.66 * (1 - t) ** 2.2), h * t) for t in np.linspace(0, 1, 12)],
        "pagoda": [(1.1 * w, 0), (0.75 * w, 0.3 * h), (0.80 * w, 0.34 * h), (0.28 * w, h)],
    }[p["shade"]]
    sides = 8 if p["shade"] == "pagoda" else 40
    outer = lathe(outline, colour, sides=sides)
    trim = darker(colour, 0.6) if p["shade"] != "drum" else darker(colour, 0.75)
    radius = outline[0][0] * 1.01
    ring = lathe([(radius, 0.0), (radius, 0.022)], trim, sides=sides)
    return join([outer, ring, ball(0.02, (0, 0, outline[-1][1] + 0.01), trim, sides=10)])


def _lamp_base(kind: str, height: float, foot: float, colour: Colour) -> list[Mesh]:
    top = height + 0.05
    if kind == "stem":
        stand = lathe([(foot, 0), (foot, 0.02), (0.3 * foot, 0.05), (0.018, 0.07)], colour)
        return [stand, rod((0, 0, 0), (0, 0, top), 0.018, colour)]
    if kind == "tripod":
        legs = []
        for angle in np.array([0.6, 2.694, 4.789]):
            out = np.array([np.cos(angle), np.sin(angle), 0])
            legs.append(
                rod((0.12 + 0.32 * height) * out, 0.02 * out + [0, 0, top], (0.018, 0.022), colour)
            )
        return [*legs, lathe([(0.05, top - 0.1), (0.05, top)], darker(colour))]
    if kind == "blocks":
        parts = []
        count = max(2, round(height / 0.16))
        for index in range(count):
            size = 0.95 * foot * (1.0 if index % 2 == 0 else 0.62)
            low, high = index * height / count, (index + 1) * height / count
            tone = colour if index % 2 == 0 else darker(colour, 0.6)
            parts.append(lathe([(size, low), (size, high)], tone, sides=4 if foot > 0.18 else 24))
        return [*parts, rod((0, 0, 0), (0, 0, top), 0.016, BRASS)]
    wide = foot + 0.04
    knots = {
        "vase": [(0.6 * wide, 0), (0.55 * wide, 0.03), (1.15 * wide, 0.62 * height),
                 (0.35 * wide, 0.88 * height), (0.25 * wide, height)],
        "gourd": [(0.7 * wide, 0), (1.15 * wide, 0.22 * height), (0.4 * wide, 0.5 * height),
                  (0.8 * wide, 0.70 * height), (0.2 * wide, height)],
    }[kind]  # fmt: skip
    return [
        lathe(smooth_profile(knots, 36), colour),
        rod((0, 0, 0.9 * height), (0, 0, top), 0.018, BRASS),
    ]


def _bent_lamp(p: Draw, metal: Colour, shade: Colour) -> Mesh:
    """A lamp whose shade hangs in front of its foot: an arc, or an arm with joints."""
    height, foot = p["height"], 1.15 * p["foot"]
    parts = [lathe([(foot, 0), (foot, 0.03), (0.6 * foot, 0.05)], metal)]
    if p["base"] == "arc":
        turn = np.linspace(0, 2.5, 24)
        reach = 0.30 + 0.12 * height
        rise = np.maximum(height - reach, 0.1)
        arc = np.column_stack(
            [reach * (1 - np.cos(turn)), np.zeros(24), rise + reach * np.sin(turn)]
        )
        path: Floats = np.concatenate([[[0, 0, 0.02]], arc])
        parts.append(tube(path, 0.018, metal, sides=10))
        tilt, end = 0.0, path[-1]
    else:
        joints = np.array([(0, 0, 0.04), (-0.34, 0, 0.55 * height), (0.28, 0, 1.0 * height)])
        for first, last in itertools.pairwise(joints):
            for y in (-0.022, 0.022):
                parts.append(rod(first + [0, y, 0], last + [0, y, 0], 0.012, metal, sides=8))
        parts += [ball(0.042, joint, metal, sides=14) for joint in joints]
        tilt, end = -40.0, joints[-1]
    hood = _shade(p, shade)
    hood = hood.moved((0, 0, -hood.bounds[1, 2] + 0.02)).turned(tilt, "y")
    return join([*parts, hood.moved(end)])


def mug(p: Draw, rng: np.random.Generator) -> Mesh:
    """A mug; its handle turned a little from the front, so that it is never hidden."""
    colour = paint(rng)
    height, band = p["height"], WHITE if rng.random() < 0.4 else paint(rng)
    outline = _mug_outline(p["body"], height)
    sides = 8 if p["body"] == "faceted" else 44
    wall = 0.055
    inside = [(max(r - wall, 0.05), max(z, 0.06)) for r, z in outline[::-1]]
    lining = WHITE if rng.random() < 0.5 else darker(colour, 0.8)
    rim = [outline[-1], (outline[-1][0] - wall / 2, height + 0.018), inside[0]]
    outside = _open_end(lathe(outline, colour, sides=sides), last=True)
    parts = [outside, _open_end(lathe([*rim, *inside], lining, sides=sides), last=False)]
    for index in range(p["band"]):
        z = height * (0.34 + 0.3 * index)
        ring = [(r + 0.006, level) for r, level in outline if abs(level - z) < 0.07 * height]
        parts.append(lathe(ring, band, sides=sides))
    parts += _handles(p, outline, colour)
    if p["saucer"]:
        plate = [
            (0.35, -0.06),
            (0.5, -0.05),
            (0.85, 0.03),
            (0.85, 0.05),
            (0.5, -0.02),
            (0.3, -0.02),
        ]
        parts.append(lathe(plate, colour))
    return join(parts).turned(-65)


def _open_end(part: Mesh, *, last: bool) -> Mesh:
    """Take the cap off the last or the first end of a lathe (a fan about its own vertex)."""
    middle = len(part.vertices) - (1 if last else 2)
    keep = ~(part.faces == middle).any(axis=1)
    return Mesh(part.vertices, part.faces[keep], part.colour[keep])


def _mug_outline(body: str, height: float) -> list[tuple[float, float]]:
    knots = {
        "straight": [(0.46, 0), (0.5, 0.05), (0.5, 1)],
        "faceted": [(0.44, 0), (0.52, 0.1), (0.52, 1)],
        "tapered": [(0.30, 0), (0.33, 0.06), (0.60, 1)],
        "barrel": [(0.36, 0), (0.42, 0.06), (0.60, 0.5), (0.44, 1)],
        "waist": [(0.52, 0), (0.54, 0.05), (0.36, 0.5), (0.58, 1)],
        "bowl": [(0.28, 0), (0.30, 0.08), (0.58, 0.45), (0.66, 1)],
        "tankard": [(0.60, 0), (0.60, 0.06), (0.5, 0.25), (0.42, 1)],
    }[body]
    curve = smooth_profile([(radius, z * height) for radius, z in knots], 28)
    return [(float(radius), float(z)) for radius, z in curve]


def _handles(p: Draw, outline: list[tuple[float, float]], colour: Colour) -> list[Mesh]:
    height, size, thick = p["height"], p["handle_size"], p["thick"]
    span = min(0.36 * height, 0.42)
    middle = 0.52 * height
    radius = lambda z: float(np.interp(z, [b for _, b in outline], [a for a, _ in outline]))  # noqa: E731
    if p["handle"] == "low":
        span, middle = 0.24 * height, 0.32 * height
    turn = np.linspace(-np.pi / 2, np.pi / 2, 19)
    if p["handle"] == "angular":
        shape: Floats = np.array(
            [(0, -1), (0.6, -1), (1, -0.9), (1, 0.0), (1, 0.9), (0.6, 1), (0, 1)]
        )
    elif p["handle"] == "ear":
        shape = np.column_stack([np.cos(turn) * (1 + 0.5 * np.sin(turn)), np.sin(turn)])
    else:
        shape = np.column_stack([np.cos(turn) ** 0.8, np.sin(turn)])
    z = middle + span * shape[:, 1]
    roots = np.interp(z, [z[0], z[-1]], [radius(z[0]), radius(z[-1])]) - 0.03
    path = np.column_stack([np.zeros(len(z)), roots + 1.3 * size * shape[:, 0], z])
    one = tube(path, thick, colour, sides=12).scaled((1.25, 1, 1))
    return [one, one.mirrored()] if p["handle"] == "two" else [one]
