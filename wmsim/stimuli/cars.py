"""Cars: saloon, estate, hatchback, pickup, van, sports car, roadster; front along +x."""

from __future__ import annotations

import numpy as np

from wmsim.stimuli.colours import BLACK, GLASS, HEADLAMP, RED_LAMP, RUBBER, STEEL, darker, paint
from wmsim.stimuli.draws import Choice, Draw, Range, Space
from wmsim.stimuli.mesh import Floats, Mesh, join
from wmsim.stimuli.parts import (
    Colour,
    box,
    lathe,
    loft,
    rod,
    rounded_rectangle,
    slab,
    tube,
    wheel,
)

CAR: Space = {
    "kind": Choice(("saloon", "estate", "beetle", "pickup", "van", "sports", "roadster"), 4.0),
    "length": Range(0.78, 1.18, 2.5),
    "height": Range(0.88, 1.30, 2.5),
    "clearance": Range(0.10, 0.40, 2.5),
    "wheel": Range(0.26, 0.46, 2.0),
    "extra": Choice(("plain", "rack", "spoiler", "lamp bar"), 1.0),
}

# Outline of the body from the front, (x, height of its top); x from 2 to -2.
BODIES: dict[str, list[tuple[float, float]]] = {
    "saloon": [(2.0, 0.42), (1.9, 0.62), (0.9, 0.74), (-1.2, 0.78), (-1.9, 0.74), (-2.0, 0.5)],
    "estate": [(2.0, 0.42), (1.9, 0.64), (0.9, 0.76), (-1.2, 0.78), (-1.95, 0.76), (-2.0, 0.5)],
    "beetle": [(1.75, 0.3), (1.55, 0.62), (0.9, 0.86), (0.0, 0.84), (-0.9, 0.86), (-1.55, 0.6),
               (-1.75, 0.3)],
    "pickup": [(2.1, 0.5), (2.0, 0.76), (0.9, 0.84), (-0.2, 0.84), (-2.1, 0.84), (-2.15, 0.6)],
    "van": [(1.8, 0.4), (1.75, 0.66), (1.35, 0.84), (-1.2, 0.88), (-1.9, 0.88), (-1.95, 0.5)],
    "sports": [(2.15, 0.25), (1.9, 0.42), (0.9, 0.58), (-0.8, 0.68), (-1.8, 0.7), (-1.95, 0.5)],
    "roadster": [(2.0, 0.3), (1.85, 0.58), (0.7, 0.68), (-0.3, 0.66), (-1.4, 0.66), (-1.9, 0.4)],
}  # fmt: skip

# Cabin from the front: x of foot, x of roof, then of roof and foot behind; height of the roof.
CABINS: dict[str, tuple[float, float, float, float, float]] = {
    "saloon": (0.85, 0.25, -0.85, -1.35, 1.28),
    "estate": (0.85, 0.25, -1.70, -1.92, 1.32),
    "beetle": (0.65, 0.25, -0.50, -1.25, 1.40),
    "pickup": (0.85, 0.40, -0.30, -0.45, 1.45),
    "van": (1.55, 1.00, -1.80, -1.92, 1.85),
    "sports": (0.75, -0.05, -0.60, -1.55, 1.05),
}


def car(p: Draw, rng: np.random.Generator) -> Mesh:
    """A car on its wheels."""
    colour = paint(rng)
    kind, low, radius = p["kind"], p["clearance"], p["wheel"]
    if kind == "sports":
        low *= 0.5
    parts = [_body(kind, low, colour), _skirt(kind, low)]
    if kind in CABINS:
        parts += _cabin(kind, p["height"], colour)
    else:
        parts += _open_cabin(colour)
    if kind == "pickup":
        parts += _bed(colour)
    parts += _extra(p, colour)
    shell = join(parts).moved((0, 0, low)).scaled((p["length"], 1, 1))
    return join([shell, *_wheels(kind, radius, p["length"])])


