"""Image sets: pictures that were rendered elsewhere, in the layout of iWISDM.

Which files there are is told in :mod:`wmsim.stimuli.image_tables`. Which split of ours a
picture goes to:

- "train": pictures of trained objects in the folder for training;
- "novel_angle": pictures of trained objects in the folders for validation or test;
- "novel_identity": objects that the folder for training does not have; where these are too few,
  objects of training that no subject is trained on, under trained view angles.

Which objects are trained, and which view angles are taken, is drawn from the seed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wmsim.errors import ConfigError, WmsimError, choose
from wmsim.progress import progress
from wmsim.stimuli.config import SPLITS, StimulusConfig, TextureConfig
from wmsim.stimuli.image_tables import Row, natural, read_rows
from wmsim.stimuli.mesh import Integers
from wmsim.stimuli.pictures import read_picture

STREAM = 7005  # sets the choice of objects and views apart from all other draws of one seed
BLACK = 0

View = tuple[str, str, int]  # folder, angle, number among pictures of that angle
Views = dict[View, Path]


@dataclass(frozen=True)
class ImageSet:
    """Pictures and labels, as :class:`wmsim.stimuli.StimulusSet` has them."""

    images: NDArray[np.uint8] = field(repr=False)
    category: Integers
    identity: Integers
    view: Integers
    split: NDArray[np.str_]
    category_names: tuple[str, ...]
    identity_names: tuple[str, ...]
    origins: tuple[str, ...]


@dataclass(frozen=True)
class _Object:
    """One object of the set: its number, where it was found, and its pictures by view."""

    number: str
    folder: str
    views: Views
    further: Views = field(default_factory=dict)  # of a trained object, for validation

    def __str__(self) -> str:
        return f"{self.folder}, obj_mod {self.number}"


@dataclass(frozen=True)
class _Choice:
    """Objects and views that are taken."""

    trained: dict[str, list[_Object]]
    novel: dict[str, list[_Object]]
    train_views: list[View]
    novel_views: list[View]
    identity_views: list[View]


def read_image_set(config: StimulusConfig, root: Path) -> ImageSet:
    """Read an image set; pictures are scaled to squares, whatever their proportions.

    Parameters
    ----------
    config : StimulusConfig
    root : pathlib.Path
        As :func:`wmsim.stimuli.image_tables.find_image_set` gives it.

    Returns
    -------
    ImageSet

    Raises
    ------
    WmsimError
        If files are missing or broken, the set has fewer objects or views than asked for, or
        textures are asked for behind pictures without alpha.
    ConfigError
        If a category is asked for that the set does not have.

    Warns
    -----
    UserWarning
        If a picture of a novel view angle is also one of training.
    """
    choice = _choose(config, root, _objects(config, root))
    names = tuple(choice.trained)
    entries: list[tuple[int, int, int, str, Path]] = []
    identity_names, origins = [], []
    count = 0
    for offset, chosen in ((0, choice.trained), (config.identities, choice.novel)):
        for place, name in enumerate(names):
            for index, item in enumerate(chosen[name]):
                entries += [
                    (place, count, *shown) for shown in _shown(config, choice, item, offset > 0)
                ]
                identity_names.append(f"{name}-{offset + index}")
                origins.append(str(item))
                count += 1
    category, identity, view = (
        np.array([entry[column] for entry in entries], dtype=np.int64) for column in range(3)
    )
    images = _read(config, [entry[4] for entry in entries])
    split = np.array([entry[3] for entry in entries])
    _warn_of_trained(root, images, identity, split)
    return ImageSet(
        images, category, identity, view, split, names, tuple(identity_names), tuple(origins)
    )


def _shown(
    config: StimulusConfig, choice: _Choice, item: _Object, is_novel: bool
) -> list[tuple[int, str, Path]]:
    """Number of the view, split and file of every picture of an object."""
    first_novel = config.train_views
    first_other = config.train_views + config.novel_views
    if not is_novel:
        train = [(n, SPLITS[0], item.views[view]) for n, view in enumerate(choice.train_views)]
        return train + [
            (first_novel + n, SPLITS[1], item.further[view])
            for n, view in enumerate(choice.novel_views)
        ]
    if choice.train_views[0] in item.views:
        most = len(choice.identity_views) or len(choice.train_views)
        taken = choice.train_views[:most]
        return [(n, SPLITS[2], item.views[view]) for n, view in enumerate(taken)]
    return [
        (first_other + n, SPLITS[2], item.views[view])
        for n, view in enumerate(choice.identity_views)
    ]


def _objects(config: StimulusConfig, root: Path) -> dict[str, list[_Object]]:
    """Objects of each category by its name, those of training first."""
    rows = read_rows(root)
    names = _category_names(root, rows)
    views: dict[tuple[str, str, str, str], Views] = {}
    for row in rows:
        # An object of a folder for novel identities is another one, whatever its number.
        home = row.folder if row.kind == "novel_identity" else row.kind
        seen = views.setdefault((names[row.category], row.kind, home, row.item), {})
        copy = sum(key[:2] == (row.folder, row.angle) for key in seen)
        seen[row.folder, row.angle, copy] = row.file
    objects: dict[str, list[_Object]] = {}
    order = sorted(views, key=lambda key: (key[1] != "train", natural(key[2]), natural(key[3])))
    for name, kind, home, number in order:
        mine = objects.setdefault(name, [])
        if kind == "train":
            further = views.get((name, "novel", "novel", number), {})
            mine.append(_Object(number, "train", views[name, kind, home, number], further))
        elif kind == "novel_identity" or (name, "train", "train", number) not in views:
            folder = next(iter(views[name, kind, home, number]))[0]
            mine.append(_Object(number, folder, views[name, kind, home, number]))
    wanted = config.categories or tuple(sorted(objects, key=natural))
    for name in wanted:
        try:
            choose(name, sorted(objects, key=natural), f"category in '{root}':")
        except ConfigError as error:
            raise ConfigError(f"{error} An empty list of categories takes all.") from None
    return {name: objects[name] for name in wanted}


def _category_names(root: Path, rows: list[Row]) -> dict[str, str]:
    """What each ``ctg_mod`` is called."""
    names: dict[str, str] = {}
    for row in rows:
        if names.setdefault(row.category, row.name) != row.name:
            raise WmsimError(
                f"The image set '{root}' calls ctg_mod {row.category} both "
                f"'{names[row.category]}' and '{row.name}' in column ctg. One number stands for "
                "one category; mend the csv file."
            )
    if len(set(names.values())) < len(names):
        raise WmsimError(
            f"The image set '{root}' has one name in column ctg for several ctg_mod: {names}. "
            "Mend the csv file."
        )
    return names


def _choose(config: StimulusConfig, root: Path, objects: dict[str, list[_Object]]) -> _Choice:
    """Draw objects and views, or say all that is missing at once."""
    of_training = {
        name: [item for item in items if item.folder == "train"] for name, items in objects.items()
    }
    counts = {name: len(items) for name, items in of_training.items()}
    if min(counts.values()) < config.identities:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise WmsimError(
            f"The image set '{root}' has too few objects for training: {listed}; identities asks "
            f"for {config.identities} in every category. Lower identities (at least 2), or leave "
            "categories with fewer out of categories."
        )
    trained, rest = {}, {}
    for name, items in of_training.items():
        rng = np.random.default_rng([config.seed, STREAM, *name.encode()])
        order = [items[index] for index in rng.permutation(len(items))]
        trained[name], rest[name] = order[: config.identities], order[config.identities :]
    everyone = [item for items in trained.values() for item in items]
    rng = np.random.default_rng([config.seed, STREAM])
    train_views = _common([item.views for item in everyone])
    novel_views = _common([item.further for item in everyone])
    have = {"train_views": len(train_views), "novel_views": len(novel_views)}
    train_views = _some(train_views, config.train_views, rng)
    novel_views = _some(novel_views, config.novel_views, rng)
    novel: dict[str, list[_Object]] = {}
    for name, items in objects.items():
        spare = [item for item in rest[name] if set(train_views) <= set(item.views)]
        novel[name] = [item for item in items if item.folder != "train"] + spare
    have["novel_identities"] = min(len(items) for items in novel.values())
    asked = {name: getattr(config, name) for name in have}
    short = {name: count for name, count in have.items() if count < asked[name]}
    if short:
        raise WmsimError(
            f"The image set '{root}' has fewer pictures than asked for: "
            + ", ".join(f"{name} {asked[name]}, but {short[name]} there" for name in short)
            + " (counting what all trained objects, or all categories, have). Set "
            + " and ".join(f"{name} to {count}" for name, count in short.items())
            + "."
        )
    novel = {name: items[: config.novel_identities] for name, items in novel.items()}
    foreign = [item.views for items in novel.values() for item in items if item.folder != "train"]
    identity_views = _some(_common(foreign), config.train_views, rng) if foreign else []
    if foreign and not identity_views:
        raise WmsimError(
            f"The novel objects of the image set '{root}' share no view angle (ang_mod). Set "
            "novel_identities to 0, or give them the same angles."
        )
    return _Choice(trained, novel, train_views, novel_views, identity_views)


def _common(views: list[Views]) -> list[View]:
    """Views that all have, in natural order."""
    shared = set.intersection(*(set(mine) for mine in views))
    return sorted(shared, key=lambda view: (natural(view[0]), natural(view[1]), view[2]))


def _some(views: list[View], count: int, rng: np.random.Generator) -> list[View]:
    """So many of the views, in their order."""
    picked = rng.permutation(len(views))[:count]
    return [views[index] for index in sorted(picked)]


def _read(config: StimulusConfig, files: list[Path]) -> NDArray[np.uint8]:
    """Pictures of the size of an object, shape (image, object_size, object_size, 4)."""
    images = np.empty((len(files), config.object_size, config.object_size, 4), dtype=np.uint8)
    with progress("reading pictures", len(files)) as step:
        for index, file in enumerate(files):
            images[index] = read_picture(file, size=config.object_size)
            if isinstance(config.background, TextureConfig) and images[index, ..., 3].min() == 255:
                raise WmsimError(
                    f"The picture '{file}' is opaque, so a texture behind it would end in a box. "
                    "Textures need pictures with alpha (RGBA); choose a grey background instead."
                )
            step(1)
    return images


def _warn_of_trained(
    root: Path, images: NDArray[np.uint8], identity: Integers, split: NDArray[np.str_]
) -> None:
    """Say so where a novel view angle is a trained picture."""
    known = {(identity[i], images[i].tobytes()) for i in np.flatnonzero(split == SPLITS[0])}
    novel = np.flatnonzero(split == SPLITS[1])
    same = sum((identity[i], images[i].tobytes()) in known for i in novel)
    if same:
        warnings.warn(
            f"{same} of {len(novel)} pictures of novel view angles in '{root}' are the same as "
            "pictures of training: accuracy on them says nothing about novel angles.",
            stacklevel=2,
        )
