"""How light falls on a surface: a key light, the sky, and a little shine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.stimuli.mesh import Floats, Integers

KEY, SKY, FROM_BELOW, FILL_LIGHT, SHINE = 0.80, 0.50, 0.20, 0.10, 0.10
GAMMA = 2.2


@dataclass(frozen=True)
class Lights:
    """Directions of light, one a sample within a pixel, so that samples average to soft shadows.

    Attributes
    ----------
    key : ndarray of float32, shape (samples, 3)
        Towards the key light, unit length.
    sky : ndarray of float32, shape (samples, 3)
        Directions about +z, spread as the cosine.
    reach : float
        How far a surface must be to leave the sky open.
    """

    key: Floats
    sky: Floats
    reach: float = 0.7

    def sky_around(self, normals: Floats, sample: Integers) -> Floats:
        """Directions about `normals` (rays, 3) for each ray's sample, unit length."""
        around = normals + 0.98 * self.sky[sample]
        return around / np.sqrt(np.einsum("nc,nc->n", around, around))[:, None]


def lights_of(right: Floats, forward: Floats, samples: int) -> Lights:
    """Place the lights for a camera: the key light above its left shoulder.

    Parameters
    ----------
    right, forward : ndarray of float, shape (3,)
        Directions of the camera.
    samples : int
        Rays a pixel.
    """
    toward_eye = -np.array([forward[0], forward[1], 0.0])
    toward_eye /= np.linalg.norm(toward_eye)
    centre = -0.55 * right + 0.40 * toward_eye + np.array([0.0, 0.0, 1.0])
    centre /= np.linalg.norm(centre)
    across = np.cross(centre, right)
    beside = np.cross(centre, across)
    index = np.arange(samples)
    # A sunflower: even over the disc of the lamp, and the same for every pixel.
    angle = index * 2.399963
    radius = 0.09 * np.sqrt((index + 0.5) / samples) if samples > 1 else np.zeros(1)
    key = centre + radius[:, None] * (
        np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * beside
    )
    key /= np.linalg.norm(key, axis=1, keepdims=True)
    height = 1 - 2 * (index + 0.5) / samples
    rim = np.sqrt(1 - height**2)
    sky = np.column_stack([rim * np.cos(angle), rim * np.sin(angle), height])
    return Lights(key.astype(np.float32), sky.astype(np.float32))


def hemisphere(count: int) -> Floats:
    """Directions above the horizon, as dense as the cosine to the zenith, shape (count, 3)."""
    share = (np.arange(count) + 0.5) / count
    angle = np.arange(count) * 2.399963
    flat = np.sqrt(share)
    return np.column_stack([flat * np.cos(angle), flat * np.sin(angle), np.sqrt(1 - share)])


def shade(
    base: Floats,
    normals: Floats,
    toward_eye: Floats,
    lights: Lights,
    sample: Integers,
    seen: Floats,
    sky: Floats,
) -> Floats:
    """Light that leaves a surface towards the eye.

    Parameters
    ----------
    base : ndarray of float, shape (rays, 3)
        Linear colour of the surface.
    normals, toward_eye : ndarray of float, shape (rays, 3)
        Unit vectors.
    lights : Lights
    sample : ndarray of int, shape (rays,)
        Which direction of the lights each ray uses.
    seen, sky : ndarray of float, shape (rays,)
        Whether the key light and the sky are open.

    Returns
    -------
    ndarray of float32, shape (rays, 3)
        Linear light.
    """
    key = lights.key[sample]
    lambert = np.maximum(np.einsum("nc,nc->n", normals, key), 0) * seen
    upward = 0.5 + 0.5 * normals[:, 2]
    ambient = (FROM_BELOW + (SKY - FROM_BELOW) * upward) * (0.35 + 0.65 * sky)
    fill = FILL_LIGHT * np.maximum(np.einsum("nc,nc->n", normals, toward_eye), 0)
    half = key + toward_eye
    half /= np.sqrt(np.einsum("nc,nc->n", half, half))[:, None]
    gleam = SHINE * seen * np.maximum(np.einsum("nc,nc->n", normals, half), 0) ** 32
    return (base * (KEY * lambert + ambient + fill)[:, None] + gleam[:, None]).astype(np.float32)


def to_linear(display: Floats) -> Floats:
    """From sRGB values to amounts of light, both 0 to 1 (a plain power of 2.2).

    Examples
    --------
    >>> float(to_display(to_linear(np.array(0.25))).round(6))
    0.25
    """
    return np.asarray(display) ** GAMMA


def to_display(linear: Floats) -> Floats:
    """From amounts of light to sRGB values, both 0 to 1."""
    return np.clip(linear, 0, 1) ** (1 / GAMMA)