def _section(x: float, width: float, bottom: float, top: float, corner: float = 0.3) -> Floats:
    """A rounded upright rectangle across the car."""
    outline = rounded_rectangle(width, top - bottom, corner)
    return np.column_stack(
        [np.full(len(outline), x), outline[:, 0], outline[:, 1] + (top + bottom) / 2]
    )


def _body(kind: str, low: float, colour: Colour) -> Mesh:
    stations = BODIES[kind]
    front, back = stations[0][0], stations[-1][0]
    fine = np.linspace(front, back, 29)
    top = np.interp(-fine, [-x for x, _ in stations], [height for _, height in stations])
    away = np.abs(2 * (fine - back) / (front - back) - 1)
    width = 1.62 * (1 - 0.13 * away**5)
    floor = 0.12 * away**6
    return loft(
        [_section(x, w, f, t) for x, w, f, t in zip(fine, width, floor, top, strict=True)], colour
    )


def _skirt(kind: str, low: float) -> Mesh:
    """Bumpers, lamps and a grille."""
    stations = BODIES[kind]
    front, back = stations[0][0], stations[-1][0]
    level = 0.62 * stations[1][1]
    parts = [
        slab((0.14, 1.5, 0.13), (front - 0.01, 0, 0.17), BLACK, corner=0.3, edge=0.3),
        slab((0.14, 1.5, 0.13), (back + 0.01, 0, 0.17), BLACK, corner=0.3, edge=0.3),
        box((0.06, 0.6, 0.14), (front - 0.03, 0, level), BLACK),
    ]
    for side in (-1, 1):
        lamp = lathe([(0.12, -0.05), (0.11, 0.05)], HEADLAMP, sides=18).turned(90, "y")
        parts.append(lamp.moved((front - 0.03, 0.52 * side, level)))
        parts.append(box((0.06, 0.2, 0.16), (back + 0.03, 0.58 * side, level), RED_LAMP))
    return join(parts)


def _cabin(kind: str, height: float, colour: Colour) -> list[Mesh]:
    """Glass all round, roof and pillars in the colour of the car."""
    foot, roof, roof_back, foot_back, top = CABINS[kind]
    base = 0.60 if kind != "sports" else 0.45
    top = base + (top - base) * height
    lower, upper = 1.46, 1.14 if kind != "van" else 1.34

    def frame(z: float, inset: float) -> Floats:
        share = (z - base) / (top - base)
        x = [
            foot + (roof - foot) * share - inset,
            foot_back + (roof_back - foot_back) * share + inset,
        ]
        y = (lower + (upper - lower) * share) / 2 - inset
        return np.array([(x[0], -y, z), (x[0], y, z), (x[1], y, z), (x[1], -y, z)])

    glass = loft([frame(base, 0.03), frame(top - 0.05, 0.03)], GLASS)
    cover = frame(top - 0.05, -0.01)
    crown = cover * np.array([0.96, 0.92, 1.0]) + np.array([0, 0, 0.07])
    parts = [glass, loft([cover - np.array([0, 0, 0.04]), cover, crown], colour)]
    corners = list(zip(frame(base, 0.01), frame(top, 0.01), strict=True))
    doors = [0.45] if kind in ("sports", "pickup", "beetle") else [0.36, 0.70]
    for side in ((0, 3), (1, 2)):
        for share in doors:
            low_end = corners[side[0]][0] * (1 - share) + corners[side[1]][0] * share
            high_end = corners[side[0]][1] * (1 - share) + corners[side[1]][1] * share
            corners.append((low_end, high_end))
    parts += [rod(a, b, 0.055, colour, sides=6) for a, b in corners]
    if kind == "van":
        middle = (0.15 + roof_back) / 2
        parts.append(
            box(
                (0.15 - roof_back, 1.45, top - base - 0.1),
                (middle, 0, (base + top) / 2),
                colour,
                taper=(1, 0.93),
            )
        )
    return parts


