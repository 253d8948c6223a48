"""Textures behind objects: where they come from, and which frame has which."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wmsim.errors import WmsimError
from wmsim.progress import progress
from wmsim.stimuli.config import MADE_TEXTURES, SPLITS, TextureConfig
from wmsim.stimuli.mesh import Integers
from wmsim.stimuli.pictures import PICTURES, picture_files, read_picture
from wmsim.stimuli.quilting import quilt, smallest_sample
from wmsim.stimuli.textures import FAMILIES, made_texture

STREAM = 7004  # sets the draws of textures apart from all others of one seed
SAMPLE = 0.6  # edge of what a texture is quilted from, in parts of the frame's edge
SMALLEST = 16  # pixels along an edge; less is a colour, not a texture


@dataclass(frozen=True)
class Textures:
    """Backgrounds of a set of stimuli.

    Attributes
    ----------
    pictures : ndarray of uint8, shape (texture, frame_size, frame_size, 3)
        Those of training come first.
    split : ndarray of str, shape (texture,)
        Which split's frames have it; no two splits share one.
    origins : tuple of str
        For each texture its family, or the picture that it was cut from.
    of_frame : ndarray of int64, shape (image, location)
        Which texture lies behind each frame.
    """

    pictures: NDArray[np.uint8] = field(repr=False)
    split: NDArray[np.str_] = field(repr=False)
    origins: tuple[str, ...] = field(repr=False)
    of_frame: Integers = field(repr=False)


def make_textures(
    config: TextureConfig,
    split: NDArray[np.str_],
    *,
    n_locations: int,
    size: int,
    seed: int,
) -> Textures:
    """Make or cut textures, and give one to every frame.

    Parameters
    ----------
    config : TextureConfig
    split : ndarray of str, shape (image,)
        Split of each picture, pictures of one identity side by side.
    n_locations : int
        Places that a picture may take, and so frames a picture.
    size : int
        Edge length of a frame.
    seed : int

    Returns
    -------
    Textures
        Every location of a split has each of its textures equally often, but for one, so that a
        texture says nothing about the location; where the number of view angles is a multiple of
        the number of textures, the same holds for every identity.

    Raises
    ------
    WmsimError
        If the folder is missing, has too few pictures, or one of them cannot be used.

    Examples
    --------
    >>> split = np.repeat(["train", "novel_angle"], [6, 4])
    >>> textures = make_textures(TextureConfig(count=3), split, n_locations=4, size=32, seed=0)
    >>> textures.pictures.shape, textures.of_frame.shape
    ((6, 32, 32, 3), (10, 4))
    >>> np.bincount(textures.of_frame[:6].ravel()).tolist()
    [8, 8, 8]
    """
    used = [name for name in SPLITS if (split == name).any()]
    shares = None if config.source == MADE_TEXTURES else _shares(config.source, seed)
    of_frame = np.zeros((len(split), n_locations), dtype=np.int64)
    pictures, origins = [], []
    with progress("textures", config.count * len(used)) as step:
        for place, name in enumerate(used):
            rng = np.random.default_rng([seed, STREAM, SPLITS.index(name)])
            rows = np.flatnonzero(split == name)
            order = _dealt(config.count, len(rows), n_locations, rng)
            of_frame[rows] = place * config.count + order
            for number in range(config.count):
                own = np.random.default_rng([seed, STREAM, SPLITS.index(name), number])
                if shares is None:
                    picture, origin = _made(number, config.quilted, size, own)
                else:
                    share = shares[SPLITS.index(name)]
                    picture, origin = _cut_from(
                        share[number % len(share)], Path(config.source), config.quilted, size, own
                    )
                pictures.append(picture)
                origins.append(origin)
                step(1)
    return Textures(np.stack(pictures), np.repeat(used, config.count), tuple(origins), of_frame)


def _dealt(count: int, images: int, n_locations: int, rng: np.random.Generator) -> Integers:
    """Numbers of textures as from shuffled packs of cards, shape (images, n_locations)."""
    packs = -(-images // count)
    columns = [
        np.concatenate([rng.permutation(count) for _ in range(packs)])[:images]
        for _ in range(n_locations)
    ]
    return np.stack(columns, axis=1)


def _made(
    number: int, quilted: bool, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], str]:
    """A texture from code, the families in turn."""
    family = tuple(FAMILIES)[number % len(FAMILIES)]
    if not quilted:
        return made_texture(family, size, rng=rng), family
    sample = max(round(SAMPLE * size), smallest_sample(size))
    return quilt(made_texture(family, sample, rng=rng), size, rng=rng), family


def _shares(source: str, seed: int) -> list[list[Path]]:
    """Files of a folder, dealt out to the three splits whether or not each is there."""
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise WmsimError(
            f"No folder of textures '{folder}'. Give '{MADE_TEXTURES}' for textures made from "
            f"code, or a folder of pictures ({', '.join(PICTURES)})."
        )
    files = picture_files(folder)
    if len(files) < len(SPLITS):
        raise WmsimError(
            f"The folder of textures '{folder}' has {len(files)} "
            f"picture{'' if len(files) == 1 else 's'} ({', '.join(PICTURES)}); at least "
            f"{len(SPLITS)} are needed, so that {', '.join(SPLITS)} each have their own."
        )
    order = np.random.default_rng([seed, STREAM]).permutation(len(files))
    return [[files[index] for index in order[start :: len(SPLITS)]] for start in range(len(SPLITS))]


def _cut_from(
    file: Path, root: Path, quilted: bool, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], str]:
    """A texture from a random square of a picture, and the picture's name."""
    picture = read_picture(file)
    if min(picture.shape[:2]) < SMALLEST:
        raise WmsimError(
            f"The picture '{file}' has {picture.shape[1]} x {picture.shape[0]} pixels; at least "
            f"{SMALLEST} along each edge make a texture. Leave it out."
        )
    if quilted:
        sample = _square(picture, max(round(SAMPLE * size), smallest_sample(size)), rng)
        texture = quilt(sample, size, rng=rng)
    else:
        texture = _square(picture, size, rng)
    return texture, file.relative_to(root.expanduser()).as_posix()


def _square(picture: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cut a random square and scale it down; where the picture is too small, mirror it."""
    from PIL import Image

    alpha = picture[..., 3:].astype(np.float32) / 255
    rgb = np.round(alpha * picture[..., :3] + 128 * (1 - alpha)).astype(np.uint8)
    missing = [max(0, size - side) for side in rgb.shape[:2]]
    if any(missing):
        rgb = np.pad(rgb, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
    height, width = rgb.shape[:2]
    # Between pixel for pixel and the whole picture, so that both grain and form are seen.
    edge = int(rng.integers(size, min(height, width) + 1))
    top = int(rng.integers(height - edge + 1))
    left = int(rng.integers(width - edge + 1))
    part = Image.fromarray(rgb[top : top + edge, left : left + edge])
    return np.asarray(part.resize((size, size), Image.Resampling.LANCZOS), dtype=np.uint8)
