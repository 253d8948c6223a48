"""Airplanes: jet liner, propeller plane, biplane, glider, fighter; nose along +x, span along y."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wmsim.stimuli.colours import GLASS, RUBBER, STEEL, darker, paint
from wmsim.stimuli.draws import Choice, Draw, Range, Space
from wmsim.stimuli.mesh import Floats, Mesh, join
from wmsim.stimuli.parts import Colour, ball, box, lathe, loft, rod, wheel, wing

AIRPLANE: Space = {
    "kind": Choice(("liner", "propeller", "biplane", "fighter", "glider"), 4.0),
    "tail": Choice(("low", "high", "v"), 2.5),
    "fuselage": Range(0.11, 0.19, 1.5),
    "span": Range(0.85, 1.15),
    "sweep": Range(0.0, 1.0),
    "chord": Range(0.8, 1.25),
    "engines": Choice((2, 4), 1.5),
    "high_wing": Choice((False, True), 1.5),
}

# Half span, root chord, tip over root, sweep range (x of the tip behind the root), wing position.
WINGS = {
    "liner": (1.00, 0.38, 0.35, (0.35, 0.62), 0.08),
    "propeller": (0.95, 0.34, 0.80, (0.0, 0.10), 0.22),
    "biplane": (0.85, 0.36, 0.95, (0.0, 0.08), 0.30),
    "fighter": (0.62, 0.95, 0.15, (0.45, 0.62), -0.15),
    "glider": (1.30, 0.24, 0.45, (0.0, 0.10), 0.25),
}


def airplane(p: Draw, rng: np.random.Generator) -> Mesh:
    """An airplane in level flight, a little above the ground."""
    body, accent = paint(rng), paint(rng)
    kind, radius = p["kind"], p["fuselage"]
    if kind == "glider":
        radius *= 0.6
    parts = [_fuselage(kind, radius, body), _cockpit(kind, radius)]
    parts += _wings(p, radius, accent)
    parts += _tail(p, radius, accent)
    if kind == "liner":
        parts += _jets(p, radius, accent)
    elif kind in ("propeller", "biplane"):
        parts += _propeller(radius, accent) + _landing_gear(radius)
    elif kind == "fighter":
        parts += _nozzles(radius)
    return join(parts)


def _fuselage(kind: str, radius: float, colour: Colour) -> Mesh:
    """A body along x from a nose at 1 to a tail at -1."""
    profiles: dict[str, list[tuple[float, float, float]]] = {
        "liner": [(1.0, 0.05, 0), (0.95, 0.5, 0), (0.84, 0.85, 0), (0.65, 1, 0), (-0.4, 1, 0),
                  (-0.75, 0.62, 0.3), (-1.0, 0.16, 0.7)],
        "propeller": [(0.82, 0.45, 0), (0.80, 0.8, 0), (0.5, 1.0, 0), (0.0, 1.05, 0),
                      (-0.5, 0.55, 0.2), (-0.9, 0.18, 0.4)],
        "biplane": [(0.80, 0.6, 0), (0.78, 0.95, 0), (0.45, 1.05, 0), (0.0, 1.0, 0),
                    (-0.5, 0.6, 0.15), (-0.9, 0.2, 0.3)],
        "fighter": [(1.15, 0.02, 0), (0.9, 0.30, 0), (0.55, 0.62, 0), (0.1, 0.95, 0),
                    (-0.6, 1.0, 0), (-0.9, 0.8, 0)],
        "glider": [(0.72, 0.1, 0), (0.62, 0.8, 0), (0.4, 1.3, 0), (0.15, 1.2, 0.1),
                   (-0.2, 0.5, 0.5), (-1.0, 0.25, 0.6)],
    }  # fmt: skip
    rings = [_ring(x, scale * radius, lift * radius) for x, scale, lift in profiles[kind]]
    return loft(rings, colour)


def _ring(x: float, radius: float, z: float) -> Floats:
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    return np.column_stack(
        [np.full(28, x), radius * np.cos(angles), z + 1.08 * radius * np.sin(angles)]
    )


def _cockpit(kind: str, radius: float) -> Mesh:
    if kind == "liner":
        panes = [ball((0.07, 0.62 * radius, 0.45 * radius), (0.87, 0, 0.42 * radius), GLASS)]
        for side in (-1, 1):
            panes += [
                box((0.035, 0.02, 0.045), (x, side * 0.985 * radius, 0.3 * radius), GLASS)
                for x in np.linspace(-0.4, 0.66, 13)
            ]
        return join(panes)
    place = {"propeller": 0.25, "biplane": -0.05, "fighter": 0.55, "glider": 0.42}[kind]
    length = 0.30 if kind == "fighter" else 0.24
    height = (0.55 if kind == "fighter" else 0.95) * radius
    return ball((length, 0.72 * radius, height), (place, 0, 0.8 * radius), GLASS)


def _wings(p: Draw, radius: float, colour: Colour) -> list[Mesh]:
    half, chord, taper, sweep, x = WINGS[p["kind"]]
    half, chord = half * p["span"], chord * p["chord"]
    back = sweep[0] + (sweep[1] - sweep[0]) * p["sweep"]
    high = p["high_wing"] and p["kind"] != "biplane"
    z = 0.85 * radius if high else -0.55 * radius
    rise = -0.02 if high else 0.14 if p["kind"] == "liner" else 0.05
    levels = [(z, rise)]
    if p["kind"] == "biplane":
        levels = [(-0.8 * radius, 0.03), (2.3 * radius, 0.03)]
    thickness = 0.07 if p["kind"] == "fighter" else 0.13
    parts = []
    for level, lift in levels:
        right = wing(
            (x, 0, level), (x - back, half, level + lift), (chord, chord * taper), thickness, colour
        )
        parts += [right, right.mirrored()]
    if p["kind"] == "biplane":
        for y in (-0.55 * half, 0.55 * half, -0.2, 0.2):
            for dx in (-0.1, 0.1):
                low, high = ((x + dx, y, level) for level, _ in levels)
                parts.append(rod(low, high, 0.014, STEEL, sides=6))
    return parts


def _tail(p: Draw, radius: float, colour: Colour) -> list[Mesh]:
    x, base = (-0.8, 0.4 * radius) if p["kind"] != "glider" else (-0.92, 0.55 * radius)
    back = 0.22 if p["kind"] in ("liner", "fighter") else 0.08
    fin, side = (0.42, (0.0, 1.0, 0.0))
    if p["tail"] == "v" or (p["kind"] == "fighter" and p["tail"] == "high"):
        lean = 0.75 if p["tail"] == "v" else 0.3
        up = np.array([0.0, np.cos(lean), -np.sin(lean)])
        foot = 0.5 * radius
        tip = (x - back, foot + fin * np.sin(lean), base + fin * np.cos(lean))
        half = wing((x, foot, base * 0.6), tip, (0.30, 0.16), 0.1, colour, up=up)
        parts = [half, half.mirrored()]
        if p["tail"] == "v":
            return parts
    else:
        parts = [
            wing((x, 0, base * 0.6), (x - back, 0, base + fin), (0.34, 0.2), 0.1, colour, up=side)
        ]
    high = p["tail"] == "high" and p["kind"] != "fighter"
    level = base + 0.97 * fin if high else base
    start = x - back if high else x
    half = wing((start, 0, level), (start - 0.12, 0.4, level + 0.02), (0.24, 0.14), 0.1, colour)
    return [*parts, half, half.mirrored()]


def _jets(p: Draw, radius: float, colour: Colour) -> list[Mesh]:
    outline = [(0.05, -0.16), (0.085, -0.1), (0.10, 0.08), (0.085, 0.14), (0.06, 0.10)]
    engine = join(
        [
            lathe(outline, darker(colour, 0.85), sides=20),
            lathe([(0.06, 0.05), (0.062, 0.11)], RUBBER),
        ]
    ).turned(90, "y")
    half, chord, _, sweep, x = WINGS["liner"]
    back = sweep[0] + (sweep[1] - sweep[0]) * p["sweep"]
    parts = []
    if p["tail"] == "high" and p["engines"] == 2:
        places: Sequence[tuple[float, float, float]] = [(-0.52, radius + 0.1, 0.35 * radius)]
    else:
        level = 0.85 * radius if p["high_wing"] else -0.55 * radius
        share = (0.35,) if p["engines"] == 2 else (0.30, 0.60)
        places = [
            (x - back * s + 0.2 * chord + 0.08, s * half * p["span"], level - 0.09 + 0.1 * s)
            for s in share
        ]
    for place in places:
        one = engine.moved(place)
        parts += [one, one.mirrored()]
    return parts


def _propeller(radius: float, colour: Colour) -> list[Mesh]:
    spinner = ball((0.1, 0.4 * radius, 0.4 * radius), (0.84, 0, 0), darker(colour))
    blade = box((0.02, 0.05, 0.6), (0.88, 0, 0), RUBBER).turned(35, "x")
    return [spinner, blade, blade.turned(90, "x")]


def _landing_gear(radius: float) -> list[Mesh]:
    parts = []
    for side in (-1, 1):
        foot = (0.4, side * 0.28, -radius - 0.2)
        parts.append(rod((0.35, side * 0.05, -0.6 * radius), foot, 0.02, STEEL, sides=8))
        parts.append(wheel(0.085, 0.06, foot, RUBBER, STEEL))
    parts.append(wheel(0.04, 0.03, (-0.85, 0, -0.15), RUBBER, STEEL))
    return parts


def _nozzles(radius: float) -> list[Mesh]:
    nozzle = lathe([(0.5 * radius, 0), (0.42 * radius, 0.12)], RUBBER, sides=20).turned(-90, "y")
    return [nozzle.moved((-0.88, side * 0.42 * radius, 0)) for side in (-1, 1)]
