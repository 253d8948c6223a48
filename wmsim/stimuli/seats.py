"""Chairs and sofas, the sitter looking along +x."""

from __future__ import annotations

import numpy as np

from wmsim.stimuli.colours import BLACK, STEEL, darker, fabric, material, wood
from wmsim.stimuli.draws import Choice, Draw, Range, Space
from wmsim.stimuli.mesh import Floats, Mesh, join
from wmsim.stimuli.parts import Colour, ball, box, lathe, loft, rod, rounded_rectangle, slab, tube

CHAIR: Space = {
    "base": Choice(("legs", "splayed", "castors", "pedestal", "cantilever", "rockers"), 4.0),
    "back": Choice(("ladder", "spindles", "panel", "shell", "hoop", "oval"), 4.0),
    "arms": Choice((False, True), 2.5),
    "seat": Choice(("square", "round"), 1.5),
    "seat_height": Range(0.38, 0.56, 1.5),
    "back_height": Range(0.30, 0.72, 2.0),
    "width": Range(0.42, 0.58),
    "lean": Range(4.0, 20.0, 0.5),
}

SOFA: Space = {
    "kind": Choice(("straight", "corner", "chesterfield", "chaise", "wing"), 4.0),
    "seats": Choice((1, 2, 3, 4), 3.0),
    "feet": Choice(("none", "blocks", "tapered", "plinth"), 2.0),
    "arm_width": Range(0.10, 0.38, 2.0),
    "arm_height": Range(0.12, 0.34, 1.5),
    "back_height": Range(0.30, 0.80, 2.5),
    "depth": Range(0.72, 1.0),
    "pillows": Choice((0, 1, 2), 1.0),
}


def chair(p: Draw, rng: np.random.Generator) -> Mesh:
    """A chair: base, seat, back and, in some, arms."""
    frame = material(rng)
    cloth = fabric(rng) if rng.random() < 0.6 else frame
    width, depth, height = p["width"], 0.46, p["seat_height"]
    corner = 0.5 if p["seat"] == "round" else 0.16
    parts = [slab((depth, width, 0.06), (0, 0, height), cloth, corner=corner, edge=0.35)]
    parts += _chair_base(p["base"], width, height, frame)
    back = _chair_back(p, width, frame, cloth)
    hinge = np.array([-0.46 * depth, 0, height])
    parts.append(join(back).turned(-p["lean"], "y").moved(hinge))
    if p["arms"]:
        parts += _chair_arms(width, height, frame)
    return join(parts)


def _chair_base(kind: str, width: float, height: float, colour: Colour) -> list[Mesh]:
    """What a chair stands on; `height` is that of the seat."""
    x, y = 0.19, width / 2 - 0.04
    top = height - 0.03
    corners = [(sx * x, sy * y) for sx in (1, -1) for sy in (1, -1)]
    if kind == "legs":
        legs = [rod((*c, 0), (*c, top), (0.026, 0.032), colour, sides=4) for c in corners]
        rails = [rod((x, s * y, 0.18), (-x, s * y, 0.18), 0.015, colour, sides=6) for s in (1, -1)]
        return [*legs, *rails, box((0.4, 2 * y, 0.06), (0, 0, top - 0.02), colour)]
    if kind == "splayed":
        return [
            rod((1.45 * cx, 1.3 * cy, 0), (0.6 * cx, 0.6 * cy, top), (0.014, 0.026), colour)
            for cx, cy in corners
        ]
    if kind == "castors":
        return _castors(top)
    if kind == "pedestal":
        radius = [0.27, 0.26, 0.10, 0.045, 0.04, 0.12]
        level = [0, 0.02, 0.05, 0.14, top - 0.1, top]
        return [lathe(np.column_stack([radius, level]), colour)]
    if kind == "cantilever":
        return _cantilever(x, y, top)
    return _rockers(x, y, top, colour)


