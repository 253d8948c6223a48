"""A set of stimuli: pictures of objects, what each shows, and frames with a location."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wmsim.errors import WmsimError, choose
from wmsim.files import content_key
from wmsim.progress import progress
from wmsim.stimuli.backgrounds import Textures, make_textures
from wmsim.stimuli.catalogue import MadeObject, made_objects
from wmsim.stimuli.config import PROCEDURAL, SPLITS, StimulusConfig, TextureConfig
from wmsim.stimuli.folders import FileObject, file_objects, source_folder
from wmsim.stimuli.image_sets import BLACK, read_image_set
from wmsim.stimuli.image_tables import find_image_set
from wmsim.stimuli.mesh import Floats, Integers
from wmsim.stimuli.render import over, render, scene_of
from wmsim.stimuli.views import Views, draw_views

GREY = 128
LOCATIONS = ("upper left", "upper right", "lower left", "lower right")

Object = MadeObject | FileObject
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class StimulusSet:
    """Rendered objects and their labels; one entry a picture.

    Attributes
    ----------
    config : StimulusConfig
    images : ndarray of uint8, shape (image, object_size, object_size, 4)
        One crop for each identity and view, sRGB and alpha. The rim of what is rendered is
        transparent.
    category : ndarray of int64, shape (image,)
        Index into `category_names`.
    identity : ndarray of int64, shape (image,)
        Index into `identity_names`. All trained identities come before all novel ones.
    view : ndarray of int64, shape (image,)
        Number of the view angle; trained ones first.
    split : ndarray of str, shape (image,)
        "train", "novel_angle" (trained identities under other view angles) or
        "novel_identity" (further identities of the same categories under trained view angles).
    azimuth, elevation : ndarray of float64, shape (image,)
        Degrees; NaN where pictures came from files.
    category_names, identity_names : tuple of str
        Such as "chair" and "chair-0".
    origins : tuple of str
        For each identity its parameters as JSON, or where in the source folder it was.
    grey : int
        Grey level of plain frames.
    textures : Textures, optional
        What lies behind objects instead.
    """

    config: StimulusConfig
    images: Images = field(repr=False)
    category: Integers = field(repr=False)
    identity: Integers = field(repr=False)
    view: Integers = field(repr=False)
    split: NDArray[np.str_] = field(repr=False)
    azimuth: Floats = field(repr=False)
    elevation: Floats = field(repr=False)
    category_names: tuple[str, ...]
    identity_names: tuple[str, ...]
    origins: tuple[str, ...] = field(repr=False)
    grey: int = GREY
    textures: Textures | None = field(default=None, repr=False)
    location_names: tuple[str, ...] = LOCATIONS

    def __len__(self) -> int:
        return len(self.images)

    @property
    def n_locations(self) -> int:
        """How many places of a frame an object may take."""
        return len(self.location_names)

    @property
    def n_trained(self) -> int:
        """How many identities are trained; they have the lowest numbers."""
        return len(self.category_names) * self.config.identities

    def select(self, split: str) -> NDArray[np.int64]:
        """Indices of the pictures of a split.

        Raises
        ------
        ConfigError
            If there is no such split.
        """
        choose(split, SPLITS, "split")
        return np.flatnonzero(self.split == split)

    def frames(self, image: Integers | int, location: Integers | int) -> Images:
        """Put pictures at places of a frame, over its grey level or its texture.

        Parameters
        ----------
        image : int or ndarray of int, shape (n,)
            Which pictures.
        location : int or ndarray of int, shape (n,)
            Where: 0 upper left, 1 upper right, 2 lower left, 3 lower right. One number serves
            for all pictures.

        Returns
        -------
        ndarray of uint8, shape (n, frame_size, frame_size, 3)

        Raises
        ------
        WmsimError
            If there is no such picture or location.

        Examples
        --------
        >>> few = StimulusConfig(categories=("mug",), train_views=1, novel_views=0, object_size=16)
        >>> stimuli = build_stimuli(few)
        >>> frames = stimuli.frames(np.array([0, 1]), np.array([0, 3]))
        >>> frames.shape
        (2, 224, 224, 3)
        """
        which, where = np.broadcast_arrays(np.atleast_1d(image), np.atleast_1d(location))
        _check_indices("image", which, len(self))
        _check_indices("location", where, self.n_locations)
        size, crop = self.config.frame_size, self.config.object_size
        if self.textures is None:
            frames = np.full((len(which), size, size, 3), self.grey, dtype=np.uint8)
        else:
            frames = self.textures.pictures[self.textures.of_frame[which, where]]
        margin = (size // 2 - crop) // 2
        for place in range(self.n_locations):
            here = np.flatnonzero(where == place)
            top, left = (margin + half * (size // 2) for half in divmod(place, 2))
            quarter = (here, slice(top, top + crop), slice(left, left + crop))
            frames[quarter] = over(self.images[which[here]], frames[quarter])
        return frames

    def key(self) -> str:
        """Content key: the same for the same settings, labels, pixels and textures."""
        labels = [self.category.tolist(), self.identity.tolist(), self.view.tolist()]
        names = [self.category_names, self.identity_names, self.split.tolist()]
        pixels = np.ascontiguousarray(self.images).tobytes()
        behind: list[bytes] = []
        if self.textures is not None:
            arrays = (self.textures.of_frame, self.textures.pictures)
            behind = [np.ascontiguousarray(array).tobytes() for array in arrays]
        settings = self.config.model_dump(mode="json")
        return content_key(settings, labels, names, self.grey, pixels, *behind)


def build_stimuli(config: StimulusConfig | None = None, *, workers: int = 1) -> StimulusSet:
    """Make or read the objects and render them.

    Parameters
    ----------
    config : StimulusConfig, optional
    workers : int
        Processes that render; the pictures do not depend on it.

    Returns
    -------
    StimulusSet

    Raises
    ------
    WmsimError
        If a folder of meshes, pictures or textures or a file in it cannot be used, see
        :mod:`wmsim.stimuli.folders`, :mod:`wmsim.stimuli.image_sets`,
        :mod:`wmsim.stimuli.backgrounds`.
    ConfigError
        If there is no such category, or the view angles do not fit their range.

    Examples
    --------
    >>> few = StimulusConfig(categories=("car", "mug"), train_views=2, novel_views=1)
    >>> stimuli = build_stimuli(few.changed(object_size=24))
    >>> stimuli.images.shape
    (20, 24, 24, 4)
    >>> stimuli.identity_names
    ('car-0', 'car-1', 'mug-0', 'mug-1', 'car-2', 'car-3', 'mug-2', 'mug-3')
    """
    config = config or StimulusConfig()
    folder = None if config.source == PROCEDURAL else find_image_set(source_folder(config.source))
    built = _rendered(config, workers) if folder is None else _from_files(config, folder)
    if not isinstance(config.background, TextureConfig):
        return built
    textures = make_textures(
        config.background, built.split,
        n_locations=built.n_locations, size=config.frame_size, seed=config.seed,
    )  # fmt: skip
    return replace(built, textures=textures)


def _grey(config: StimulusConfig, usual: int) -> int:
    return config.background if isinstance(config.background, int) else usual


def _from_files(config: StimulusConfig, folder: Path) -> StimulusSet:
    """Pictures that were rendered elsewhere, on black unless another grey level is set."""
    found = read_image_set(config, folder)
    unknown = np.full(len(found.images), np.nan)
    return StimulusSet(
        config=config, images=found.images, category=found.category, identity=found.identity,
        view=found.view, split=found.split, azimuth=unknown, elevation=unknown,
        category_names=found.category_names, identity_names=found.identity_names,
        origins=found.origins, grey=_grey(config, BLACK),
    )  # fmt: skip


def _rendered(config: StimulusConfig, workers: int) -> StimulusSet:
    """Pictures of objects made from code or of meshes."""
    views = draw_views(config)
    objects = _identities(config)
    trained = sum(index < config.identities for index, _ in objects)
    all_views: Integers = np.arange(len(views.azimuth))
    shown = [all_views if i < trained else all_views[: views.train] for i in range(len(objects))]
    jobs: list[Job] = [
        (item, views, seen, config) for (_, item), seen in zip(objects, shown, strict=True)
    ]
    with progress("rendering objects", sum(map(len, shown))) as step:
        pictures = []
        for rendered in _run(jobs, workers):
            pictures.append(rendered)
            step(len(rendered))
    names = tuple(dict.fromkeys(item.category for _, item in objects))
    identity = np.repeat(np.arange(len(objects)), [len(seen) for seen in shown])
    view = np.concatenate(shown)
    of_trained = np.where(view < views.train, SPLITS[0], SPLITS[1])
    return StimulusSet(
        config=config,
        images=np.concatenate(pictures),
        category=np.array([names.index(item.category) for _, item in objects])[identity],
        identity=identity,
        view=view,
        split=np.where(identity < trained, of_trained, SPLITS[2]),
        azimuth=views.azimuth[view],
        elevation=views.elevation[view],
        category_names=names,
        identity_names=tuple(f"{item.category}-{index}" for index, item in objects),
        origins=tuple(item.origin for _, item in objects),
        grey=_grey(config, GREY),
    )


def _identities(config: StimulusConfig) -> list[tuple[int, Object]]:
    """All identities with their number in their category: every trained one, then novel ones."""
    found: Mapping[str, Sequence[Object]]
    found = made_objects(config) if config.source == PROCEDURAL else file_objects(config)
    trained, novel = config.identities, config.novel_identities
    return [
        (index, items[index])
        for numbers in (range(trained), range(trained, trained + novel))
        for items in found.values()
        for index in numbers
    ]


Job = tuple[Object, Views, Integers, StimulusConfig]


def _run(jobs: list[Job], workers: int) -> Iterator[Images]:
    """Pictures of one identity after the other."""
    if workers <= 1:
        yield from map(_render_identity, jobs)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=min(workers, len(jobs)), return_as="generator")
    yield from parallel(delayed(_render_identity)(job) for job in jobs)


def _render_identity(job: Job) -> Images:
    """Pictures of one identity, (views, object_size, object_size, 4)."""
    item, views, seen, config = job
    scene = scene_of(item.mesh())
    pictures = [
        render(
            scene, float(views.azimuth[view]), float(views.elevation[view]),
            size=config.object_size, supersampling=config.supersampling,
        )
        for view in seen
    ]  # fmt: skip
    return np.stack(pictures)


def _check_indices(what: str, given: Integers, count: int) -> None:
    if given.size and (given.min() < 0 or given.max() >= count):
        raise WmsimError(
            f"{what} must lie between 0 and {count - 1}; found {given.min()} to {given.max()}."
        )
