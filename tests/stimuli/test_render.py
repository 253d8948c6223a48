"""Rendering agrees with what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wmsim.stimuli.mesh import Mesh, corner_normals, join, normalised, painted
from wmsim.stimuli.parts import ball, box, slab
from wmsim.stimuli.render import DISTANCE, FILL, camera_at, over, render, scene_of
from wmsim.stimuli.shading import FILL_LIGHT, KEY, SKY, lights_of, shade, to_display

WHITE = (1.0, 1.0, 1.0)


def project(points: np.ndarray, azimuth: float, elevation: float, height: float) -> np.ndarray:
    """Where points appear, -1 to 1, worked out with plain trigonometry."""
    a, e = np.radians([azimuth, elevation])
    moved = points - [0, 0, height]
    ahead = moved[:, 0] * np.cos(a) + moved[:, 1] * np.sin(a)
    x = -moved[:, 0] * np.sin(a) + moved[:, 1] * np.cos(a)
    depth = DISTANCE - (ahead * np.cos(e) + moved[:, 2] * np.sin(e))
    y = moved[:, 2] * np.cos(e) - ahead * np.sin(e)
    scale = np.sqrt(DISTANCE**2 - 1) * FILL
    return np.column_stack([x, y]) / depth[:, None] * scale


def solid(picture: np.ndarray) -> np.ndarray:
    return picture[..., 3] > 250


def test_silhouette_of_a_ball_is_a_circle_of_the_right_size() -> None:
    sphere = normalised(ball(3.0, (5, 5, 5), (1, 0, 0), sides=96))
    picture = render(scene_of(sphere), 20.0, 25.0, size=112, supersampling=1)
    y, x = np.mgrid[:112, :112] + 0.5
    expected = np.hypot(x - 56, y - 56) <= 56 * FILL
    # Beneath the ball the shadow is dark but never opaque.
    assert (solid(picture) ^ expected).mean() < 0.01


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 10), (35, 30), (-70, 15), (150, 40)])
def test_silhouette_of_a_box_matches_its_projected_corners(azimuth: int, elevation: int) -> None:
    from scipy.spatial import ConvexHull, Delaunay

    block = normalised(box((2, 1, 0.7), (0, 0, 0), (0.9, 0.9, 0.9)))
    picture = render(scene_of(block), azimuth, elevation, size=96, supersampling=1)
    corners = project(block.vertices, azimuth, elevation, block.bounds[1, 2] / 2)
    hull = Delaunay(corners[ConvexHull(corners).vertices])
    steps = (np.arange(96) + 0.5) / 48 - 1
    places = np.stack(np.meshgrid(steps, -steps), axis=-1).reshape(-1, 2)
    expected = (hull.find_simplex(places) >= 0).reshape(96, 96)
    assert (solid(picture) ^ expected).mean() < 0.015


def test_a_lit_plate_has_the_brightness_of_lambert() -> None:
    plate = normalised(box((2, 2, 0.02), (0, 0, 0), (0.5, 0.5, 0.5)))
    picture = render(scene_of(plate), 40.0, 60.0, size=64, supersampling=2)
    camera = camera_at(40.0, 60.0, 0.0)
    key = lights_of(camera.right, camera.forward, 4).key
    half = key - camera.forward
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    expected = 0.5**2.2 * (KEY * key[:, 2].mean() + SKY - FILL_LIGHT * camera.forward[2])
    expected += 0.10 * (half[:, 2] ** 32).mean()
    assert abs(picture[32, 32, 0] / 255 - to_display(expected)) < 0.02


def test_shade_without_light_is_dark() -> None:
    up = np.array([[0.0, 0.0, 1.0]])
    lights = lights_of(np.array([0.0, 1.0, 0.0]), np.array([-1.0, 0.0, 0.0]), 1)
    first = np.zeros(1, dtype=int)
    arguments = (np.full((1, 3), 0.5), up, np.array([[1.0, 0.0, 0.0]]), lights, first)
    lit = shade(*arguments, np.ones(1), np.ones(1))
    dark = shade(*arguments, np.zeros(1), np.zeros(1))
    assert (dark < 0.4 * lit).all()


def test_the_light_comes_from_above_on_the_left_whatever_the_azimuth() -> None:
    sphere = scene_of(normalised(ball(1.0, (0, 0, 0), (0.5, 0.5, 0.5))))
    for azimuth in (0.0, 77.0, 201.0):
        picture = render(sphere, azimuth, 20.0, size=48)[..., 0].astype(float)
        assert picture[14, 14] > picture[14, 33] > picture[33, 33]


def test_the_ground_shadow_lies_on_the_right_and_fades_before_the_edge() -> None:
    post = scene_of(normalised(box((0.4, 0.4, 1.0), (0, 0, 0), WHITE)))
    picture = render(post, 0.0, 25.0, size=80)
    shadow = (picture[..., 3] > 70) & (picture[..., 3] < 200) & (picture[..., :3].max(axis=2) < 10)
    assert shadow[:, 55:].sum() > 5 * shadow[:, :25].sum()
    rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (rim[:, 3] == 0).all()


def test_anti_aliasing_gives_values_between() -> None:
    block = scene_of(normalised(box((1, 1, 1), (0, 0, 0), WHITE)))
    rough = render(block, 30.0, 20.0, size=64, supersampling=1)[:20, :, 3]
    fine = render(block, 30.0, 20.0, size=64, supersampling=4)[:20, :, 3]
    assert set(np.unique(rough)) <= {0, 255}
    assert ((fine > 10) & (fine < 245)).sum() > 20
    assert abs(rough.mean() - fine.mean()) < 3


def test_transparent_faces_show_what_is_behind() -> None:
    inside = box((0.5, 0.5, 0.5), (0, 0, 0), (1, 0, 0))

    def shown(alpha: float) -> np.ndarray:
        shell = box((1, 1, 1), (0, 0, 0), (0, 0, 1))
        colour = shell.colour.copy()
        colour[..., 3] = alpha
        both = join([inside, Mesh(shell.vertices, shell.faces, colour)])
        return render(scene_of(normalised(both)), 0.0, 0.0, size=32)[16, 16].astype(int)

    solid_blue, glassy = shown(1.0), shown(0.3)
    assert solid_blue[2] > solid_blue[0] + 100
    assert glassy[0] > glassy[2] + 20


def test_over_keeps_the_background_where_nothing_is() -> None:
    picture = np.zeros((2, 2, 4), dtype=np.uint8)
    picture[0, 0] = (10, 20, 30, 255)
    mixed = over(picture, 77)
    assert mixed[0, 0].tolist() == [10, 20, 30]
    assert (mixed[1] == 77).all()


def test_normalised_stands_on_the_ground_and_fits_the_unit_ball() -> None:
    mesh = normalised(slab((3, 1, 7), (4, -2, 9), WHITE))
    low, high = mesh.bounds
    assert low[2] == pytest.approx(0)
    assert (low + high)[:2] == pytest.approx([0, 0])
    radius = np.linalg.norm(mesh.vertices - [0, 0, high[2] / 2], axis=1).max()
    assert radius == pytest.approx(1)


def test_corner_normals_are_smooth_on_a_ball_and_sharp_on_a_box() -> None:
    sphere = ball(1.0, (0, 0, 0), WHITE, sides=48)
    outward = sphere.vertices[sphere.faces]
    outward = outward / np.linalg.norm(outward, axis=2, keepdims=True)
    side = (np.abs(outward[..., 2]) < 0.9).all(axis=1)
    cosine = np.abs((corner_normals(sphere) * outward).sum(axis=2))
    assert cosine[side].min() > 0.99
    block = corner_normals(box((1, 1, 1), (0, 0, 0), WHITE))
    assert np.sort(np.abs(block), axis=2)[..., :2].max() < 1e-5


def test_corner_normals_match_a_slow_reference() -> None:
    rng = np.random.default_rng(0)
    vertices = rng.normal(size=(12, 3))
    faces = np.array([rng.choice(12, 3, replace=False) for _ in range(20)])
    mesh = painted(vertices, faces, WHITE)
    fast = corner_normals(mesh, crease=60.0)
    corners = vertices[faces]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat = area / np.linalg.norm(area, axis=1, keepdims=True)
    for face in range(20):
        for corner in range(3):
            near = [
                area[other]
                for other in range(20)
                if faces[face, corner] in faces[other] and flat[face] @ flat[other] > 0.5
            ]
            total = np.sum(near, axis=0)
            assert fast[face, corner] == pytest.approx(total / np.linalg.norm(total), abs=1e-5)