def _castors(top: float) -> list[Mesh]:
    """A column on a star of five castors."""
    parts = [
        lathe([(0.03, 0.12), (0.03, top)], STEEL, sides=16),
        lathe([(0.045, 0.1), (0.045, 0.24)], BLACK),
    ]
    for angle in np.arange(5) * 2 * np.pi / 5:
        foot = 0.32 * np.array([np.cos(angle), np.sin(angle), 0])
        parts.append(rod((0, 0, 0.12), foot + [0, 0, 0.07], (0.03, 0.02), BLACK, sides=8))
        parts.append(ball(0.036, foot + [0, 0, 0.036], BLACK, sides=12))
    return parts


def _cantilever(x: float, y: float, top: float) -> list[Mesh]:
    """A bent steel tube that leaves the back of the seat free."""
    parts = [rod((-x, y, 0.02), (-x, -y, 0.02), 0.018, STEEL)]
    along = np.array([-1.0, 0.9, 1.2, 1.2, 0.9, -1.0]) * x
    up = [0.02, 0.02, 0.06, top - 0.05, top, top]
    for side in (1, -1):
        path = np.column_stack([along, np.full(6, side * y), up])
        parts.append(tube(path, 0.018, STEEL, sides=8))
    return parts


def _rockers(x: float, y: float, top: float, colour: Colour) -> list[Mesh]:
    """Four legs on two curved runners."""
    t = np.linspace(-1, 1, 13)
    parts = []
    for side in (1, -1):
        for end, foot in ((1, 0.06), (-1, 0.08)):
            start = (1.15 * end * x, side * y, foot)
            parts.append(rod(start, (end * x, side * y, top), 0.02, colour))
        path = np.column_stack([0.44 * t - 0.05, np.full(13, side * y), 0.02 + 0.11 * t**2])
        parts.append(tube(path, 0.022, colour, sides=6))
    return parts


def _chair_back(p: Draw, width: float, frame: Colour, cloth: Colour) -> list[Mesh]:
    """A back that stands at the origin, seen from the front along y and z."""
    high, y = p["back_height"], width / 2 - 0.035
    posts = [rod((0, s * y, 0), (0, s * y, high), (0.024, 0.018), frame, sides=4) for s in (1, -1)]
    if p["back"] == "ladder":
        count = 2 + round(high / 0.2)
        levels = np.linspace(0.18 * high, high - 0.03, count)
        return posts + [box((0.02, 2 * y, 0.05), (0, 0, z), frame) for z in levels]
    if p["back"] == "spindles":
        sticks = [
            rod((0, k, 0), (0, 1.1 * k, high), 0.010, frame, sides=6) for k in np.linspace(-y, y, 7)
        ]
        return [*sticks, slab((0.035, 2.5 * y, 0.09), (0, 0, high), frame, corner=0.5, edge=0.4)]
    if p["back"] == "panel":
        size = (0.05, 2 * y + 0.06, 0.72 * high)
        stays = [
            rod((0, s * 0.4 * y, -0.03), (0, s * 0.4 * y, 0.5 * high), 0.018, frame)
            for s in (1, -1)
        ]
        return [*stays, slab(size, (0, 0, 0.62 * high), cloth, corner=0.4, edge=0.45)]
    if p["back"] == "shell":
        return [_shell(width, high, cloth)]
    turn = np.linspace(0, np.pi, 25)
    if p["back"] == "hoop":
        hoop = np.column_stack(
            [np.zeros(25), y * np.cos(turn), 0.45 * high + 0.55 * high * np.sin(turn)]
        )
        path = np.concatenate([[[0, y, 0]], hoop, [[0, -y, 0]]])
        inner = [
            rod((0, k * y, 0), (0, k * y, high * (0.45 + 0.53 * np.sqrt(1 - k**2))), 0.012, frame)
            for k in (-0.45, 0.0, 0.45)
        ]
        return [tube(path, 0.02, frame, sides=8), *inner]
    disc = ball((0.035, y + 0.02, 0.38 * high), (0, 0, 0.66 * high), cloth)
    stays = [rod((0, s * 0.7 * y, 0), (0, s * 0.7 * y, 0.6 * high), 0.018, frame) for s in (1, -1)]
    return [disc, *stays]