def _open_cabin(colour: Colour) -> list[Mesh]:
    """Seats and a windscreen, no roof."""
    foot = np.array([(0.62, -0.66), (0.62, 0.66), (0.58, 0.66), (0.58, -0.66)])
    edge = np.array([(0.26, -0.56), (0.26, 0.56), (0.22, 0.56), (0.22, -0.56)])
    ends = [np.insert(outline, 2, z, axis=1) for outline, z in ((foot, 0.62), (edge, 1.02))]
    parts = [loft(ends, GLASS), slab((1.35, 1.25, 0.08), (-0.35, 0, 0.66), BLACK)]
    for side in (-0.33, 0.33):
        parts.append(slab((0.5, 0.46, 0.16), (-0.35, side, 0.72), darker(colour, 0.5), edge=0.4))
        parts.append(slab((0.18, 0.46, 0.55), (-0.68, side, 0.92), darker(colour, 0.5), edge=0.4))
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    hoop = np.column_stack(
        [0.15 + 0.05 * np.sin(angles), 0.33 + 0.16 * np.cos(angles), 0.88 + 0.15 * np.sin(angles)]
    )
    parts.append(tube(hoop, 0.022, BLACK, sides=6, closed=True))
    return parts


def _bed(colour: Colour) -> list[Mesh]:
    """Walls of a loading bed."""
    walls = [box((1.66, 0.09, 0.26), (-1.3, side * 0.72, 0.93), colour) for side in (-1, 1)]
    ends = [box((0.09, 1.5, 0.26), (x, 0, 0.93), colour) for x in (-0.5, -2.08)]
    return [*walls, *ends, box((1.5, 1.4, 0.02), (-1.3, 0, 0.85), BLACK)]


def _extra(p: Draw, colour: Colour) -> list[Mesh]:
    """Roof rack, spoiler or a bar of lamps."""
    kind = p["kind"]
    if p["extra"] == "spoiler" and kind not in ("van", "estate", "beetle"):
        x = BODIES[kind][-1][0] + 0.2
        deck = BODIES[kind][-2][1]
        posts = [box((0.1, 0.06, 0.3), (x, side, deck + 0.1), colour) for side in (-0.55, 0.55)]
        return [*posts, box((0.34, 1.5, 0.06), (x - 0.05, 0, deck + 0.26), colour)]
    if kind not in CABINS or p["extra"] == "plain":
        return []
    _, roof, roof_back, _, top = CABINS[kind]
    base = 0.60 if kind != "sports" else 0.45
    level = base + (top - base) * p["height"] + 0.06
    if p["extra"] == "lamp bar":
        bar = box((0.14, 0.9, 0.12), ((roof + 2 * roof_back) / 3, 0, level + 0.04), HEADLAMP)
        return [bar]
    bars = [
        rod((x, -0.55, level), (x, 0.55, level), 0.03, BLACK, sides=8)
        for x in np.linspace(roof, roof_back, 3)
    ]
    rails = [
        rod((roof, y, level), (roof_back, y, level), 0.03, BLACK, sides=8) for y in (-0.5, 0.5)
    ]
    load = slab(
        (0.9 * (roof - roof_back), 0.8, 0.26),
        ((roof + roof_back) / 2, 0, level + 0.15),
        darker(colour, 0.6),
        edge=0.3,
    )
    return [*bars, *rails, load]


def _wheels(kind: str, radius: float, length: float) -> list[Mesh]:
    stations = BODIES[kind]
    places = (0.62 * stations[0][0] * length, 0.64 * stations[-1][0] * length)
    parts = []
    for x in places:
        for side in (-1, 1):
            parts.append(wheel(radius + 0.03, 0.30, (x, side * 0.70, radius + 0.03), RUBBER, STEEL))
            arch = lathe([(radius + 0.10, -0.02), (radius + 0.10, 0.02)], BLACK, sides=28)
            parts.append(arch.turned(90, "x").moved((x, side * 0.815, radius + 0.05)))
    return parts
