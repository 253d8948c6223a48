"""Which categories and identities a folder of meshes holds."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wmsim.errors import ConfigError, WmsimError, choose
from wmsim.stimuli.config import StimulusConfig
from wmsim.stimuli.mesh import Mesh, normalised
from wmsim.stimuli.mesh_files import SUFFIXES, load_mesh

Y_UP = (".obj", ".glb")
STREAM = 7003  # sets the choice of identities apart from all other draws of one seed

# Synset ids of ShapeNetCore, for folders that come without their taxonomy.json.
SYNSETS: dict[str, str] = {
    "02691156": "airplane", "02747177": "trash bin", "02773838": "bag", "02801938": "basket",
    "02808440": "bathtub", "02818832": "bed", "02828884": "bench", "02834778": "bicycle",
    "02843684": "birdhouse", "02858304": "boat", "02871439": "bookshelf", "02876657": "bottle",
    "02880940": "bowl", "02924116": "bus", "02933112": "cabinet", "02942699": "camera",
    "02946921": "can", "02954340": "cap", "02958343": "car", "02992529": "cellphone",
    "03001627": "chair", "03046257": "clock", "03085013": "keyboard", "03207941": "dishwasher",
    "03211117": "display", "03261776": "earphone", "03325088": "faucet", "03337140": "file cabinet",
    "03467517": "guitar", "03513137": "helmet", "03593526": "jar", "03624134": "knife",
    "03636649": "lamp", "03642806": "laptop", "03691459": "loudspeaker", "03710193": "mailbox",
    "03759954": "microphone", "03761084": "microwave", "03790512": "motorbike", "03797390": "mug",
    "03928116": "piano", "03938244": "pillow", "03948459": "pistol", "03991062": "flowerpot",
    "04004475": "printer", "04074963": "remote", "04090263": "rifle", "04099429": "rocket",
    "04225987": "skateboard", "04256520": "sofa", "04330267": "stove", "04379243": "table",
    "04401088": "telephone", "04460130": "tower", "04468005": "train", "04530566": "watercraft",
    "04554684": "washer",
}  # fmt: skip


@dataclass(frozen=True)
class FileObject:
    """An identity read from disk.

    Attributes
    ----------
    category : str
    path : pathlib.Path
        The mesh file.
    axes : str
        Which way up and forward, a key of :data:`wmsim.stimuli.mesh_files.AXES`.
    root : pathlib.Path
        The source folder, which textures must lie in.
    """

    category: str
    path: Path
    axes: str
    root: Path

    @property
    def origin(self) -> str:
        """Path of the mesh file in the source folder."""
        return self.path.relative_to(self.root).as_posix()

    def mesh(self) -> Mesh:
        """Read it, of the common size and standing on the ground."""
        return normalised(load_mesh(self.path, axes=self.axes, root=self.root))


def file_objects(config: StimulusConfig) -> dict[str, list[FileObject]]:
    """Identities of each category in a folder, the trained ones first.

    Parameters
    ----------
    config : StimulusConfig
        ``source`` names the folder. Which identities are taken, and which of them are trained,
        is drawn from the seed.

    Returns
    -------
    dict of str to list of FileObject

    Raises
    ------
    WmsimError
        If the folder is missing or holds no meshes, or a category holds too few.
    ConfigError
        If a category is asked for that the folder does not have.
    """
    root = source_folder(config.source)
    found = _scan(root, config.up_axis)
    if not found:
        raise WmsimError(
            f"No meshes in '{root}'. Expected category/identity with one of the endings "
            f"{', '.join(SUFFIXES)}, or ShapeNetCore's synset/model/models/model_normalized.obj, "
            "or pictures as iWISDM has them: train/ref/image.png and a csv file beside train."
        )
    names = config.categories or tuple(sorted(found))
    chosen: dict[str, list[FileObject]] = {}
    for name in names:
        try:
            choose(name, sorted(found), f"category in '{root}':")
        except ConfigError as error:
            raise ConfigError(f"{error} An empty list of categories takes all.") from None
        chosen[name] = _pick(config, name, found[name], root)
    return chosen


def source_folder(source: str) -> Path:
    """The folder that a source names.

    Raises
    ------
    WmsimError
        If it is missing or a file.
    """
    root = Path(source).expanduser()
    if root.is_file():
        raise WmsimError(
            f"The source '{root}' is a file; a folder of meshes or pictures was expected."
        )
    if not root.is_dir():
        raise WmsimError(
            f"No folder '{root}'. Give 'procedural' for objects made from code, or a folder that "
            "holds category/identity.obj (or glb, ply, stl, off), ShapeNetCore, or pictures as "
            "iWISDM has them (split/ref/image.png)."
        )
    return root.resolve()


def _scan(root: Path, up_axis: str) -> dict[str, list[FileObject]]:
    """All identities of all categories, in order of their names."""
    labels: dict[str, str] | None = None
    found: dict[str, list[FileObject]] = {}
    for folder in sorted(entry for entry in root.iterdir() if _visible_folder(entry)):
        models = _shapenet_models(folder)
        if models:
            labels = _synset_names(root) if labels is None else labels
            name = labels.get(folder.name, folder.name)
            shape = up_axis if up_axis == "z" else "shapenet"
            items = [FileObject(name, path, shape, root) for path in models]
        else:
            name = folder.name
            items = [
                FileObject(name, path, _axes_of(path, up_axis), root) for path in _meshes(folder)
            ]
        if items:
            found.setdefault(name, []).extend(items)
    return found


def _visible_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.name.startswith(".")


def _shapenet_models(folder: Path) -> list[Path]:
    """Model files of one synset, of ShapeNetCore.v2 or v1."""
    models = []
    for entry in sorted(filter(_visible_folder, folder.iterdir())):
        for inside in ("models/model_normalized.obj", "model.obj"):
            if (entry / inside).is_file():
                models.append(entry / inside)
                break
    return models


def _meshes(folder: Path) -> list[Path]:
    """Mesh files of one category: in its folder, or one in a folder for each identity."""
    meshes = []
    for entry in sorted(folder.iterdir()):
        if _is_mesh(entry):
            meshes.append(entry)
        elif _visible_folder(entry):
            meshes += [path for path in sorted(entry.iterdir()) if _is_mesh(path)][:1]
    return meshes


def _is_mesh(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return path.is_file() and path.suffix.lower() in SUFFIXES and not hidden


def _axes_of(path: Path, up_axis: str) -> str:
    if up_axis != "auto":
        return up_axis
    return "y" if path.suffix.lower() in Y_UP else "z"


def _synset_names(root: Path) -> dict[str, str]:
    """Names of categories from metadata.csv or taxonomy.json, else from the built-in table."""
    names = dict(SYNSETS)
    try:
        if (root / "taxonomy.json").is_file():
            for entry in json.loads((root / "taxonomy.json").read_text(encoding="utf-8")):
                # The table's own word is kept: taxonomy.json has "watercraft" for some boats only.
                first = str(entry["name"]).split(",")[0].strip()
                names.setdefault(str(entry["synsetId"]), first)
        if (root / "metadata.csv").is_file():
            with open(root / "metadata.csv", newline="", encoding="utf-8") as stream:
                for row in csv.DictReader(stream):
                    if row.get("synset_id") and row.get("category"):
                        names[row["synset_id"]] = row["category"]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise WmsimError(
            f"Cannot read the names of categories beside the meshes in '{root}' ({error}). "
            "Mend or remove taxonomy.json and metadata.csv."
        ) from error
    return names


def _pick(
    config: StimulusConfig, name: str, items: list[FileObject], root: Path
) -> list[FileObject]:
    """Draw the identities of one category, or say how many are missing."""
    trained, novel = config.identities, config.novel_identities
    if len(items) < trained:
        raise WmsimError(
            f"Category '{name}' in '{root}' has {len(items)} "
            f"{'identity' if len(items) == 1 else 'identities'}; {trained} trained ones and "
            f"{novel} novel ones were asked for, and at least 2 trained ones are needed. "
            "Add meshes, or leave the category out of categories."
        )
    if len(items) < trained + novel:
        raise WmsimError(
            f"Category '{name}' in '{root}' has {len(items)} identities: enough for the {trained} "
            f"trained ones, but not for {novel} novel ones besides. Set novel_identities to "
            f"{len(items) - trained}, or add meshes."
        )
    rng = np.random.default_rng([config.seed, STREAM, *name.encode()])
    order = rng.permutation(len(items))[: trained + novel]
    return [items[index] for index in order]