def _shell(width: float, high: float, colour: Colour) -> Mesh:
    """A bucket that wraps round the sitter."""
    turn = np.linspace(-1.9, 1.9, 25)
    rings = []
    for angle in turn:
        reach = np.cos(angle / 1.9 * np.pi / 2) ** 0.7
        tall = high * (0.28 + 0.72 * reach)
        out = np.array([-np.cos(angle), np.sin(angle)])
        centre = np.array([0.2, 0.0])
        radii = [0.5 * width, 0.56 * width, 0.60 * width, 0.56 * width]
        outer = [centre + radius * out for radius in radii]
        levels = (-0.02, -0.02, tall, tall)
        rings.append([(*place, z) for place, z in zip(outer, levels, strict=True)])
    return loft(rings, colour)


def _chair_arms(width: float, height: float, colour: Colour) -> list[Mesh]:
    parts = []
    for side in (1, -1):
        y = side * (width / 2 + 0.03)
        parts.append(slab((0.40, 0.06, 0.035), (-0.02, y, height + 0.22), colour, corner=0.5))
        for x in (0.14, -0.17):
            parts.append(rod((x, 0.93 * y, height - 0.02), (x, y, height + 0.22), 0.016, colour))
    return parts


def sofa(p: Draw, rng: np.random.Generator) -> Mesh:
    """A sofa or, with one seat, an armchair."""
    cloth = fabric(rng)
    cushion = cloth if rng.random() < 0.5 else fabric(rng)
    kind, depth = p["kind"], p["depth"]
    seats = p["seats"] if kind in ("straight", "wing") else max(2, p["seats"])
    inside = 0.58 * seats
    arm = p["arm_width"]
    lift = {"none": 0.0, "blocks": 0.08, "tapered": 0.17, "plinth": 0.06}[p["feet"]]
    seat = 0.30 + lift
    width = inside + 2 * arm
    parts = [slab((depth, width - 0.04, 0.22), (0, 0, lift + 0.11), cloth, corner=0.06, edge=0.15)]
    parts += _cushions(kind, seats, inside, depth, seat, p["back_height"], cushion)
    parts += _sofa_back(kind, width, depth, lift, seat + p["back_height"], cloth)
    parts += _sofa_arms(p, width, depth, lift, seat, cloth)
    if kind in ("corner", "chaise"):
        parts += _long_seat(kind, inside, depth, lift, seat, p["back_height"], cloth, cushion)
    parts += _feet(p["feet"], width, depth, lift, wood(rng))
    colour = fabric(rng)
    for side in (1, -1)[: p["pillows"]]:
        pillow = slab((0.14, 0.38, 0.36), (0, 0, 0), colour, corner=0.2, edge=0.5)
        place = (-0.12 * depth, side * (inside / 2 - 0.22), seat + 0.26)
        parts.append(pillow.turned(-20, "y").moved(place))
    return join(parts)


def _cushions(
    kind: str, seats: int, inside: float, depth: float, seat: float, high: float, colour: Colour
) -> list[Mesh]:
    parts = []
    each = inside / seats
    for index in range(seats):
        y = (index - (seats - 1) / 2) * each
        size = (0.80 * depth, 0.97 * each, 0.16)
        parts.append(slab(size, (0.1 * depth, y, seat), colour, corner=0.12, edge=0.4))
        if kind in ("straight", "corner", "chaise"):
            back = slab((0.2, 0.95 * each, 0.85 * high), (0, 0, 0), colour, corner=0.3, edge=0.45)
            parts.append(back.turned(-10, "y").moved((-0.22 * depth, y, seat + 0.08 + 0.4 * high)))
    return parts


