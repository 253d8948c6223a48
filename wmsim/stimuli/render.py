"""Pictures of a mesh by ray casting: camera, shadows on the object and the ground, anti-aliasing.

The camera looks at the middle of the object from a given azimuth and elevation. Lights move
with the camera, as if the object stood on a turntable. What comes out is a picture with alpha:
the object, and beneath it a shadow that fades out before the edge of the crop.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wmsim.stimuli.mesh import Floats, Integers, Mesh, corner_normals
from wmsim.stimuli.shading import Lights, hemisphere, lights_of, shade, to_display, to_linear

DISTANCE = 6.0  # of the camera, in radii of the object
FILL = 0.94  # of the crop, that the bounding sphere of the object takes
LAYERS = 4  # surfaces that one ray passes through where they are transparent
KEY_SHADOW, SKY_SHADOW = 0.42, 0.5  # how dark the ground is without the key light, the sky
FADE = (0.72, 0.98)  # where the ground shadow begins and ends to fade, in half crops
GRID = 32  # places along each side at which the ground's view of the sky is worked out
SKY_RAYS = 64
KEY_RAYS = 7  # towards the key light from each pixel of the ground
GLOOM_REACH = 0.7  # how near an object must be to darken the ground
OFFSET = 2e-3  # by which shadow rays start above a surface


@dataclass(frozen=True)
class Scene:
    """A mesh made ready for casting rays at it.

    Attributes
    ----------
    mesh : Mesh
        Standing on the ground, as :func:`wmsim.stimuli.mesh.normalised` leaves it.
    normals : ndarray of float32, shape (faces, 3, 3)
    tree, blockers : embreex scenes
        All faces, and the opaque ones, which alone cast shadows.
    gloom : ndarray of float32, shape (GRID, GRID)
        How much of the sky the object hides from the ground, on a grid over ``ground``.
    ground : ndarray of float, shape (2, 2)
        Lowest and highest x and y of that grid.
    """

    mesh: Mesh
    normals: Floats
    tree: Any
    blockers: Any
    gloom: Floats
    ground: Floats


@dataclass(frozen=True)
class Camera:
    """Where the eye is and which way right, up and forward are (unit vectors, shape (3,))."""

    eye: Floats
    right: Floats
    up: Floats
    forward: Floats
    half_width: float

    def rays(self, plane: Floats) -> Floats:
        """Unit directions through places on the picture plane, (rays, 2) to (rays, 3)."""
        axes = self.half_width * np.stack([self.right, self.up])
        rays = plane @ axes.astype(np.float32) + self.forward.astype(np.float32)
        return rays / np.sqrt(np.einsum("nc,nc->n", rays, rays))[:, None]


def scene_of(mesh: Mesh) -> Scene:
    """Make a mesh ready for rendering."""
    opaque = (mesh.colour[..., 3] > 0.99).all(axis=1)
    tree = _tree(mesh.vertices, mesh.faces)
    blockers = tree if opaque.all() else _tree(mesh.vertices, mesh.faces[opaque])
    ground = mesh.bounds[:, :2] + np.array([[-0.5], [0.5]])
    return Scene(mesh, corner_normals(mesh), tree, blockers, _gloom(blockers, ground), ground)


def _gloom(blockers: Any, ground: Floats) -> Floats:
    """Share of the sky that is hidden from each place of a grid on the ground."""
    x, y = (np.linspace(ground[0, axis], ground[1, axis], GRID) for axis in (0, 1))
    places = np.stack([*np.meshgrid(x, y, indexing="ij"), np.full((GRID, GRID), OFFSET)], axis=-1)
    sky = hemisphere(SKY_RAYS)
    origin = np.repeat(places.reshape(-1, 3), SKY_RAYS, axis=0)
    is_open = _open(blockers, origin, np.tile(sky, (GRID**2, 1)), GLOOM_REACH)
    return 1 - is_open.reshape(GRID, GRID, SKY_RAYS).mean(axis=2, dtype=np.float32)


def _tree(vertices: Floats, faces: Integers) -> Any:
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    tree = EmbreeScene()
    if len(faces):
        points = np.ascontiguousarray(vertices, dtype=np.float32)
        TriangleMesh(tree, points, np.ascontiguousarray(faces, dtype=np.int32))
    return tree


def camera_at(azimuth: float, elevation: float, height: float) -> Camera:
    """A camera that looks at a point `height` above the origin.

    Parameters
    ----------
    azimuth, elevation : float
        Degrees; azimuth 0 and elevation 0 look at the front of the object, level.
    height : float
        In radii of the object.

    Examples
    --------
    >>> camera_at(90.0, 0.0, 0.5).eye.round(3).tolist()
    [0.0, 6.0, 0.5]
    """
    a, e = np.radians([azimuth, elevation])
    back = np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
    right = np.array([-np.sin(a), np.cos(a), 0.0])
    eye = np.array([0.0, 0.0, height]) + DISTANCE * back
    half_width = 1.0 / np.sqrt(DISTANCE**2 - 1) / FILL
    return Camera(eye, right, np.cross(back, right), -back, half_width)


def render(
    scene: Scene, azimuth: float, elevation: float, *, size: int = 112, supersampling: int = 3
) -> NDArray[np.uint8]:
    """Take a picture of an object.

    Parameters
    ----------
    scene : Scene
    azimuth, elevation : float
        Degrees.
    size : int
        Edge length in pixels.
    supersampling : int
        Rays along each edge of a pixel.

    Returns
    -------
    ndarray of uint8, shape (size, size, 4)
        sRGB and alpha; the shadow is black and partly transparent.

    Examples
    --------
    >>> from wmsim.stimuli.mesh import normalised
    >>> from wmsim.stimuli.parts import ball
    >>> picture = render(scene_of(normalised(ball(1.0, (0, 0, 0), (1, 0, 0)))), 30.0, 20.0, size=32)
    >>> picture.shape, int(picture[16, 16, 3]), int(picture[0, 0, 3])
    ((32, 32, 4), 255, 0)
    """
    camera = camera_at(azimuth, elevation, float(scene.mesh.bounds[1, 2]) / 2)
    samples = supersampling**2
    lights = lights_of(camera.right, camera.forward, samples)
    plane, sample = _pixel_samples(size, supersampling)
    live = _near_object(scene.mesh, camera, plane)
    light, through = _object_light(scene, camera, plane[live], sample[live], lights)
    whole = np.zeros((len(plane), 3), dtype=np.float32)
    clear = np.ones(len(plane), dtype=np.float32)
    whole[live], clear[live] = light, through
    whole = whole.reshape(samples, size * size, 3).mean(axis=0)
    clear = clear.reshape(samples, size * size).mean(axis=0)
    cover = 1 - clear * (1 - _ground_shadow(scene, camera, clear, size))
    straight = to_display(whole / np.maximum(cover, 1e-6)[:, None])
    picture = np.concatenate([straight, cover[:, None]], axis=1).reshape(size, size, 4)
    return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)


def over(picture: NDArray[np.uint8], background: NDArray[np.uint8] | int) -> NDArray[np.uint8]:
    """Lay a picture with alpha over a background of the same size, or over a grey level.

    Parameters
    ----------
    picture : ndarray of uint8, shape (..., 4)
    background : int or ndarray of uint8, shape (..., 3)

    Returns
    -------
    ndarray of uint8, shape (..., 3)
    """
    alpha = picture[..., 3:].astype(np.float32) / 255
    mixed = alpha * picture[..., :3] + (1 - alpha) * np.asarray(background, dtype=np.float32)
    return np.round(mixed).astype(np.uint8)


@functools.lru_cache(maxsize=8)
def _pixel_samples(size: int, supersampling: int) -> tuple[Floats, Integers]:
    """Places on the picture plane, -1 to 1 (rays, 2), and each one's number within its pixel.

    The first sample of every pixel comes first, then the second one of every pixel, and so on.
    """
    fine = size * supersampling
    steps = ((np.arange(fine) + 0.5) / fine * 2 - 1).astype(np.float32)
    by_sample = steps.reshape(size, supersampling).T
    shape = (supersampling, supersampling, size, size)
    x = np.broadcast_to(by_sample[None, :, None, :], shape)
    y = np.broadcast_to(-by_sample[:, None, :, None], shape)
    plane = np.column_stack([x.ravel(), y.ravel()])
    sample = np.repeat(np.arange(supersampling**2), size**2)
    plane.flags.writeable = sample.flags.writeable = False
    return plane, sample


def _near_object(mesh: Mesh, camera: Camera, plane: Floats) -> Integers:
    """Which samples lie in the rectangle that the object takes in the picture, shape (samples,)."""
    offset = mesh.vertices - camera.eye
    depth = offset @ camera.forward * camera.half_width
    across, along = offset @ camera.right / depth, offset @ camera.up / depth
    x, y = plane[:, 0], plane[:, 1]
    inside = (x >= across.min()) & (x <= across.max()) & (y >= along.min()) & (y <= along.max())
    return np.flatnonzero(inside)


def _object_light(
    scene: Scene, camera: Camera, plane: Floats, sample: Integers, lights: Lights
) -> tuple[Floats, Floats]:
    """Light of the surfaces that rays meet, (rays, 3), and what goes through them, (rays,)."""
    rays = camera.rays(plane)
    light = np.zeros((len(rays), 3), dtype=np.float32)
    through = np.ones(len(rays), dtype=np.float32)
    live = np.arange(len(rays))
    start = np.broadcast_to(camera.eye.astype(np.float32), rays.shape)
    for _ in range(LAYERS):
        if not len(live):
            break
        ray = rays[live]
        hits = scene.tree.run(np.ascontiguousarray(start), ray, output=True)
        met = np.flatnonzero(hits["primID"] >= 0)
        live, ray, face = live[met], ray[met], hits["primID"][met]
        point = start[met] + hits["tfar"][met, None] * ray
        u, v = hits["u"][met], hits["v"][met]
        weights = np.stack([1 - u - v, u, v], axis=1)
        rgba = surface_colour(scene.mesh, face, weights)
        flat = _facing(hits["Ng"][met], ray)
        smooth = _facing(np.einsum("nk,nkc->nc", weights, scene.normals[face]), ray)
        origin = point + OFFSET * flat
        number = sample[live]
        seen = _open(scene.blockers, origin, lights.key[number])
        sky = _open(scene.blockers, origin, lights.sky_around(smooth, number), lights.reach)
        glow = shade(to_linear(rgba[:, :3]), smooth, -ray, lights, number, seen, sky)
        weight = through[live] * rgba[:, 3]
        light[live] += weight[:, None] * glow
        through[live] -= weight
        onward = np.flatnonzero(through[live] > 0.02)
        live, start = live[onward], (point - OFFSET * flat)[onward]
    return light, through


def _ground_shadow(scene: Scene, camera: Camera, clear: Floats, size: int) -> Floats:
    """How dark the ground is at the middle of each pixel, 0 to 1, shape (pixels,).

    The ground is smooth enough for one place a pixel, with a few rays to the key light.
    """
    shadow = np.zeros(size * size, dtype=np.float32)
    plane, _ = _pixel_samples(size, 1)
    edge = np.maximum(np.abs(plane[:, 0]), np.abs(plane[:, 1]))
    ray = camera.rays(plane)
    looks = np.flatnonzero((clear > 0.02) & (edge < FADE[1]) & (ray[:, 2] < -1e-3))
    point = camera.eye.astype(np.float32) - ray[looks] * (camera.eye[2] / ray[looks, 2:])
    dark = SKY_SHADOW * _gloom_at(scene, point)
    key = lights_of(camera.right, camera.forward, KEY_RAYS).key
    cast = np.flatnonzero(_in_shadow_box(scene.mesh, key.mean(axis=0), point))
    start = np.repeat(point[cast] + np.array([0, 0, OFFSET], dtype=np.float32), KEY_RAYS, axis=0)
    seen = _open(scene.blockers, start, np.tile(key, (len(cast), 1)))
    dark[cast] += KEY_SHADOW * (1 - seen.reshape(-1, KEY_RAYS).mean(axis=1))
    fade = np.clip((FADE[1] - edge[looks]) / (FADE[1] - FADE[0]), 0, 1)
    shadow[looks] = dark * fade * fade * (3 - 2 * fade)
    return shadow


def _in_shadow_box(mesh: Mesh, toward: Floats, point: Floats) -> NDArray[np.bool_]:
    """Which places on the ground may lie in shadow: a box along the light, (points,)."""
    flat = toward[:2] / np.linalg.norm(toward[:2])
    turn = np.stack([flat, np.array([-flat[1], flat[0]])], axis=1)
    fallen = (mesh.vertices[:, :2] - toward[:2] / toward[2] * mesh.vertices[:, 2:]) @ turn
    place = point[:, :2] @ turn
    soft = 0.15 * mesh.bounds[1, 2]  # the lamp has a width
    return ((place >= fallen.min(axis=0) - soft) & (place <= fallen.max(axis=0) + soft)).all(axis=1)


def _gloom_at(scene: Scene, point: Floats) -> Floats:
    """Look the ground's darkness up between the places of the grid; 0 outside, shape (points,)."""
    from scipy.ndimage import map_coordinates

    low, high = scene.ground.astype(np.float32)
    place = (point[:, :2] - low) / (high - low) * (GRID - 1)
    return map_coordinates(scene.gloom, place.T, order=1, output=np.float32, prefilter=False)