def _sofa_back(
    kind: str, width: float, depth: float, lift: float, top: float, colour: Colour
) -> list[Mesh]:
    x = -depth / 2 + 0.09
    if kind == "chesterfield":
        roll = rod(
            (x - 0.02, -width / 2, top - 0.12),
            (x - 0.02, width / 2, top - 0.12),
            0.13,
            colour,
            sides=24,
        )
        wall = slab(
            (0.20, width, top - lift - 0.1), (x, 0, (top + lift - 0.1) / 2), colour, edge=0.2
        )
        buttons = [
            ball(0.025, (x + 0.1, y, z), darker(colour, 0.5), sides=8)
            for z in (0.55 * top, 0.75 * top)
            for y in np.linspace(-0.38, 0.38, 7) * width
        ]
        return [roll, wall, *buttons]
    if kind == "wing":
        tall = top - lift
        outline = rounded_rectangle(width, 1.25 * tall, 0.35)
        rings = [
            np.insert(shrink * outline, 0, x + dx, axis=1)
            for dx, shrink in ((-0.09, 0.94), (-0.04, 1.0), (0.04, 1.0), (0.09, 0.94))
        ]
        panel = loft(rings, colour).moved((0, 0, lift + 0.62 * tall))
        ear = slab((0.42, 0.1, 0.85 * tall), (0, 0, 0), colour, corner=0.5, edge=0.4)
        places = [(x + 0.2, s * (width / 2 - 0.06), lift + 0.72 * tall) for s in (1, -1)]
        wings = [ear.moved(place) for place in places]
        return [panel, *wings]
    return [
        slab(
            (0.18, width, top - lift - 0.08),
            (x, 0, (top + lift - 0.08) / 2),
            colour,
            corner=0.2,
            edge=0.2,
        )
    ]


def _sofa_arms(
    p: Draw, width: float, depth: float, lift: float, seat: float, colour: Colour
) -> list[Mesh]:
    arm, top = p["arm_width"], seat + p["arm_height"]
    sides = (1,) if p["kind"] == "chaise" else (1, -1)
    parts = []
    for side in sides:
        y = side * (width / 2 - arm / 2)
        size = (depth, arm, top - lift)
        parts.append(slab(size, (0, y, (top + lift) / 2), colour, corner=0.15, edge=0.2))
        if p["kind"] == "chesterfield":
            radius = max(0.11, 0.6 * arm)
            parts.append(
                rod((-depth / 2, y, top), (depth / 2 + 0.02, y, top), radius, colour, sides=24)
            )
    return parts


def _long_seat(
    kind: str,
    inside: float,
    depth: float,
    lift: float,
    seat: float,
    high: float,
    cloth: Colour,
    cushion: Colour,
) -> list[Mesh]:
    """The part of a corner sofa or chaise longue that comes forward, on the right."""
    y, reach = -inside / 2 + 0.30, 0.75
    x = depth / 2 + reach / 2 - 0.02
    parts = [
        slab((reach, 0.62, 0.22), (x, y, lift + 0.11), cloth, corner=0.06, edge=0.15),
        slab((reach, 0.58, 0.16), (x, y, seat), cushion, corner=0.12, edge=0.4),
    ]
    if lift > 0.06:
        tip = x + reach / 2 - 0.08
        feet = [(tip, y + side * 0.24) for side in (1, -1)]
        parts += [rod((*foot, 0), (*foot, lift + 0.02), (0.02, 0.035), BLACK) for foot in feet]
    if kind == "corner":
        wall = 0.75 * high + seat - lift
        size = (depth + reach, 0.16, wall)
        parts.append(
            slab(size, (reach / 2, y - 0.36, lift + wall / 2), cloth, corner=0.2, edge=0.2)
        )
    return parts


def _feet(kind: str, width: float, depth: float, lift: float, colour: Colour) -> list[Mesh]:
    if kind == "none":
        return []
    if kind == "plinth":
        return [box((0.85 * depth, 0.92 * width, lift + 0.02), (0, 0, lift / 2), BLACK)]
    places: list[Floats] = [
        np.array([sx * 0.42 * depth, sy * 0.46 * width, 0.0]) for sx in (1, -1) for sy in (1, -1)
    ]
    if kind == "blocks":
        return [
            box((0.09, 0.09, lift + 0.02), place + [0, 0, lift / 2], colour) for place in places
        ]
    return [
        rod(1.06 * place, 0.94 * place + [0, 0, lift + 0.02], (0.016, 0.04), colour)
        for place in places
    ]