def surface_colour(mesh: Mesh, face: Integers, weights: Floats) -> Floats:
    """sRGB and alpha where rays meet faces, textures looked up, shape (hits, 4).

    Parameters
    ----------
    mesh : Mesh
    face : ndarray of int, shape (hits,)
    weights : ndarray of float, shape (hits, 3)
        Barycentric weights of the corners.
    """
    colour = np.einsum("nk,nkc->nc", weights, mesh.colour[face].astype(np.float32))
    if mesh.texture is None or mesh.uv is None:
        return colour
    which = mesh.texture[face]
    for index, image in enumerate(mesh.images):
        mine = np.flatnonzero(which == index)
        uv = np.einsum("nk,nkc->nc", weights[mine], mesh.uv[face[mine]])
        height, width = image.shape[:2]
        column = np.floor(uv[:, 0] % 1.0 * width).astype(np.int64) % width
        row = np.floor((1 - uv[:, 1] % 1.0) * height).astype(np.int64) % height
        colour[mine] *= image[row, column].astype(np.float32) / 255
    return colour


def _facing(normals: Floats, rays: Floats) -> Floats:
    """Unit normals, turned to the side that the rays come from."""
    length = np.sqrt(np.einsum("nc,nc->n", normals, normals))
    unit = normals / np.maximum(length, 1e-12)[:, None]
    away = np.einsum("nc,nc->n", unit, rays) > 0
    return np.where(away[:, None], -unit, unit).astype(np.float32)


def _open(tree: Any, origin: Floats, toward: Floats, reach: float | None = None) -> Floats:
    """1 where nothing lies on the way (within `reach`), else 0, shape (rays,)."""
    start = np.ascontiguousarray(origin, dtype=np.float32)
    direction = np.ascontiguousarray(toward, dtype=np.float32)
    limit = None if reach is None else np.full(len(start), reach, dtype=np.float32)
    blocked = tree.run(start, direction, limit, query="OCCLUDED")
    return (blocked < 0).astype(np.float32)
